"""What one of several workers of a machine may use: what is agreed with an operator holds for all together. Pure.

Binds and connections are dealt out one by one, the first workers first; the throughput of an operator is divided as its
binds are. Every worker has at least one bind of every operator: then each can send whatever it accepted, and no message
waits for a worker that cannot. Limits of memory (queues, connections, windows) are those of one process and stay.
"""

from collections.abc import Iterator

import msgspec

from config.operators import OperatorSettings
from config.rest import RestSettings
from config.settings import Settings


class Share(msgspec.Struct, frozen=True):
    """The worker of this number, from 1, among so many."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def part(self, whole: int) -> int:
        """How many of `whole` things are this worker's."""
        return whole // self.of + (self.number <= whole % self.of)


def parse_share(text: str) -> Share:
    """`2/4`. Raises ValueError."""
    number, of = map(int, text.split("/"))
    if not 1 <= number <= of:
        raise ValueError("a worker's number is from 1 to their count")
    return Share(number, of)


def share_of(settings: Settings, share: Share) -> Settings:
    """The settings of one worker: its part of each operator, on ports that all of them share.

    It always tells its metrics and health, for the supervisor asks for them; who else may is the supervisor's to say.
    """
    return msgspec.structs.replace(
        settings,
        http=msgspec.structs.replace(settings.http, shared_port=True),
        metrics=msgspec.structs.replace(settings.metrics, enabled=True),
        smpp_server=msgspec.structs.replace(settings.smpp_server, shared_port=True),
        operators=tuple(_operator(each, share) for each in settings.operators),
    )


def obstacles(settings: Settings, count: int) -> Iterator[str]:
    """Why these settings cannot be shared by so many workers, one line each."""
    if settings.ledger.engine != "redis":
        yield "workers share a ledger, and a file has one node: set ledger.engine to redis"
    if settings.keystore.engine == "file":
        yield "workers share their keys: set keystore.engine to redis"
    for each in settings.operators:
        if each.kind != "loopback" and _lines(each) < count:
            key = "rest.connections" if each.kind == "rest" else "binds"
            yield f"operator {each.name}: {count} workers need at least as many {key}, and it has {_lines(each)}"


def _lines(operator: OperatorSettings) -> int:
    return operator.rest.connections if operator.kind == "rest" else operator.binds


def _operator(operator: OperatorSettings, share: Share) -> OperatorSettings:
    whole, part = _lines(operator), share.part(_lines(operator))
    throughput_per_s = operator.throughput_per_s
    return msgspec.structs.replace(
        operator,
        binds=share.part(operator.binds) or operator.binds,
        throughput_per_s=None if throughput_per_s is None else throughput_per_s * part / whole,
        outbind=msgspec.structs.replace(operator.outbind, shared_port=True),
        rest=_rest(operator.rest, share),
    )


def _rest(rest: RestSettings, share: Share) -> RestSettings:
    return msgspec.structs.replace(
        rest,
        connections=share.part(rest.connections) or rest.connections,
        callback=msgspec.structs.replace(rest.callback, shared_port=True),
    )

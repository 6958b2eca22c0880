"""What one of several workers of a machine may use: what is agreed with an operator holds for all together. Pure.

Binds and connections are dealt out one by one, the first workers first; the throughput of an operator is divided as its
binds are. Every worker has at least one bind of every operator: then each can send whatever it accepted, and no message
waits for a worker that cannot. Limits of memory (queues, connections, windows) are those of one process and stay.
"""

from collections.abc import Iterator

import msgspec

from config.settings import Settings
from config.share import Share as Share
from config.share import parse_share as parse_share


def share_of(settings: Settings, share: Share) -> Settings:
    """The settings of one worker: its part of each operator, on ports that all of them share.

    It always serves its metrics and health, for the supervisor asks for them; who else may is the supervisor's to say.
    """
    return msgspec.structs.replace(
        settings,
        http=msgspec.structs.replace(settings.http, shared_port=True),
        metrics=msgspec.structs.replace(settings.metrics, enabled=True),
        smpp_server=msgspec.structs.replace(settings.smpp_server, shared_port=True),
        operators=tuple(each.of_worker(share) for each in settings.operators),
    )


def obstacles(settings: Settings, count: int) -> Iterator[str]:
    """Why these settings cannot be shared by so many workers, one line each."""
    if settings.ledger.engine != "redis":
        yield "workers share a ledger, and a file has one node: set ledger.engine to redis"
    if settings.keystore.engine == "file":
        yield "workers share their keys: set keystore.engine to redis"
    for each in settings.operators:
        key, lines = each.lines() or ("", count)
        if lines < count:
            yield f"operator {each.name}: {count} workers need at least as many {key}, and it has {lines}"

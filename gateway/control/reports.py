"""What every node and worker says of itself: which of what is wanted it has applied, and how its links are.

A report is a document that its process writes when something in it changed, and every `BEAT_S`; it takes it away when
it ends. One that is older than `LIVE_S` is of a process that died or cannot reach the ledger.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from gateway.control.wanted import encode
from gateway.ledger.contract import ROW_FAULTS, DocumentWrite, LedgerUnavailable
from gateway.ledger.roles import Acts
from gateway.model.times import EpochMs
from gateway.process.clock import Clock
from gateway.process.hosts import random_name

KIND: Final = "applied"
BEAT_S: Final = 10.0
LIVE_S: Final = 30.0
FORGET_S: Final = 600.0
"""After so long a report of a process that died is taken away by others."""


class LinkReport(msgspec.Struct, frozen=True, kw_only=True):
    """A link as one process has it. since_ms: when it came into this state, as far as the process was there.

    state: of `operators.base.OperatorHealth`. why: binds that are down, each in words of ours. window_used, waiting:
    as they were at the last beat. sent, receipts, received, failed: segments that left, receipts, messages from people
    and segments that the operator refused, since the process started and as of the last beat. rates: segments a second
    that left in each of `lately.SPANS_S`. took, errors: of the last of these spans, answers by how long they took
    (`gateway.model.answer_times`), and answers that did not take a segment, by code. certificate_ends_ms: of the one
    that the operator showed last.
    """

    state: str
    since_ms: EpochMs = 0
    paused: bool = False
    circuit: str = "closed"
    binds_up: int = 0
    binds: int = 0
    why: tuple[str, ...] = ()
    window_used: int = 0
    waiting: int = 0
    sent: int = 0
    receipts: int = 0
    received: int = 0
    failed: int = 0
    rates: tuple[float, ...] = ()
    took: Sequence[int] = ()
    errors: Mapping[str, int] = {}
    certificate_ends_ms: EpochMs | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Of one process. worker: its number, 1 where there is one alone. applied: versions, by what is wanted. awaited:
    messages in memory whose receipt has not come, as of the last beat.
    """

    node: str
    worker: int = 1
    build: str = ""
    started_ms: EpochMs = 0
    heard_ms: EpochMs = 0
    accepting: bool = True
    dispatching: bool = True
    draining: bool = False
    applied: Mapping[str, int] = {}
    operators: Mapping[str, LinkReport] = {}
    awaited: int = 0

    def is_live(self, now_ms: int) -> bool:
        return now_ms - self.heard_ms < LIVE_S * 1000


class Reporter:
    """key: the random name of this process. look: the report of now, without the times, which are added here."""

    def __init__(self, acts: Acts, clock: Clock, look: Callable[[], Report]) -> None:
        self._acts = acts
        self._clock = clock
        self._look = look
        self.key: Final = random_name()
        self._started_ms = clock.now_ms()
        self._since: dict[str, tuple[object, int]] = {}
        self._said: object = None
        self._next_s = 0.0

    async def report(self) -> None:
        """Say what changed, if anything did or it is time to. Raises LedgerUnavailable."""
        report, now_ms = self._timed(), self._clock.now_ms()
        gist = _gist(report)
        is_due = self._clock.monotonic() >= self._next_s
        if gist == self._said and not is_due:
            return
        gone = await self._forgotten(now_ms) if is_due else []
        await self._acts.act([DocumentWrite(KIND, self.key, encode(report)), *gone])
        self._said = gist
        self._next_s = self._clock.monotonic() + BEAT_S

    async def reports(self) -> Sequence[Report]:
        """Of the processes that are there, by node and worker: this one's as of now. Raises LedgerUnavailable."""
        others = await all_reports(self._acts)
        others.pop(self.key, None)
        return _live([self._timed(), *others.values()], self._clock.now_ms())

    async def leave(self) -> None:
        """The process ends as it should: nothing is to be said of it any more."""
        with suppress(LedgerUnavailable):
            await self._acts.act([DocumentWrite(KIND, self.key, None)])

    def _timed(self) -> Report:
        """The report of now, with the times since when the process and its links are as they are."""
        report, now_ms = self._look(), self._clock.now_ms()
        links: dict[str, LinkReport] = {}
        for name, link in report.operators.items():
            state = (link.state, link.paused)
            if self._since.get(name, (None, 0))[0] != state:
                self._since[name] = (state, now_ms)
            links[name] = msgspec.structs.replace(link, since_ms=self._since[name][1])
        return msgspec.structs.replace(report, operators=links, heard_ms=now_ms, started_ms=self._started_ms)

    async def _forgotten(self, now_ms: int) -> list[DocumentWrite]:
        """Reports of processes that died long ago."""
        return [
            DocumentWrite(KIND, key, None)
            for key, each in (await all_reports(self._acts)).items()
            if key != self.key and now_ms - each.heard_ms > FORGET_S * 1000
        ]


async def all_reports(acts: Acts) -> dict[str, Report]:
    """By the random names of their processes; what another version wrote and this one cannot read is left out."""
    found: dict[str, Report] = {}
    after = ""
    while page := await acts.of_kind(KIND, after):
        for each in page:
            with suppress(*ROW_FAULTS):
                found[each.key] = _decode(each.octets)
        after = page[-1].key
    return found


async def live_reports(acts: Acts, now_ms: int) -> Sequence[Report]:
    """Of the processes that are there, by node and worker."""
    return _live((await all_reports(acts)).values(), now_ms)


def _live(reports: Iterable[Report], now_ms: int) -> Sequence[Report]:
    return sorted((each for each in reports if each.is_live(now_ms)), key=lambda each: (each.node, each.worker))


def _gist(report: Report) -> object:
    """What is worth a write of its own, when it changes."""
    links = {name: msgspec.structs.replace(each, **_COUNTED) for name, each in report.operators.items()}
    return msgspec.structs.replace(report, operators=links, awaited=0, heard_ms=0)


_COUNTED: Final[Mapping[str, object]] = {
    **dict.fromkeys(("window_used", "waiting", "sent", "receipts", "received", "failed"), 0),
    **dict.fromkeys(("rates", "took"), ()),
    "errors": {},
}
"""Of a link, what is not worth a write of its own."""
_decode: Final = msgspec.msgpack.Decoder(Report).decode

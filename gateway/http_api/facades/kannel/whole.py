"""The whole installation in Kannel's terms: an operator is an SMSC, a process that takes messages is an smsbox.

Numbers are sums over all processes. Nothing is about a customer or a person, and no host is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from gateway.control.reports import LinkReport, Report
from gateway.http_api.facades.kannel.pace import Key, Pace, Rates

RUNNING, ISOLATED, SUSPENDED = "running", "isolated", "suspended"
_STATES: Final[Mapping[str, str]] = {
    "connecting": "connecting",
    "down": "re-connecting",
    "stopped": "dead",
    "blocked_contract": "disconnected",
    "blocked_transfer": "disconnected",
}
"""What Kannel calls a link that is not up."""
_PAUSED: Final = "disconnected"
_UP: Final = "up"
_WAYS: Final = ("received", "sent", "receipts")


class Load(msgspec.Struct, frozen=True):
    """total: since the start."""

    total: int = 0
    rates: Rates = (0.0, 0.0, 0.0)


class Smsc(msgspec.Struct, frozen=True, kw_only=True):
    """An operator. status: in Kannel's words. received: messages from people. sent: segments. failed: those of them
    that it refused. queued: messages that wait for it in memory.
    """

    name: str
    status: str
    failed: int
    queued: int
    received: Load
    sent: Load
    receipts: Load


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """boxes: for how many seconds each process has been there. awaited: messages whose receipt has not come."""

    status: str
    uptime_s: int
    boxes: tuple[int, ...]
    awaited: int
    smscs: tuple[Smsc, ...]

    @property
    def queued(self) -> int:
        return sum(each.queued for each in self.smscs)

    @property
    def received(self) -> Load:
        return _added(each.received for each in self.smscs)

    @property
    def sent(self) -> Load:
        return _added(each.sent for each in self.smscs)

    @property
    def receipts(self) -> Load:
        return _added(each.receipts for each in self.smscs)


def whole(reports: Sequence[Report], now_ms: int, pace: Pace) -> Whole:
    """reports: of the processes that are there."""
    boxes = tuple(max(0, now_ms - each.started_ms) // 1000 for each in reports)
    uptime_s = max(boxes, default=0)
    links = _by_operator(reports)
    counts = {(name, way): sum(getattr(each, way) for each in found) for name, found in links.items() for way in _WAYS}
    rates = pace.rates(counts, now_ms / 1000, uptime_s)
    return Whole(
        status=_status(reports),
        uptime_s=uptime_s,
        boxes=boxes,
        awaited=sum(each.awaited for each in reports),
        smscs=tuple(_smsc(name, found, now_ms, counts, rates) for name, found in links.items()),
    )


def _by_operator(reports: Iterable[Report]) -> dict[str, list[LinkReport]]:
    links: dict[str, list[LinkReport]] = {}
    for each in reports:
        for name, link in each.operators.items():
            links.setdefault(name, []).append(link)
    return links


def _status(reports: Sequence[Report]) -> str:
    """As Kannel: isolated takes nothing in, suspended sends nothing either."""
    if not any(each.dispatching for each in reports):
        return SUSPENDED
    return RUNNING if any(each.accepting and not each.draining for each in reports) else ISOLATED


def _smsc(
    name: str, links: Sequence[LinkReport], now_ms: int, counts: Mapping[Key, int], rates: Mapping[Key, Rates]
) -> Smsc:
    received, sent, receipts = (Load(counts[name, way], rates[name, way]) for way in _WAYS)
    return Smsc(
        name=name,
        status=_link_status(links, now_ms),
        failed=sum(each.failed for each in links),
        queued=sum(each.waiting for each in links),
        received=received,
        sent=sent,
        receipts=receipts,
    )


def _link_status(links: Sequence[LinkReport], now_ms: int) -> str:
    """Online while any process can send over it, since the earliest of them could; else as the first has it."""
    up = [each.since_ms for each in links if each.state == _UP and not each.paused]
    if up:
        return f"online {max(0, now_ms - min(up)) // 1000}s"
    first = links[0]
    return _PAUSED if first.paused else _STATES.get(first.state, "unknown")


def _added(loads: Iterable[Load]) -> Load:
    total, minute, five, always = 0, 0.0, 0.0, 0.0
    for each in loads:
        total += each.total
        minute, five, always = minute + each.rates[0], five + each.rates[1], always + each.rates[2]
    return Load(total, (minute, five, always))

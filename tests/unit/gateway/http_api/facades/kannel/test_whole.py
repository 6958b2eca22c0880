"""The whole installation in Kannel's terms."""

import pytest

from gateway.control.reports import LinkReport, Report
from gateway.http_api.facades.kannel.pace import Pace
from gateway.http_api.facades.kannel.whole import Whole, whole

NOW_MS = 1_000_000_000


def report(worker: int = 1, *, up_s: int = 100, **more: object) -> Report:
    fields = {"node": "riyadh", "worker": worker, "started_ms": NOW_MS - up_s * 1000} | more
    return Report(**fields)  # type: ignore[arg-type]


def link(**more: object) -> LinkReport:
    return LinkReport(**({"state": "up", "since_ms": NOW_MS - 5_000} | more))  # type: ignore[arg-type]


def seen(*reports: Report) -> Whole:
    return whole(reports, NOW_MS, Pace())


def test_numbers_are_those_of_all_processes_together() -> None:
    counted = link(sent=10, receipts=8, received=2, failed=1, waiting=3)
    found = seen(
        report(1, operators={"stc": counted, "mobily": link(sent=5)}, awaited=4),
        report(2, up_s=40, operators={"stc": counted}, awaited=1),
    )
    assert (found.uptime_s, found.boxes, found.awaited, found.queued) == (100, (100, 40), 5, 6)
    assert (found.sent.total, found.received.total, found.receipts.total) == (25, 4, 16)
    stc, mobily = found.smscs
    assert (stc.name, stc.sent.total, stc.failed, stc.queued) == ("stc", 20, 2, 6)
    assert (mobily.name, mobily.sent.rates) == ("mobily", (0.05, 0.05, 0.05))
    assert found.sent.rates == pytest.approx((0.25, 0.25, 0.25))


@pytest.mark.parametrize(
    ("links", "status"),
    [
        ((link(),), "online 5s"),
        ((link(state="down"), link(since_ms=NOW_MS - 90_000), link()), "online 90s"),
        ((link(state="connecting"),), "connecting"),
        ((link(state="down"),), "re-connecting"),
        ((link(state="stopped"),), "dead"),
        ((link(state="blocked_contract"),), "disconnected"),
        ((link(paused=True),), "disconnected"),
        ((link(state="of another version"),), "unknown"),
    ],
)
def test_links_stand_as_kannel_would_say_it(links: tuple[LinkReport, ...], status: str) -> None:
    found = seen(*(report(at, operators={"stc": each}) for at, each in enumerate(links, 1)))
    assert found.smscs[0].status == status


@pytest.mark.parametrize(
    ("reports", "status"),
    [
        ((report(),), "running"),
        ((report(), report(2, draining=True, dispatching=False)), "running"),
        ((report(accepting=False),), "isolated"),
        ((report(draining=True),), "isolated"),
        ((report(dispatching=False),), "suspended"),
        ((), "suspended"),
    ],
)
def test_the_whole_stands_as_kannel_would_say_it(reports: tuple[Report, ...], status: str) -> None:
    assert seen(*reports).status == status

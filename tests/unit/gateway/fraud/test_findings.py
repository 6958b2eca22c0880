"""Sums of what controls said, in a ledger."""

from pathlib import Path

from gateway.fraud.findings import Findings
from gateway.fraud.summary import report
from gateway.fraud.windows import DAY_MS
from gateway.model.fraud_controls import Control
from gateway.model.verdict import Severity, Verdict
from tests.unit.gateway.fraud.traffic import SHOP
from tests.unit.gateway.road import running_road


def verdict(rule: str, *, watched: bool) -> Verdict:
    return Verdict(code="recipient_rate", severity=Severity.REFUSE, rule=rule, watched=watched)


async def test_what_was_found_on_seven_days_is_summed_by_customer_and_control(tmp_path: Path) -> None:
    findings = Findings()
    async with running_road(tmp_path) as road:
        now_ms = road.clock.now_ms()
        for day in (0, 3, 6, 7):
            watched = verdict(Control.LOOP, watched=True)
            findings.add(SHOP, [watched, verdict("hours", watched=True)], now_ms - day * DAY_MS)
            findings.flush(road.journal)
        findings.add(SHOP + 1, [verdict(Control.DUPLICATE, watched=False)], now_ms)
        findings.flush(road.journal)
        findings.flush(road.journal)  # nothing is counted twice
        await road.send()  # its commit has all that was queued before
        found = await report(road.ledger.counters, now_ms)
    assert [(each.customer, each.control, each.effect, each.messages) for each in found] == [
        (SHOP, "loop", "watch", 3),
        (SHOP + 1, "duplicate", "refuse", 1),
    ]

"""Checks at the door: all are asked, and the gravest decides."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.accept.judging import Check
from gateway.accounts.customers import ApiKey
from gateway.fraud.seen import Seen
from gateway.fraud.sentry import Sentry
from gateway.fraud.tallies import Tallies
from gateway.model.fraud_controls import Control
from gateway.model.message import Status
from gateway.model.refusals import Refusal
from gateway.model.submission import Submission
from gateway.model.verdict import OUT_OF_HOURS, Severity, Verdict
from tests.unit.gateway.road import EVERY_CLASS, a_request, offered, running_road

HOUR_MS = 3_600_000
WARNED = Verdict(code="opt_out_missing", severity=Severity.WARN, rule="opt_out")
REFUSED = Verdict(code="no_route", severity=Severity.REFUSE, rule="any", field="text")
WATCHED = Verdict(code="shortener", severity=Severity.REFUSE, rule="links", watched=True)


def says(*verdicts: Verdict) -> Check:
    def check(_key: ApiKey, _submission: Submission, _now_ms: int) -> Sequence[Verdict]:
        return verdicts

    return check


def held_for(ms: int | None) -> Check:
    def check(_key: ApiKey, _submission: Submission, now_ms: int) -> Sequence[Verdict]:
        until_ms = None if ms is None else now_ms + ms
        return [Verdict(code=OUT_OF_HOURS, severity=Severity.HOLD, rule="hours", until_ms=until_ms)]

    return check


async def test_what_refuses_is_refused_with_its_code_and_field_and_nothing_is_stored(tmp_path: Path) -> None:
    async with running_road(tmp_path, checks=[says(WARNED), says(REFUSED)]) as road:
        with pytest.raises(Refusal) as refused:
            await road.send()
        assert (refused.value.code, refused.value.field) == ("no_route", "text")
        assert road.journal.operations == 0


async def test_what_warns_and_holds_is_said_once_and_what_is_watched_is_not(tmp_path: Path) -> None:
    checks = [says(WARNED, WATCHED), held_for(HOUR_MS), says(WARNED)]
    async with running_road(tmp_path, room=0, checks=checks) as road:
        taken, _ = offered(road.door, EVERY_CLASS, a_request())
        assert taken.warnings == ("opt_out_missing", OUT_OF_HOURS)


async def test_a_held_message_keeps_its_reason_and_leaves_when_its_time_has_come(tmp_path: Path) -> None:
    async with running_road(tmp_path, checks=[held_for(HOUR_MS)]) as road:
        began_ms = road.clock.now_ms()
        identifier = await road.send()
        held = await road.stored(identifier)
        assert (held.status, held.due_ms, held.error) == (Status.ACCEPTED, began_ms + HOUR_MS, OUT_OF_HOURS)
        assert not road.submitted
        road.clock.advance(3_600)
        message = await road.becomes(identifier, Status.SUBMITTED)
        assert message.error is None


@pytest.mark.parametrize("hold_ms", [HOUR_MS, None])
async def test_what_is_held_beyond_its_validity_expires_with_the_reason(tmp_path: Path, hold_ms: int | None) -> None:
    async with running_road(tmp_path, checks=[held_for(hold_ms)]) as road:
        identifier = await road.send(validity=60)
        road.clock.advance(60)
        assert (await road.becomes(identifier, Status.EXPIRED)).error == "held_out_of_hours"
        assert not road.submitted


async def test_who_asks_without_sending_hears_of_everything_and_nothing_is_stored(tmp_path: Path) -> None:
    async with running_road(tmp_path, checks=[says(WARNED, WATCHED), says(REFUSED)]) as road:
        assert road.door.judge(EVERY_CLASS, a_request()).verdicts == [WARNED, WATCHED, REFUSED]
        (found,) = road.door.judge(EVERY_CLASS, a_request(to="12")).verdicts
        assert (found.code, found.field, found.severity) == ("invalid_number", "to", Severity.REFUSE)
        assert road.journal.operations == 0


async def test_a_message_of_which_no_control_can_say_anything_is_taken_and_sent(tmp_path: Path) -> None:
    def fails(_tallies: Tallies, _seen: Seen, _now_ms: int) -> Verdict | None:
        raise RuntimeError("out of order")

    errors: list[Exception] = []
    sentry = Sentry(errors.append, [(control, fails) for control in Control])
    async with running_road(tmp_path, sentry=sentry) as road:
        for _ in range(2):
            await road.becomes(await road.send(), Status.SUBMITTED)
    assert [str(each) for each in errors] == ["out of order"] * len(errors) != []

"""What is asked of a message when its turn comes."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.model.message import Message, Status
from gateway.model.verdict import OUT_OF_HOURS, Severity, Verdict
from gateway.vault.vault import Content
from operators.base import Accepted
from tests.unit.gateway.road import running_road

HOUR_MS = 3_600_000


class Says:
    """A recheck that says this until it is told otherwise. asked: the operators that it was asked about."""

    def __init__(self, *verdicts: Verdict) -> None:
        self.verdicts: Sequence[Verdict] = verdicts
        self.asked: list[str] = []

    def __call__(self, _message: Message, _content: Content, operator: str, _now_ms: int) -> Sequence[Verdict]:
        self.asked.append(operator)
        return self.verdicts


def refuses(code: str) -> Verdict:
    return Verdict(code=code, severity=Severity.REFUSE, rule="any")


@pytest.mark.parametrize("message_class", ["transactional", "promotional"])
async def test_a_message_that_is_held_is_judged_again_when_it_is_due(tmp_path: Path, message_class: str) -> None:
    recheck = Says()
    async with running_road(tmp_path, rechecks=[recheck]) as road:
        until_ms = road.clock.now_ms() + HOUR_MS
        recheck.verdicts = [Verdict(code=OUT_OF_HOURS, severity=Severity.HOLD, rule="hours", until_ms=until_ms)]
        identifier = await road.send(message_class=message_class)
        await road.settled()
        held = await road.stored(identifier)
        assert (held.status, held.due_ms, held.error, held.parts) == (Status.ACCEPTED, until_ms, OUT_OF_HOURS, b"\0")
        assert not road.submitted
        assert not road.inflight.active
        recheck.verdicts = ()
        road.clock.advance(3_600)
        message = await road.becomes(identifier, Status.SUBMITTED)
        assert message.error is None
        assert len(road.submitted) == 1


async def test_a_message_that_is_held_beyond_its_validity_expires_with_the_reason(tmp_path: Path) -> None:
    held = Verdict(code=OUT_OF_HOURS, severity=Severity.HOLD, rule="hours")
    async with running_road(tmp_path, rechecks=[Says(held)]) as road:
        identifier = await road.send(validity=60)
        await road.settled()
        road.clock.advance(60)
        assert (await road.becomes(identifier, Status.EXPIRED)).error == "held_out_of_hours"
        assert not road.submitted


@pytest.mark.parametrize(
    ("code", "status"), [("consent_withdrawn", Status.SUPPRESSED), ("class_not_granted", Status.REJECTED)]
)
async def test_a_message_that_must_not_be_sent_any_more_ends_with_the_code(
    tmp_path: Path, code: str, status: Status
) -> None:
    async with running_road(tmp_path, rechecks=[Says(refuses(code))]) as road:
        assert (await road.becomes(await road.send(), status)).error == code
        assert not road.submitted


async def test_what_one_operator_must_not_have_goes_to_the_next_of_its_route(tmp_path: Path) -> None:
    class NotHere(Says):
        def __call__(self, message: Message, content: Content, operator: str, now_ms: int) -> Sequence[Verdict]:
            super().__call__(message, content, operator, now_ms)
            return [refuses("sender_not_registered_there")] if operator == "one" else []

    answers = {name: lambda _message, _segment, identifier: Accepted(identifier) for name in ("one", "two")}
    async with running_road(tmp_path, answers=answers, rechecks=[NotHere()]) as road:
        message = await road.becomes(await road.send(), Status.SUBMITTED)
        assert message.operator == "two"
        assert [name for name, _, _ in road.submitted] == ["two"]


async def test_what_no_operator_may_have_ends(tmp_path: Path) -> None:
    async with running_road(tmp_path, rechecks=[Says(refuses("sender_not_registered_there"))]) as road:
        message = await road.becomes(await road.send(), Status.REJECTED)
        assert message.error == "sender_not_registered_there"

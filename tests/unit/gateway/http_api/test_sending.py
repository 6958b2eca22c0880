"""The way of a submission: admitted, offered, durable or repeated, answered once, settled once."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from gateway.http_api.sending import REPLAYED, SendPath, idempotency_of
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.journal import Journal
from gateway.limits.admission import Admission
from gateway.model.refusals import Refusal
from gateway.process.clock import ManualClock
from gateway.process.containment import Containment
from tests.contract.records import mask_of
from tests.unit.gateway.road import EVERY_CLASS
from tests.unit.gateway.small_ledger import SmallLedger
from tests.unit.gateway.stage import BODY, SmallDoor, until

BODY_BYTES = json.dumps(BODY).encode()


class Told:
    """Waits for answers, and keeps all that it gets."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, bytes]] = []

    def taken(self, body: bytes, more: bytes) -> None:
        self.answers.append((json.loads(body)["id"], more))

    def refused(self, refusal: Refusal) -> None:
        self.answers.append((refusal.code, b""))

    async def one(self) -> tuple[str, bytes]:
        await until(lambda: self.answers)
        (answer,) = self.answers
        return answer


class Desk:
    """A path, and what stands around it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.ledger = SmallLedger()
        self.journal = Journal(self.ledger, stored=lambda _: None, retry_s=0.001)
        self.admission = Admission(self.ledger, self.journal, self.clock, max_inflight=3)
        self.door = SmallDoor(self.journal, self.clock)
        self.path = SendPath(self.door, self.ledger, self.admission, self.clock, mask_of)

    def send(self, body: bytes = BODY_BYTES, idempotency: str | None = None) -> Told:
        told = Told()
        self.path.admit(EVERY_CLASS)
        self.path.send(EVERY_CLASS, body, idempotency, told)
        return told


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    committing = asyncio.ensure_future(desk.journal.run())
    yield desk
    await desk.path.stop(10)
    committing.cancel()
    with suppress(asyncio.CancelledError):
        await committing
    assert desk.admission.inflight == 0


async def test_a_message_is_answered_once_it_is_durable(desk: Desk) -> None:
    told = desk.send()
    assert (told.answers, desk.admission.inflight) == ([], 1)
    identifier, more = await told.one()
    assert (bytes.fromhex(identifier) in desk.ledger.messages, more) == (True, b"")


async def test_a_refusal_is_told_at_once_and_settled(desk: Desk) -> None:
    for body, code in ((b"{", "malformed_json"), (BODY_BYTES.replace(b"+966", b"+1"), "invalid_number")):
        assert desk.send(body).answers == [(code, b"")]
        assert desk.admission.inflight == 0


async def test_more_than_may_be_in_hand_is_not_admitted(desk: Desk) -> None:
    told = [desk.send() for _ in range(3)]
    with pytest.raises(Refusal, match="overloaded"):
        desk.path.admit(EVERY_CLASS)
    for each in told:
        await each.one()


async def test_a_repeat_is_answered_with_the_first_message_and_says_so(desk: Desk) -> None:
    first, _ = await desk.send(idempotency="order 7").one()
    assert await desk.send(idempotency="order 7").one() == (first, REPLAYED)
    desk.ledger.messages.clear()
    assert await desk.send(idempotency="order 7").one() == ("not_found", b"")


async def test_what_the_ledger_cannot_take_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(_batch: object) -> list[bytes | bool]:
        raise LedgerUnavailable

    monkeypatch.setattr(desk.ledger, "apply", away)
    assert await desk.send().one() == ("ledger_unavailable", b"")


async def _find_nothing(_customer: int, _identifier: bytes) -> None:
    raise LedgerUnavailable


async def _find_badly(_customer: int, _identifier: bytes) -> None:
    raise ZeroDivisionError


@pytest.mark.case("security-2")
@pytest.mark.parametrize(
    ("find", "code", "errors"), [(_find_nothing, "ledger_unavailable", 0), (_find_badly, "internal", 1)]
)
async def test_a_repeat_whose_first_message_cannot_be_found_now_is_told_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, find: Callable[[int, bytes], object], code: str, errors: int
) -> None:
    contained = Containment()
    unwatch = contained.watch()
    await desk.send(idempotency="order 7").one()
    monkeypatch.setattr(desk.ledger, "find", find)
    assert await desk.send(idempotency="order 7").one() == (code, b"")
    assert sum(contained.counts.values()) == errors
    unwatch()


@pytest.mark.case("security-2")
async def test_an_error_that_no_code_stands_for_is_told_as_internal_and_settled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OverflowError

    contained = Containment()
    unwatch = contained.watch()
    monkeypatch.setattr(desk.door, "_record", fail)
    assert desk.send().answers == [("internal", b"")]
    assert contained.counts["submission"] == 1
    unwatch()


@pytest.mark.parametrize("written", ["", "a" * 256, "é", "a\n", "a\tb"])
def test_an_idempotency_key_is_printable_ascii_of_some_length(written: str) -> None:
    with pytest.raises(Refusal, match="invalid_idempotency_key"):
        idempotency_of(written)
    assert idempotency_of("order 7") == "order 7"

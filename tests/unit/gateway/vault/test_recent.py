"""What is kept in memory of a young message, and who may have it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.model.message import Message
from gateway.model.submission import ReturnPath
from gateway.vault.recent import AGE_MS, Young
from redaction.errors import KeyDestroyed, KeysWithheld, SealError
from redaction.keys import KeyState
from redaction.personal import Purpose
from redaction.retention import RetentionTag
from redaction.seal import SealContext
from tests.unit.gateway.road import CUSTOMER, Road
from tests.unit.gateway.stage import a_message
from tests.unit.gateway.vault.test_vault import ID, submission
from tests.unit.redaction.conftest import forget_subject

PATH = ReturnPath(5, 0, "INTERKEY", 1, 1, "966500000078")
OPENED = (Purpose.INFORM_CUSTOMER, "private")


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road(tmp_path)


def taken_in(road: Road) -> Message:
    content, private, _ = road.vault.seal(
        submission(path=PATH), customer=CUSTOMER, message_id=ID, leaf=7, now_ms=road.clock.now_ms()
    )
    return a_message(id=ID, content=content, private=private)


def test_the_first_news_is_worded_from_memory_and_counts_as_an_opening(road: Road) -> None:
    message = taken_in(road)
    assert len(road.vault.young) == 1
    sealed, message.private = message.private, b"not read"  # type: ignore[assignment]
    assert road.vault.open_private(message).path == PATH
    assert road.sealer.opened[OPENED] == 1
    assert len(road.vault.young) == 0
    message.private = sealed
    assert road.vault.open_private(message).path == PATH
    assert road.sealer.opened[OPENED] == 2


def test_what_is_not_so_young_any_more_is_read_from_what_is_sealed(road: Road) -> None:
    message = taken_in(road)
    road.clock.advance(AGE_MS / 1000)
    message.private = b"not read"  # type: ignore[assignment]
    with pytest.raises(SealError):
        road.vault.open_private(message)


@pytest.mark.policy("P-23")
@pytest.mark.parametrize(
    ("destroy", "error"),
    [
        (lambda state: forget_subject(state, 7), KeyDestroyed),
        (lambda state: state.drop_customer(CUSTOMER), KeyDestroyed),
        (lambda state: [state.drop_period(*name) for name in state.periods()], KeyDestroyed),
        (lambda state: state.withhold(), KeysWithheld),
    ],
)
def test_memory_closes_with_the_keys(road: Road, destroy: Callable[[KeyState], object], error: type[SealError]) -> None:
    message = taken_in(road)
    destroy(road.sealer.keys)
    with pytest.raises(error):
        road.vault.open_private(message)
    assert OPENED not in road.sealer.opened


@pytest.mark.policy("P-21")
def test_memory_closes_at_the_time_of_the_content(road: Road) -> None:
    message = taken_in(road)
    message.content_until_ms = road.clock.now_ms()
    with pytest.raises(KeyDestroyed):
        road.vault.open_private(message)


def test_memory_is_bounded_in_number_and_in_time() -> None:
    now = [0]
    young: Young[str] = Young(lambda: now[0], limit=2)
    for number in range(3):
        young.keep("path", _context(number), now[0])
        now[0] += 1_000
    assert [young.take(_id(number)) is None for number in (0, 1)] == [True, False]
    now[0] = 2_000 + AGE_MS - 1
    young.forget_old()
    assert len(young) == 1
    now[0] += 1
    young.forget_old()
    assert len(young) == 0


@pytest.mark.policy("P-05")
def test_what_is_kept_prints_as_dots() -> None:
    young: Young[str] = Young(lambda: 0)
    young.keep("966500000078", _context(1), 0)
    assert "0078" not in repr(young.take(_id(1)))


def _id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def _context(number: int) -> SealContext:
    return SealContext(CUSTOMER, _id(number), "private", RetentionTag("otp"), 1, 7)

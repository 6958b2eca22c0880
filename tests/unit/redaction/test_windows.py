"""Peppers that live for two days: which epochs there are at a time, and which of them a digest is looked for under."""

import os

import pytest

from redaction import windows
from redaction.customer_keys import LASTING_EPOCH
from redaction.errors import KeyDestroyed
from redaction.keys import KeyState
from redaction.windows import TURN_MS, Window, window

pytestmark = pytest.mark.case("privacy-10")

DAY_MS = 86_400_000
EPOCH = 20_000
NOON = EPOCH * DAY_MS + DAY_MS // 2
TURN = (EPOCH + 1) * DAY_MS


def kept(state: KeyState, purpose: str, now_ms: int, *, is_new: bool = False) -> KeyState:
    """As the upkeep does it."""
    for epoch in windows.wanted(state, purpose, now_ms, is_new=is_new):
        state.ensure_secret(purpose, epoch, os.urandom)
    for epoch in windows.over(state, purpose, now_ms):
        state.drop_secret(purpose, epoch)
    return state


@pytest.mark.parametrize("purpose", sorted(windows.EPOCH_MS))
def test_a_new_installation_has_the_present_epoch_and_those_beside_it(purpose: str) -> None:
    state = kept(KeyState(), purpose, NOON, is_new=True)
    assert state.secrets() == [(purpose, "", each) for each in (EPOCH - 1, EPOCH, EPOCH + 1)]
    assert window(state, purpose, NOON) == Window(EPOCH, (), (EPOCH - 1,))
    kept(state, purpose, NOON + DAY_MS)
    assert state.secrets() == [(purpose, "", each) for each in (EPOCH, EPOCH + 1, EPOCH + 2)]


@pytest.mark.parametrize(
    ("at_ms", "expected"),
    [
        (TURN - TURN_MS - 1, Window(EPOCH, (), (EPOCH - 1,))),
        (TURN - TURN_MS, Window(EPOCH + 1, (EPOCH,), (EPOCH - 1,))),
        (TURN - 1, Window(EPOCH + 1, (EPOCH,), (EPOCH - 1,))),
        (TURN, Window(EPOCH + 1, (EPOCH,), ())),
        (TURN + TURN_MS - 1, Window(EPOCH + 1, (EPOCH,), ())),
        (TURN + TURN_MS, Window(EPOCH + 1, (), (EPOCH,))),
    ],
)
def test_around_a_turn_both_epochs_are_claimed(at_ms: int, expected: Window) -> None:
    state = kept(KeyState(), "idempotency", NOON, is_new=True)
    assert window(state, "idempotency", at_ms) == expected


def test_nodes_that_disagree_about_the_epoch_look_where_the_other_claims() -> None:
    state = kept(KeyState(), "idempotency", NOON, is_new=True)
    for behind_ms in range(TURN - 2 * TURN_MS, TURN + 2 * TURN_MS, TURN_MS // 4):
        for skew_ms in (0, 1, TURN_MS // 2, TURN_MS):
            one, other = (window(state, "idempotency", at) for at in (behind_ms, behind_ms + skew_ms))
            claims = [(*each.before, each.claimed) for each in (one, other)]
            assert set(claims[0]) & {*claims[1], *other.sought}, "whoever comes later finds the earlier one"
            assert set(claims[1]) & {*claims[0], *one.sought}
            assert set(claims[0]) & set(claims[1]), "one claim decides between two at once"


def test_an_installation_from_before_begins_with_the_next_epoch_that_all_nodes_can_know() -> None:
    state = KeyState()
    kept(state, "idempotency", NOON)
    assert state.secrets() == [("idempotency", "", EPOCH + 1)]
    assert window(state, "idempotency", NOON) == Window(LASTING_EPOCH, (), ())
    assert window(state, "idempotency", TURN - 1) == Window(EPOCH + 1, (LASTING_EPOCH,), ())
    assert window(state, "idempotency", TURN + 1) == Window(EPOCH + 1, (LASTING_EPOCH,), ())
    kept(state, "idempotency", TURN + DAY_MS // 2)
    assert window(state, "idempotency", TURN + DAY_MS // 2) == Window(EPOCH + 1, (), (LASTING_EPOCH,))
    assert not windows.is_past(state, "idempotency", TURN + DAY_MS - 1)
    assert windows.is_past(state, "idempotency", TURN + DAY_MS)
    assert window(state, "idempotency", TURN + DAY_MS + TURN_MS) == Window(EPOCH + 2, (), (EPOCH + 1,))


def test_what_is_raised_just_before_a_turn_begins_a_day_later() -> None:
    assert windows.wanted(KeyState(), "idempotency", TURN - 1, is_new=False) == [EPOCH + 2]


def test_in_the_layouts_before_nothing_turns() -> None:
    state = kept(KeyState(layout=2), "idempotency", NOON, is_new=True)
    assert window(state, "idempotency", NOON) == Window(LASTING_EPOCH, (), ())


def test_after_days_without_a_start_the_lasting_pepper_is_not_taken_up_again() -> None:
    state = kept(KeyState(), "idempotency", NOON, is_new=True)
    later = NOON + 9 * DAY_MS
    assert window(state, "idempotency", later) == Window(EPOCH + 9, (), (EPOCH + 8,))
    state.ensure_customer(7, os.urandom)
    with pytest.raises(KeyDestroyed, match="pepper"):
        state.pepper(7, "idempotency", EPOCH + 9)
    kept(state, "idempotency", later)
    assert window(state, "idempotency", later) == Window(EPOCH + 9, (), (EPOCH + 8,))
    assert state.pepper(7, "idempotency", EPOCH + 9)

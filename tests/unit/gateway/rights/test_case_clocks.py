"""Until when a case is to be answered: by kind, from when it was received."""

import pytest

from gateway.model.refusals import Refusal
from gateway.rights.case_clocks import DAY_MS, HOUR_MS, check_received, due_ms, extended_to_ms
from gateway.rights.case_states import REQUESTS, Kind

NOW = 1_800_000_000_000


@pytest.mark.policy("P-28")
@pytest.mark.policy("P-37")
@pytest.mark.parametrize("kind", Kind)
def test_each_kind_has_its_clock(kind: Kind) -> None:
    wanted = {Kind.BREACH: 72 * HOUR_MS, Kind.COMPLAINT: 90 * DAY_MS}.get(kind, 30 * DAY_MS)
    assert due_ms(kind, NOW, "") - NOW == wanted
    assert due_ms(kind, NOW, "cus_1") - NOW == (10 * DAY_MS if kind in REQUESTS else wanted)


@pytest.mark.parametrize(
    ("kind", "was_extended", "now_ms", "days", "code"),
    [
        (Kind.ACCESS, False, NOW - 1, 30, None),
        (Kind.ACCESS, False, NOW - 1, 1, None),
        (Kind.ACCESS, False, NOW - 1, 31, "invalid_value"),
        (Kind.ACCESS, False, NOW - 1, 0, "invalid_value"),
        (Kind.ACCESS, False, NOW, 30, "extension_too_late"),
        (Kind.ACCESS, True, NOW - 1, 30, "already_extended"),
        (Kind.BREACH, False, NOW - 1, 30, "not_extendable"),
        (Kind.COMPLAINT, False, NOW - 1, 30, "not_extendable"),
        (Kind.DISCLOSURE, False, NOW - 1, 30, "not_extendable"),
    ],
)
def test_an_extension_is_told_once_and_in_time(
    kind: Kind, was_extended: bool, now_ms: int, days: int, code: str | None
) -> None:
    if code is None:
        assert extended_to_ms(kind, NOW, was_extended, now_ms, days) == NOW + days * DAY_MS
        return
    with pytest.raises(Refusal) as refused:
        extended_to_ms(kind, NOW, was_extended, now_ms, days)
    assert refused.value.code == code


def test_what_was_received_lies_in_the_past_year() -> None:
    check_received(NOW, NOW)
    check_received(NOW - 366 * DAY_MS, NOW)
    for received_ms in (NOW + 1, NOW - 366 * DAY_MS - 1):
        with pytest.raises(Refusal):
            check_received(received_ms, NOW)

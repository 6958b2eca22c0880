"""Numbers and times as Saudi providers' APIs write them."""

import pytest

from gateway.http_api.facades.saudi import recipient, recipients, riyadh_clock, riyadh_time
from gateway.model.refusals import Refusal


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("966500000078", "+966500000078"),
        (" 966500000078 ", "+966500000078"),
        ("+966500000078", "+966500000078"),
        ("00966500000078", "00966500000078"),
        ("0500000078", "0500000078"),
        ("500000078", "500000078"),
        ("abc", "abc"),
    ],
)
def test_a_country_code_needs_no_plus(written: str, read: str) -> None:
    assert recipient(written) == read


def test_receivers_stand_in_a_list_or_between_commas() -> None:
    assert recipients(["966500000078", "966500000079"], "to") == recipients(["966500000078, 966500000079,"], "to")
    for written in ([], [""], [","]):
        with pytest.raises(Refusal):
            recipients(written, "to")


def test_times_are_of_the_kingdoms_clock() -> None:
    assert riyadh_time("2026-11-30T12:00", "at") == "2026-11-30T09:00:00.000Z"
    assert riyadh_time("2026-11-30 12:00:30", "at") == "2026-11-30T09:00:30.000Z"
    assert riyadh_clock(1_796_029_230_250) == "2026-11-30 12:00:30.250"


@pytest.mark.parametrize(
    "written", ["", "now", "2026-13-01T00:00", "2026-11-30", "2026-11-30T12:00Z", "0001-01-01 00:00"]
)
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(Refusal) as refused:
        riyadh_time(written, "at")
    assert refused.value.code == "invalid_schedule"

"""Times are RFC 2822 in GMT; filters are days and seconds."""

from email.utils import parsedate

import pytest

from gateway.http_api.facades.twilio.times import span, written, written_or_none


def test_a_time_is_written_as_clients_read_it() -> None:
    assert written(1_438_287_151_999) == "Thu, 30 Jul 2015 20:12:31 +0000"
    assert parsedate(written(1_438_287_151_999)) is not None
    assert written_or_none(None) is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2015-07-30", (1_438_214_400_000, 1_438_300_800_000)),
        ("2015-07-30T20:12:31Z", (1_438_287_151_000, 1_438_287_152_000)),
        ("2015-07-30 23:12:31+03:00", (1_438_287_151_000, 1_438_287_152_000)),
        ("2015-02-30", None),
        ("Thu, 30 Jul 2015", None),
        ("", None),
    ],
)
def test_a_filter_is_a_day_or_a_second(raw: str, expected: tuple[int, int] | None) -> None:
    assert span(raw) == expected

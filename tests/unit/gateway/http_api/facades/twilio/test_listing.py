"""What a list is asked for, in names with `<` and `>` in them."""

import pytest

from gateway.http_api.facades.twilio.listing import page_asked, wanted
from gateway.http_api.facades.twilio.sids import page_token
from gateway.http_api.facades.twilio.words import WORDS
from gateway.http_api.listing import Wanted
from gateway.model.refusals import Refusal

DAY_MS = 86_400_000
BEGIN = 1_438_214_400_000
"""Of 30 July 2015."""


def asked(**form: str) -> Wanted:
    return wanted(page_asked("/x", {name.replace("_before", "<").replace("_after", ">"): form[name] for name in form}))


def test_nothing_asked_is_the_newest_fifty() -> None:
    assert asked() == Wanted(limit=50)


def test_days_and_seconds_are_taken_whole() -> None:
    assert asked(DateSent="2015-07-30") == Wanted(limit=50, since_ms=BEGIN, until_ms=BEGIN + DAY_MS)
    assert asked(DateSent_before="2015-07-30") == Wanted(limit=50, until_ms=BEGIN + DAY_MS)
    found = asked(DateSent_after="2015-07-30T00:00:00Z", DateSent_before="2015-07-30T00:00:09Z")
    assert found == Wanted(limit=50, since_ms=BEGIN, until_ms=BEGIN + 10_000)


def test_a_page_goes_on_where_its_token_says() -> None:
    found = asked(PageSize="1000", Page="3", PageToken=page_token(bytes(range(16))))
    assert (found.limit, found.cursor) == (1_000, bytes(range(16)))


@pytest.mark.parametrize(
    ("form", "number"),
    [
        ({"PageSize": "1001"}, 20007),
        ({"PageSize": "0"}, 20007),
        ({"PageSize": "x"}, 20007),
        ({"PageToken": "PA1"}, 20001),
        ({"Page": "-1"}, 20001),
        ({"DateSent": "yesterday"}, 20001),
        ({"DateSent_before": "2015-02-30"}, 20001),
    ],
)
def test_what_is_wrong_has_a_number(form: dict[str, str], number: int) -> None:
    with pytest.raises(Refusal) as refused:
        asked(**form)
    assert WORDS.of(refused.value).code == number

"""Keywords are added to what a customer has of a number, and taken from it."""

import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.keywords import each_once, with_keywords, without_keywords
from gateway.accounts.settings import NumberSettings

SOME = NumberSettings(keywords=("SALE", "عرض"), esme="bank")


def test_a_keyword_is_added_once_however_it_is_written() -> None:
    assert with_keywords(["sale", "SHOP"])(SOME) == NumberSettings(keywords=("SALE", "عرض", "SHOP"), esme="bank")
    assert with_keywords(["SALE"])(None) == NumberSettings(keywords=("SALE",))


def test_a_number_that_is_the_customers_whole_gets_no_keywords_added() -> None:
    with pytest.raises(InvalidSetting):
        with_keywords(["SALE"])(NumberSettings())


def test_with_its_last_keyword_a_number_goes() -> None:
    left = without_keywords(["sale"])(SOME)
    assert left == NumberSettings(keywords=("عرض",), esme="bank")
    assert without_keywords(["عرض"])(left) is None


@pytest.mark.parametrize("standing", [None, NumberSettings(), SOME])
def test_a_keyword_that_the_customer_does_not_have_cannot_be_taken(standing: NumberSettings | None) -> None:
    with pytest.raises(InvalidSetting):
        without_keywords(["SHOP"])(standing)


def test_a_keyword_that_is_written_in_two_ways_stands_there_as_it_was_written_first() -> None:
    doubled = NumberSettings(keywords=("a", "عرض", "A", "عَرْض", "a", "b"), esme="bank")
    assert each_once(doubled) == NumberSettings(keywords=("a", "عرض", "b"), esme="bank")
    assert each_once(NumberSettings()) == NumberSettings()

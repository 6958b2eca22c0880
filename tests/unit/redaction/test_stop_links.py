"""Links by which people stop messages: they come back as they were made, and cannot be made up."""

import pytest

from redaction.stop_links import LENGTH, MOST_CUSTOMERS, StopLinks

KEY = bytes(range(32))
TOKEN = b"\x00\xfftoken!"


@pytest.mark.parametrize("customer", [0, 7, MOST_CUSTOMERS - 1])
@pytest.mark.parametrize("purpose", [0, 255])
def test_a_link_says_customer_purpose_and_token_to_whoever_has_the_key(customer: int, purpose: int) -> None:
    links = StopLinks(KEY)
    written = links.write(customer, purpose, TOKEN)
    assert len(written) == LENGTH
    assert links.read(written) == (customer, purpose, TOKEN)
    assert StopLinks(bytes(32)).read(written) is None


def test_a_link_that_was_changed_in_one_place_is_none() -> None:
    links = StopLinks(KEY)
    written = links.write(7, 1, TOKEN)
    for at in range(LENGTH - 1):
        for other in "Ab-":
            if written[at] != other:
                assert links.read(written[:at] + other + written[at + 1 :]) is None


@pytest.mark.parametrize("written", ["", "a" * 21, "a" * 23, "a" * 22, "é" * 22, "+" * 22, " " * 22, "=" * 22])
def test_what_is_no_link_is_none(written: str) -> None:
    assert StopLinks(KEY).read(written) is None


@pytest.mark.parametrize("what", [(MOST_CUSTOMERS, 1, TOKEN), (-1, 1, TOKEN), (1, 256, TOKEN), (1, 1, b"short")])
def test_what_has_no_place_in_a_link_is_refused(what: tuple[int, int, bytes]) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        StopLinks(KEY).write(*what)

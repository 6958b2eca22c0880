"""Lines about strangers are few, count what they leave out, and name no person's address."""

import pytest

from gateway.process.notices import Notices, cut_address


@pytest.mark.case("privacy-12")
@pytest.mark.parametrize(
    ("address", "cut"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("127.0.0.1", "127.0.0.0/24"),
        ("", ""),
        ("966512345678", ""),
        ("host.example", ""),
    ],
)
def test_an_address_is_cut(address: str, cut: str) -> None:
    assert cut_address(address) == cut


@pytest.mark.case("privacy-12")
def test_a_flood_has_a_line_a_minute_that_says_how_many() -> None:
    notices = Notices(60)
    assert [notices.count("a", now) for now in (0, 1, 59, 60, 61, 125)] == [1, 0, 0, 3, 0, 2]
    assert notices.count("b", 61) == 1


def test_kinds_have_a_bound() -> None:
    notices = Notices(60, limit=3)
    for number in range(10):
        assert notices.count(number, 0) == 1
    assert notices.count(9, 1) == 0
    assert notices.count(0, 1) == 1

"""Addresses of a Redis as people write them."""

import pytest

from config.redis_address import Address, AddressError, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("redis://store", Address(kind="single", tls=False, hosts=(("store", 6379),))),
        ("rediss://store:7000/3", Address(kind="single", tls=True, hosts=(("store", 7000),), database=3)),
        (
            "redis+sentinel://one,two:26380/ledger/2",
            Address(kind="sentinel", tls=False, hosts=(("one", 26379), ("two", 26380)), service="ledger", database=2),
        ),
        (
            "rediss+cluster://10.0.0.1:7000,[::1]:7001",
            Address(kind="cluster", tls=True, hosts=(("10.0.0.1", 7000), ("::1", 7001))),
        ),
    ],
)
def test_an_address_says_what_and_where(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "begins with"),
        ("http://store", "begins with"),
        ("redis+ring://store", "begins with"),
        ("redis://", "names no host"),
        ("redis://one,two", "more than one host"),
        ("redis://user:word@store", "user or password"),
        ("redis://store:port", "port"),
        ("redis://[::1", "host"),
        ("redis+cluster://one,[::1", "host"),
        ("redis://store/first", "database"),
        ("redis+sentinel://one", "names no service"),
        ("redis+cluster://one/1", "database 0 only"),
    ],
)
def test_what_is_no_address_is_named_without_secrets(text: str, says: str) -> None:
    with pytest.raises(AddressError, match=says) as raised:
        parse_address(text)
    assert "word@" not in str(raised.value)

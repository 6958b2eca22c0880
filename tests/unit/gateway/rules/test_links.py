"""Links in texts: found as a phone finds them, and compared in one spelling."""

from collections.abc import Sequence

import pytest

from gateway.rules.links import host_key, hosts_in, is_under

ENDINGS = frozenset({"com", "sa", "ly"})


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("no link. None at all", []),
        ("no link. At the end example.", []),
        ("a dot before a line's end.\nNext", []),
        ("sentences. And example.com", ["example.com"]),
        ("Version 1.2 costs 3.50 SAR", []),
        ("Well.then come", []),
        ("me@example.com wrote", []),
        ("https://example.com", ["example.com"]),
        ("(https://Example.com/a?b#c).", ["example.com"]),
        ("//example.com/a", ["example.com"]),
        ("example.com. Next", ["example.com"]),
        ("www.example.museum", ["www.example.museum"]),
        ("example.museum/a", ["example.museum"]),
        ("https://user:word@example.com:80/", ["example.com"]),
        ("192.0.2.1/a", ["192.0.2.1"]),
        ("https://192.0.2.1:8080", ["192.0.2.1"]),
        ("https://[2001:db8::1]/", ["[2001:db8::1]"]),
        ("https://مثال.السعودية/a", ["xn--mgbh0fb.xn--mgberp4a5d4ar"]),
        ("زوروا مثال.السعودية اليوم", ["xn--mgbh0fb.xn--mgberp4a5d4ar"]),
        ("ｅｘａｍｐｌｅ．com", ["example.com"]),
        ("exam\u200bple.com", ["example.com"]),
        ("example。com", ["example.com"]),
        ("https://a.com https://b.com https://a.com/2", ["a.com", "b.com"]),
        ("رابط:https://bit.ly/x", ["bit.ly"]),
        ("http:example", []),
    ],
)
def test_hosts_are_found(text: str, hosts: Sequence[str]) -> None:
    assert list(hosts_in(text, ENDINGS)) == hosts


@pytest.mark.parametrize(
    ("host", "is_one"),
    [("a.sa", True), ("b.a.sa", True), ("ba.sa", False), ("sa", False), ("a.sa.com", False), ("", False)],
)
def test_what_is_below_a_registered_host_is_registered(host: str, is_one: bool) -> None:
    assert is_under(host, {"a.sa", "sa"} - {"sa"}) is is_one


def test_a_top_level_domain_registers_nothing_below_it() -> None:
    assert not is_under("evil.com", {"com"})


def test_what_is_no_host_has_the_empty_spelling() -> None:
    assert host_key("ا" * 70 + ".com") == ""


@pytest.mark.parametrize("text", ["." * 4_000, "a." * 2_000, "//" * 2_000, "x@" * 2_000, "http://" * 600, "ا." * 2_000])
def test_long_texts_of_odd_characters_take_no_time(text: str) -> None:
    hosts_in(text, ENDINGS)

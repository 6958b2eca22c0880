import base64
import gzip
import hashlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redaction.traces import find, traces

NUMBER = "+966512345678"
TEXT = "رمز التحقق canary"


def names(haystack: bytes, value: str) -> set[str]:
    return {name for name, _ in find(haystack, traces(value))}


@pytest.mark.parametrize("value", [NUMBER, TEXT, "canary text 1", "a/b?c d"])
@pytest.mark.parametrize(
    "write",
    [
        lambda it: it.encode(),
        lambda it: it.encode("utf-16-le"),
        lambda it: it.encode("utf-16-be"),
        lambda it: it[::-1].encode(),
        lambda it: it.encode().hex().encode(),
        lambda it: it.encode("utf-16-be").hex().upper().encode(),
        lambda it: base64.b64encode(b"x" + it.encode() + b"yz"),
        lambda it: base64.b64encode(b"xy" + it.encode() + b"y"),
        lambda it: base64.urlsafe_b64encode(b"xyz" + it.encode()),
        lambda it: json.dumps({"t": it}).encode(),
        lambda it: hashlib.sha256(it.encode()).digest(),
        lambda it: hashlib.md5(it.encode()).hexdigest().encode(),
        lambda it: hashlib.blake2b(it.encode()).hexdigest().upper().encode(),
    ],
)
def test_each_way_of_writing_is_found(write: Callable[[str], bytes], value: str) -> None:
    assert names(b"\x00\x01before " + write(value) + b" after\xff", value)


@given(st.text(alphabet="abcXYZ 0123456789@ñ", min_size=8, max_size=40), st.text("ab1", max_size=9), st.integers(0, 3))
def test_packed_septets_are_found_at_every_bit(canary: str, before: str, zeros: int) -> None:
    alphabet = {"@": 0, "ñ": 125, " ": 32}
    packed = 0
    for at, char in enumerate(before + canary + "tail"):
        packed |= alphabet.get(char, ord(char)) << (7 * at)
    octets = bytes(zeros) + packed.to_bytes(64, "little")
    assert any(name.startswith("gsm7") for name in names(octets, canary))


def test_octets_of_a_pdu_are_found_in_hex_as_dumps_show_them() -> None:
    assert "gsm7 bit 0 hex" in names(b"sm=E8329BFD4697D9EC37".lower() + b" dcs=0", "hellohello")
    assert "gsm7 unpacked HEX" in names(b"SM=0063616E617279 DCS=0", "@canary")


@pytest.mark.parametrize(
    ("haystack", "name"),
    [
        (bytes.fromhex("91695621436587"), "semi-octets"),
        (bytes.fromhex("6615325476f8"), "semi-octets shifted"),
        (bytes.fromhex("966512345678"), "packed decimal"),
        ("٩٦٦٥١٢٣٤٥٦٧٨".encode(), "arabic-indic digits"),
        (hashlib.sha1(b"966512345678").digest(), "bare sha1"),
        (hashlib.sha512(b"+966512345678").hexdigest().encode(), "+sha512 hex"),
    ],
)
def test_numbers_are_found_as_networks_and_hash_tables_hold_them(haystack: bytes, name: str) -> None:
    assert name in names(haystack, NUMBER)


def test_url_and_json_escapes_are_found_in_both_cases() -> None:
    assert "url" in names(b"/m?text=%D8%B1%D9%85%D8%B2%20%D8%A7%D9%84%D8%AA%D8%AD%D9%82%D9%82%20canary", TEXT)
    assert "url lower" in names(b"%d8%b1%d9%85%d8%b2%20%d8%a7%d9%84%d8%aa%d8%ad%d9%82%d9%82%20canary", TEXT)
    assert "json" in names(b'"\\u0631\\u0645\\u0632"', "رمز")
    assert "json UPPER" in names(b'"\\u06AF\\u06AF"', "گگ")
    assert "form" in names(b"text=one+two+three", "one two three")


def test_every_occurrence_is_reported_in_order() -> None:
    assert find(b"..canary..canary", {"utf-8": b"canary"}) == [("utf-8", 2), ("utf-8", 10)]
    assert find(memoryview(b"..canary"), {"utf-8": b"canary"}) == [("utf-8", 2)]


def test_short_forms_are_left_out() -> None:
    assert all(len(form) >= 6 for form in traces("4821").values())
    assert "utf-8" not in traces("4821")


def test_sealed_or_compressed_bytes_give_no_false_hit() -> None:
    noise = hashlib.shake_256(b"noise").digest(200_000) + gzip.compress(bytes(1000))
    assert find(noise, {**traces(NUMBER), **traces(TEXT)}) == []

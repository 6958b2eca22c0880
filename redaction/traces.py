"""The forms in which a known text or number could lie on a disk: the pure half of the canary search.

A canary is a value that was sent on purpose. `traces` lists how it would look in a file if something wrote it in clear
or nearly so; `find` looks for all of them. Forms below six bytes are left out, for they would be found by chance.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import quote

_SHORTEST: Final = 6
_DIGESTS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha512": lambda data: hashlib.sha512(data).digest(),
    "blake2b": lambda data: hashlib.blake2b(data).digest(),
    "blake2b-256": lambda data: hashlib.blake2b(data, digest_size=32).digest(),
}
_GSM7: Final = (  # 3GPP TS 23.038 §6.2.1, in code order; the escape stands as U+001B
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_SEPTET: Final = {char: code for code, char in enumerate(_GSM7)}
_ARABIC_INDIC: Final = {ord("0") + digit: 0x0660 + digit for digit in range(10)}

Form = tuple[str, bytes]


def traces(value: str) -> Mapping[str, bytes]:
    """Every form of `value` that is long enough to be looked for, by a name such as "utf-16le" or "sha256 hex"."""
    forms = [*_written(value), *_packed(value), *_digests(value)]
    return {name: form for name, form in forms if len(form) >= _SHORTEST}


def find(haystack: bytes | memoryview, forms: Mapping[str, bytes]) -> list[tuple[str, int]]:
    """(name, offset) of every occurrence of every form, by offset."""
    data = bytes(haystack)
    return sorted(((name, at) for name, form in forms.items() for at in _offsets(data, form)), key=lambda it: it[1])


def _offsets(data: bytes, form: bytes) -> Iterator[int]:
    at = data.find(form)
    while at >= 0:
        yield at
        at = data.find(form, at + 1)


def _written(value: str) -> Iterator[Form]:
    """As programs write text: encodings, escapes, hex, base64."""
    utf8, utf16 = value.encode("utf-8", "surrogatepass"), value.encode("utf-16-be", "surrogatepass")
    yield "utf-8", utf8
    yield "utf-16be", utf16
    yield "utf-16le", value.encode("utf-16-le", "surrogatepass")
    yield "reversed", value[::-1].encode("utf-8", "surrogatepass")
    yield from _in_hex("utf-8", utf8)
    yield from _in_hex("utf-16be", utf16)
    yield from _in_hex("utf-16le", value.encode("utf-16-le", "surrogatepass"))
    yield from _in_base64("utf-8", utf8)
    yield from _in_base64("utf-16be", utf16)
    yield from _escaped(value)
    if _is_number(value):
        yield "arabic-indic digits", value.removeprefix("+").translate(_ARABIC_INDIC).encode()


def _in_hex(name: str, data: bytes) -> Iterator[Form]:
    yield f"{name} hex", data.hex().encode()
    yield f"{name} HEX", data.hex().upper().encode()


def _in_base64(name: str, data: bytes) -> Iterator[Form]:
    """In each of the three phases that base64 of a longer text may have; characters shared with neighbours are cut."""
    for phase in range(3):
        whole = base64.b64encode(bytes(phase) + data)
        first, last = (0, 2, 3)[phase], len(whole) - (0, 3, 2)[(phase + len(data)) % 3]
        yield f"{name} base64 phase {phase}", whole[first:last]
        yield f"{name} base64url phase {phase}", whole[first:last].translate(bytes.maketrans(b"+/", b"-_"))


def _escaped(value: str) -> Iterator[Form]:
    escaped = json.dumps(value)[1:-1]
    yield "json", escaped.encode()
    yield "json UPPER", _upper_escapes(escaped).encode()
    yield "url", quote(value, safe="", errors="surrogatepass").encode()
    yield "url lower", quote(value, safe="", errors="surrogatepass").lower().encode()
    yield "form", quote(value, safe=" ", errors="surrogatepass").replace(" ", "+").encode()


def _upper_escapes(escaped: str) -> str:
    head, *rest = escaped.split("\\u")
    return head + "".join(f"\\u{part[:4].upper()}{part[4:]}" for part in rest)


def _packed(value: str) -> Iterator[Form]:
    """As SMS carries it: GSM 7-bit septets from every bit of an octet, semi-octets from either half; in hex, too."""
    if all(char in _SEPTET for char in value):
        unpacked = bytes(_SEPTET[char] for char in value)
        yield "gsm7 unpacked", unpacked
        yield from _in_hex("gsm7 unpacked", unpacked)
        for bit in range(8):
            yield f"gsm7 bit {bit}", _septets(value, bit)
            yield from _in_hex(f"gsm7 bit {bit}", _septets(value, bit))
    if _is_number(value):
        digits = value.removeprefix("+")
        for name, run in (("", digits), (" shifted", digits[1:])):
            filled = run + "f" * (len(run) % 2)
            yield f"semi-octets{name}", _swapped(filled)
            yield f"packed decimal{name}", bytes.fromhex(filled)


def _is_number(value: str) -> bool:
    digits = value.removeprefix("+")
    return digits.isascii() and digits.isdigit()


def _septets(value: str, bit: int) -> bytes:
    """The whole octets of `value` packed from bit `bit` of an octet on; octets shared with neighbours are cut."""
    packed = sum(_SEPTET[char] << (bit + 7 * at) for at, char in enumerate(value))
    last = (bit + 7 * len(value)) // 8
    octets = packed.to_bytes(last + 1, "little")
    return octets[1 if bit else 0 : last]


def _swapped(digits: str) -> bytes:
    """Two digits an octet, the first in the low half, an odd last one with filler 1111 (3GPP TS 23.040 §9.1.2.3)."""
    return bytes(int(digits[at + 1] + digits[at], 16) for at in range(0, len(digits), 2))


def _digests(value: str) -> Iterator[Form]:
    """Digests without a key: of the value, and of a number with and without its plus."""
    bare = value.removeprefix("+")
    spellings = {"+": f"+{bare}", "bare ": bare} if _is_number(value) else {"": value}
    for spelling, text in spellings.items():
        for algorithm, compute in _DIGESTS.items():
            raw = compute(text.encode("utf-8", "surrogatepass"))
            yield f"{spelling}{algorithm}", raw
            yield from _in_hex(f"{spelling}{algorithm}", raw)
            yield f"{spelling}{algorithm} base64", base64.b64encode(raw).rstrip(b"=")

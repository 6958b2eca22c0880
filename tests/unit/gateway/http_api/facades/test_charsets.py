"""Charsets by the names that programs have for them, and no others."""

import encodings

import pytest

from gateway.http_api.facades.charsets import decoded
from gateway.model.refusals import Refusal

ARABIC = "رمز"


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("UTF-8", "utf-8"),
        (" utf8 ", "utf-8"),
        ("UTF-16BE", "utf-16-be"),
        ("UCS-2", "utf-16-be"),
        ("utf_16_le", "utf-16-le"),
        ("ISO-8859-6", "iso-8859-6"),
        ("windows-1256", "cp1256"),
        ("CP1256", "cp1256"),
        ("gb18030", "gb18030"),
    ],
)
def test_a_text_is_read_in_its_charset(charset: str, codec: str) -> None:
    assert decoded(ARABIC.encode(codec), charset, "text") == ARABIC


@pytest.mark.parametrize(
    "charset", ["", "none-such", "idna", "punycode", "unicode_escape", "utf-7", "mbcs", "hex", "x" * 9000]
)
def test_what_is_no_charset_is_refused_and_not_looked_for(charset: str) -> None:
    known = len(encodings._cache)  # where Python remembers every name it was asked for
    with pytest.raises(Refusal, match="forbidden_character"):
        decoded(b"abc", charset, "text")
    assert len(encodings._cache) == known


def test_what_is_not_in_its_charset_is_refused() -> None:
    for octets, charset in ((b"\xe9", "utf-8"), (b"abc", "utf-16"), (b"\xff", "us-ascii")):
        with pytest.raises(Refusal, match="forbidden_character"):
            decoded(octets, charset, "text")

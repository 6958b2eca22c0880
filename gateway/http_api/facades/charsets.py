"""The charsets that a façade's request may be in. A closed list: what Python would find by any other name is no charset
of texts, takes time with the square of a text's length, or is remembered for ever where there is none.
"""

from collections.abc import Mapping
from typing import Final

from gateway.model.refusals import Refusal
from redaction.errors import alone

_OF_PYTHON: Final[Mapping[str, str]] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "utf-16": "utf-16-be",
    "utf-16be": "utf-16-be",
    "utf-16-be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "utf-16-le": "utf-16-le",
    "ucs-2": "utf-16-be",
    "ucs-2be": "utf-16-be",
    "ucs2": "utf-16-be",
    "ucs-2le": "utf-16-le",
    "latin1": "iso-8859-1",
    "latin-1": "iso-8859-1",
    "arabic": "iso-8859-6",
    **{f"iso-8859-{part}": f"iso-8859-{part}" for part in range(1, 17) if part != 12},
    **{f"iso8859-{part}": f"iso-8859-{part}" for part in range(1, 17) if part != 12},
    **{f"{prefix}{page}": f"cp{page}" for page in range(1250, 1259) for prefix in ("windows-", "cp")},
    **{
        name: name for name in ("koi8-r", "koi8-u", "big5", "gb2312", "gbk", "gb18030", "shift-jis", "euc-jp", "euc-kr")
    },
}


def decoded(octets: bytes, charset: str, field: str) -> str:
    """A text in a charset by the name that iconv has for it. Raises Refusal for another charset, or another text."""
    codec = _OF_PYTHON.get(charset.strip().lower().replace("_", "-"))
    if codec is None:
        raise Refusal("forbidden_character", field)
    try:
        return octets.decode(codec)
    except UnicodeError:
        raise alone(Refusal("forbidden_character", field)) from None

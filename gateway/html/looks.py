"""In which language and with which digits a page is drawn."""

import enum
import re
from typing import Final, Literal

LOOK_COOKIE: Final = "look"
"""The cookie of whoever chose one, and for how long it is kept, in seconds."""
LOOK_S: Final = 365 * 86_400
_RANGE: Final = re.compile(
    r"[ \t]*([A-Za-z*]{1,8})(?:-[A-Za-z0-9-]*)?[ \t]*(?:;[ \t]*q=([01](?:\.[0-9]{0,3})?))?[ \t]*"
)


class Look(enum.StrEnum):
    """The value is a language tag (RFC 5646), as `lang` of the page has it."""

    ENGLISH = "en"
    ARABIC = "ar"
    ARABIC_DIGITS = "ar-u-nu-arab"
    """Arabic, with Arabic-Indic digits for amounts and times; ids and numbers of telephones stay as they are."""

    @property
    def language(self) -> Literal["en", "ar"]:
        """That of its words."""
        return "en" if self is Look.ENGLISH else "ar"

    @property
    def direction(self) -> str:
        """In which lines run: `ltr` or `rtl`."""
        return "rtl" if self.language == "ar" else "ltr"


USUAL: Final = Look.ENGLISH
_BY_TAG: Final = {each.value: each for each in Look}


def look_of(tag: str) -> Look | None:
    """The one with this tag; None for any other word."""
    return _BY_TAG.get(tag)


def look_for(accepted: str) -> Look:
    """What fits a browser's `Accept-Language` best (RFC 9110 §12.5.4)."""
    best, weight = USUAL, 0.0
    for each in accepted[:200].split(","):
        found = _RANGE.fullmatch(each)
        if found is None:
            continue
        look, said = look_of(found[1].lower()), float(found[2] or 1)
        if look is not None and said > weight:
            best, weight = look, said
    return best

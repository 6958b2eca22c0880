"""What is kept of a browser's User-Agent: its family, its major version and the kind of device (PRIVACY.md P-04).

The header itself is never stored: it tells browsers apart almost one by one.
"""

import re
from typing import Final

import msgspec

_FAMILIES: Final = (
    ("edge", re.compile(r"\bEdg(?:e|A|iOS)?/(\d{1,4})")),
    ("opera", re.compile(r"\b(?:OPR|Opera)/(\d{1,4})")),
    ("samsung", re.compile(r"\bSamsungBrowser/(\d{1,4})")),
    ("firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d{1,4})")),
    ("chrome", re.compile(r"\b(?:Chrome|Chromium|CriOS)/(\d{1,4})")),
    ("safari", re.compile(r"\bVersion/(\d{1,4})[.\d]* (?:Mobile/\w+ )?Safari/")),
    ("program", re.compile(r"\b(?:curl|Wget|python-requests|aiohttp|Go-http-client)/(\d{1,4})")),
)
"""The first that fits: most of them also call themselves by the names below them."""
_TABLET: Final = re.compile(r"\biPad\b|\bTablet\b|\bAndroid\b(?!.*\bMobile\b)")
_PHONE: Final = re.compile(r"\bMobile\b|\biPhone\b|\bAndroid\b")
_DESKTOP: Final = re.compile(r"\bWindows NT\b|\bMacintosh\b|\bX11\b|\bCrOS\b")
LONGEST: Final = 512
"""Characters that are looked at."""


class Agent(msgspec.Struct, frozen=True, array_like=True):
    """family: of a closed list, or "other". major: 0 where it is not known. device: desktop, phone, tablet or other."""

    family: str
    major: int
    device: str

    def __str__(self) -> str:
        version = f" {self.major}" if self.major else ""
        return f"{self.family}{version}, {self.device}"


UNKNOWN: Final = Agent("other", 0, "other")


def reduced(header: str) -> Agent:
    """Of whatever a browser says of itself; raises nothing."""
    looked_at = header[:LONGEST]
    for family, pattern in _FAMILIES:
        found = pattern.search(looked_at)
        if found is not None:
            return Agent(family, int(found[1]), _device(looked_at))
    return Agent("other", 0, _device(looked_at))


def _device(header: str) -> str:
    for device, pattern in (("tablet", _TABLET), ("phone", _PHONE), ("desktop", _DESKTOP)):
        if pattern.search(header):
            return device
    return "other"

"""What is wrong with the settings, and where. A problem names a place and a key, never a value.

ConfigError   the person who writes the settings mends the named lines; the process does not start
"""

import difflib
import enum
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

Path = tuple[str | int, ...]
"""The way to a key: `("operators", 0, "tls", "enabled")`."""

ENVIRONMENT: Final = "environment"
"""`Problem.file` of what was set by an environment variable."""


_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


class Severity(enum.StrEnum):
    """What a problem does."""

    ERROR = "error"  # the process does not start
    BLOCKED = "blocked"  # it starts, and the named operator is held back
    WARNING = "warning"  # it starts; worth a look


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to mend.

    file: name of the file, `environment`, or '' for a default. line: counted from 1, 0 when there is
    none. key: as a person would write it, `operators[0].host`. code: stable, for programs.
    """

    file: str
    line: int
    key: str
    message: str
    code: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(Exception):
    """The settings cannot be used. `problems` holds every reason, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a key was written. `variable` is its name when it came from the environment."""

    file: str = ""
    line: int = 0
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Origins:
    """Where every key was written."""

    places: Mapping[Path, Origin] = field(default_factory=dict)

    def at(self, path: Path) -> Origin:
        """The place of the key, or of the nearest table around it that was written at all."""
        for length in range(len(path), 0, -1):
            origin = self.places.get(path[:length])
            if origin is not None:
                return origin
        return Origin()

    def problem(self, path: Path, code: str, message: str, severity: Severity = Severity.ERROR) -> Problem:
        """A problem at this key."""
        origin = self.at(path)
        key = (path in self.places and origin.variable) or dotted(path)
        return Problem(file=origin.file, line=origin.line, key=key, message=message, code=code, severity=severity)


def dotted(path: Path) -> str:
    """`operators[0].tls.enabled`; a key that needs quotes gets them."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f"{'.' if text else ''}{part if _BARE_KEY.fullmatch(part) else json.dumps(part)}"
    return text


def suggestion(word: str, known: Iterable[str]) -> str:
    """`, did you mean "window"?` when a known word is near, else ''."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f', did you mean "{near[0]}"?' if near else ""

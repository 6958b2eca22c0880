"""On which line is each key of a TOML document? `tomllib` does not say.

The scanner walks a document that `tomllib` has already accepted, so it checks nothing: it only has to know where keys,
strings, arrays and inline tables begin and end.
"""

import re
import tomllib
from bisect import bisect_right
from typing import Final

from config.problems import Path

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_KEY_PART: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{1,2}(?!"))?'
    r"|'''.*?'''(?:'{1,2}(?!'))?"
    r'|"(?:[^"\\]|\\.)*"'
    r"|'[^']*'",
    re.DOTALL,
)
_SCALAR: Final = re.compile(r"[^,\]}\n#]*")


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every key, table header and array item of a valid document."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    """A cursor over the document."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._line_ends = [match.start() for match in re.finditer("\n", text)]
        self._table_counts: dict[Path, int] = {}

    def document(self) -> None:
        """Statements to the end: headers, and keys below the last header."""
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        line = self._line()
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        path = self._resolved(self._key())
        self._at += 2 if is_array else 1
        if is_array:
            path = self._next_item(path, line)
        self._note(path, line)
        return path

    def _resolved(self, key: list[str]) -> Path:
        """The header's key as a path: where it passes through an array of tables, the last table is meant."""
        path: Path = ()
        for position, part in enumerate(key):
            path = (*path, part)
            count = self._table_counts.get(path)
            if count and position < len(key) - 1:
                path = (*path, count - 1)
        return path

    def _next_item(self, path: Path, line: int) -> Path:
        self._note(path, line)
        index = self._table_counts.get(path, 0)
        self._table_counts[path] = index + 1
        return (*path, index)

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for part in self._key():
            path = (*path, part)
            self._note(path, line)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        """A bare, quoted or dotted key; the cursor ends behind it and the space that follows."""
        parts = []
        while True:
            self._skip(_SPACE)
            parts.append(_unquoted(self._skip(_KEY_PART)))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, path: Path) -> None:
        first = self._text[self._at : self._at + 1]
        if first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._skip(_STRING if first in ('"', "'") else _SCALAR)

    def _array(self, path: Path) -> None:
        index = 0
        self._open()
        while self._text[self._at] != "]":
            item = (*path, index)
            self._note(item, self._line())
            self._value(item)
            self._comma()
            index += 1
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._open()
        while self._text[self._at] != "}":
            self._pair(path)
            self._comma()
        self._at += 1

    def _open(self) -> None:
        self._at += 1
        self._skip(_BLANK)

    def _comma(self) -> None:
        self._skip(_BLANK)
        if self._text[self._at] == ",":
            self._open()

    def _note(self, path: Path, line: int) -> None:
        self.lines.setdefault(path, line)

    def _line(self) -> int:
        return bisect_right(self._line_ends, self._at - 1) + 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        """Move behind what the pattern matches here, and return it."""
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not valid TOML on line {self._line()}")
        self._at = match.end()
        return match.group()


def _unquoted(part: str) -> str:
    if part[0] not in "\"'":
        return part
    return str(next(iter(tomllib.loads(f"{part} = 0"))))

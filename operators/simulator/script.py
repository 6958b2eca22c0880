"""The language in which an SMSC is scripted: for each command that comes, the very octets that go back. Pure.

`docs/scripted-smsc.md` is its reference. A script is read once, and what it says wrong is an error that names the line.
"""

import itertools
import math
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from operators.smpp import pdu as p

USUAL: Final = """
on bind_transmitter: len 80000002 00000000 seq "smsc" 00
on bind_receiver: len 80000001 00000000 seq "smsc" 00
on bind_transceiver: len 80000009 00000000 seq "smsc" 00
on enquire_link: len 80000015 00000000 seq
on submit_sm: len 80000004 00000000 seq id 00
on unbind: len 80000006 00000000 seq; close
"""
"""What answers the commands that a script does not name."""
LONGEST_PAUSE_S: Final = 3_600.0
_LINE: Final = re.compile(r"on (\w+):(.*)")
_CODE: Final = re.compile(r"0x[0-9A-Fa-f]{1,8}")
_OUTSIDE_QUOTES: Final = re.compile(r'"[^"]*"|#.*|;')
_WORDS: Final = re.compile(r'"[^"]*"|[(){}]|[^\s"(){}]+')
_COMMANDS: Final = {p.name_of(command_id): command_id for command_id in p.TYPES}


class ScriptError(ValueError):
    """A line of a script that cannot be read; names its number, and quotes nothing."""


class Taken(msgspec.Struct, frozen=True):
    """A PDU that came. command: its name, or its id in hexadecimal digits behind 0x."""

    command: str
    status: int
    sequence_number: int
    body: bytes

    def __repr__(self) -> str:
        return f"Taken({self.command}, {len(self.body)} octets)"


class Pause(msgspec.Struct, frozen=True):
    """Nothing goes out and nothing is read for so long."""

    seconds: float


class Close(msgspec.Struct, frozen=True):
    """The connection ends."""


class Words(msgspec.Struct, frozen=True):
    """The words of a PDU, each known to be one."""

    words: tuple[str, ...]


Step = Pause | Close | Words


class Script:
    """Lines for the same command are used in turn, and the last of them again and again. Raises ScriptError."""

    def __init__(self, text: str) -> None:
        self._lines: dict[str, list[tuple[Step, ...]]] = {}
        for number, line in enumerate(text.splitlines(), 1):
            said = _OUTSIDE_QUOTES.sub(_without_comment, line).strip()
            if said:
                command, steps = _read(said, number)
                self._lines.setdefault(command, []).append(steps)

    def next(self, command: str) -> tuple[Step, ...] | None:
        """The steps that answer the next PDU of this kind; None when the script does not name it."""
        lines = self._lines.get(command)
        if lines is None:
            return None
        return lines.pop(0) if len(lines) > 1 else lines[0]


def name_of(command_id: int) -> str:
    """As a script names it."""
    return p.name_of(command_id) if command_id in p.TYPES else f"0x{command_id:08X}"


def _without_comment(found: re.Match[str]) -> str:
    return "" if found[0].startswith("#") else found[0]


def _read(line: str, number: int) -> tuple[str, tuple[Step, ...]]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ScriptError(f"line {number}: on COMMAND: and an answer are expected")
    command = found[1]
    if _CODE.fullmatch(command):
        command = name_of(int(command, 16))
    elif command not in _COMMANDS:
        raise ScriptError(f"line {number}: SMPP has no such command; one without a name is written 0x00010203")
    steps = [step for step in _parted(found[2]) if step]
    return command, tuple(_step(step, f"line {number}, step {place}") for place, step in enumerate(steps, 1))


def _parted(text: str) -> Iterator[str]:
    """Steps between semicolons, which mean nothing inside quotes."""
    start = 0
    for found in _OUTSIDE_QUOTES.finditer(text):
        if found[0] == ";":
            yield text[start : found.start()].strip()
            start = found.end()
    yield text[start:].strip()


def _step(text: str, place: str) -> Step:
    words = tuple(_WORDS.findall(text))
    if words == ("close",):
        return Close()
    if words[:1] == ("pause",):
        return Pause(_seconds(words[1:], place))
    if text.count('"') % 2:
        raise ScriptError(f"{place}: a quote is not closed")
    try:
        Answer(_NOTHING, Numbers()).octets(Words(words))
    except ValueError as error:
        raise ScriptError(f"{place}: {error}") from None
    return Words(words)


def _seconds(words: tuple[str, ...], place: str) -> float:
    try:
        (written,) = words
        seconds = float(written)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_PAUSE_S:
        raise ScriptError(f"{place}: pause takes seconds, up to {LONGEST_PAUSE_S:.0f}")
    return seconds


def words_of(text: str) -> Words:
    """The words of one PDU. Raises ScriptError."""
    step = _step(text, "words")
    if not isinstance(step, Words):
        raise ScriptError("words: a PDU is expected")
    return step


class Numbers:
    """What an SMSC makes fresh: sequence numbers of its own, and message ids."""

    def __init__(self) -> None:
        self.own: Final = itertools.count(1)
        self.ids: Final = itertools.count(1)


class Answer:
    """The octets of one answer. Its PDUs share one id, so that a receipt can name the message that it is of."""

    def __init__(self, asked: Taken, numbers: Numbers) -> None:
        self._asked = asked
        self._numbers = numbers
        self._id = 0

    def octets(self, said: Words) -> bytes:
        """One PDU. Raises ValueError."""
        groups = [_Group("")]
        for place, word in enumerate(said.words, 1):
            if word in _LENGTH_OCTETS:
                groups.append(_Group(word))
            elif word in _CLOSES:
                inside = groups.pop().closed(word)
                groups[-1].octets += inside
            elif word == "len":
                groups[-1].mark()
            else:
                groups[-1].octets += self._word(word, place)
        return groups.pop().whole()

    def _word(self, word: str, place: int) -> bytes:
        match word:
            case "seq":
                return self._asked.sequence_number.to_bytes(4, "big")
            case "own":
                return next(self._numbers.own).to_bytes(4, "big")
            case "id":
                return f"{self._number():08x}".encode("ascii")
            case "id10":
                return str(self._number()).encode("ascii")
            case "source" | "destination":
                return _address(self._asked.body, word)
        return _quoted(word) if word.startswith('"') else _octets(word, place)

    def _number(self) -> int:
        self._id = self._id or next(self._numbers.ids)
        return self._id


_NOTHING: Final = Taken("", 0, 0, b"")
_LENGTH_OCTETS: Final = {"(": 1, "{": 2}
_CLOSES: Final = {")": "(", "}": "{"}


class _Group:
    """What stands between brackets, or outside of all. lengths: where the whole length is to be written."""

    def __init__(self, bracket: str) -> None:
        self._bracket = bracket
        self._lengths: list[int] = []
        self.octets = b""

    def mark(self) -> None:
        if self._bracket:
            raise ValueError("len stands between brackets")
        self._lengths.append(len(self.octets))
        self.octets += bytes(4)

    def closed(self, word: str) -> bytes:
        """With its length before it."""
        if _CLOSES[word] != self._bracket:
            raise ValueError(f"{word} closes nothing")
        size = _LENGTH_OCTETS[self._bracket]
        if len(self.octets) >= 1 << 8 * size:
            raise ValueError(f"more stands between the brackets than {size} octets of length can say")
        return len(self.octets).to_bytes(size, "big") + self.octets

    def whole(self) -> bytes:
        if self._bracket:
            raise ValueError(f"{self._bracket} is not closed")
        length, octets = len(self.octets).to_bytes(4, "big"), self.octets
        for at in self._lengths:
            octets = octets[:at] + length + octets[at + 4 :]
        return octets


def _address(body: bytes, which: str) -> bytes:
    """Of a submit_sm or data_sm that came; nothing of what is none."""
    _, _, behind = body.partition(b"\0")
    source, _, behind = behind[2:].partition(b"\0")
    return source if which == "source" else behind[2:].partition(b"\0")[0]


def _quoted(word: str) -> bytes:
    try:
        return word[1:-1].encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("quotes hold characters of Latin-1 only; write others as octets") from None


def _octets(word: str, place: int) -> bytes:
    try:
        return bytes.fromhex(word)
    except ValueError:
        raise ValueError(f"word {place} is neither octets in hexadecimal digits nor a word of scripts") from None

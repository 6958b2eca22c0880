"""A record's own tag: eight octets by which whoever reads it sees that nobody else changed what is stored.

A keyed BLAKE2s over every stored field but content and private, which authenticate themselves, and the time at which
dispatch looks again. The node that holds a record computes it at each write. Its key is one of the installation and of
a year, bound to the customer: never with the data, and not withheld with the key lease, or receipts could not be
written while the key store is away. The year is that of the record's id, so the keys of two years serve while records
of the older live.

Since when records must carry a tag stands with the key that makes them, in the sealed state, where nobody sets it back.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import Final

import msgspec

from gateway.ledger.codes import CLASS_CODE, STATUS_CODE
from gateway.ledger.contract import ROW_FAULTS
from gateway.ledger.fields import FIELDS, Field, Kind, default_of, function_of
from gateway.model.message import Message
from redaction.keys import PLATFORM, KeyState, Random
from redaction.primitives import Begun
from redaction.retention import RetentionRule
from redaction.stored_keys import Key

PURPOSE: Final = "record"
"""Of the peppers that are keys of years."""
TAG_OCTETS: Final = 8
STRETCHES: Final = 1_880
"""Of an id's first three octets, which count 2^24 ms, in a year of keys: 365 days and some minutes."""
YEAR_MS: Final = STRETCHES << 24

AHEAD_MS: Final = 24 * 3600 * 1000
"""No clock of a node that shares the ledger is so far ahead of another's."""

_SIZES: Final = (0, TAG_OCTETS)
"""Any other is that of a row that could not be read."""
_PERSON: Final = b"cgw tag"
_CACHED: Final = 8_192
_UNTAGGED: Final = frozenset({"customer", "content", "private", "due_ms", "record_tag"})
"""Customers are in the key, sealed fields authenticate themselves, and when to look again is nobody's secret."""
_FAULTS: Final = (*ROW_FAULTS, TypeError, AttributeError, LookupError, OverflowError)

_FORMS: Final[Mapping[Kind, str]] = {
    Kind.WORD_OR_NONE: "{} or ''",
    Kind.WORDS: "'\\x1f'.join({})",
    Kind.STATUS: "STATUS_CODE[{}]",
    Kind.CLASS: "CLASS_CODE[{}]",
}
"""Each value as every engine gives it back; of other kinds as it is."""


def _value(field: Field) -> str:
    """A field that came later counts where it is not as in records from before it."""
    value = _FORMS.get(field.kind, "{}").format(f"message.{field.name}")
    if field.since == 1:
        return f"{value}, "
    default = default_of(field)
    return f"*(() if message.{field.name} == {default!r} else ({field.name!r}, {value})), "


_tagged: Final[Callable[[Message], bytes]] = function_of(
    f"lambda message: encode(({''.join(_value(each) for each in FIELDS if each.name not in _UNTAGGED)}))",
    {"encode": msgspec.msgpack.Encoder().encode, "STATUS_CODE": STATUS_CODE, "CLASS_CODE": CLASS_CODE},
)
"""What a tag is made of, as one MessagePack array in the order of the table of fields."""


class Verdict(Enum):
    """RIGHT: as the gateway wrote it. NONE: from before there were tags, and nothing is known. WRONG: not so."""

    RIGHT = auto()
    NONE = auto()
    WRONG = auto()


_RIGHT: Final = Verdict.RIGHT
_NONE: Final = Verdict.NONE
_WRONG: Final = Verdict.WRONG


class _Year:
    """begun: by customer, what every tag of theirs begins with."""

    __slots__ = ("_key", "begun", "since_ms")

    def __init__(self, key: Key) -> None:
        self._key = key.value
        self.since_ms = key.created_ms
        self.begun: dict[int, Begun] = {}

    def begin(self, customer: int) -> Begun:
        if len(self.begun) >= _CACHED:
            self.begun.clear()
        begun = Begun(customer.to_bytes(8, "big"), size=TAG_OCTETS, key=self._key, person=_PERSON)
        self.begun[customer] = begun
        return begun


class RecordTags:
    """Has keys of its own: those of a key state stay here while that one is withheld. now_ms: the time."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._years: dict[int, _Year] = {}
        self._by_stretch: dict[bytes, _Year] = {}

    def take(self, state: KeyState) -> None:
        """The keys as they are now."""
        keys = state.own_keys(PLATFORM, PURPOSE)
        if state.withheld or {year: key.created_ms for year, key in keys.items()} == self._known():
            return
        self._years = {year: _Year(key) for year, key in keys.items()}
        self._by_stretch = {}

    def _known(self) -> dict[int, int]:
        return {number: year.since_ms for number, year in self._years.items()}

    @property
    def are_made(self) -> bool:
        """Whether there is any key."""
        return bool(self._years)

    def tag(self, message: Message) -> bytes:
        """What the record is to carry as it stands; b"" while there is no key."""
        year = self._by_stretch.get(message.id[:3])
        if year is None:
            year = self._year_of(message.id)
            if year is None:
                return b""
        begun = year.begun.get(message.customer)
        return (year.begin(message.customer) if begun is None else begun).of(_tagged(message))

    def _year_of(self, identifier: bytes) -> _Year | None:
        year = self._years.get(_year_in(identifier))
        if year is not None:
            if len(self._by_stretch) >= _CACHED:
                self._by_stretch.clear()
            self._by_stretch[identifier[:3]] = year
        return year

    def _is_to_come(self, at_ms: int) -> bool:
        """Keys are made a year ahead: a later id is none of ours, unless a clock that was far behind was set right."""
        return bool(self._years) and at_ms > self._now_ms() + AHEAD_MS

    def check(self, message: Message) -> Verdict:
        """A record as it was read."""
        try:
            return self._verdict(message)
        except _FAULTS:  # a value of another kind
            return _WRONG

    def _verdict(self, message: Message) -> Verdict:
        identifier, tag = message.id, message.record_tag
        year = self._by_stretch.get(identifier[:3]) or self._year_of(identifier)
        at_ms = int.from_bytes(identifier[:6], "big")
        if year is None or at_ms <= year.since_ms:
            return _WRONG if len(tag) not in _SIZES or self._is_to_come(at_ms) else _NONE
        return _RIGHT if self.tag(message) == tag else _WRONG  # nobody is there to measure how long it takes


def _year_in(identifier: bytes) -> int:
    return int.from_bytes(identifier[:3], "big") // STRETCHES


# ------------------------------------------------------------------------------------------------------------- keys


def lacking_years(state: KeyState, now_ms: int) -> list[int]:
    """Years for which a key is to be made now: this one and the next."""
    made = state.own_keys(PLATFORM, PURPOSE)
    return [year for year in (now_ms // YEAR_MS, now_ms // YEAR_MS + 1) if year not in made]


def dead_years(state: KeyState, rules: Sequence[RetentionRule], now_ms: int) -> list[int]:
    """Years of which every record is gone, however far ahead it was scheduled: another two years have passed."""
    longest_ms = max((rule.record_s for rule in rules), default=0) * 1000
    made = state.own_keys(PLATFORM, PURPOSE)
    return [year for year in made if (year + 3) * YEAR_MS + longest_ms <= now_ms]


def make_year(state: KeyState, year: int, random: Random, since_ms: int) -> None:
    """since_ms: records with a later id must carry a tag."""
    state.ensure_pepper(PLATFORM, PURPOSE, year, random, now_ms=since_ms)

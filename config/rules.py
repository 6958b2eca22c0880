"""Messaging rules of the regulator, as dated packs of data: those in `rules/`, and those of a directory of one's own.

Pure but for the reading of files: the day is an argument. A pack of the program that does not fit its type is a
programming error and raises at first use; one of the settings is a problem of the settings. How sure a rule is, is part
of the data (`Sure`), so that what nobody knows is never a constant.
"""

import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from config.operators import MessageClassName

DIRECTORY: Final = Path(__file__).with_name("rules")
ZONES: Final = {"Asia/Riyadh": 180, "UTC": 0}
"""Minutes ahead of UTC, of zones that know no daylight saving."""
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN: Final = 1440

Sure = Literal["A", "B", "C", "D", "E"]
"""A: the law's text · B: the regulator's or an operator's page · C: two vendors or more · D: one · E: they disagree."""
Regulated = Literal["warning", "awareness", "service", "personal", "promotional"]
Kind = Literal["government", "private", "individual", "abroad"]
"""What a customer is to the regulator."""
Lint = Literal["refuse", "warn", "off"]
_Time = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_Zone = Annotated[str, Meta(pattern="^(Asia/Riyadh|UTC)$")]


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the day, `open` inside and `close` outside; one that closes before it opens ends on the next day.

    days: on which it opens. sure: None is as the pack. enabled: whether it holds at all.
    """

    open: _Time
    close: _Time
    zone: _Zone = "Asia/Riyadh"
    days: Literal["all"] | tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = "all"
    sure: Sure | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        if self.open == self.close or not self.days:
            raise ValueError("a window is open for a while, and not for ever")

    @property
    def minutes(self) -> tuple[int, int]:
        """From when to when, in minutes of its local day; the second is beyond 1440 where it ends on the next."""
        first, last = _minutes(self.open), _minutes(self.close)
        return first, last if first < last else last + DAY_MIN

    def opens_on(self, weekday: int) -> bool:
        """weekday: 0 is Monday."""
        return self.days == "all" or DAYS[weekday] in self.days


class Season(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Ramadan, by its Hijri year: its first and its last day."""

    year: Annotated[int, Meta(ge=1400, le=1600, description="Hijri year.")]
    first: Annotated[date, Meta(description="First day.")]
    last: Annotated[date, Meta(description="Last day.")]

    def __post_init__(self) -> None:
        if not 28 <= (self.last - self.first).days + 1 <= 31:
            raise ValueError("a Ramadan has 29 or 30 days")


def season(written: str) -> Season:
    """Of `1448=2027-02-09/2027-03-09`. Raises ValueError."""
    year, _, days = written.partition("=")
    first, _, last = days.partition("/")
    return Season(year=int(year), first=date.fromisoformat(first), last=date.fromisoformat(last))


class SenderRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a registered sender name looks like; lengths are characters, the suffix included.

    characters: those of a name, as in a regular expression. numeric, odd: what follows from a sender of digits alone,
    and from one with other characters.
    """

    min_length: int
    max_length: int
    promotional_suffix: str
    characters: str = "A-Za-z0-9-"
    numeric: Lint = "warn"
    odd: Lint = "warn"
    sure: Sure | None = None


class OptOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """needed: the text says how to opt out. any_of: what counts as that. lint: what follows where it does not."""

    needed: bool = False
    any_of: tuple[Literal["link", "short_code", "number", "word"], ...] = ("link", "short_code", "number", "word")
    lint: Lint = "warn"


class ClassRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked of one message class.

    regulated_as: the regulator's name of the class. senders: kinds of customers that may send it. window: when it may
    be submitted, None for any time; what comes outside of it is held. ramadan: the same in Ramadan, instead.
    needs_grant: of the API key. suffix: its senders end in the pack's. consent: of the recipient. links: hosts that are
    registered for the sender, any, or none at all. reason: what follows where a text of a code does not say what for.
    """

    name: MessageClassName
    regulated_as: Regulated
    senders: tuple[Kind, ...] = ("government", "private", "individual", "abroad")
    window: Window | None = None
    ramadan: Window | None = None
    outside: Literal["hold"] = "hold"
    needs_grant: bool = False
    suffix: bool = False
    consent: Literal["required", "prior_interaction", "none"] = "none"
    opt_out: OptOut = OptOut()
    links: Literal["registered", "any", "none"] = "any"
    reason: Lint = "off"
    cite: str = ""
    sure: Sure | None = None

    @property
    def needs_consent(self) -> bool:
        """Of the recipient, where there was no dealing with it before, or at all."""
        return self.consent != "none"


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What texts are searched for, each as people write it.

    endings: of domains, by which an address without scheme and path is seen to be a link. shorteners: hosts that hide
    where a link leads. short_codes: of operators, by which people opt out. reasons: words that say what a one-time code
    is for.
    """

    endings: tuple[str, ...] = ()
    shorteners: tuple[str, ...] = ()
    short_codes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    sure: Sure | None = None


class RulePack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules that apply to what is sent from `from_date` until the next pack's, by the days of `zone`.

    cite: what it follows. sure: of each of its rules that says nothing else. opt_out_keywords: what a recipient may
    answer, and by which a text is seen to say how to opt out. seasons: every Ramadan that is known.
    """

    id: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
    from_date: date = msgspec.field(name="from")
    zone: _Zone = "Asia/Riyadh"
    cite: tuple[str, ...] = ()
    sure: Sure = "E"
    opt_out_keywords: tuple[str, ...]
    sender: SenderRule
    words: Words = Words()
    seasons: tuple[Season, ...] = ()
    classes: tuple[ClassRule, ...]

    @property
    def utc_offset_minutes(self) -> int:
        return ZONES[self.zone]

    def of(self, message_class: str) -> ClassRule:
        """The rule of a class. Raises KeyError for a class that the pack does not know."""
        for rule in self.classes:
            if rule.name == message_class:
                return rule
        raise KeyError(message_class)


class PackInvalid(ValueError):
    """A file of the directory in the settings is no pack. name: of the file."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


@cache
def packs() -> tuple[RulePack, ...]:
    """Those of the program, oldest first."""
    return _in_order(parse(file.read_text("utf-8")) for file in DIRECTORY.glob("*.toml"))


def all_packs(directory: Path | None) -> tuple[RulePack, ...]:
    """Those of the program and of a directory, oldest first; one with the id of another stands in its place.

    Raises PackInvalid, also for two packs of one date, and where the directory cannot be read.
    """
    if directory is None:
        return packs()
    by_id = {pack.id: pack for pack in packs()}
    try:
        files = sorted(each for each in directory.iterdir() if each.suffix == ".toml")
        for file in files:
            try:
                pack = parse(file.read_text("utf-8"))
            except ValueError as error:
                raise PackInvalid(file.name, str(error)) from None
            by_id[pack.id] = pack
    except OSError as error:
        raise PackInvalid(directory.name, error.strerror or "cannot be read") from None
    found = _in_order(by_id.values())
    for one, other in pairwise(found):
        if one.from_date == other.from_date:
            raise PackInvalid(directory.name, f"packs {one.id} and {other.id} apply from one day")
    return found


def parse(text: str) -> RulePack:
    """A pack from its TOML text. Raises ValueError when it is not one."""
    pack = msgspec.convert(tomllib.loads(text), RulePack)
    names = [rule.name for rule in pack.classes]
    if len(set(names)) != len(names):
        raise ValueError("a class has two rules")
    return pack


def pack_at(day: date, known: Sequence[RulePack] = ()) -> RulePack:
    """The pack that applies on a day; days before the first one fall under the first, so that none is without rules.

    known: packs to choose from, oldest first; those of the program when empty.
    """
    known = known or packs()
    return next((pack for pack in reversed(known) if pack.from_date <= day), known[0])


def _in_order(found: Iterable[RulePack]) -> tuple[RulePack, ...]:
    return tuple(sorted(found, key=lambda pack: pack.from_date))


def _minutes(at: str) -> int:
    return int(at[:2]) * 60 + int(at[3:])

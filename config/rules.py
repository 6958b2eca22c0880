"""Messaging rules of the regulator, as dated packs of data in `rules/`. Pure: the day is an argument.

A pack is part of the program, so a pack that does not fit its type is a programming error and raises at first use.
"""

import tomllib
from collections.abc import Sequence
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from config.operators import MessageClassName

DIRECTORY: Final = Path(__file__).with_name("rules")


class Hours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the day in the pack's own time zone; `end` is outside."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("hours end after they start")

    def holds(self, at: time) -> bool:
        """Whether a local time of day is inside."""
        return self.start <= at < self.end


class SenderRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a registered sender name looks like; lengths are characters, the suffix included."""

    min_length: int
    max_length: int
    promotional_suffix: str


class ClassRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked of one message class.

    regulated_as: the regulator's name of the class. hours: when it may be delivered, None for any time.
    needs_grant: of the API key. needs_consent: of the recipient. needs_opt_out: the text says how to opt out.
    links_registered_only: links lead to hosts that are registered for the sender.
    """

    name: MessageClassName
    regulated_as: Literal["warning", "awareness", "service", "personal", "promotional"]
    hours: Hours | None = None
    needs_grant: bool = False
    needs_consent: bool = False
    needs_opt_out: bool = False
    links_registered_only: bool = False


class RulePack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules that apply from `from_date` until the next pack's. opt_out_keywords: what a recipient may answer."""

    id: str
    from_date: date
    utc_offset_minutes: int
    opt_out_keywords: tuple[str, ...]
    sender: SenderRule
    classes: tuple[ClassRule, ...]

    def of(self, message_class: str) -> ClassRule:
        """The rule of a class. Raises KeyError for a class that the pack does not know."""
        for rule in self.classes:
            if rule.name == message_class:
                return rule
        raise KeyError(message_class)


@cache
def packs() -> tuple[RulePack, ...]:
    """All packs, oldest first."""
    found = (parse(file.read_text("utf-8")) for file in DIRECTORY.glob("*.toml"))
    return tuple(sorted(found, key=lambda pack: pack.from_date))


def parse(text: str) -> RulePack:
    """A pack from its TOML text. Raises ValueError when it is not one."""
    return msgspec.convert(tomllib.loads(text), RulePack)


def pack_at(day: date, known: Sequence[RulePack] = ()) -> RulePack:
    """The pack that applies on a day; days before the first one fall under the first, so that none is without rules.

    known: packs to choose from, oldest first; those of the program when empty.
    """
    known = known or packs()
    return next((pack for pack in reversed(known) if pack.from_date <= day), known[0])

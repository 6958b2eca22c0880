"""What is taken into a ticket: a text without numbers of people, ids, accounts, cards, addresses and codes.

Whoever writes to a support desk pastes what was sent to somebody. So everything that the detectors find is taken out
before anything is stored, by their strict rules, and every longer run of digits besides; a kind in brackets stays in
its place. What is left may name somebody still, and is sealed (PRIVACY.md P-06).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Final

import msgspec

from gateway.model.refusals import Refusal
from gateway.support.record import LONGEST_TEXT
from redaction.detect import find
from redaction.personal import MessageText, Purpose
from redaction.plain_text import places, plain

NUMBER: Final = "number"
"""The kind of a run of digits that is nothing else."""
_RUN: Final = re.compile(r"(?<![0-9A-Za-z])(?:(?:\+|00)(?:[ ().-]{0,2}[0-9]){7,}|[0-9]{7,})(?![0-9A-Za-z])")
_LINES: Final = frozenset("\n\t")
_NEVER: Final = frozenset({"Cc", "Cs", "Cn"})
_ROUNDS: Final = 4


class Taken(msgspec.Struct, frozen=True):
    """masked: how many of each kind were taken out."""

    text: MessageText
    masked: dict[str, int]


def taken(said: MessageText) -> Taken:
    """Raises Refusal: `missing_field`, `field_too_long`, and `invalid_value` for characters that no text has."""
    text = said.reveal(Purpose.ACCEPT).replace("\r\n", "\n").strip()
    if not text:
        raise Refusal("missing_field", "text")
    if len(text) > LONGEST_TEXT:
        raise Refusal("field_too_long", "text")
    if any(unicodedata.category(each) in _NEVER and each not in _LINES for each in text):
        raise Refusal("invalid_value", "text")
    counts = Counter[str]()
    for _ in range(_ROUNDS):  # what is taken out may bring together what belongs to something else
        found = list(_found(text))
        if not found:
            break
        counts.update(kind for kind, _, _ in found)
        for kind, start, end in reversed(found):
            text = f"{text[:start]}[{kind}]{text[end:]}"
    return Taken(MessageText(text), dict(sorted(counts.items())))


def _found(text: str) -> Iterator[tuple[str, int, int]]:
    """In order, not overlapping: kind, and the places in the text as it is."""
    certain = [(each.kind.value, each.start, each.end) for each in find(text, strict=True)]
    at = places(text)
    runs = ((at[each.start()], at[each.end() - 1] + 1) for each in _RUN.finditer(plain(text)))
    others = [
        (NUMBER, start, end)
        for start, end in runs
        if all(end <= began or start >= ended for _, began, ended in certain)
    ]
    yield from sorted([*certain, *others], key=lambda each: each[1])

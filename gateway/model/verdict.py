"""What rules, consent and fraud controls say of one message: a list of verdicts, so that whoever asks sees all of them.

The same list is used where a message is taken in, where it is about to be submitted, and where somebody asks without
sending. None of it repeats a personal value.
"""

from collections.abc import Iterable
from typing import Final

from gateway.model.fraud_controls import REVIEWED
from gateway.model.one_verdict import Severity as Severity
from gateway.model.one_verdict import Verdict as Verdict

OUT_OF_HOURS: Final = "out_of_hours"
CONSENT_BEING_CHECKED: Final = "consent_being_checked"
EXPIRED_WHILE_HELD: Final = {
    OUT_OF_HOURS: "held_out_of_hours",
    CONSENT_BEING_CHECKED: "expired_here",
    **dict.fromkeys(REVIEWED, "held_for_review"),
}
"""By the code for which a message is held: that of one whose validity ends while it is."""
SUPPRESSING: Final = frozenset({"consent_missing", "consent_withdrawn", "suppressed"})
"""Codes of a recipient's own will: a message that waited until one of them was found ends as `suppressed`."""


class Counts:
    """How often each verdict was given, by code and what followed (`refuse`, `hold`, `warn`, `watch`)."""

    def __init__(self) -> None:
        self.given: Final[dict[tuple[str, str], int]] = {}

    def add(self, verdicts: Iterable[Verdict]) -> None:
        for each in verdicts:
            place = each.code, "watch" if each.watched else each.severity.value
            self.given[place] = self.given.get(place, 0) + 1


def gravest(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The one that decides: the first that refuses, else the one that holds longest, else None."""
    held = None
    for each in verdicts:
        if each.watched:
            continue
        if each.severity is Severity.REFUSE:
            return each
        if each.severity is Severity.HOLD and (held is None or _holds_longer(each, held)):
            held = each
    return held


def _holds_longer(one: Verdict, other: Verdict) -> bool:
    """Until somebody decides is longest."""
    return other.until_ms is not None and (one.until_ms is None or one.until_ms > other.until_ms)

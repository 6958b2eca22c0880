"""What rules, consent and fraud controls say of one message: a list of verdicts, so that whoever asks sees all of them.

The same list is used where a message is taken in, where it is about to be submitted, and where somebody asks without
sending. None of it repeats a personal value.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """What follows from a verdict; the gravest of a list decides."""

    REFUSE = "refuse"
    HOLD = "hold"
    WARN = "warn"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was found.

    code: stable, in `gateway.model.refusals.KINDS` where it refuses. rule: the name of what found it (`hours`,
    `consent`, `recipient_rate`), for people and metrics. cite: the clause it follows, empty for none. field: of the
    request, None for no single one. until_ms: held until then, None for until somebody decides; with `HOLD` alone.
    retry_after_s: with `REFUSE` alone, when to try again.
    """

    code: str
    severity: Severity
    rule: str
    cite: str = ""
    field: str | None = None
    until_ms: int | None = None
    retry_after_s: int | None = None


def gravest(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The one that decides: the first that refuses, else the first that holds, else None."""
    held = None
    for each in verdicts:
        if each.severity is Severity.REFUSE:
            return each
        if each.severity is Severity.HOLD and held is None:
            held = each
    return held

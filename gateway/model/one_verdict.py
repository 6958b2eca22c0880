"""One verdict on a message; `gateway.model.verdict` says what follows from several."""

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
    retry_after_s: with `REFUSE` alone, when to try again. watched: it is counted and shown to whoever asks, and nothing
    follows from it, as its rule is only watched for this customer.
    """

    code: str
    severity: Severity
    rule: str
    cite: str = ""
    field: str | None = None
    until_ms: int | None = None
    retry_after_s: int | None = None
    watched: bool = False

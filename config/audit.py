"""Settings of the audit log."""

from typing import Annotated

import msgspec
from msgspec import Meta


class AuditSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The log of who did what (P-26)."""

    dir: Annotated[
        str | None,
        Meta(
            description="Folder of the log, which nodes on one ledger share, or one of them has. Unset: `audit` beside"
            " the ledger's file; with a ledger on a server the log is left to others."
        ),
    ] = None
    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9.-]+$",
            description="What the log is known by, such as a host name; it keeps the one that it began with.",
        ),
    ] = "connect-gateway"
    interval_s: Annotated[
        float, Meta(ge=0.1, le=600, description="Entries are in the log, and signed, after so long at the latest.")
    ] = 10
    witness_interval_s: Annotated[float, Meta(ge=1, description="How often witnesses are asked, at the most.")] = 60
    keep_days: Annotated[
        int,
        Meta(ge=180, le=36_500, description="Entries that are older are deleted from the beginning of the log, daily."),
    ] = 730
    key_overlap_days: Annotated[
        int,
        Meta(
            ge=1,
            le=365,
            description="A key that was replaced signs beside its successor so long; then it is destroyed.",
        ),
    ] = 30
    ml_dsa: Annotated[
        bool,
        Meta(description="Checkpoints carry an ML-DSA-44 signature as well, of 3.3 KB, for the time after Ed25519."),
    ] = False
    witnesses: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^\S+\+[0-9a-f]{8}\+\S+ https?://\S+$")], ...],
        Meta(description="Who cosigns: verifier key and address of each, as `audit witness` prints them."),
    ] = ()

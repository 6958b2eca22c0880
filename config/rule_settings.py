"""What may be set of the messaging rules: where further packs are, and what of the rules holds for whom."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.rules import Sure


class RulesSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messaging rules. What is set for a customer goes before; see `customer set --rules`."""

    directory: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="Directory of further packs, `*.toml`; one with the id of another stands in its place."),
    ] = None
    enforced_from: Annotated[
        Sure,
        Meta(description="Rules that are less sure than this are only watched, for customers that have a kind."),
    ] = "C"
    without_kind: Annotated[
        Literal["off", "watch"], Meta(description="What is done for customers that have no kind.")
    ] = "watch"
    ramadan_hours: Annotated[
        Literal["pack", "on", "off"],
        Meta(description="Whether other hours hold in Ramadan; `pack` leaves it to each pack."),
    ] = "pack"
    ramadan: Annotated[
        tuple[
            Annotated[str, Meta(pattern="^1[4-5][0-9]{2}=[0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{4}-[0-9]{2}-[0-9]{2}$")], ...
        ],
        Meta(
            description="First and last day as they are announced, `1448=2027-02-09/2027-03-09`, in place of a pack's."
        ),
    ] = ()

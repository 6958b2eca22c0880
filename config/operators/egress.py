"""What may leave to an operator (P-16)."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

EgressFieldName = Literal[
    "source",
    "destination",
    "text",
    "data_coding",
    "udh",
    "registered_delivery",
    "validity",
    "schedule",
    "priority",
    "esm_class",
    "protocol_id",
    "reference",
]

INDISPENSABLE_FIELDS: Final = ("destination", "text", "data_coding")
"""Without these there is no message to deliver, so every egress contract has them."""


class EgressSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may leave to this operator (P-16). Everything that is not allowed stays."""

    allow: Annotated[
        tuple[EgressFieldName, ...] | Literal["default"],
        Meta(description="Names of the fields that may leave, or the default contract."),
    ] = "default"
    sender_alias: Annotated[
        Annotated[str, Meta(min_length=1, max_length=11)] | None,
        Meta(description="Registered sender that is shown in place of a person's number."),
    ] = None

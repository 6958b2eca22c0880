"""How people prove that a number is theirs, and how long what they ask for is kept."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

_DAY_S: Final = 86_400
_SENDER: Final = r"^$|^[A-Za-z0-9][A-Za-z0-9 ._-]{1,9}[A-Za-z0-9]$|^[0-9]{3,15}$"


class RightsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rights desk: codes that prove a number, and the clocks of cases."""

    sender: Annotated[
        str,
        Meta(
            pattern=_SENDER,
            description="Sender of the platform's own messages, which carry codes that prove a number. Without it no"
            " code is sent, and people's requests are taken by other channels.",
        ),
    ] = ""
    calling_codes: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=999)], ...],
        Meta(description="Country calling codes of the numbers that codes are sent to."),
    ] = (966,)
    codes_per_number: Annotated[int, Meta(ge=1, le=20, description="Codes to one number in a day.")] = 3
    codes_per_network: Annotated[
        int, Meta(ge=1, le=1000, description="Codes that one network (/24, /48), or one customer, asks for in a day.")
    ] = 20
    codes_per_day: Annotated[int, Meta(ge=1, le=2000, description="Codes in a day.")] = 500
    horizon_s: Annotated[
        int,
        Meta(
            ge=_DAY_S,
            description="How far back whoever proves a number is shown what is held: before, it may have been"
            " somebody else's.",
        ),
    ] = 30 * _DAY_S
    case_content_s: Annotated[
        int, Meta(ge=_DAY_S, le=365 * _DAY_S, description="After the end of a case: number, contact and words.")
    ] = 30 * _DAY_S
    ticket_s: Annotated[
        int,
        Meta(
            ge=_DAY_S,
            le=365 * _DAY_S,
            description="What is written to the support desk, by the day; and tickets that did not change.",
        ),
    ] = 365 * _DAY_S
    case_record_s: Annotated[
        int, Meta(ge=365 * _DAY_S, description="After the end of a case: what was decided, and when.")
    ] = 3 * 365 * _DAY_S

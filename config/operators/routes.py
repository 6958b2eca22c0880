"""Which messages go where."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MessageClassName = Literal["otp", "transactional", "promotional", "warning", "awareness", "personal"]


class RouteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[routes]]` table per route. The longest prefix wins, then a route that names the class."""

    prefix: Annotated[
        str, Meta(pattern="^[0-9]{0,15}$", description="Leading digits of the number, no plus sign; empty is all.")
    ] = ""
    classes: Annotated[
        tuple[MessageClassName, ...], Meta(description="Message classes of this route; empty is all.")
    ] = ()
    operators: Annotated[
        tuple[str, ...], Meta(description="Names of operators, best first; the next one takes over; required.")
    ] = ()
    in_doubt: Annotated[
        Literal["by_class", "resend", "fail"],
        Meta(
            description="A message whose answer was lost is sent again, at the risk of a second copy, or fails, at the "
            "risk of none; `by_class` lets promotional ones fail and sends others again."
        ),
    ] = "by_class"

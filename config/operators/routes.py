"""Which messages go where."""

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

MessageClassName = Literal["otp", "transactional", "promotional", "warning", "awareness", "personal"]

_HOURS: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")


class RouteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[routes]]` table per route. The longest prefix wins; then a route that names the customer, the sender, the
    class, the hours, the network; then the earlier one. One that does not fit is passed over.
    """

    label: Annotated[str, Meta(description="For people, and for what `route explain` says.")] = ""
    prefix: Annotated[
        str, Meta(pattern="^[0-9]{0,15}$", description="Leading digits of the number, no plus sign; empty is all.")
    ] = ""
    classes: Annotated[
        tuple[MessageClassName, ...], Meta(description="Message classes of this route; empty is all.")
    ] = ()
    customers: Annotated[
        tuple[str, ...],
        Meta(description="Ids of customers, `cus_...`, or `platform` for its own messages; empty is all."),
    ] = ()
    senders: Annotated[tuple[str, ...], Meta(description="Senders, as customers give them; empty is all.")] = ()
    networks: Annotated[
        tuple[Annotated[str, Meta(pattern="^[a-z0-9-]{1,32}$")], ...],
        Meta(description="Networks at which a number is now, as `[portability]` learns it; empty is all."),
    ] = ()
    hours: Annotated[
        tuple[str, ...],
        Meta(description="Times of day, `08:00-20:00`; the end is outside, and may be past midnight; empty is always."),
    ] = ()
    utc_offset_min: Annotated[
        int, Meta(ge=-720, le=840, description="The clock of `hours`, in minutes ahead of UTC; 180 is Riyadh.")
    ] = 180
    operators: Annotated[
        tuple[str, ...], Meta(description="Names of operators, best first; the next one takes over; required.")
    ] = ()
    weights: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=1000)], ...],
        Meta(description="Shares of the traffic of the operators, in their order; for `weighted`; empty: equal."),
    ] = ()
    prices: Annotated[
        tuple[Annotated[float, Meta(ge=0)], ...],
        Meta(description="Costs of a segment over the operators, in their order and in any currency; for `cheapest`."),
    ] = ()
    order: Annotated[
        Literal["listed", "weighted", "cheapest"],
        Meta(
            description="Which operator is first: the first of the list; one by weight, the same for a recipient for a "
            "while; or the cheapest."
        ),
    ] = "listed"
    limit_per_s: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="Messages a second by a node, beyond which the next route that fits is taken, if any."),
    ] = None
    residency: Annotated[
        tuple[str, ...],
        Meta(description="Countries of operators, by their registers, that this route may name; empty is any."),
    ] = ()
    in_doubt: Annotated[
        Literal["by_class", "resend", "fail"],
        Meta(
            description="A message whose answer was lost is sent again, at the risk of a second copy, or fails, at the "
            "risk of none; `by_class` lets promotional ones fail and sends others again."
        ),
    ] = "by_class"


def minutes(hours: str) -> tuple[int, int] | None:
    """Start and end in minutes after midnight; None for what is no part of a day."""
    found = _HOURS.fullmatch(hours)
    if found is None:
        return None
    start_h, start_min, end_h, end_min = map(int, found.groups())
    start, end = start_h * 60 + start_min, end_h * 60 + end_min
    return None if end > 1440 or start == end else (start, end)

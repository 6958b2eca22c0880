"""One line of the route table."""

import msgspec


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`prefix`: leading digits of the E.164 number ('' matches all). `classes`: empty means every class.

    `resend`: whether a message whose answer was lost is sent again; None leaves that to its class.
    """

    prefix: str
    classes: frozenset[str]
    operators: tuple[str, ...]
    resend: bool | None = None

"""One line of the route table."""

import msgspec


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """`prefix`: leading digits of the E.164 number ('' matches all). `classes`: empty means every class."""

    prefix: str
    classes: frozenset[str]
    operators: tuple[str, ...]

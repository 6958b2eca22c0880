"""A number that controls against abuse never count or stop, as it is stored beside its token."""

import msgspec


class Override(msgspec.Struct, frozen=True):
    """label: what it is, in words of ours; no name and no number of a person."""

    label: str

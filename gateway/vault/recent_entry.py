"""One thing that is kept in memory of a young message; see `gateway.vault.recent`."""

from typing import Generic, TypeVar

import msgspec

from redaction.seal import SealContext

T = TypeVar("T")


class Kept(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """context: what it was sealed with. until_ms: when it is forgotten."""

    private: T
    context: SealContext
    until_ms: int

    def __repr__(self) -> str:
        return "Kept(•••)"

"""One try at sending a message, from its first segment out to its last answer in."""

import msgspec

from gateway.model.message import Link, Message, Status


class Attempt(msgspec.Struct, gc=False):
    """One try at a message: how many segments are out, what was learned, and when to come back for the rest.

    misdirected: an answer said that the operator is not to be found there, or not by this account. begun_ms: when its
    first segment went out.
    """

    message: Message
    outstanding: int
    links: list[Link]
    free: bool = True
    misdirected: bool = False
    retry_after_s: float = 0.0
    verdict: tuple[Status, str] | None = None
    begun_ms: int = 0

"""What was found of a person a moment ago, just before a message to them was to leave."""

import msgspec

from gateway.model.verdict import Verdict


class KnownAnswer(msgspec.Struct, frozen=True, gc=False):
    """verdict: of the exact look-up. number: to which the filter had come when it was asked."""

    verdict: Verdict | None
    number: int
    at_s: float

"""How an operator in memory answers, for the tests of dispatch."""

from operators.base import (
    Accepted,
    DeferReason,
    Deferred,
    MtMessage,
    SubmitResult,
    Unknown,
    UnknownReason,
)
from tests.unit.gateway.road import Answers, Road

TRANSIENT = Deferred(DeferReason.TRANSIENT, 0x08, 0.0)
TIMEOUT = Unknown(UnknownReason.TIMEOUT)


def accept(_message: MtMessage, _segment: int, identifier: str) -> SubmitResult:
    return Accepted(identifier)


def first(*results: SubmitResult) -> Answers:
    """These results in turn, then acceptance."""
    left = list(results)

    def answer(_message: MtMessage, _segment: int, identifier: str) -> SubmitResult:
        return left.pop(0) if left else Accepted(identifier)

    return answer


def submitted(road: Road, times: int) -> bool:
    return len(road.submitted) == times


def always(result: SubmitResult) -> Answers:
    return lambda _message, _segment, _identifier: result

"""A place in a window of unanswered requests."""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Slot(msgspec.Struct, Generic[T], gc=False):
    """One unanswered request: what the sender wants back with the answer, and when to stop waiting.

    counted: it takes a place. Requests that concern the session alone (enquire_link, unbind) do not.
    """

    context: T
    command_id: int
    deadline: float
    counted: bool = True

"""The lane of messages that are held: `~CUSTOMER~OPERATOR`, which is the name of no operator.

A held message waits there for its customer to be enabled, and remembers which operator's turn it was. It is due when
its validity ends.

`~CUSTOMER~CONTROL~OPERATOR` is the lane of messages that wait for a person to decide whether they are abuse.
"""

from typing import Final

_MARK: Final = "~"
_PARTS_OF_REVIEW: Final = 4


def held_lane(customer: int, operator: str) -> str:
    """Where a message of this customer is held that waited for this operator."""
    return f"{_MARK}{customer}{_MARK}{operator}"


def held_customer(lane: str) -> int | None:
    """Whose messages are held in a lane; None for the lane of an operator."""
    if not lane.startswith(_MARK):
        return None
    customer = lane.split(_MARK, 2)[1]
    return int(customer) if customer.isdecimal() else 0


def operator_of(lane: str) -> str:
    """The operator that a message waits for, held or not."""
    return lane.rpartition(_MARK)[2]


def review_lane(customer: int, control: str, operator: str) -> str:
    """Where a message of this customer waits for a person's decision on what this control against abuse found."""
    return f"{_MARK}{customer}{_MARK}{control}{_MARK}{operator}"


def reviewed(lane: str) -> tuple[int, str] | None:
    """The customer and the control of a lane whose messages wait for a decision; None for every other lane."""
    parts = lane.split(_MARK)
    if len(parts) != _PARTS_OF_REVIEW or parts[0] or not parts[1].isdecimal():
        return None
    return int(parts[1]), parts[2]

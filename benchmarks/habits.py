"""What an operator of a run may be like that is no fault of anybody's: slow, busy, telling twice. Messages come to the
same end with all of them, so every run is held to the same truth.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from operators.simulator import Faults


class Habit(msgspec.Struct, frozen=True):
    """field: of the simulator's faults. worth: of one in its unit. most: that is taken."""

    field: str
    worth: float
    most: float
    text: str


UNEVEN: Final = ((0.8, 1.0), (0.15, 10.0), (0.05, 100.0))
"""Shares of messages, and how long an uneven operator takes for each beside the quickest."""
_WHOLE: Final = "throttle_above_per_s"
HABITS: Final[Mapping[str, Habit]] = {
    "throttle": Habit("throttle_rate", 1.0, 0.9, "share of messages answered ESME_RTHROTTLED, to be sent again"),
    "queue-full": Habit("queue_full_rate", 1.0, 0.9, "share answered ESME_RMSGQFUL, to be sent again"),
    "throttle-above": Habit(_WHOLE, 1.0, 1e6, "messages a second beyond which it throttles"),
    "answer-delay": Habit("answer_delay_s", 0.001, 60_000, "milliseconds until it answers"),
    "uneven": Habit(
        "answers",
        0.01,
        100.0,
        "times 10 ms until it answers 80 of 100; 15 take ten times that, 5 a hundred times",
    ),
    "receipt-delay": Habit("receipt_delay_s", 0.001, 600_000, "milliseconds until the receipt"),
    "receipts-twice": Habit("receipt_twice_rate", 1.0, 1.0, "share of receipts that come twice"),
    "strangers": Habit("unknown_receipts", 1.0, 1.0, "share of messages that bring a receipt for nobody, too"),
}


def habit_of(text: str) -> tuple[str, float]:
    """`throttle=0.1` as its parts. Raises ValueError with what is wrong, for people."""
    name, _, said = text.partition("=")
    known = HABITS.get(name.strip())
    if known is None:
        raise ValueError(f"no habit {name.strip()!r}; there is: {', '.join(HABITS)}")
    try:
        number = float(said)
    except ValueError:
        number = -1.0
    if not 0 < number <= known.most:
        raise ValueError(f"{name.strip()} is the {known.text}: above 0, {known.most:g} at most")
    return name.strip(), number


def faults_of(habits: Mapping[str, float]) -> Faults:
    """For the simulator."""
    found: dict[str, Any] = {HABITS[name].field: value * HABITS[name].worth for name, value in habits.items()}
    if _WHOLE in found:
        found[_WHOLE] = round(found[_WHOLE])
    if "answers" in found:
        found["answers"] = tuple((share, times * found["answers"]) for share, times in UNEVEN)
    return Faults(**found)


def said(habits: Mapping[str, float]) -> Iterable[str]:
    """A note of them."""
    if habits:
        yield "the operator: " + ", ".join(f"{name} {value:g}" for name, value in habits.items())

"""Which operators take messages now, looked up at most once a second."""

from collections.abc import Callable, Sequence
from typing import Final

from gateway.accept.request import OperatorView
from gateway.process.clock import Clock

LOOK_S: Final = 1.0


class Links:
    """operators: the links as they stand."""

    def __init__(self, operators: Callable[[], Sequence[OperatorView]], clock: Clock) -> None:
        self._operators = operators
        self._clock = clock
        self._looked_s = float("-inf")
        self._up: frozenset[str] = frozenset()

    def is_up(self, name: str) -> bool:
        now_s = self._clock.monotonic()
        if now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            self._up = frozenset(each.name for each in self._operators() if each.state == "up")
        return name in self._up

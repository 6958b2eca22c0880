"""Whether commits may wait for company: tried, not guessed.

Waiting makes commits fewer and larger. Whoever sends whatever is answered does not notice; whoever sends again only
when answered, as a load test with few connections does, sends less for it. So now and then it is done the other way for
a moment, and what comes in either way is compared.
"""

from typing import Final

TRIAL_S: Final = 0.05
SHORTEST_S: Final = 0.2
LONGEST_S: Final = 2.0
WORTH: Final = 1.2
"""How many times as much must come in without waiting."""


class Patience:
    """interval_s: how far commits may keep apart where no caller waits longer for it; 0 is never."""

    __slots__ = ("_before", "_began_s", "_interval_s", "_patient", "_rates", "_settled_s", "_trying", "_until_s")

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._patient = True
        self._trying = False
        self._settled_s = SHORTEST_S
        self._rates = {True: 0.0, False: 0.0}
        self._began_s = self._until_s = 0.0
        self._before = 0

    def interval_s(self, now_s: float, operations: int) -> float:
        """How far apart commits keep now. now_s: on any clock that does not go back. operations: taken so far."""
        if now_s >= self._until_s:
            self._turn(now_s, operations)
        return self._interval_s if self._patient != self._trying else 0.0

    def _turn(self, now_s: float, operations: int) -> None:
        """Compare after a trial, try after anything else; a stretch that was nearly all silence says nothing."""
        lasted_s = now_s - self._began_s
        if not 0 < lasted_s <= 2 * (self._until_s - self._began_s):
            self._trying, self._settled_s = False, SHORTEST_S
        else:
            self._rates[self._patient != self._trying] = (operations - self._before) / lasted_s
            if self._trying:
                self._decide()
            self._trying = not self._trying
        self._before, self._began_s = operations, now_s
        self._until_s = now_s + (TRIAL_S if self._trying else self._settled_s)

    def _decide(self) -> None:
        patient = self._rates[True] * WORTH >= self._rates[False]
        self._settled_s = min(LONGEST_S, self._settled_s * 2) if patient == self._patient else SHORTEST_S
        self._patient = patient

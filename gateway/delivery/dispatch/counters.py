"""What dispatch counts, for the metrics and for what is told of each operator."""

from bisect import bisect_left
from typing import Final

from gateway.model.answer_times import BOUNDS_MS

MOST_CODES: Final = 50
"""Of one operator; what comes beyond them counts as `OTHER`."""
OTHER: Final = "other"


class DispatchCounters:
    """Plain numbers; see `gateway.node.report`. took: attempts by how long their answers took
    (`gateway.model.answer_times`). codes: answers that did not take a segment, by what they said. Both by operator.
    """

    def __init__(self) -> None:
        self.attempts = 0
        self.segments_accepted = 0
        self.deferred = 0
        self.refused = 0
        self.refused_by: dict[str, int] = {}
        self.took: dict[str, list[int]] = {}
        self.codes: dict[str, dict[str, int]] = {}
        self.unknown = 0
        self.late_answers = 0
        self.unopenable = 0
        self.rerouted = 0
        self.held = 0
        self.released = 0

    def answered(self, operator: str, ms: int) -> None:
        """An attempt is over."""
        counts = self.took.get(operator)
        if counts is None:
            counts = self.took[operator] = [0] * (len(BOUNDS_MS) + 1)
        counts[bisect_left(BOUNDS_MS, ms)] += 1

    def said(self, operator: str, code: str) -> None:
        """An operator did not take a segment, and said why, or nothing at all."""
        codes = self.codes.setdefault(operator, {})
        if code not in codes and len(codes) >= MOST_CODES:
            code = OTHER
        codes[code] = codes.get(code, 0) + 1

    def refuse(self, operator: str, code: str) -> None:
        """An operator refused a segment."""
        self.said(operator, code)
        self.refused += 1
        self.refused_by[operator] = self.refused_by.get(operator, 0) + 1

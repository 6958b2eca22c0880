"""What dispatch counts for the metrics."""


class DispatchCounters:
    """Plain numbers; see `gateway.node.report`."""

    def __init__(self) -> None:
        self.attempts = 0
        self.segments_accepted = 0
        self.deferred = 0
        self.refused = 0
        self.refused_by: dict[str, int] = {}
        self.unknown = 0
        self.late_answers = 0
        self.unopenable = 0
        self.rerouted = 0
        self.held = 0
        self.released = 0

    def refuse(self, operator: str) -> None:
        """An operator refused a segment."""
        self.refused += 1
        self.refused_by[operator] = self.refused_by.get(operator, 0) + 1

"""What dispatch counts for the metrics."""


class DispatchCounters:
    """Plain numbers; see `gateway.node.report`."""

    def __init__(self) -> None:
        self.attempts = 0
        self.segments_accepted = 0
        self.deferred = 0
        self.refused = 0
        self.unknown = 0
        self.late_answers = 0
        self.unopenable = 0
        self.rerouted = 0
        self.held = 0
        self.released = 0

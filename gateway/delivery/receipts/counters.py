"""What is counted of receipts for the metrics."""


class ReceiptCounters:
    """Plain numbers; see `gateway.node.report`."""

    def __init__(self) -> None:
        self.receipts = 0
        self.early = 0
        self.looked_up = 0
        self.unclaimed = 0
        self.repeated = 0
        self.contradicting = 0
        self.revised = 0
        self.pushed_back = 0
        self.forwarded = 0

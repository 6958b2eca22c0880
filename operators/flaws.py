"""What a peer sent that could be read in part only, or lacks what it should have: counted, and worth one line a kind.

Neither the count nor the line has anything of what was sent.
"""


class Flaws:
    """total: for metrics. What is remembered is small: peers, their kinds of PDU or answer, and kinds of flaws."""

    def __init__(self) -> None:
        self.total = 0
        self._seen: set[tuple[str, str, str]] = set()

    def count(self, peer: str, sent: str, flaw: str) -> bool:
        """Whether this is the first of its kind from this peer, which the caller then logs."""
        self.total += 1
        kind = (peer, sent, flaw)
        if kind in self._seen:
            return False
        self._seen.add(kind)
        return True

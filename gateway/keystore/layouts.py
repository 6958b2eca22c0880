"""What needs a layout of the key state that every node of the store can read."""

from gateway.ledger.contract import LedgerError
from redaction.keys import KeyState


class LayoutBefore(LedgerError):
    """The key store still has the layout of a version before."""


def check_layout(state: KeyState, since: int) -> None:
    """since: the first layout that will do. Raises LayoutBefore."""
    if state.layout < since:
        raise LayoutBefore(
            "the key store still has the layout of an earlier version: start a node of this version, and end all others"
        )

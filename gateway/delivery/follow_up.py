"""Messages that an operator has and of which no receipt came: when to look at them again, and when to give them up.

A look is due work of the ledger like any other (`Message.due_ms`), so it outlives restarts.
"""

from collections.abc import Mapping
from typing import Final

from gateway.model.message import Message

AGAIN_SOON_MS: Final = 60_000
"""When the operator had no room for a question."""
DEFAULT_GRACE_S: Final = 21_600


class FollowUp:
    """query_after_s: by operator, when to ask with query_sm; operators that are never asked are absent.

    grace_s: how long after its validity a message is still waited for: receipts come hours late (S-45).
    """

    def __init__(self, query_after_s: Mapping[str, float] | None = None, grace_s: float = DEFAULT_GRACE_S) -> None:
        self._query_after_ms = {name: round(after_s * 1000) for name, after_s in (query_after_s or {}).items()}
        self._grace_ms = round(grace_s * 1000)

    def next_ms(self, message: Message, now_ms: int) -> int:
        """When to look at a submitted message after `now_ms`."""
        end_ms = self._end_ms(message)
        after_ms = self._query_after_ms.get(message.operator)
        if after_ms is None or not any(message.operator_ids):
            return end_ms
        return min(end_ms, now_ms + after_ms)

    def is_asked(self, operator: str) -> bool:
        return operator in self._query_after_ms

    def is_over(self, message: Message, now_ms: int) -> bool:
        """Its outcome will not be reported any more."""
        return now_ms >= self._end_ms(message)

    def _end_ms(self, message: Message) -> int:
        return max(message.expires_ms, message.submitted_ms or 0) + self._grace_ms

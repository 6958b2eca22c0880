"""What notifications repeat of a message (reference, callback URL), in memory while the message is young.

Notifications usually follow within seconds, and opening what was just sealed was 5 % of the CPU of a message. Memory
only, at most `limit` messages, none for longer than `AGE_MS`, and each is handed out once: later ones are read from
what is sealed. Whoever takes one asks the sealer first, so destroyed or withheld keys close it like everything else.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from gateway.vault.recent_entry import Kept
from redaction.seal import SealContext

AGE_MS: Final = 30_000
"""At the most; a shorter memory horizon leaves them less."""
LIMIT: Final = 8_192
"""About 4 MB."""
_SWEEP_S: Final = 5.0


T = TypeVar("T")


class Young(Generic[T]):
    """By message id, oldest first."""

    def __init__(self, now_ms: Callable[[], int], limit: int = LIMIT, age_ms: int = AGE_MS) -> None:
        self._now_ms = now_ms
        self._age_ms = min(age_ms, AGE_MS)
        self._limit = limit
        self._kept: dict[bytes, Kept[T]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, private: T, context: SealContext, now_ms: int) -> None:
        """When it is full the oldest is forgotten."""
        kept = self._kept
        kept[context.message_id] = Kept(private, context, now_ms + self._age_ms)
        if len(kept) > self._limit:
            del kept[next(iter(kept))]

    def take(self, message_id: bytes) -> Kept[T] | None:
        """What is kept of the message, which is forgotten by that."""
        found = self._kept.pop(message_id, None)
        return None if found is None or found.until_ms <= self._now_ms() else found

    def forget_old(self) -> None:
        now_ms = self._now_ms()
        while self._kept:
            first = next(iter(self._kept))
            if self._kept[first].until_ms > now_ms:
                return
            del self._kept[first]

    async def run(self) -> None:
        """Forget what is old, also when nothing comes in, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            self.forget_old()

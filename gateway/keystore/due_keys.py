"""Keys of periods and epochs ahead of those that are always there: made when the first message is scheduled into one.

A scheduled message is sealed in the period of its due time, so that a schedule of weeks keeps nobody else's keys alive.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from gateway.keystore.keyring import Keyring
from gateway.ledger.contract import LedgerUnavailable
from gateway.process.logs import logger
from redaction.retention import RetentionTag
from redaction.search_epochs import epoch_of

log = logger("gateway.keystore.due_keys")

Contain = Callable[[str, str, Coroutine[Any, Any, None]], object]
"""See `gateway.process.tasks.TaskOwner.contain`."""
Then = Callable[[bool], None]
"""Called with whether the key is there, and durable. Must not raise."""


class DueKeys:
    """contain: where the waiting is done."""

    def __init__(self, keyring: Keyring, contain: Contain) -> None:
        self._keyring = keyring
        self._contain = contain
        self._waiting: dict[tuple[RetentionTag, int, int], list[Then]] = {}

    def are_there(self, tag: RetentionTag, at_ms: int) -> bool:
        """Whether what begins then can be named and sealed now."""
        return self._keyring.has_keys(tag, at_ms)

    def make(self, tag: RetentionTag, at_ms: int, then: Then) -> None:
        """Make the keys of that time. Whoever asks for some that are being made waits for the same."""
        name = (tag, self._keyring.period_at(tag, at_ms), epoch_of(at_ms))
        if name in self._waiting:
            self._waiting[name].append(then)
            return
        self._waiting[name] = [then]
        self._contain("submission", f"key of {tag} {name[1]}", self._make(name, at_ms))

    async def _make(self, name: tuple[RetentionTag, int, int], at_ms: int) -> None:
        try:
            await self._keyring.make_keys(name[0], at_ms)
        except LedgerUnavailable as error:
            log.warning("keys_not_kept", reason=str(error))
        finally:
            there = self.are_there(name[0], at_ms)
            for then in self._waiting.pop(name):
                then(there)

"""Which operators of its route may carry a message, and which of them is next.

A message of which a segment is with an operator, or may be, never changes the operator (Law 3).
"""

from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.routing import Permits, Router, permit_all
from gateway.model.message import Message, MessageClass, Part
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from gateway.vault.vault import Vault
from redaction.errors import SealError
from redaction.personal import Purpose

Next = tuple[str, bool]
"""An operator, and whether it stands behind the one that failed, so that it was not tried in this round."""


class Candidates:
    """permits: which operators of a route may be given a message."""

    def __init__(self, lanes: Lanes, router: Router, vault: Vault, clock: Clock, permits: Permits = permit_all) -> None:
        self._permits = permits
        self._clock = clock
        self._lanes = lanes
        self._router = router
        self._vault = vault

    def of(self, message: Message) -> tuple[str, ...]:
        """By route, best first; empty where there is no route, where a segment may be with an operator, where no
        operator may have it, and where the content cannot be opened.
        """
        if any(part != Part.WAITING for part in message.parts):
            return ()
        try:
            content = self._vault.open_content(message)
        except SealError:
            return ()
        now_ms = self._clock.now_ms()
        source = content.source if isinstance(content.source, str) else content.source.reveal(Purpose.DELIVER)
        operators = self._router.candidates(
            content.to.reveal(Purpose.DELIVER),
            message.message_class,
            message.customer,
            source,
            now_ms,
            message.subject,
        )
        if not operators or self._permits is permit_all:
            return operators
        try:
            return tuple(self._permits(message.customer, source, message.message_class, operators, now_ms))
        except Refusal:
            return ()

    def alternatives(self, operator: str) -> frozenset[str]:
        """Operators that share a route with this one."""
        return self._router.alternatives(operator)

    def can_take(self, name: str, message_class: MessageClass) -> bool:
        """A one-time code goes on only to an operator that does its work; other messages to any that is up and
        not being drained.
        """
        return self._lanes.takes_codes(name) if message_class is MessageClass.OTP else self._lanes.takes_new(name)

    def next_operator(self, message: Message, failed: str) -> Next:
        """Ordered failover: the next candidate that can take it after the one that failed, or that one again."""
        if not self._router.alternatives(failed):
            return failed, False
        return self.following(self.of(message), failed, message.message_class)

    def following(self, candidates: tuple[str, ...], failed: str, message_class: MessageClass) -> Next:
        """The same, of these candidates."""
        if failed not in candidates:
            return (candidates[0] if candidates else failed), False
        start = candidates.index(failed)
        for name in candidates[start + 1 :]:
            if self.can_take(name, message_class):
                return name, True
        for name in candidates[:start]:
            if self.can_take(name, message_class):
                return name, False
        return failed, False

"""Ends of messages: the one place that turns a verdict into a `Change`.

Both dispatch (refused, expired, cancelled) and outcomes (receipts) end messages; here the retention clock is started,
the content is dropped where its tag says so, and the customer's outbox row is made, all in one ledger operation.
"""

from collections.abc import Callable, Mapping
from copy import copy

from gateway.ledger.base import Change
from gateway.message import Link, Message, OutboxEvent, Status
from redaction.retention import RetentionRule, RetentionTag, content_until_ms

Wants = Callable[[Message], bool]
"""Whether anybody is to be told about this message."""


class Settler:
    """Builds the changes that end a message. `counted` is called with each one, for metrics."""

    def __init__(
        self, rules: Mapping[RetentionTag, RetentionRule], wants: Wants, counted: Callable[[Message], None]
    ) -> None:
        self._rules = rules
        self._wants = wants
        self._counted = counted

    def submitted(self, message: Message, now_ms: int, links: tuple[Link, ...]) -> Change:
        """Every segment is with the operator; nothing is left for dispatch to do."""
        message.status = Status.SUBMITTED
        message.submitted_ms = now_ms
        message.due_ms = None
        drop = self._rules[message.tag].content_after_submit
        if drop:
            message.content_until_ms = now_ms
        return Change(message=copy(message), links=links, drop_content=drop)

    def final(
        self, message: Message, status: Status, error: str | None, now_ms: int, links: tuple[Link, ...] = ()
    ) -> Change:
        """The message has reached `status` for good."""
        message.status = status
        message.error = error
        message.final_ms = now_ms
        message.due_ms = None
        rule = self._rules[message.tag]
        message.content_until_ms = content_until_ms(rule, message.accepted_ms, now_ms)
        self._counted(message)
        return Change(
            message=copy(message),
            links=links,
            event=self._event(message, now_ms),
            drop_content=message.content_until_ms <= now_ms,
        )

    def _event(self, message: Message, now_ms: int) -> OutboxEvent | None:
        if not self._wants(message):
            return None
        return OutboxEvent(
            customer=message.customer, message=message.id, status=message.status, at_ms=now_ms, next_ms=now_ms
        )

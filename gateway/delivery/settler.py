"""Ends of messages: the one place that turns a verdict into a `Change`.

Both dispatch (refused, expired, cancelled) and outcomes (receipts) end messages; here the retention clock is started,
the content is dropped where its tag says so, and the customer's outbox row is made, all in one ledger operation.
"""

from collections.abc import Callable
from typing import Final

from gateway.delivery.follow_up import FollowUp
from gateway.ledger.contract import Change
from gateway.model.message import Link, Message, OutboxEvent, Status, snapshot
from gateway.model.owners import esme_of
from gateway.retention.policies import RetentionPolicies
from redaction.retention import RetentionRule, content_until_ms

Wants = Callable[[Message], bool]
"""Whether a customer is to be notified of this message's status."""


_USUAL: Final = FollowUp()


class Settler:
    """Builds the changes that end a message."""

    def __init__(
        self,
        policies: RetentionPolicies,
        wants: Wants,
        follow_up: FollowUp = _USUAL,
    ) -> None:
        self._policies = policies
        self._wants = wants
        self.follow_up = follow_up

    def adopt(self, follow_up: FollowUp) -> None:
        """For messages that are submitted or looked at from now on."""
        self.follow_up = follow_up

    def submitted(self, message: Message, now_ms: int, links: tuple[Link, ...]) -> Change:
        """Every segment is with the operator; dispatch looks again only when no receipt comes."""
        message.status = Status.SUBMITTED
        message.submitted_ms = now_ms
        message.due_ms = self.follow_up.next_ms(message, now_ms)
        rule = self._policies.of(message.customer, message.tag)
        drop = rule.content_after_submit
        if drop:
            message.content_until_ms = _private_until_ms(rule, message, now_ms)
        return Change(message=snapshot(message), links=links, event=self._event(message, now_ms), drop_content=drop)

    def final(
        self,
        message: Message,
        status: Status,
        error: str | None,
        now_ms: int,
        links: tuple[Link, ...] = (),
        *,
        at_ms: int | None = None,
    ) -> Change:
        """The message has reached `status` for good. at_ms: when that happened, where it is not now."""
        message.status = status
        message.error = error
        message.final_ms = now_ms if at_ms is None else at_ms
        message.due_ms = None
        message.operator_ids = message.operator_ids[: message.segments]
        rule = self._policies.of(message.customer, message.tag)
        until_ms = min(message.content_until_ms, content_until_ms(rule, _begun_ms(message, now_ms), now_ms))
        drop = until_ms <= now_ms
        message.content_until_ms = _private_until_ms(rule, message, now_ms) if drop else until_ms
        return Change(
            message=snapshot(message),
            links=links,
            event=self._event(message, now_ms),
            drop_content=drop,
        )

    def revise(self, message: Message, status: Status, error: str | None, now_ms: int, at_ms: int) -> Change:
        """What became of an `unknown` message is known after all. The clock of its content goes on as it was."""
        message.status = status
        message.error = error
        message.final_ms = at_ms
        return Change(message=snapshot(message), event=self._event(message, now_ms), over_unknown=True)

    def _event(self, message: Message, now_ms: int) -> OutboxEvent | None:
        if not self._wants(message):
            return None
        return OutboxEvent(
            customer=message.customer,
            message=message.id,
            status=message.status,
            at_ms=now_ms,
            next_ms=now_ms,
            esme=esme_of(message.key_id),
        )


def _private_until_ms(rule: RetentionRule, message: Message, now_ms: int) -> int:
    """When the last of a message goes whose content is dropped now.

    The customer's own reference and callback URL are still needed for its notification, so they stay to the tag's
    limit.
    """
    if message.private is None:
        return now_ms
    return min(message.content_until_ms, content_until_ms(rule, _begun_ms(message, now_ms), None))


def _begun_ms(message: Message, now_ms: int) -> int:
    """When the clock of the content began at the latest: with the acceptance, or when it was due."""
    return now_ms if message.submitted_ms is None else message.submitted_ms

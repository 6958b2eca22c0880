"""A message's record as its customer sees it. Numbers are masked; the body is never part of it."""

from collections.abc import Callable
from typing import Final

from msgspec import UNSET

from gateway.accept.inquiry import Inquired
from gateway.accept.request import (
    Finding,
    MessageAccepted,
    MessageChecked,
    MessageView,
    OperatorCode,
    PrivacyReceipt,
    RetentionView,
)
from gateway.limits.balance import MICRO
from gateway.model.catalogue import meaning
from gateway.model.held_lane import held_customer, operator_of
from gateway.model.message import OPEN, WAITING, Message, Status
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.model.verdict import Severity, Verdict, gravest
from redaction.egress import disclosed_fields

_OUTCOME: Final = {Severity.REFUSE: "refused", Severity.HOLD: "held"}


def accepted_view(message: Message, person: str) -> MessageAccepted:
    """The answer once a message is durable. person: what is shown of its recipient's number."""
    return MessageAccepted(
        id=message.id.hex(),
        status=message.status,
        to=person,
        message_class=message.message_class,
        segments=message.segments,
        encoding=message.encoding,
        expires_at=rfc3339(message.expires_ms),
        scheduled_at=rfc3339(message.due_ms) if message.due_ms is not None and is_scheduled(message) else UNSET,
        retention=RetentionView(message.tag, rfc3339(message.content_until_ms), rfc3339(message.record_until_ms)),
        warnings=message.warnings or UNSET,
    )


def checked_view(inquired: Inquired) -> MessageChecked:
    """What would become of a message of which this is said."""
    verdicts, submission = inquired.verdicts, inquired.submission
    decides = gravest(verdicts)
    return MessageChecked(
        outcome="accepted" if decides is None else _OUTCOME[decides.severity],
        findings=[_finding(each) for each in verdicts],
        segments=None if submission is None else submission.segments,
        encoding=None if submission is None else submission.encoding,
        message_class=None if submission is None else submission.message_class,
        price_at_most=None if inquired.most_micro is None else inquired.most_micro / MICRO,
    )


def _finding(verdict: Verdict) -> Finding:
    return Finding(
        code=verdict.code,
        severity=verdict.severity.value,
        rule=verdict.rule,
        enforced=not verdict.watched,
        cite=verdict.cite,
        field=verdict.field,
        until=rfc3339_or_none(verdict.until_ms),
    )


def message_view(
    message: Message, person: str, *, country_of: Callable[[str], str | None], reference: str | None, now_ms: int
) -> MessageView:
    """The record. person: what is shown of the other party's number. country_of: where an operator is. reference: the
    customer's own, opened for it.

    now_ms: content past its clock counts as destroyed, whether the sweep has come by or not.
    """
    is_inbound = message.status is Status.RECEIVED
    return MessageView(
        id=message.id.hex(),
        direction="inbound" if is_inbound else "outbound",
        status=message.status,
        to=None if is_inbound else person,
        sender=person if is_inbound else None,
        message_class=message.message_class,
        segments=message.segments,
        encoding=message.encoding,
        accepted_at=rfc3339(message.accepted_ms),
        privacy=_receipt(message, country_of, now_ms),
        scheduled_at=rfc3339_or_none(message.due_ms) if is_scheduled(message) else None,
        submitted_at=rfc3339_or_none(message.submitted_ms),
        final_at=rfc3339_or_none(message.final_ms),
        expires_at=rfc3339(message.expires_ms) if message.status in OPEN else None,
        attempts=message.attempts,
        error=message.error,
        operator_code=None if message.error is None else _operator_code(message.error),
        reference=reference,
    )


def _operator_code(code: str) -> OperatorCode:
    found = meaning(code)
    return OperatorCode(code=code, meaning=found.cause, permanent=found.permanent)


def is_scheduled(message: Message) -> bool:
    """Whether it waits for its time."""
    if message.due_ms is None or message.due_ms <= message.accepted_ms:
        return False
    return message.status in WAITING and not message.attempts and held_customer(message.operator) is None


def _receipt(message: Message, country_of: Callable[[str], str | None], now_ms: int) -> PrivacyReceipt:
    """What became of the personal data. An operator is named once something was disclosed to it."""
    operator = operator_of(message.operator) if message.disclosure else None
    return PrivacyReceipt(
        tag=message.tag,
        content_until=rfc3339(message.content_until_ms),
        content_destroyed=_is_destroyed(message, now_ms),
        record_until=rfc3339(message.record_until_ms),
        operator=operator,
        country=None if operator is None else country_of(operator),
        fields_forwarded=list(disclosed_fields(message.disclosure)),
    )


def _is_destroyed(message: Message, now_ms: int) -> bool:
    """Nothing sealed is left that could be opened: what is kept to tell the customer may hold a number, too."""
    return message.content_until_ms <= now_ms or (message.content is None and message.private is None)

"""The two sealed fields of a message, packed and unpacked.

`content` is what an operator needs (recipient, sender, body) and is opened only to deliver. `private` is what only the
customer is told again (reference, callback URL) and is opened only to inform that customer.
"""

from collections.abc import Callable, Mapping

import msgspec

from gateway.message import Message
from gateway.submission import Submission
from redaction.errors import KeyDestroyed
from redaction.personal import MessageText, Msisdn, Purpose
from redaction.retention import RetentionRule, RetentionTag, period_of
from redaction.seal import SealContext, Sealer
from redaction.sealed import Sealed

Packed = tuple[str, int, str, bool, str, bool, bool]
"""digits, country, source, source is a number, text, flash, receipt wanted."""


class Content(msgspec.Struct, frozen=True, gc=False):
    """What is opened for one attempt to deliver."""

    to: Msisdn
    source: str | Msisdn
    text: MessageText
    flash: bool
    receipt: bool


class Private(msgspec.Struct, frozen=True, gc=False):
    """What only the customer gets to see again."""

    reference: MessageText | None
    callback_url: MessageText | None


_encode: Callable[[object], bytes] = msgspec.msgpack.Encoder().encode
_decode_content = msgspec.msgpack.Decoder(Packed).decode
_decode_private = msgspec.msgpack.Decoder(tuple[str | None, str | None]).decode


class Vault:
    """Seals and opens the fields of messages, each with its context taken from the record itself.

    What is past its content clock is not opened, whether it was destroyed yet or not. now_ms: the time.
    """

    def __init__(self, sealer: Sealer, rules: Mapping[RetentionTag, RetentionRule], now_ms: Callable[[], int]) -> None:
        self._sealer = sealer
        self._rules = rules
        self._now_ms = now_ms

    def seal(
        self, submission: Submission, *, customer: int, message_id: bytes, leaf: int, now_ms: int
    ) -> tuple[Sealed, Sealed | None]:
        """`content` and `private` of a new message."""
        tag = submission.tag
        period = period_of(self._rules[tag], now_ms)
        content = self._sealer.seal(
            _pack_content(submission), SealContext(customer, message_id, "content", tag, period, leaf)
        )
        if submission.reference is None and submission.callback_url is None:
            return content, None
        private = self._sealer.seal(
            _pack_private(submission), SealContext(customer, message_id, "private", tag, period, leaf)
        )
        return content, private

    def open_content(self, message: Message) -> Content:
        """For delivery, once per attempt. Raises `redaction.errors.SealError` and, below it, `KeyDestroyed`."""
        packed = self._open(message, message.content, "content", Purpose.DELIVER)
        digits, country, source, numeric, text, flash, receipt = _decode_content(packed)
        return Content(
            Msisdn(digits, country),
            Msisdn(source, country) if numeric else source,
            MessageText(text),
            flash,
            receipt,
        )

    def open_private(self, message: Message) -> Private:
        """For the customer. An absent field gives an empty `Private`."""
        if message.private is None:
            return Private(None, None)
        packed = self._open(message, message.private, "private", Purpose.INFORM_CUSTOMER)
        reference, url = _decode_private(packed)
        return Private(_guard(reference), _guard(url))

    def _open(self, message: Message, sealed: Sealed | None, field: str, purpose: Purpose) -> bytes:
        if sealed is None or message.content_until_ms <= self._now_ms():
            raise KeyDestroyed("period")  # as if its key were gone, which it will be
        return self._sealer.open(
            sealed,
            customer=message.customer,
            message_id=message.id,
            field=field,
            tag=message.tag,
            purpose=purpose,
        )


def _pack_content(submission: Submission) -> bytes:
    source = submission.source
    numeric = isinstance(source, Msisdn)
    shown = source.reveal(Purpose.ACCEPT) if isinstance(source, Msisdn) else source
    to = submission.to
    text = submission.text.reveal(Purpose.ACCEPT)
    return _encode((to.reveal(Purpose.ACCEPT), to.country, shown, numeric, text, submission.flash, submission.receipt))


def _pack_private(submission: Submission) -> bytes:
    def shown(value: MessageText | None) -> str | None:
        return None if value is None else value.reveal(Purpose.ACCEPT)

    return _encode((shown(submission.reference), shown(submission.callback_url)))


def _guard(value: str | None) -> MessageText | None:
    return None if value is None else MessageText(value)

"""The sealed fields of a message, packed and unpacked, and the two digits that its mask shows.

`content` is what an operator needs (recipient, sender, body) and is opened only to deliver. `private` is what only the
customer's notifications repeat (reference, callback URL) and is opened only for them. An operator's id is sealed
where that operator is asked by it.
"""

from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from gateway.model.content import Content as Content
from gateway.model.content import Packed, PackedPrivate, PackedReceived
from gateway.model.content import Private as Private
from gateway.model.content import Received as Received
from gateway.model.message import SEALED_WORD, Message
from gateway.model.numbers import digits_of
from gateway.model.submission import NO_MARKS, Submission
from gateway.vault.recent import AGE_MS, Young
from redaction.errors import KeyDestroyed, SealError
from redaction.masks import uncover, uncover_named
from redaction.personal import MessageText, Msisdn, Purpose
from redaction.pseudonymise import leaf_of_pseudonym
from redaction.retention import RetentionRule, RetentionTag, period_of
from redaction.seal import SealContext, Sealer, leaf_of, period_in, place_in
from redaction.sealed import Sealed

INBOUND = "inbound"
"""The sealed field of a message from a person; its purposes are not those of `content`."""
OPERATOR_ID = "operator_id"

_encode: Callable[[object], bytes] = msgspec.msgpack.Encoder().encode
_decode_content = msgspec.msgpack.Decoder(Packed).decode
_decode_private = msgspec.msgpack.Decoder(PackedPrivate).decode
_decode_received = msgspec.msgpack.Decoder(PackedReceived).decode


class Format(Protocol):
    """What the vault has to know of how records are written."""

    @property
    def masks_covered(self) -> bool: ...


class Vault:
    """Seals and opens the fields of messages, each with its context taken from the record itself.

    What is past its content clock is not opened, whether it was destroyed yet or not. now_ms: the time. young_ms: for
    how long at the most something of a young message stays in memory. format: of the ledger.
    """

    def __init__(
        self,
        sealer: Sealer,
        rules: Mapping[RetentionTag, RetentionRule],
        now_ms: Callable[[], int],
        format: Format,
        young_ms: int = AGE_MS,
    ) -> None:
        self._sealer = sealer
        self._format = format
        self._rules = rules
        self._now_ms = now_ms
        self.young: Young[Private] = Young(now_ms, age_ms=young_ms)

    def may_open(self) -> bool:
        """Whether keys may be used now; if not, everything below raises `KeysWithheld`."""
        return self._sealer.may_use_keys()

    def seal(
        self, submission: Submission, *, customer: int, message_id: bytes, leaf: int, now_ms: int
    ) -> tuple[Sealed, Sealed | None, int]:
        """`content`, `private` and `last_two` of a new message.

        Raises `KeyDestroyed` when period or customer have no key.
        """
        period = period_of(self._rules[submission.tag], now_ms)
        context = SealContext(customer, message_id, "content", submission.tag, period, leaf)
        content, last_two, leaf = self._seal(_pack_content(submission), context, submission.to.last_two)
        if submission.reference is None and submission.callback_url is None and submission.path is None:
            return content, None, last_two
        context = SealContext(customer, message_id, "private", submission.tag, period, leaf)
        private = self._sealer.seal(_pack_private(submission), context)
        if submission.path is not None:
            self.young.keep(Private(submission.reference, submission.callback_url, submission.path), context, now_ms)
        return content, private, last_two

    def uncover(self, message: Message) -> int | None:
        """The last two digits, of a message of which something sealed can be opened; None where they cannot be read.

        Raises `SealError`.
        """
        sealed = message.content or message.private
        if sealed is None or not self.may_open():
            return None
        period, leaf = place_in(sealed)
        return uncover(self._sealer.keys, message.last_two, message.customer, message.id, (message.tag, period, leaf))

    def uncover_at(self, message: Message, begin_ms: int) -> int | None:
        """The same of any other, whose content's clock began at a time. Raises `SealError`."""
        if not self.may_open():
            return None
        period = period_of(self._rules[message.tag], begin_ms)
        place = (message.tag, period, leaf_of_pseudonym(message.subject))
        return uncover_named(self._sealer.keys, message.last_two, message.customer, message.id, place)

    def _seal(self, packed: bytes, context: SealContext, digits: int) -> tuple[Sealed, int, int]:
        """And what is stored of the digits, and the leaf that was used: another one where an erasure destroyed the
        subject's before.
        """
        try:
            content, covered = self._sealer.seal_content(packed, context, digits)
        except KeyDestroyed as gone:
            if gone.factor != "subject":
                raise
            leaf = self._sealer.keys.usable_leaf(context.tag, context.period, context.leaf)
            context = msgspec.structs.replace(context, leaf=leaf)
            content, covered = self._sealer.seal_content(packed, context, digits)
        return content, covered if self._format.masks_covered else digits, context.leaf

    def open_content(self, message: Message, purpose: Purpose = Purpose.DELIVER) -> Content:
        """For delivery, once per attempt, or the law. Raises `redaction.errors.SealError`, below it `KeyDestroyed`."""
        packed = self._open(message, message.content, "content", purpose)
        said = _decode_content(packed)
        return Content(
            Msisdn(said.digits, said.country),
            Msisdn(said.source, said.country) if said.source_is_number else said.source,
            MessageText(said.text),
            said.flash,
            said.receipt,
            said.data_coding,
            said.header,
            said.coding,
            said.marks,
        )

    def seal_received(
        self, received: Received, *, customer: int, message_id: bytes, tag: RetentionTag, leaf: int, now_ms: int
    ) -> tuple[Sealed, int]:
        """`content` and `last_two` of a message from a person."""
        period = period_of(self._rules[tag], now_ms)
        context = SealContext(customer, message_id, INBOUND, tag, period, leaf)
        content, last_two, _ = self._seal(_pack_received(received), context, _last_two(received.source))
        return content, last_two

    def open_received(self, message: Message, purpose: Purpose = Purpose.INFORM_CUSTOMER) -> Received:
        """For the customer that it was written to, or for the law. Raises `redaction.errors.SealError`."""
        packed = self._open(message, message.content, INBOUND, purpose)
        said = _decode_received(packed)
        source = Msisdn(said.digits, said.country)
        return Received(source, said.destination, MessageText(said.text), said.missing, said.header)

    def open_private(self, message: Message) -> Private:
        """For the customer. An absent field gives an empty `Private`."""
        if message.private is None:
            return Private(None, None)
        kept = self.young.take(message.id)
        if kept is not None and message.content_until_ms > self._now_ms():
            self._sealer.vouch(kept.context, Purpose.INFORM_CUSTOMER)
            return kept.private
        packed = self._open(message, message.private, "private", Purpose.INFORM_CUSTOMER)
        said = _decode_private(packed)
        return Private(_guard(said.reference), _guard(said.callback_url), said.path, said.callback)

    def seal_operator_id(self, message: Message, identifier: str) -> str:
        """An operator's id of a segment as a word to store; '' where the content is gone, whose keys it shares."""
        if message.content is None:
            return ""
        period, leaf = period_in(message.content), leaf_of(message.content)
        context = SealContext(message.customer, message.id, OPERATOR_ID, message.tag, period, leaf)
        try:
            sealed = self._sealer.seal(identifier.encode("utf-8", "surrogatepass"), context)
        except SealError:
            return ""
        return SEALED_WORD + b2a_base64(sealed, newline=False).decode()

    def open_operator_id(self, message: Message, word: str) -> str:
        """To ask that operator. Raises `redaction.errors.SealError`."""
        sealed = Sealed(a2b_base64(word[len(SEALED_WORD) :]))
        return self._open(message, sealed, OPERATOR_ID, Purpose.DELIVER).decode("utf-8", "surrogatepass")

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
    packed = (to.reveal(Purpose.ACCEPT), to.country, shown, numeric, text, submission.flash, submission.receipt)
    if submission.data_coding is None and not submission.coding and submission.marks is NO_MARKS:
        return _encode(packed)
    spoken = (*packed, submission.data_coding, submission.header, submission.coding)
    return _encode(spoken if submission.marks is NO_MARKS else (*spoken, submission.marks))


def _pack_received(received: Received) -> bytes:
    source = received.source
    text = received.text.reveal(Purpose.ACCEPT)
    packed = (source.reveal(Purpose.ACCEPT), source.country, received.destination, text, received.missing)
    return _encode((*packed, received.header) if received.header else packed)


def _pack_private(submission: Submission) -> bytes:
    def shown(value: MessageText | None) -> str | None:
        return None if value is None else value.reveal(Purpose.ACCEPT)

    packed = (shown(submission.reference), shown(submission.callback_url))
    if submission.callback is not None:
        return _encode((*packed, submission.path, submission.callback))
    return _encode(packed if submission.path is None else (*packed, submission.path))


def _last_two(source: Msisdn) -> int:
    """0 for a sender that is a name."""
    shown = digits_of(source)[-2:]
    return int(shown) if shown.isascii() and shown.isdigit() else 0


def _guard(value: str | None) -> MessageText | None:
    return None if value is None else MessageText(value)

"""Is this request one that can be carried? Every check of a customer's fields, from raw strings to a `Submission`.

Each refusal names a stable code and a field, never a value. Nothing here is stored or waits.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from msgspec import UNSET

from config.settings import MessageSettings
from gateway.accept.request import MessageRequest
from gateway.accounts.content_rules import enforce
from gateway.accounts.customers import ApiKey
from gateway.model.message import MessageClass
from gateway.model.numbers import parse_number
from gateway.model.refusals import Refusal
from gateway.model.senders import is_sender
from gateway.model.submission import NO_FORM, SmppForm, Submission
from operators.smpp.coding import EncodingError, simplify
from operators.smpp.segments import TextPlan
from redaction.detect import looks_like_otp
from redaction.errors import alone
from redaction.personal import MessageText, Msisdn
from redaction.retention import RetentionTag

MAX_REFERENCE: Final = 255
MAX_URL: Final = 2_048
MAX_TEXT: Final = 4_096
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_CLASSES: Final = {each.value: each for each in MessageClass}
TAG_OF: Final = {
    MessageClass.OTP: RetentionTag("otp"),
    MessageClass.TRANSACTIONAL: RetentionTag("transactional"),
    MessageClass.PROMOTIONAL: RetentionTag("promotional"),
    MessageClass.WARNING: RetentionTag("transactional"),
    MessageClass.AWARENESS: RetentionTag("transactional"),
    MessageClass.PERSONAL: RetentionTag("transactional"),
}
DISCARD: Final = RetentionTag("discard")

Plan = Callable[[str], TextPlan]
CheckUrl = Callable[[str], bool]


class Validator:
    """Turns requests into submissions.

    plan: counts segments of a text. is_callable: whether a URL has the form of one that webhooks may call.
    """

    def __init__(self, settings: MessageSettings, plan: Plan, is_callable: CheckUrl) -> None:
        self._settings = settings
        self._plan = plan
        self._is_callable = is_callable

    def check(self, key: ApiKey, request: MessageRequest, now_ms: int, form: SmppForm = NO_FORM) -> Submission:
        """The submission. Raises Refusal. form: what SMPP adds; the text of a part is then there to be classed only."""
        text, part = request.text, form.part
        if part is None:
            _refuse_unsendable(text, "text", MAX_TEXT)
        message_class = self._class(key, request, text)
        source = _sender(key, request.source, message_class)
        to = parse_number(request.to, self._settings.default_region)
        if to is None and form is not NO_FORM:  # a number of another country, whose type the peer left unsaid
            to = parse_number(f"+{request.to}", self._settings.default_region)
        if to is None:
            raise Refusal("invalid_number" if request.to else "empty_field", "to")
        warnings: tuple[str, ...] = ()
        if key.customer.settings.content:
            text, warnings = enforce(key.customer.settings.content, text, changeable=part is None)
        if part is None and key.customer.settings.plain_punctuation:
            text = simplify(text)
        segments, encoding = self._size(text) if part is None else (1, part.encoding)
        return Submission(
            to=to,
            source=source,
            text=MessageText(text if part is None else part.octets.decode("latin-1")),
            message_class=message_class,
            tag=_tag(request.retention, message_class),
            segments=segments,
            encoding=encoding,
            validity_s=self._validity(request.validity, message_class, clamp=form.clamp_validity),
            schedule_at_ms=None if request.schedule_at is None else self._schedule(request.schedule_at, now_ms),
            reference=_reference(request.reference),
            callback_url=self._callback(request.callback_url),
            flash=request.flash,
            data_coding=None if part is None else part.data_coding,
            header=b"" if part is None else part.header,
            path=form.path,
            warnings=warnings,
            coding=form.coding,
            marks=form.marks,
        )

    def _size(self, text: str) -> tuple[int, str]:
        """Segments and encoding."""
        try:
            plan = self._plan(text)
        except EncodingError:
            raise alone(Refusal("forbidden_character", "text")) from None
        if plan.segments > self._settings.max_segments:
            raise Refusal("text_too_long", "text")
        return plan.segments, plan.encoding.value

    def _class(self, key: ApiKey, request: MessageRequest, text: str) -> MessageClass:
        named = request.message_class
        if named is UNSET:
            default = _CLASSES[key.customer.settings.default_class]
            message_class = MessageClass.OTP if looks_like_otp(text) else default
        else:
            found = _CLASSES.get(str(named))
            if found is None:
                raise Refusal("invalid_class", "class")
            message_class = found
        granted = key.classes
        if message_class not in granted and (granted or message_class is MessageClass.PROMOTIONAL):
            raise Refusal("class_not_granted", "class")
        return message_class

    def _validity(self, asked: int | None, message_class: MessageClass, *, clamp: bool) -> int:
        settings = self._settings
        if asked is None:
            return settings.otp_validity_s if message_class is MessageClass.OTP else settings.default_validity_s
        if clamp:
            asked = min(asked, settings.max_validity_s)
        if not 1 <= asked <= settings.max_validity_s:
            raise Refusal("invalid_validity", "validity")
        return asked

    def _schedule(self, raw: str, now_ms: int) -> int:
        at_ms = parse_time(raw)
        if at_ms is None or at_ms > now_ms + self._settings.max_schedule_s * 1000:
            raise Refusal("invalid_schedule", "schedule_at")
        return max(at_ms, now_ms)

    def _callback(self, url: str | None) -> MessageText | None:
        if url is None:
            return None
        if len(url) > MAX_URL or not self._is_callable(url):
            raise Refusal("invalid_url", "callback_url")
        return MessageText(url)


def parse_time(raw: str) -> int | None:
    """RFC 3339 with an offset, to epoch milliseconds; None if it is anything else."""
    if not raw.isascii() or not 20 <= len(raw) <= 35 or raw[10] not in "Tt ":
        return None
    try:
        parsed = datetime.fromisoformat(raw.upper())
        return None if parsed.tzinfo is None else round(parsed.astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):  # the latter for a moment that UTC has in no year from 1 to 9999
        return None


def _refuse_unsendable(value: str, field: str, limit: int) -> None:
    if not value:
        raise Refusal("empty_field", field)
    if len(value) > limit:
        raise Refusal("text_too_long" if field == "text" else "field_too_long", field)
    if not value.isprintable() and _CONTROL.search(value):  # of what is printable nothing is forbidden
        raise Refusal("forbidden_character", field)


def _sender(key: ApiKey, raw: str, message_class: MessageClass) -> str | Msisdn:
    classes = key.customer.settings.senders.get(raw)
    if classes is None:
        _refuse_malformed_sender(raw)
        raise Refusal("sender_not_registered", "from")
    if classes and message_class.value not in classes:
        raise Refusal("sender_not_registered", "from")
    return raw


def _refuse_malformed_sender(raw: str) -> None:
    if not raw:
        raise Refusal("empty_field", "from")
    if not is_sender(raw):
        raise Refusal("invalid_sender", "from")


def _reference(raw: str | None) -> MessageText | None:
    if raw is None:
        return None
    _refuse_unsendable(raw, "reference", MAX_REFERENCE)
    return MessageText(raw)


def _tag(retention: str | None, message_class: MessageClass) -> RetentionTag:
    if retention is None:
        return TAG_OF[message_class]
    if retention != DISCARD:
        raise Refusal("invalid_retention", "retention")
    return DISCARD

"""Is this request one that can be carried? Every check of a customer's fields, from raw strings to a `Submission`.

Each refusal names a stable code and a field, never a value. Nothing here is stored or waits.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import UNSET

from config.settings import MessageSettings
from gateway.accept.request import MessageRequest
from gateway.accounts.content_rules import enforce
from gateway.accounts.customers import ApiKey
from gateway.consent.purposes import NEEDING
from gateway.model.message import MessageClass
from gateway.model.numbers import parse_number, takes_no_messages
from gateway.model.refusals import Refusal
from gateway.model.senders import is_sender, sender_key
from gateway.model.submission import NO_FORM, SmppForm, Submission
from gateway.model.times import LATEST_MS
from operators.smpp.coding import Encoding, EncodingError, simplify
from operators.smpp.segments import TextPlan
from redaction.detect import looks_like_otp
from redaction.errors import alone
from redaction.personal import MessageText, Msisdn
from redaction.retention import RetentionTag

MAX_REFERENCE: Final = 255
MAX_URL: Final = 2_048
MAX_TEXT: Final = 4_096
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):[0-5]\d)(?:(:(?:[0-5]\d|60))(\.\d+)?)?"
    r"([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
MAX_TIME: Final = 40
NO_MOBILE: Final = "recipient_no_mobile"
"""The warning of a number that takes no messages as a rule; it is sent all the same, for some do."""
PAST_MS: Final = 5 * 60 * 1000
"""A schedule that is no longer past than that is now: clocks differ. One that is was written by mistake."""
BLANKS: Final = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u115f\u1160\u2800\u3164\ufe0e\ufe0f\uffa0" + "".join(
    each for each in map(chr, range(0x10000)) if unicodedata.category(each) in ("Zs", "Zl", "Zp", "Cf")
)
"""Characters of which nothing is seen: a text of them alone is empty."""
BYTE_ORDER_MARK: Final = "\ufeff"
"""What some editors put in front of a text; it is no part of one (S-59)."""
_CLASSES: Final = {each.value: each for each in MessageClass}
_WRITTEN: Final = {each: each.value for each in Encoding}
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
HasEndpoint = Callable[[int], bool]
Registered = Callable[[str, str], Sequence[str] | None]


StopLink = Callable[[int, MessageClass, Msisdn], str | None]
STOP_LINK: Final = "{stop_link}"
"""In a text of a class that needs consent, the place of a link by which its recipient stops such messages."""


def _no_links(_customer: int, _class: MessageClass, _to: Msisdn) -> None:
    """There are none."""


def _assumed(_customer: int) -> bool:
    """There is an endpoint."""
    return True


def _unregistered(_customer: str, _sender: str) -> None:
    """There is no register of senders."""


class Validator:
    """Turns requests into submissions.

    plan: counts segments of a text. is_callable: whether a URL has the form of one that webhooks may call.
    takes_reports: the same of those that façades may; None: it is no other.
    has_endpoint: whether a customer, by number, has an endpoint, whose secret signs what goes to a callback URL.
    registered: the classes of a sender in the register, by its customer's public id; empty for all, None for none such.
    stop_link: what stands in the link of a message, by customer, class and recipient.
    """

    def __init__(
        self,
        settings: MessageSettings,
        plan: Plan,
        is_callable: CheckUrl,
        has_endpoint: HasEndpoint = _assumed,
        registered: Registered = _unregistered,
        stop_link: StopLink = _no_links,
        takes_reports: CheckUrl | None = None,
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._is_callable = is_callable
        self._takes_reports = takes_reports or is_callable
        self._has_endpoint = has_endpoint
        self._registered = registered
        self._stop_link = stop_link

    def adopt(self, settings: MessageSettings) -> None:
        """For messages from now on."""
        self._settings = settings

    def check(self, key: ApiKey, request: MessageRequest, now_ms: int, form: SmppForm = NO_FORM) -> Submission:
        """The submission. Raises Refusal. form: what SMPP adds; the text of a part is then there to be classed only."""
        text, part = request.text, form.part
        if part is None:
            _refuse_unsendable(text, "text", MAX_TEXT)
            if not text.strip(BLANKS):
                raise Refusal("empty_field", "text")
            text = text.removeprefix(BYTE_ORDER_MARK)
        message_class, unguessed = self._class(key, request, text)
        source = self._sender(key, request.source, message_class)
        to = self.recipient(request.to, form)
        warnings: tuple[str, ...] = ()
        if key.customer.settings.content:
            text, warnings = enforce(key.customer.settings.content, text, changeable=part is None)
        if takes_no_messages(to):
            warnings = (*warnings, NO_MOBILE)
        if part is None and key.customer.settings.plain_punctuation:
            text = simplify(text)
        if part is None and STOP_LINK in text and message_class in NEEDING:
            text = text.replace(STOP_LINK, self._link(key, message_class, to))
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
            callback_url=self._callback(key, request.callback_url, is_signed=form.callback is None),
            flash=request.flash,
            data_coding=None if part is None else part.data_coding,
            header=b"" if part is None else part.header,
            path=form.path,
            warnings=warnings,
            coding=form.coding,
            marks=form.marks,
            unguessed=unguessed,
            callback=form.callback,
        )

    def without_guess(self, submission: Submission, request: MessageRequest, form: SmppForm) -> Submission:
        """The submission with the class that it has where its text is not looked at."""
        message_class = submission.unguessed
        assert message_class is not None
        return msgspec.structs.replace(
            submission,
            message_class=message_class,
            tag=_tag(request.retention, message_class),
            validity_s=self._validity(request.validity, message_class, clamp=form.clamp_validity),
            unguessed=None,
        )

    def recipient(self, raw: str, form: SmppForm = NO_FORM) -> Msisdn:
        """Whom a message goes to. Raises Refusal."""
        to = parse_number(raw, self._settings.default_region)
        if to is None and form is not NO_FORM:  # a number of another country, whose type the peer left unsaid
            to = parse_number(f"+{raw}", self._settings.default_region)
        if to is None:
            raise Refusal("invalid_number" if raw else "empty_field", "to")
        return to

    def _link(self, key: ApiKey, message_class: MessageClass, to: Msisdn) -> str:
        base = self._settings.stop_links
        written = None if base is None else self._stop_link(key.customer.id, message_class, to)
        if written is None:
            raise Refusal("no_stop_link", "text")
        return f"{base}/s/{written}"

    def _size(self, text: str) -> tuple[int, str]:
        """Segments and encoding."""
        try:
            plan = self._plan(text)
        except EncodingError:
            raise alone(Refusal("forbidden_character", "text")) from None
        if plan.segments > self._settings.max_segments:
            raise Refusal("text_too_long", "text")
        return plan.segments, _WRITTEN[plan.encoding]

    def _class(self, key: ApiKey, request: MessageRequest, text: str) -> tuple[MessageClass, MessageClass | None]:
        """And, where it was guessed, the one that it would be otherwise."""
        named = request.message_class
        if named is UNSET:
            default = _CLASSES[key.customer.settings.default_class]
            if default is not MessageClass.OTP and looks_like_otp(text) and self._may_be_guessed(key, request):
                return MessageClass.OTP, default
            message_class = default
        else:
            found = _CLASSES.get(str(named))
            if found is None:
                raise Refusal("invalid_class", "class")
            message_class = found
        if not _is_granted(key, message_class):
            raise Refusal("class_not_granted", "class")
        return message_class, None

    def _may_be_guessed(self, key: ApiKey, request: MessageRequest) -> bool:
        """Whether a text that reads like a code may be taken for one: never against what the customer says or may do.
        A guess that is refused, or cuts the validity, is worse than none.
        """
        if request.schedule_at is not None or not _is_granted(key, MessageClass.OTP):
            return False
        if request.validity is not None and request.validity > self._settings.otp_validity_s:
            return False
        source = sender_key(request.source)
        classes: Sequence[str] | None = key.customer.settings.senders.get(source)
        if classes is None:
            classes = self._registered(key.customer.public_id, source)
        return not classes or MessageClass.OTP.value in classes

    def _sender(self, key: ApiKey, raw: str, message_class: MessageClass) -> str:
        """In its one spelling. What stands in the customer's settings is not looked up in the register."""
        classes: Sequence[str] | None = key.customer.settings.senders.get(raw)
        if classes is None:
            raw = sender_key(raw)
            classes = key.customer.settings.senders.get(raw)
        if classes is None:
            classes = self._registered(key.customer.public_id, raw)
        if classes is None:
            _refuse_malformed_sender(raw)
            raise Refusal("sender_not_registered", "from")
        if classes and message_class.value not in classes:
            raise Refusal("sender_not_registered", "from")
        return raw

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
        if at_ms is None or not now_ms - PAST_MS <= at_ms <= now_ms + self._settings.max_schedule_s * 1000:
            raise Refusal("invalid_schedule", "schedule_at")
        return max(at_ms, now_ms)

    def _callback(self, key: ApiKey, url: str | None, *, is_signed: bool) -> MessageText | None:
        """is_signed: by the secret of the customer's endpoint, so there must be one."""
        if url is None:
            return None
        if len(url) > MAX_URL or not (self._is_callable if is_signed else self._takes_reports)(url):
            raise Refusal("invalid_url", "callback_url")
        if is_signed and not self._has_endpoint(key.customer.id):
            raise Refusal("callback_without_endpoint", "callback_url")
        return MessageText(url)


def parse_time(raw: str) -> int | None:
    """RFC 3339, to epoch milliseconds; None if it is anything else, or rounds up to a moment after the year 9999.
    Seconds may be left out; a leap second is the moment after it.
    """
    written = _TIME.fullmatch(raw) if len(raw) <= MAX_TIME else None
    if written is None:
        return None
    minute, second, fraction, offset = written.groups()
    is_leap = second == ":60"
    if is_leap or second is None:
        second = ":59" if is_leap else ":00"
    try:
        parsed = datetime.fromisoformat(f"{minute}{second}{fraction or ''}{offset}".upper())
        found = round(parsed.astimezone(UTC).timestamp() * 1000) + (1000 if is_leap else 0)
    except (ValueError, OverflowError):  # the latter for a moment that UTC has in no year from 1 to 9999
        return None
    return found if found <= LATEST_MS else None


def _is_granted(key: ApiKey, message_class: MessageClass) -> bool:
    return message_class in key.classes or not (key.classes or message_class is MessageClass.PROMOTIONAL)


def _refuse_unsendable(value: str, field: str, limit: int) -> None:
    if not value:
        raise Refusal("empty_field", field)
    if len(value) > limit:
        raise Refusal("text_too_long" if field == "text" else "field_too_long", field)
    if not value.isprintable() and _CONTROL.search(value):  # of what is printable nothing is forbidden
        raise Refusal("forbidden_character", field)


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

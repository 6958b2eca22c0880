"""What Twilio's clients send as a form, as a request of ours. What changes what is sent is refused, never dropped."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from gateway.accept.request import MessageRequest
from gateway.accept.validation import parse_time
from gateway.model.message import MessageClass
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from operators.smpp.coding import simplify

MAX_BODY: Final = 1_600
MAX_VALIDITY_S: Final = 36_000
SOONEST_MS: Final = 300 * 1_000
LATEST_MS: Final = 35 * 24 * 3600 * 1_000
_SECONDS: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_CLASS_OF: Final = {
    "otp": MessageClass.OTP.value,
    "marketing": MessageClass.PROMOTIONAL.value,
    "promotional": MessageClass.PROMOTIONAL.value,
}

Form = Mapping[str, str]
"""Fields of a form, those that are empty too."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One message that was asked for. is_by_service: a messaging service sends it, so no sender was named. to, source,
    body: as they were written, for the answer.
    """

    request: MessageRequest
    to: str
    source: str
    body: str
    is_by_service: bool = False

    def __repr__(self) -> str:
        return "Sent(•••)"


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's one messaging service. senders: the customer's, the first of them sends."""

    sid: str
    senders: Sequence[str]


def sent(form: Form, service: Service, now_ms: int) -> Sent:
    """Raises Refusal."""
    _refuse_media(form)
    to, body = form.get("To", ""), form.get("Body", "")
    if not to:
        raise Refusal("missing_field", "To")
    source, is_by_service = _source(form, service)
    if not body:
        raise Refusal("missing_field", "Body")
    if len(body) > MAX_BODY:
        raise Refusal("text_too_long", "text")
    return Sent(
        request=MessageRequest(
            to=to,
            source=source,
            text=simplify(body) if _is_true(form, "SmartEncoded") else body,
            message_class=_class(form),
            validity=_validity(form),
            schedule_at=_schedule(form, now_ms),
            retention="discard" if form.get("ContentRetention") == "discard" else None,
            callback_url=form.get("StatusCallback") or None,
        ),
        to=to,
        source=source,
        body=body,
        is_by_service=is_by_service,
    )


def _refuse_media(form: Form) -> None:
    """What would send something else than was asked for, were it dropped."""
    if form.get("MediaUrl") or _is_true(form, "SendAsMms"):
        raise Refusal("unsupported", "MediaUrl")
    if form.get("ContentSid"):
        raise Refusal("unsupported", "ContentSid")
    if _is_true(form, "ShortenUrls"):
        raise Refusal("unsupported", "ShortenUrls")
    if form.get("FallbackFrom"):
        raise Refusal("unsupported", "FallbackFrom")


def _source(form: Form, service: Service) -> tuple[str, bool]:
    """The sender, and whether the service chose it: one that is named as well goes before."""
    named, source = form.get("MessagingServiceSid", ""), form.get("From", "")
    if named and named != service.sid:
        raise Refusal("invalid_value", "MessagingServiceSid")
    if source:
        return source, bool(named)
    if not named:
        raise Refusal("missing_field", "From")
    if not service.senders:
        raise Refusal("missing_field", "MessagingServiceSid")
    return service.senders[0], True


def _class(form: Form) -> str | UnsetType:
    intent = form.get("MessageIntent", "")
    return _CLASS_OF.get(intent.lower(), MessageClass.TRANSACTIONAL.value) if intent else UNSET


def _validity(form: Form) -> int | None:
    raw = form.get("ValidityPeriod", "")
    if not raw:
        return None
    seconds = int(raw) if _SECONDS.fullmatch(raw) else 0
    if not 1 <= seconds <= MAX_VALIDITY_S:
        raise Refusal("invalid_validity", "validity")
    return seconds


def _schedule(form: Form, now_ms: int) -> str | None:
    raw, kind = form.get("SendAt", ""), form.get("ScheduleType", "")
    if kind and kind != "fixed":
        raise Refusal("invalid_value", "ScheduleType")
    if not raw:
        if kind:
            raise Refusal("missing_field", "SendAt")
        return None
    at_ms = parse_time(raw)
    if at_ms is None or not now_ms + SOONEST_MS <= at_ms <= now_ms + LATEST_MS:
        raise Refusal("invalid_schedule", "schedule_at")
    return rfc3339(at_ms)


def _is_true(form: Form, name: str) -> bool:
    return form.get(name, "").lower() == "true"

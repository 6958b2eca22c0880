"""What a request to sendsms asks for: one order for each receiver. Pure.

Numbers are read as C's `%d` reads them, so `3abc` is 3 and `abc` is as if it were not there. A body makes of it the
form in which parameters are headers and the body is the text.
"""

import re
from typing import Final

from msgspec import UNSET

from gateway.accept.raw_parts import raw_part, septets
from gateway.accept.request import MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.charsets import decoded
from gateway.http_api.facades.dialect import Asked, Order
from gateway.http_api.facades.fields import FORM, MULTIPART, Fields, Pair
from gateway.http_api.facades.kannel.escapes import without_meta
from gateway.model.refusals import Refusal
from gateway.model.reports import ALL
from gateway.model.submission import NO_MARKS, CallbackForm, Marks, RawPart, SmppForm
from gateway.model.times import rfc3339
from operators.smpp.udh import parse_udh
from redaction.errors import alone

NAME: Final = "kannel"
GSM, OCTETS, UCS2 = 0, 1, 2
_DATA_CODING: Final = {GSM: 0x00, OCTETS: 0x04, UCS2: 0x08}
_HIGHEST: Final = {
    "coding": 2,
    "mclass": 3,
    "mwi": 7,
    "alt-dcs": 1,
    "compress": 1,
    "pid": 0,
    "rpi": 2,
    "priority": 3,
    "dlr-mask": 63,
}
"""By parameter, its highest value; the lowest is 0. A protocol identifier would change what a phone does (silent
messages among it), so there is none but 0."""
_OTHER_NAMES: Final = {"dlr-mask": "dlrmask", "mclass": "flash"}
_NUMBERS: Final = {each: each for each in _HIGHEST} | {other: name for name, other in _OTHER_NAMES.items()}
"""By each way to write a parameter, its name."""
_UNDEFINED: Final = -1
"""What Kannel has for a number that is not given."""
_MINUTE_S: Final = 60
_MAX_UDH: Final = 140
_RECEIVERS: Final = re.compile(r"[0-9 +-]+", re.ASCII)
_IN_ACCOUNT: Final = frozenset("[]\r\n")
_MAX_ACCOUNT: Final = 64
_HEADER: Final = "X-Kannel-"
_BY_HEADER: Final = ("to", "from", "coding", "mclass", "mwi", "alt-dcs", "compress", "pid", "rpi", "validity",
                     "deferred", "priority", "dlr-mask", "dlr-url", "smsc", "account")  # fmt: skip
_TEXT: Final = "text/plain"
_BINARY: Final = "application/octet-stream"


def is_form(asked: Asked) -> bool:
    """Whether parameters stand in the query or a form. Raises Refusal for a body of a kind that is not taken."""
    media = asked.header("Content-Type").partition(";")[0].strip().lower()
    if asked.method == "GET" or media in (FORM, MULTIPART):
        return True
    if media in (_TEXT, _BINARY):
        return not asked.body
    if media or asked.body:
        raise Refusal("unsupported_media_type")
    return True


def read(asked: Asked, key: ApiKey, now_ms: int) -> list[Order]:
    """Raises Refusal."""
    fields = asked.fields if is_form(asked) else _of_headers(asked)
    receivers = _receivers(fields)
    source = _source(fields, key)
    numbers = {_NUMBERS[each]: _number(fields, _NUMBERS[each]) for each in fields if each in _NUMBERS}
    validity_s, deferred_s = _minutes(fields, "validity"), _minutes(fields, "deferred")
    header = _header(fields)
    coding = numbers.get("coding")
    if coding is None:
        coding = OCTETS if header else GSM
    part, text = _body(fields, coding, header)
    account = _account(fields)
    schedule = None if not deferred_s else rfc3339(now_ms + deferred_s * 1000)
    url, notify = _callback(fields, numbers.get("dlr-mask") or 0)
    form = SmppForm(
        part=part,
        marks=_marks(numbers.get("priority")),
        clamp_validity=True,
        notify=notify,
        callback=CallbackForm(NAME, {"p": source, "q": source, "n": key.prefix}) if url else None,
    )
    return [
        Order(
            MessageRequest(
                to=each,
                source=source,
                text=text,
                message_class=UNSET,
                reference=account,
                validity=None if validity_s is None else max(_MINUTE_S, validity_s - (deferred_s or 0)),
                schedule_at=schedule,
                callback_url=url,
                flash=part is None and numbers.get("mclass") == 0,
            ),
            form,
        )
        for each in receivers
    ]


def _receivers(fields: Fields) -> list[str]:
    """Numbers, split at spaces: a plus that was not encoded is one, too, so it is given back."""
    written = fields.text("to")
    if written is None:
        raise Refusal("missing_field", "to")
    if not written.strip():
        raise Refusal("empty_field", "to")
    if not _RECEIVERS.fullmatch(written):
        raise Refusal("invalid_number", "to")
    return [_international(each) for each in written.split()]


def _international(number: str) -> str:
    """As the door reads numbers: without a plus, or zeros before it, it is of a country all the same."""
    return number if number.startswith(("+", "0")) else f"+{number}"


def _source(fields: Fields, key: ApiKey) -> str:
    """A customer that has one sender only need not name it, as where Kannel has a default-sender."""
    source = (fields.text("from") or "").strip()
    if source:
        return source.removeprefix("+") if source.removeprefix("+").isdigit() else source
    senders = key.customer.settings.senders
    if len(senders) != 1:
        raise Refusal("missing_field", "from")
    return next(iter(senders))


def _number(fields: Fields, name: str) -> int | None:
    value = fields.number(name, _OTHER_NAMES.get(name, name))
    if value is None or value == _UNDEFINED:
        return None
    if not 0 <= value <= _HIGHEST[name]:
        raise Refusal("invalid_parameter", name)
    return value


def _minutes(fields: Fields, name: str) -> int | None:
    """In seconds."""
    value = fields.number(name)
    if value is None or value == _UNDEFINED:
        return None
    if value < 0:
        raise Refusal("invalid_parameter", name)
    return value * _MINUTE_S


def _header(fields: Fields) -> bytes:
    """The user data header, with its length before it; b"" for none."""
    header = fields.octets("udh") or b""
    if header and (parse_udh(header).malformed or len(header) != header[0] + 1):
        raise Refusal("invalid_parameter", "udh")
    if len(header) > _MAX_UDH:
        raise Refusal("field_too_long", "udh")
    return header


def _body(fields: Fields, coding: int, header: bytes) -> tuple[RawPart | None, str]:
    """What goes as it is, and the text to judge its class by; or None and the text to send.

    Without a charset a text of coding 2 is the octets of UTF-16, and any other one is UTF-8.
    """
    if coding == OCTETS:
        return raw_part(fields.octets("text") or b"", _DATA_CODING[OCTETS], header), ""
    charset = fields.text("charset") or ("utf-16-be" if coding == UCS2 else "utf-8")
    text = decoded(fields.octets("text") or b"", charset, "text")
    if not header:
        return None, text
    octets = septets(text) if coding == GSM else text.encode("utf-16-be", "surrogatepass")
    return raw_part(octets, _DATA_CODING[coding], header), text


def _account(fields: Fields) -> str | None:
    account = fields.text("account")
    if account and (len(account) > _MAX_ACCOUNT or not _IN_ACCOUNT.isdisjoint(account)):
        raise Refusal("field_too_long", "reference")
    return account or None


def _callback(fields: Fields, mask: int) -> tuple[str | None, int]:
    """The URL of reports and which of them are wanted; none of either where there is no URL, or nothing is wanted."""
    url = fields.text("dlr-url", "dlrurl")
    if url and not url.lower().startswith(("http://", "https://")):
        raise Refusal("invalid_url", "callback_url")
    notify = mask & ALL
    return (without_meta(url), notify) if url and notify else (None, 0)


def _marks(priority: int | None) -> Marks:
    return Marks(priority=priority) if priority else NO_MARKS


def _of_headers(asked: Asked) -> Fields:
    """The form with a body: parameters in headers, the user data header in hexadecimal digits, the text as it is."""
    pairs: list[Pair] = [("text", asked.body)]
    media, *parameters = asked.header("Content-Type").split(";")
    for name, _, value in (each.partition("=") for each in parameters):
        if name.strip().lower() == "charset":
            pairs.append(("charset", value.strip(' "').encode("utf-8", "replace")))
    if media.strip().lower() == _BINARY:
        pairs.append(("coding", b"1"))
    for name in _BY_HEADER:
        value = asked.header(_HEADER + name)
        if value:
            pairs.append((name, value.encode("utf-8", "surrogateescape")))
    try:
        pairs.append(("udh", bytes.fromhex(asked.header(_HEADER + "UDH"))))
    except ValueError:
        raise alone(Refusal("invalid_parameter", "udh")) from None
    return Fields(pairs)

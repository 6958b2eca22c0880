"""The objects that Twilio's clients read: a message, a page of them, an account."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec

from gateway.http_api.facades.twilio.form import Form, Sent
from gateway.http_api.facades.twilio.sids import message_sid, page_token, service_sid
from gateway.http_api.facades.twilio.statuses import ACCEPTED, error_code, error_text, shown_status
from gateway.http_api.facades.twilio.times import written, written_or_none
from gateway.http_api.views import is_scheduled
from gateway.model.message import Message, Status

API_VERSION: Final = "2010-04-01"
ROOT: Final = f"/{API_VERSION}/Accounts"
_encode: Final = msgspec.json.Encoder().encode


class MessageObject(msgspec.Struct, frozen=True, kw_only=True, rename={"source": "from"}):
    """Numbers that are counts are strings here."""

    account_sid: str
    api_version: str
    body: str
    date_created: str
    date_sent: str | None
    date_updated: str
    direction: str
    error_code: int | None
    error_message: str | None
    source: str | None
    messaging_service_sid: str | None
    num_media: str
    num_segments: str
    price: str | None
    price_unit: str
    sid: str
    status: str
    subresource_uris: dict[str, str]
    to: str | None
    uri: str

    def __repr__(self) -> str:
        return "MessageObject(•••)"


class Account(msgspec.Struct, frozen=True):
    """Of a customer: public id, and the sid in its paths."""

    public_id: str
    sid: str
    unit: str = "USD"

    @property
    def uri(self) -> str:
        return f"{ROOT}/{self.sid}"


def created(message: Message, sent: Sent, account: Account) -> MessageObject:
    """The answer to who sent it: the only one that repeats its text and numbers, out of the request."""
    shown = stored(message, sent.to, account)
    if not sent.is_by_service:
        return msgspec.structs.replace(shown, body=sent.body, to=sent.to, source=sent.source)
    return msgspec.structs.replace(
        shown,
        body=sent.body,
        to=sent.to,
        num_segments="0",
        messaging_service_sid=service_sid(account.public_id),
        status=shown.status if is_scheduled(message) else ACCEPTED,
    )


def stored(message: Message, person: str, account: Account) -> MessageObject:
    """As the record has it: no text. person: what is shown of the person's number."""
    is_inbound = message.status is Status.RECEIVED
    code = error_code(message, message.status)
    uri = f"{account.uri}/Messages/{message_sid(message.id)}"
    return MessageObject(
        account_sid=account.sid,
        api_version=API_VERSION,
        body="",
        date_created=written(message.accepted_ms),
        date_sent=written_or_none(message.accepted_ms if is_inbound else message.submitted_ms),
        date_updated=written(message.final_ms or message.submitted_ms or message.accepted_ms),
        direction="inbound" if is_inbound else "outbound-api",
        error_code=code,
        error_message=error_text(code),
        source=person if is_inbound else None,
        messaging_service_sid=None,
        num_media="0",
        num_segments=str(message.segments),
        price=None,
        price_unit=account.unit,
        sid=message_sid(message.id),
        status=shown_status(message, is_scheduled=is_scheduled(message)),
        subresource_uris={"media": f"{uri}/Media.json"},
        to=None if is_inbound else person,
        uri=f"{uri}.json",
    )


class PageAsked(msgspec.Struct, frozen=True, kw_only=True):
    """filters: of the query, which all links of the page keep. number: what the client calls the page."""

    path: str
    filters: Form
    size: int
    number: int = 0
    token: str = ""


def page(name: str, items: Sequence[object], asked: PageAsked, cursor: bytes | None) -> bytes:
    """A list: these keys and no other, since clients take a further one for the list. cursor: of the next page."""
    first = asked.number * asked.size
    here = _link(asked, asked.number, asked.token)
    return _encode(
        {
            name: items,
            "uri": here,
            "page": asked.number,
            "page_size": asked.size,
            "start": first,
            "end": max(first, first + len(items) - 1),
            "first_page_uri": _link(asked, 0, ""),
            "next_page_uri": None if cursor is None else _link(asked, asked.number + 1, page_token(cursor)),
            "previous_page_uri": None,
        }
    )


def _link(asked: PageAsked, number: int, token: str) -> str:
    """Relative: clients join it to where they were told to go."""
    query = {**asked.filters, "PageSize": str(asked.size), "Page": str(number)}
    if token:
        query["PageToken"] = token
    return f"{asked.path}?{urlencode(query)}"


def account_object(account: Account) -> bytes:
    return _encode(
        {
            "sid": account.sid,
            "friendly_name": account.public_id,
            "status": "active",
            "type": "Full",
            "owner_account_sid": account.sid,
            "uri": f"{account.uri}.json",
            "subresource_uris": {"messages": f"{account.uri}/Messages.json"},
        }
    )

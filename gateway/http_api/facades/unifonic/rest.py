"""Unifonic's REST API: `AppSid` is the whole key, a frame with `success` and `errorCode` is every answer.

Paths of its first version (`/rest/Messages/Send`) write `success` as a word, those of its second as a truth.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, UnsetType

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Endpoint, Facade, Order, Read, Taken, Work
from gateway.http_api.facades.ids import find_number, number_of
from gateway.http_api.facades.parts import Parts
from gateway.http_api.facades.saudi import (
    Names,
    balance,
    encode,
    orders,
    refused,
    riyadh_clock,
    riyadh_time,
)
from gateway.http_api.facades.sending import sends
from gateway.http_api.facades.unifonic.words import WORDS
from gateway.http_api.replies import Reply
from gateway.ledger.contract import Page
from gateway.model.message import Status
from gateway.model.refusals import Refusal
from redaction.errors import alone
from redaction.personal import Secret

NAME: Final = "unifonic"
DONE: Final = "ER-00"
_NAMES: Final = Names(text="Body", to="Recipient", source="SenderID")
_CLASSES: Final = {1: "warning", 3: "transactional", 5: "promotional", 6: "awareness"}
"""By MessageType; what it does not say is guessed as everywhere."""
_BOTH: Final = frozenset({"GET", "POST"})
_OLD: Final = "/rest/Messages/"
_QUEUED: Final = "Queued"
_DLR: Final = {
    Status.DELIVERED: "Delivered",
    Status.UNDELIVERED: "Undelivered",
    Status.EXPIRED: "Expired",
    Status.REJECTED: "Rejected",
    Status.SUPPRESSED: "Rejected",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Deleted",
    Status.UNKNOWN: "Unknown",
}
_FAILED: Final = frozenset({Status.REJECTED, Status.SUPPRESSED, Status.FAILED, Status.CANCELLED})


def facade(parts: Parts) -> Facade:
    answers = _Answers(parts)
    one, many = (sends(answers.read, each) for each in (answers.sent, answers.sent_many))
    return Facade(
        name=NAME,
        prefixes=("/rest/",),
        endpoints=(
            _sends("/rest/SMS/messages", one),
            _sends("/rest/SMS/Messages/Send", one),
            _sends("/rest/SMS/messages/bulk", many),
            _sends("/rest/SMS/messages/scheduledmessages", one),
            _sends(f"{_OLD}Send", one),
            _sends(f"{_OLD}SendBulk", many),
            _looks("/rest/SMS/messages/getMessageIDStatus", answers.status),
            _looks(f"{_OLD}GetMessageIDStatus", answers.status),
            _looks("/rest/Account/GetBalance", answers.balance),
        ),
        refused=answers.refused,
    )


def _sends(path: str, read: Read) -> Endpoint:
    return Endpoint(path=path, methods=frozenset({"POST"}), login=login, sends={"POST": read})


def _looks(path: str, work: Work) -> Endpoint:
    return Endpoint(path=path, methods=_BOTH, login=login, work=work, scope="status")


def login(asked: Asked) -> Secret | None:
    return asked.fields.take("AppSid", "appsid", "appSid")


class _Answers:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def read(self, asked: Asked, key: ApiKey) -> Sequence[Order]:
        """Raises Refusal."""
        fields = asked.fields
        at = fields.text("TimeScheduled")
        return orders(
            asked,
            key,
            _NAMES,
            message_class=_class(fields.number("MessageType")),
            reference=fields.text("CorrelationID") or None,
            schedule_at=riyadh_time(at, "schedule_at") if at else None,
            read_text=_plain if fields.text("baseEncode") == "true" else str,
        )

    def sent(self, asked: Asked, _key: ApiKey, taken: Sequence[Taken]) -> Reply:
        first = taken[0].message
        return self._framed(
            asked,
            {
                "MessageID": number_of(first.id),
                "CorrelationID": asked.fields.text("CorrelationID") or "",
                "Status": _QUEUED,
                "NumberOfUnits": sum(each.message.segments for each in taken),
                **_money(),
                "Recipient": (asked.fields.text("Recipient") or "").lstrip("+"),
                "TimeCreated": riyadh_clock(first.accepted_ms),
            },
        )

    def sent_many(self, asked: Asked, _key: ApiKey, taken: Sequence[Taken]) -> Reply:
        rows = [
            {
                "MessageID": number_of(each.message.id),
                "Recipient": each.order.request.to.lstrip("+"),
                "Status": _QUEUED,
            }
            for each in taken
        ]
        units = sum(each.message.segments for each in taken)
        at = riyadh_clock(taken[0].message.accepted_ms)
        return self._framed(asked, {"Messages": rows, "NumberOfUnits": units, **_money(), "TimeCreated": at})

    async def status(self, asked: Asked, key: ApiKey) -> Reply:
        messages, customer = self._parts.sources.messages, key.customer.id

        async def listing(of: int, since_ms: int, cursor: bytes, limit: int) -> Page:
            return await messages.list_messages(of, status=None, since_ms=since_ms, cursor=cursor, limit=limit)

        identifier = await find_number(asked.fields.text("MessageID") or "", customer, listing)
        found = None if identifier is None else await messages.find(customer, identifier)
        if found is None:
            raise Refusal("not_found")
        status = found.status
        said = "Failed" if status in _FAILED else "Sent" if found.submitted_ms is not None else _QUEUED
        return self._framed(asked, {"Status": said, "DLR": _DLR.get(status, "")})

    async def balance(self, asked: Asked, key: ApiKey) -> Reply:
        left = await balance(self._parts, key)
        return self._framed(asked, {"Balance": f"{left:.5f}", "CurrencyCode": "", "SharedBalance": "0.00000"})

    def refused(self, refusal: Refusal) -> Reply:
        return refused(
            self._parts.replies,
            refusal,
            WORDS,
            lambda said: {"success": False, "message": said.text, "errorCode": said.code, "data": {}},
        )

    def _framed(self, asked: Asked, data: object) -> Reply:
        done = "true" if asked.path.startswith((_OLD, "/rest/Account/")) else True
        body = {"success": done, "message": "", "errorCode": DONE, "data": data}
        return self._parts.replies.of(200, encode(body))


def _class(number: int | None) -> str | UnsetType:
    if number is None:
        return UNSET
    found = _CLASSES.get(number)
    if found is None:
        raise Refusal("invalid_class", "class")
    return found


def _plain(written: str) -> str:
    try:
        return base64.b64decode(written, validate=True).decode()
    except (binascii.Error, ValueError):
        raise alone(Refusal("forbidden_character", "text")) from None


def _money() -> dict[str, object]:
    """Prices are between the platform and its customer, and stand in the statement of usage."""
    return {"Cost": 0, "Balance": 0, "CurrencyCode": ""}

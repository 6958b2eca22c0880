"""One message to several recipients in one request: `to` is a list.

Each is judged, taken and answered on its own; where none is taken, the request is refused as that to the first is.

The same number twice gets one message, however it is written. An idempotency key covers all of them, by their places
without such repetitions, as it covers those of a batch.
"""

import asyncio
from typing import Final

import msgspec
from msgspec import Raw

from gateway.accept.request import BatchItem, MessageRequest, ProblemView, SeveralAccepted, SeveralItem
from gateway.accounts.customers import ApiKey
from gateway.http_api.batch import TURN, BatchSender
from gateway.http_api.decoding import BOM, decode, decode_message, refuse_repeated_names
from gateway.http_api.sending import SendPath, Waiter
from gateway.model.refusals import Refusal, refusal_of
from redaction.errors import alone
from redaction.personal import Purpose

_encode: Final = msgspec.json.Encoder().encode
_fields: Final = msgspec.json.Decoder(dict[str, Raw])
_list: Final = msgspec.json.Decoder(list[str])


class SeveralSender:
    """most: recipients of one request."""

    def __init__(self, path: SendPath, batches: BatchSender, most: int) -> None:
        self._path = path
        self._batches = batches
        self.most = most

    async def send(self, key: ApiKey, body: bytes, idempotency: str | None, waiter: Waiter) -> None:
        """See `gateway.http_api.sending.Several`."""
        try:
            template, recipients = self._read(body)
            asked = [msgspec.structs.replace(template, to=each) for each in recipients]
            first = await self._first(asked)
        except BaseException as error:
            self._path.settle(key, 1, 1)
            if not isinstance(error, Exception):
                raise
            waiter.refused(refusal_of(error))
            return
        places = [place for place, each in enumerate(first) if place == each]
        messages = [asked[place] for place in places]
        try:
            items = await self._batches.send(key, messages, idempotency, admitted=1)
            said = _encode(_answer(first, dict(zip(places, items, strict=True))))
        except Exception as error:
            waiter.refused(refusal_of(error))
            return
        waiter.taken(said, b"")

    def _read(self, body: bytes) -> tuple[MessageRequest, list[str]]:
        """The message to the first of them, and all of them. Raises Refusal."""
        body = body.removeprefix(BOM)
        refuse_repeated_names(body)
        fields = decode(_fields, body)
        try:
            recipients = decode(_list, bytes(fields["to"]))
        except Refusal as refusal:
            raise alone(Refusal("wrong_type", f"to{refusal.field or ''}")) from None
        if not recipients:
            raise Refusal("empty_field", "to")
        if len(recipients) > self.most:
            raise Refusal("batch_too_long", "to")
        return decode_message(_encode({**fields, "to": recipients[0]})), recipients

    async def _first(self, asked: list[MessageRequest]) -> list[int]:
        """For each recipient the place of the first that is the same; in turns with others."""
        found: dict[str, int] = {}
        places: list[int] = []
        for place, each in enumerate(asked):
            places.append(found.setdefault(self._spelled(each), place))
            if not (place + 1) % TURN:
                await asyncio.sleep(0)
        return places

    def _spelled(self, request: MessageRequest) -> str:
        """The one spelling of a number; what is none stands for itself."""
        try:
            return self._path.recipient(request).reveal(Purpose.ACCEPT)
        except Refusal:
            return request.to


def _answer(first: list[int], items: dict[int, BatchItem]) -> SeveralAccepted:
    """first: for each recipient the place of the first that is the same. items: of those places.

    Raises Refusal, that of the first, where none was taken: it is the message that is wrong, as a rule.
    """
    errors = [_of_recipient(each.error, place) for place, each in items.items() if each.error is not None]
    refused = len(errors)
    if refused == len(items):
        raise Refusal(errors[0].code, errors[0].field)
    return SeveralAccepted(
        accepted=len(items) - refused,
        refused=refused,
        duplicates=len(first) - len(items),
        items=[
            _item(items[place], place) if place == each else SeveralItem(duplicate_of=each)
            for place, each in enumerate(first)
        ],
    )


def _item(item: BatchItem, place: int) -> SeveralItem:
    error = None if item.error is None else _of_recipient(item.error, place)
    return SeveralItem(message=item.message, error=error, replayed=item.replayed)


def _of_recipient(error: ProblemView, place: int) -> ProblemView:
    """Its field as this request has it."""
    _, _, field = (error.field or "").partition(".")
    return msgspec.structs.replace(error, field=f"to[{place}]" if field in ("", "to") else field)

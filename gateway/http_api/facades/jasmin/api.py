"""Jasmin's send, rate, balance and ping, and its REST variant's `/secure/send`, sendbatch, rate and balance."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Endpoint, Facade, Order, Taken
from gateway.http_api.facades.fields import Fields
from gateway.http_api.facades.ids import uuid_of
from gateway.http_api.facades.jasmin.batch import dashed, orders
from gateway.http_api.facades.jasmin.reading import NAME, read, said_in
from gateway.http_api.facades.jasmin.words import WORDS
from gateway.http_api.facades.logins import basic, joined
from gateway.http_api.facades.parts import Parts
from gateway.http_api.facades.sending import sends
from gateway.http_api.replies import JSON, Reply
from gateway.limits.balance import MICRO
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from operators.smpp.coding import EncodingError
from operators.smpp.segments import plan
from redaction.errors import alone
from redaction.personal import Secret

_PLAIN: Final = "text/plain"
_HTML: Final = "text/html"
"""What its framework says of an answer of which it says nothing."""
_ANY: Final = frozenset({"GET", "POST"})
_GET: Final = frozenset({"GET"})
NOT_DEFINED: Final = "ND"
"""Jasmin's word for what nobody has set."""
_encode: Final = msgspec.json.Encoder().encode

Write = Callable[[str], tuple[bytes, str]]
"""A text of an answer as a body and its media type."""


def facade(parts: Parts) -> Facade:
    api = _Api(parts)
    send = sends(api.read, api.sent)
    secure = sends(api.read_secure, api.sent_securely)
    batch = sends(api.read_batch, api.batch_sent)
    said, data = api.refused_in(_json), api.refused_in(_message)
    return Facade(
        name=NAME,
        prefixes=("/secure/",),
        endpoints=(
            Endpoint(path="/send", methods=_ANY, login=login, sends=dict.fromkeys(_ANY, send)),
            Endpoint(path="/rate", methods=_ANY, login=login, work=api.rate, refused=said),
            Endpoint(path="/balance", methods=_GET, login=login, work=api.balance, scope="status", refused=said),
            Endpoint(
                path="/secure/send",
                methods=frozenset({"POST"}),
                login=secure_login,
                sends={"POST": secure},
                refused=data,
            ),
            Endpoint(
                path="/secure/sendbatch",
                methods=frozenset({"POST"}),
                login=secure_login,
                sends={"POST": batch},
                refused=data,
                reads_body=True,
            ),
            Endpoint(path="/secure/rate", methods=_GET, login=secure_login, work=api.rate_securely, refused=data),
            Endpoint(
                path="/secure/balance",
                methods=_GET,
                login=secure_login,
                work=api.balance_securely,
                scope="status",
                refused=data,
            ),
        ),
        refused=api.refused_in(_error),
        pages={"/ping": api.ping},
    )


def login(asked: Asked) -> Secret | None:
    """Raises Refusal where one of the two is not there."""
    found = asked.fields.take("username"), asked.fields.take("password")
    for name, each in zip(("username", "password"), found, strict=True):
        if each is None:
            raise Refusal("missing_field", name)
    return joined(*found)


def secure_login(asked: Asked) -> Secret | None:
    """Of the Authorization header."""
    found = basic(asked)
    return None if found is None else joined(Secret(found[0]), found[1])


class _Api:
    def __init__(self, parts: Parts) -> None:
        self._replies = parts.replies
        self._clock = parts.clock
        self._left = parts.sources.left

    def ping(self) -> Reply:
        return self._replies.of(200, b"Jasmin/PONG", _HTML)

    def read(self, asked: Asked, key: ApiKey) -> Sequence[Order]:
        return read(asked, key, self._clock.now_ms())

    def read_secure(self, asked: Asked, key: ApiKey) -> Sequence[Order]:
        return self.read(msgspec.structs.replace(asked, fields=dashed(asked.fields)), key)

    def read_batch(self, asked: Asked, key: ApiKey) -> Sequence[Order]:
        return orders(asked, key, self._clock.now_ms())

    def sent(self, _asked: Asked, _key: ApiKey, taken: Sequence[Taken]) -> Reply:
        return self._replies.of(200, _success(taken[0].message).encode(), _PLAIN)

    def sent_securely(self, _asked: Asked, _key: ApiKey, taken: Sequence[Taken]) -> Reply:
        return self._data(_success(taken[0].message))

    def batch_sent(self, _asked: Asked, _key: ApiKey, taken: Sequence[Taken]) -> Reply:
        """The batch has no id of its own: that of its first message stands for it."""
        ids = [uuid_of(each.message.id) for each in taken]
        return self._data({"batchId": ids[0], "messageCount": len(ids), "messageIds": ids})

    async def rate(self, asked: Asked, key: ApiKey) -> Reply:
        return self._replies.of(200, _encode(_rate(asked.fields)), JSON)

    async def rate_securely(self, asked: Asked, key: ApiKey) -> Reply:
        return self._data(_rate(dashed(asked.fields)))

    async def balance(self, _asked: Asked, key: ApiKey) -> Reply:
        return self._replies.of(200, _encode(await self._balance_of(key)), JSON)

    async def balance_securely(self, _asked: Asked, key: ApiKey) -> Reply:
        return self._data(await self._balance_of(key))

    async def _balance_of(self, key: ApiKey) -> dict[str, object]:
        """Messages are not counted down here, so their number is never defined."""
        left_micro = None if self._left is None else await self._left(key.customer.id)
        return {"balance": NOT_DEFINED if left_micro is None else left_micro / MICRO, "sms_count": NOT_DEFINED}

    def _data(self, said: object) -> Reply:
        return self._replies.of(200, _encode({"data": said}), JSON)

    def refused_in(self, write: Write) -> Callable[[Refusal], Reply]:
        """How an endpoint says a refusal."""

        def refused(refusal: Refusal) -> Reply:
            said = WORDS.of(refusal)
            status = 401 if write is _message and refusal.code == "unauthenticated" else said.status
            body, media = write(said.text)
            more = self._replies.retry_after(refusal) if status == 503 else b""
            return self._replies.of(status, body, media, more=more)

        return refused


def _success(message: Message) -> str:
    return f'Success "{uuid_of(message.id)}"'


def _rate(fields: Fields) -> dict[str, float]:
    """Of a text without a content one part; there are no prices here."""
    said = said_in(fields)
    try:
        return {"unit_rate": 0.0, "submit_sm_count": plan(said.get("content", "")).segments}
    except EncodingError:
        raise alone(Refusal("forbidden_character", "text")) from None


def _error(text: str) -> tuple[bytes, str]:
    return f'Error "{text}"'.encode(), _PLAIN


def _json(text: str) -> tuple[bytes, str]:
    return _encode(text), JSON


def _message(text: str) -> tuple[bytes, str]:
    return _encode({"message": f'Error "{text}"'}), JSON

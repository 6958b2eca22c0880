"""Jasmin's send, rate and balance, and its REST variant's `/secure/send`, rate and balance."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Endpoint, Facade, Order, Taken
from gateway.http_api.facades.fields import Fields
from gateway.http_api.facades.ids import uuid_of
from gateway.http_api.facades.jasmin.reading import NAME, read, said_in
from gateway.http_api.facades.jasmin.words import WORDS
from gateway.http_api.facades.logins import basic, joined
from gateway.http_api.facades.parts import Parts
from gateway.http_api.facades.sending import sends
from gateway.http_api.replies import JSON, Reply
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from operators.smpp.coding import EncodingError
from operators.smpp.segments import plan
from redaction.errors import alone
from redaction.personal import Secret

_PLAIN: Final = "text/plain"
_ANY: Final = frozenset({"GET", "POST"})
_GET: Final = frozenset({"GET"})
_NOT_DEFINED: Final = {"balance": "ND", "sms_count": "ND"}
"""Jasmin's word for what nobody has set. What a customer has left is told by our own API."""
_encode: Final = msgspec.json.Encoder().encode

Write = Callable[[str], tuple[bytes, str]]
"""A text of an answer as a body and its media type."""


def facade(parts: Parts) -> Facade:
    api = _Api(parts)
    send = sends(api.read, api.sent)
    secure = sends(api.read_secure, api.sent_securely)
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

    def read(self, asked: Asked, key: ApiKey) -> Sequence[Order]:
        return read(asked, key, self._clock.now_ms())

    def read_secure(self, asked: Asked, key: ApiKey) -> Sequence[Order]:
        return self.read(_dashed(asked), key)

    def sent(self, _asked: Asked, _key: ApiKey, taken: Sequence[Taken]) -> Reply:
        return self._replies.of(200, _success(taken[0].message).encode(), _PLAIN)

    def sent_securely(self, _asked: Asked, _key: ApiKey, taken: Sequence[Taken]) -> Reply:
        return self._data(_success(taken[0].message))

    async def rate(self, asked: Asked, key: ApiKey) -> Reply:
        return self._replies.of(200, _encode(_rate(asked)), JSON)

    async def rate_securely(self, asked: Asked, key: ApiKey) -> Reply:
        return self._data(_rate(_dashed(asked)))

    async def balance(self, _asked: Asked, _key: ApiKey) -> Reply:
        return self._replies.of(200, _encode(_NOT_DEFINED), JSON)

    async def balance_securely(self, _asked: Asked, _key: ApiKey) -> Reply:
        return self._data(_NOT_DEFINED)

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


def _rate(asked: Asked) -> dict[str, int]:
    """Of a text without a content one part; there are no prices here."""
    said = said_in(asked.fields)
    try:
        return {"unit_rate": 0, "submit_sm_count": plan(said.get("content", "")).segments}
    except EncodingError:
        raise alone(Refusal("forbidden_character", "text")) from None


def _dashed(asked: Asked) -> Asked:
    """Names of the REST variant may have `_` where those of the HTTP API have `-`."""
    fields = asked.fields
    renamed = Fields(
        (name if name == "custom_tlvs" else name.replace("_", "-"), fields.octets(name) or b"") for name in fields
    )
    return msgspec.structs.replace(asked, fields=renamed)


def _error(text: str) -> tuple[bytes, str]:
    return f'Error "{text}"'.encode(), _PLAIN


def _json(text: str) -> tuple[bytes, str]:
    return _encode(text), JSON


def _message(text: str) -> tuple[bytes, str]:
    return _encode({"message": f'Error "{text}"'}), JSON

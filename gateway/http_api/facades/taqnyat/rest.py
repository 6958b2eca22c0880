"""Taqnyat's REST API: a bearer token, JSON, forms or a query, and numbers as ids.

`/v1/messages` is a path of our own API as well. All paths answer under `/taqnyat`, which is what a program's base
address ends in; where only the host of it can be set, `/v1/messages` is Taqnyat's for requests with a token of the
form that façades have, which no key of our own API has.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qs

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Endpoint, Facade, Header, Order, Read, Taken, Work
from gateway.http_api.facades.ids import number_of
from gateway.http_api.facades.logins import bearer
from gateway.http_api.facades.parts import Parts
from gateway.http_api.facades.saudi import Names, balance, encode, orders, refused, riyadh_time
from gateway.http_api.facades.sending import sends
from gateway.http_api.facades.taqnyat.words import WORDS
from gateway.http_api.replies import Reply
from gateway.model.refusals import Refusal
from redaction.personal import Secret

NAME: Final = "taqnyat"
ROOT: Final = "/taqnyat"
_NAMES: Final = Names(text="body", to="recipients", source="sender")
CURRENCY: Final = "SAR"
_TOKEN: Final = re.compile(r"(?:bearer\s+)?[0-9a-f]{32}", re.IGNORECASE | re.ASCII)
_IN_FIELDS: Final = ("bearerTokens", "auth")
Claims = Callable[[Header, str], bool]
_BOTH: Final = frozenset({"GET", "POST"})


def facade(parts: Parts) -> Facade:
    answers = _Answers(parts)
    send = sends(answers.read, answers.sent)
    works: list[tuple[str, Work]] = [
        ("/v1/messages/senders", answers.senders),
        ("/account/balance", answers.balance),
        ("/system/status", answers.system),
    ]
    return Facade(
        name=NAME,
        prefixes=(f"{ROOT}/",),
        endpoints=(
            _sends(f"{ROOT}/v1/messages", send),
            *(_looks(ROOT + path, work) for path, work in works),
            _sends("/v1/messages", send, claims),
            *(_looks(path, work, claims) for path, work in works),
        ),
        refused=answers.refused,
    )


def _sends(path: str, read: Read, claims: Claims | None = None) -> Endpoint:
    return Endpoint(path=path, methods=_BOTH, login=login, sends=dict.fromkeys(_BOTH, read), claims=claims)


def _looks(path: str, work: Work, claims: Claims | None = None) -> Endpoint:
    return Endpoint(path=path, methods=_BOTH, login=login, work=work, scope="status", claims=claims)


def claims(header: Header, query: str) -> bool:
    """Whether a request to a path that is not under `/taqnyat` is meant for it."""
    return _TOKEN.fullmatch(header("Authorization").strip()) is not None or "bearerTokens" in parse_qs(query)


def login(asked: Asked) -> Secret | None:
    """Of the header, with its scheme or without, or of a field."""
    taken = asked.fields.take(*_IN_FIELDS)
    header = asked.header("Authorization").strip()
    if header and " " not in header:
        return Secret(header)
    return bearer(asked) or taken


class _Answers:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def read(self, asked: Asked, key: ApiKey) -> Sequence[Order]:
        """Raises Refusal."""
        at = asked.fields.text("scheduledDatetime", "scheduled")
        return orders(asked, key, _NAMES, schedule_at=riyadh_time(at, "schedule_at") if at else None)

    def sent(self, _asked: Asked, _key: ApiKey, taken: Sequence[Taken]) -> Reply:
        accepted = "".join(f"{each.order.request.to.lstrip('+')}," for each in taken)
        first = taken[0].message
        body = {
            "statusCode": 201,
            "messageId": number_of(first.id),
            "cost": 0,
            "currency": CURRENCY,
            "totalCount": len(taken),
            "msgLength": first.segments,
            "accepted": f"[{accepted}]",
            "rejected": "[]",
        }
        return self._parts.replies.of(201, encode(body))

    async def senders(self, _asked: Asked, key: ApiKey) -> Reply:
        rows = [{"senderName": each, "name": each, "status": "active"} for each in key.customer.settings.senders]
        return self._said({"senders": rows})

    async def balance(self, _asked: Asked, key: ApiKey) -> Reply:
        left = await balance(self._parts, key)
        return self._said({"accountStatus": "active", "balance": f"{left:.2f}", "currency": CURRENCY})

    async def system(self, _asked: Asked, _key: ApiKey) -> Reply:
        return self._said({"status": "Active"})

    def refused(self, refusal: Refusal) -> Reply:
        return refused(
            self._parts.replies, refusal, WORDS, lambda said: {"statusCode": said.status, "message": said.text}
        )

    def _said(self, more: dict[str, object]) -> Reply:
        return self._parts.replies.of(200, encode({"statusCode": 200, **more}))

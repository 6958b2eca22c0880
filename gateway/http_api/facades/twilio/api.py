"""Twilio's REST API of 2010-04-01, as far as messages go. With or without `.json`: there is no other form."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Endpoint, Facade, Read, Work
from gateway.http_api.facades.parts import Parts
from gateway.http_api.facades.twilio.calls import NAME
from gateway.http_api.facades.twilio.messages import Messages
from gateway.http_api.facades.twilio.owner import login, owner
from gateway.http_api.facades.twilio.resources import API_VERSION, ROOT, account_object
from gateway.http_api.facades.twilio.words import WORDS, fault_view
from gateway.http_api.replies import Replies, Reply
from gateway.model.refusals import Refusal

_REALM: Final = b'WWW-Authenticate: Basic realm="Twilio API"\r\n'
_READS: Final = {"GET": "status"}
_BOTH: Final = {"GET": "status", "POST": "send", "DELETE": "send"}
_encode: Final = msgspec.json.Encoder().encode


def facade(parts: Parts) -> Facade:
    messages, words = Messages(parts), _Words(parts.replies)
    under = f"{ROOT}/{{account}}"
    endpoints = (
        *_endpoints(
            f"{under}/Messages", {"GET": "status", "POST": "send"}, messages.listed, {"POST": messages.created}
        ),
        *_endpoints(f"{under}/Messages/{{sid}}/Media", _READS, messages.media),
        *_endpoints(f"{under}/Messages/{{sid}}", _BOTH, messages.one),
        *_endpoints(under, _READS, words.account),
    )
    return Facade(name=NAME, prefixes=(f"/{API_VERSION}/",), endpoints=endpoints, refused=words.refused)


def _endpoints(path: str, scopes: Mapping[str, str], work: Work, sends: Mapping[str, Read] = {}) -> Iterator[Endpoint]:
    for suffix in (".json", ""):
        yield Endpoint(
            path=path + suffix, methods=frozenset(scopes), login=login, sends=sends, work=work, scopes=scopes
        )


class _Words:
    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    async def account(self, asked: Asked, key: ApiKey) -> Reply:
        return self._replies.of(200, account_object(owner(asked, key)))

    def refused(self, refusal: Refusal) -> Reply:
        """Never a problem document: clients would take it for another kind of error."""
        said = WORDS.of(refusal)
        more = self._replies.retry_after(refusal) if said.status in (429, 503) else b""
        if said.status == 401:
            more += _REALM
        return self._replies.of(said.status, _encode(fault_view(said)), more=more)

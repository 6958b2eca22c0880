"""Kannel's sendsms: one line of text for an answer, no id in it, whatever the number of receivers.

What was sent is named in headers that Kannel's programs pass over: `X-Message-Ids`, and `X-Coding` where a text went
out in UCS-2 though that was not asked for.
"""

from collections.abc import Sequence
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Endpoint, Facade, Order, Taken
from gateway.http_api.facades.groups import Said
from gateway.http_api.facades.kannel.links import Links
from gateway.http_api.facades.kannel.reading import NAME, UCS2, is_form, read
from gateway.http_api.facades.kannel.status import endpoints
from gateway.http_api.facades.kannel.words import WORDS
from gateway.http_api.facades.logins import joined
from gateway.http_api.facades.parts import Parts
from gateway.http_api.facades.sending import sends
from gateway.http_api.replies import Replies, Reply
from gateway.model.refusals import Refusal
from operators.smpp.coding import Encoding
from redaction.personal import Secret

PATH: Final = "/cgi-bin/sendsms"
ACCEPTED: Final = Said(202, "0: Accepted for delivery")
QUEUED: Final = Said(202, "3: Queued for later delivery")
_HTML: Final = "text/html"
_PRAGMA: Final = b"Pragma: no-cache\r\n"


def facade(parts: Parts) -> Facade:
    answers = _Answers(parts)
    return Facade(
        name=NAME,
        prefixes=("/cgi-bin/",),
        endpoints=(
            Endpoint(
                path=PATH,
                methods=frozenset({"GET", "POST"}),
                login=login,
                sends=dict.fromkeys(("GET", "POST"), sends(answers.read, answers.accepted)),
            ),
            *endpoints(parts),
        ),
        refused=answers.refused,
    )


def login(asked: Asked) -> Secret | None:
    """Of the query, of a form, or of the headers of a request with a body."""
    if is_form(asked):
        return joined(asked.fields.take("username", "user"), asked.fields.take("password", "pass"))
    return joined(Secret(asked.header("X-Kannel-Username")), Secret(asked.header("X-Kannel-Password")))


class _Answers:
    def __init__(self, parts: Parts) -> None:
        self._replies: Replies = parts.replies
        self._clock = parts.clock
        self._links = Links(parts.sources.operators, parts.clock)

    def read(self, asked: Asked, key: ApiKey) -> Sequence[Order]:
        return read(asked, key, self._clock.now_ms())

    def accepted(self, asked: Asked, _key: ApiKey, taken: Sequence[Taken]) -> Reply:
        """Accepted where an operator can take it now; safe with us it is in either case."""
        messages = [each.message for each in taken]
        goes = all(self._links.is_up(each.operator) for each in messages)
        more = b"X-Message-Ids: %b\r\n" % b",".join(each.id.hex().encode() for each in messages)
        if asked.fields.number("coding") != UCS2 and messages[0].encoding == Encoding.UCS2.value:
            more += b"X-Coding: ucs2\r\n"
        return self._said(ACCEPTED if goes else QUEUED, more)

    def refused(self, refusal: Refusal) -> Reply:
        said = WORDS.of(refusal)
        return self._said(said, self._replies.retry_after(refusal) if said.status in (429, 503) else b"")

    def _said(self, said: Said, more: bytes) -> Reply:
        return self._replies.of(said.status, said.text.encode(), _HTML, more=_PRAGMA + more)

"""Msegat's HTTP API: `userName` and `apiKey` in the body or the query, a code in every answer.

Programs compare the code with "1", 1 or "M0000"; "1" as a word satisfies them all.
"""

from collections.abc import Sequence
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Endpoint, Facade, Order, Taken, Work
from gateway.http_api.facades.ids import number_of
from gateway.http_api.facades.logins import joined
from gateway.http_api.facades.msegat.words import WORDS
from gateway.http_api.facades.parts import Parts
from gateway.http_api.facades.saudi import Names, balance, encode, orders, refused, riyadh_time
from gateway.http_api.facades.sending import sends
from gateway.http_api.replies import TEXT, Reply
from gateway.model.refusals import Refusal
from redaction.personal import Purpose, Secret

NAME: Final = "msegat"
DONE: Final = "1"
_NAMES: Final = Names(text="msg", to="numbers", source="userSender")
_BOTH: Final = frozenset({"GET", "POST"})
_KEY_DIGITS: Final = 32


def facade(parts: Parts) -> Facade:
    answers = _Answers(parts)
    return Facade(
        name=NAME,
        prefixes=("/gw/",),
        endpoints=(
            Endpoint(
                path="/gw/sendsms.php",
                methods=_BOTH,
                login=login,
                sends=dict.fromkeys(_BOTH, sends(answers.read, answers.sent)),
            ),
            _looks("/gw/Credits.php", answers.credits),
            _looks("/gw/getSenders.php", answers.senders),
            _looks("/gw/senders.php", answers.senders),
        ),
        refused=answers.refused,
    )


def _looks(path: str, work: Work) -> Endpoint:
    return Endpoint(path=path, methods=_BOTH, login=login, work=work, scope="status")


def login(asked: Asked) -> Secret | None:
    """`apiKey` may be the whole key; `userName` is then the program's own, such as an address."""
    user, word = asked.fields.take("userName", "username"), asked.fields.take("apiKey", "apikey")
    if word is None or len(word.reveal(Purpose.CREDENTIAL)) == _KEY_DIGITS:
        return word
    return joined(user, word)


class _Answers:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def read(self, asked: Asked, key: ApiKey) -> Sequence[Order]:
        """Raises Refusal."""
        return orders(asked, key, _NAMES, schedule_at=_at(asked))

    def sent(self, _asked: Asked, _key: ApiKey, taken: Sequence[Taken]) -> Reply:
        body = {"code": DONE, "message": "Success", "id": number_of(taken[0].message.id)}
        return self._parts.replies.of(200, encode(body))

    async def credits(self, _asked: Asked, key: ApiKey) -> Reply:
        left = await balance(self._parts, key)
        return self._parts.replies.of(200, f"{left:.2f}".encode(), TEXT)

    async def senders(self, _asked: Asked, key: ApiKey) -> Reply:
        return self._parts.replies.of(200, encode(list(key.customer.settings.senders)))

    def refused(self, refusal: Refusal) -> Reply:
        return refused(self._parts.replies, refusal, WORDS, lambda said: {"code": str(said.code), "message": said.text})


def _at(asked: Asked) -> str | None:
    """When it is to be sent: `now` unless there is a time. Raises Refusal."""
    word, exact = (asked.fields.text("timeToSend") or "now").strip(), asked.fields.text("exactTime")
    if word.lower() == "now":
        return None
    return riyadh_time(exact or word, "schedule_at")

"""The octets of the requests that the generator sends, each made once, before the clock runs.

A shape is one kind of request. `size` messages stand in each; what an answer says of them is read when traffic is over.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from benchmarks.messages import MIXES, SENDER, Mix, number_of
from gateway.accounts.key_secrets import PREFIX_DIGITS

_ID: Final = re.compile(rb'(?:"id":"|"sid":"SM|X-Message-Ids: )([0-9a-f]{32})')


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be asked. first, count: messages. secret: an API key, or a password. ids: for look-ups. dlr_url: where
    a Kannel is to tell of receipts; "" for none.
    """

    port: int
    shape: str
    first: int = 0
    count: int
    batch: int = 1
    mix: str = "plain"
    secret: str = ""
    ids: Sequence[str] = ()
    dlr_url: str = ""


Make = Callable[[Lot, int, int], bytes]


def prepare(lot: Lot) -> list[bytes]:
    """Every request of the lot."""
    make, last = SHAPES[lot.shape], lot.first + lot.count
    return [make(lot, at, min(lot.batch, last - at)) for at in range(lot.first, last, lot.batch)]


def ids_in(answers: Sequence[bytes]) -> list[str]:
    """The ids of the messages that these answers speak of."""
    return [found.decode() for answer in answers for found in _ID.findall(answer)]


def _post(lot: Lot, path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{lot.port}\r\nAuthorization: Bearer {lot.secret}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _fields(mix: Mix, index: int) -> dict[str, str]:
    form = mix.form(index)
    return {"to": f"+{number_of(index)}", "from": SENDER, "text": form.text, "class": form.message_class}


def _message(lot: Lot, first: int, _count: int) -> bytes:
    body = json.dumps(_fields(MIXES[lot.mix], first), ensure_ascii=False)
    return _post(lot, "/v1/messages", body.encode())


def _batch(lot: Lot, first: int, count: int) -> bytes:
    messages = [_fields(MIXES[lot.mix], index) for index in range(first, first + count)]
    return _post(lot, "/v1/messages/batch", json.dumps({"messages": messages}, ensure_ascii=False).encode())


def _get(lot: Lot, path: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{lot.port}\r\n{more}\r\n".encode()


def _lookup(lot: Lot, first: int, _count: int) -> bytes:
    return _get(lot, f"/v1/messages/{lot.ids[first % len(lot.ids)]}", f"Authorization: Bearer {lot.secret}\r\n")


def _kannel(lot: Lot, first: int, _count: int) -> bytes:
    """Kannel's sendsms: text in UTF-8, coding 2 for what is not GSM."""
    return _sendsms(lot, first, "bench", lot.secret)


def _facade_kannel(lot: Lot, first: int, _count: int) -> bytes:
    """The same to the façade: user name and password are its key."""
    return _sendsms(lot, first, lot.secret[:PREFIX_DIGITS], lot.secret[PREFIX_DIGITS:])


def _sendsms(lot: Lot, first: int, user: str, password: str) -> bytes:
    form = MIXES[lot.mix].form(first)
    coding = 0 if form.text.isascii() else 2
    dlr = f"&dlr-mask=1&dlr-url={quote(lot.dlr_url + number_of(first), safe='')}" if lot.dlr_url else ""
    return _get(
        lot,
        f"/cgi-bin/sendsms?username={user}&password={password}&from={SENDER}&to={number_of(first)}"
        f"&charset=UTF-8&coding={coding}&text={quote(form.text, safe='')}{dlr}",
    )


def _facade_twilio(lot: Lot, first: int, _count: int) -> bytes:
    """As Twilio's libraries send it. The lot's secret is user name and password, with a colon between."""
    account = lot.secret.partition(":")[0]
    form = MIXES[lot.mix].form(first)
    said = {"To": f"+{number_of(first)}", "From": SENDER, "Body": form.text, "MessageIntent": form.message_class}
    body = urlencode(said)
    login = b64encode(lot.secret.encode()).decode()
    head = (
        f"POST /2010-04-01/Accounts/{account}/Messages.json HTTP/1.1\r\nHost: 127.0.0.1:{lot.port}\r\n"
        f"Authorization: Basic {login}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return f"{head}{body}".encode()


def _jasmin(lot: Lot, first: int, _count: int) -> bytes:
    """Jasmin's send: what is not GSM as UCS-2 in hexadecimal digits."""
    text = MIXES[lot.mix].form(first).text
    said = (
        f"content={quote(text, safe='')}"
        if text.isascii()
        else f"coding=8&hex-content={text.encode('utf-16-be').hex()}"
    )
    return _get(lot, f"/send?username=bench&password={lot.secret}&from={SENDER}&to={number_of(first)}&{said}")


SHAPES: Final[dict[str, Make]] = {
    "message": _message,
    "batch": _batch,
    "lookup": _lookup,
    "kannel": _kannel,
    "jasmin": _jasmin,
    "facade-kannel": _facade_kannel,
    "facade-twilio": _facade_twilio,
}

"""What is sent through a façade is answered and stored alike, whichever of the two lanes it comes over."""

import base64
import json
import random
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from config.settings import FacadeSettings, HttpSettings
from gateway.http_api.facades.twilio.sids import account_sid
from gateway.ledger.contract import LedgerUnavailable
from tests.integration.road_api import EVERY, api_on_road
from tests.unit.gateway.stage import (
    FACADE_TOKEN,
    LANES,
    Answer,
    Stage,
    api_key,
    customer,
    facade_key,
    read_answer,
    until,
)

NAMES = ("kannel", "jasmin", "twilio", "unifonic", "taqnyat", "msegat")
ON = HttpSettings(port=0, max_body_bytes=4_096, facades=FacadeSettings(**dict.fromkeys(NAMES, True)))
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
TO = "966500000078"
USER, PASSWORD = FACADE_TOKEN[:8], FACADE_TOKEN[8:]
SID = account_sid("cus_1")
BASIC = "Basic " + base64.b64encode(f"{SID}:{FACADE_TOKEN}".encode()).decode()
ARABIC = "مرحبا"
KANNEL = {"username": USER, "password": PASSWORD, "to": f"+{TO}", "from": "INTERKEY", "text": "hello & good day"}
JASMIN = {"username": USER, "password": PASSWORD, "to": TO, "from": "INTERKEY", "content": "hello"}
UNIFONIC = {"AppSid": FACADE_TOKEN, "SenderID": "INTERKEY", "Recipient": TO, "Body": "Your login word is tree"}
TAQNYAT = {"recipients": [TO], "body": "Your login word is tree", "sender": "INTERKEY"}
MSEGAT = {"userName": "shop", "apiKey": FACADE_TOKEN, "numbers": TO, "userSender": "INTERKEY", "msg": "x"}
TWILIO = {"To": f"+{TO}", "From": "INTERKEY", "Body": "hello"}
MESSAGES = f"/2010-04-01/Accounts/{SID}/Messages.json"

Sent = tuple[str, str, str, bytes]
"""Method, target, header lines, body."""


def get(path: str, said: dict[str, str], more: str = "") -> Sent:
    return "GET", f"{path}?{urlencode(said)}{more}", "", b""


def form(path: str, said: dict[str, str], lines: str = "") -> Sent:
    return "POST", path, f"Content-Type: {FORM}\r\n{lines}", urlencode(said).encode()


def told(path: str, said: object, lines: str = "") -> Sent:
    return "POST", path, f"Content-Type: {JSON}\r\n{lines}", json.dumps(said).encode()


TWILIO_LINES = f"Authorization: {BASIC}\r\nX-Twilio-Client: python-9\r\n"
USUAL: list[Sent] = [
    get("/cgi-bin/sendsms", KANNEL),
    form("/cgi-bin/sendsms", KANNEL),
    get("/send", JASMIN),
    form("/send", JASMIN),
    form("/rest/SMS/messages", UNIFONIC),
    told("/rest/SMS/messages", UNIFONIC),
    told("/taqnyat/v1/messages", TAQNYAT, f"Authorization: Bearer {FACADE_TOKEN}\r\n"),
    told("/v1/messages", TAQNYAT, f"Authorization: Bearer {FACADE_TOKEN}\r\n"),
    told("/gw/sendsms.php", MSEGAT),
    form(MESSAGES, TWILIO, TWILIO_LINES),
]
ODD: list[Sent] = [
    *(
        get("/cgi-bin/sendsms", KANNEL | each)
        for each in ({"to": ""}, {"coding": "9"}, {"password": "x"}, {"text": ""})
    ),
    get("/cgi-bin/sendsms", KANNEL | {"to": "+966500000078 +966500000079"}),
    get("/cgi-bin/sendsms", KANNEL | {"coding": "2", "charset": "UTF-8", "text": ARABIC}),
    get("/cgi-bin/sendsms", KANNEL | {"text": ARABIC, "account": "order 7", "dlr-mask": "3", "priority": "2"}),
    get("/cgi-bin/sendsms", KANNEL, "&text=%zz&text=%4&&=&to"),
    get("/cgi-bin/sendsms", KANNEL | {"from": "OTHER"}),
    ("POST", "/cgi-bin/sendsms", "Content-Type: text/plain\r\nX-Kannel-To: +966500000078\r\n", b"hello"),
    ("POST", "/cgi-bin/sendsms", "", b""),
    ("POST", f"/cgi-bin/sendsms?{urlencode(KANNEL)}", "", b""),
    ("GET", "/cgi-bin/sendsms", "", b""),
    ("GET", "/cgi-bin/sendsms?", "", b""),
    ("PUT", "/cgi-bin/sendsms", "", b"x"),
    ("GET", "/cgi-bin/other", "", b""),
    form("/rest/SMS/messages", UNIFONIC | {"Recipient": f"{TO},966500000079"}),
    form("/rest/SMS/messages/bulk", UNIFONIC | {"Recipient": f"{TO},12"}),
    form("/rest/SMS/messages", UNIFONIC, "Idempotency-Key: order-7\r\n"),
    form("/rest/SMS/messages", UNIFONIC, "Idempotency-Key: order-7\r\n"),
    form("/rest/SMS/messages", UNIFONIC | {"Body": "another"}, "Idempotency-Key: order-7\r\n"),
    ("POST", "/rest/SMS/messages", f"Content-Type: {JSON}\r\n", b'{"AppSid": '),
    ("POST", "/rest/SMS/messages", f"Content-Type: {JSON}\r\n", b'{"AppSid": {}}'),
    ("POST", "/rest/SMS/messages", "Content-Type: multipart/form-data\r\n", b"--x"),
    form("/rest/SMS/messages", UNIFONIC | {"Body": "x" * 4_096}),
    form(MESSAGES, TWILIO | {"Body": ""}, TWILIO_LINES),
    form(MESSAGES, TWILIO, "Authorization: Basic eA==\r\n"),
    form(MESSAGES.replace(SID, "AC" + "0" * 32), TWILIO, TWILIO_LINES),
    form(MESSAGES, TWILIO | {"MediaUrl": "https://example.com/a.png"}, TWILIO_LINES),
    form(MESSAGES, TWILIO | {"StatusCallback": "ftp://example.com/"}, TWILIO_LINES),
    ("GET", MESSAGES, TWILIO_LINES, b""),
    told("/taqnyat/v1/messages", TAQNYAT | {"recipients": []}, f"Authorization: Bearer {FACADE_TOKEN}\r\n"),
    told("/v1/messages", TAQNYAT, "Authorization: Bearer nobody\r\n"),
    told("/gw/sendsms.php", MSEGAT | {"apiKey": ""}),
]


BENDS = (b"%", b"%2", b"&", b"=", b"+", b"%00", b"%d9", b"a", b"/")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    keys = (api_key(classes=EVERY), facade_key(*NAMES, classes=EVERY))
    async with api_on_road(tmp_path, keys=keys, settings=ON) as (stage, _):
        yield stage


def octets(sent: Sent, lane: str = "express") -> bytes:
    method, target, lines, body = sent
    head = f"{method} {target} HTTP/1.1\r\nHost: gateway\r\n{lines}"
    head += "".join(f"{each}\r\n" for each in LANES[lane])
    if body or method != "GET":
        head += f"Content-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


async def asked(stage: Stage, sent: Sent, lane: str) -> tuple[int, dict[str, str], str]:
    """What is answered, without what names the request, the message and the time."""
    answer = await stage.send_bytes(octets(sent, lane))
    return answer.status, _same(answer), re.sub(rb"[0-9a-f]{32}|[0-9a-f-]{36}|[0-9]{13,}|[0-9]{4}-[0-9-]+ [0-9:.]+|"
                                                rb'"[A-Z][a-z]{2}, [^"]+"', b"*", answer.body).decode()  # fmt: skip


def _same(answer: Answer) -> dict[str, str]:
    own = {"date", "x-request-id", "x-message-ids", "connection", "content-length"}
    return {name: value for name, value in answer.headers.items() if name not in own}


async def stored(stage: Stage, since: int) -> list[dict[str, Any]]:
    """The messages after so many, without their ids and times."""
    found = (await stage.get("/v1/messages?limit=100")).json()["messages"]
    kept = ("to", "from", "class", "segments", "encoding", "reference", "direction", "operator")
    return [{name: each.get(name) for name in kept} for each in found[: len(found) - since]]


@pytest.mark.parametrize("sent", USUAL + ODD, ids=range(len(USUAL + ODD)))
async def test_both_lanes_answer_and_store_alike(stage: Stage, sent: Sent) -> None:
    by_express, first = await asked(stage, sent, "express"), await stored(stage, 0)
    by_aiohttp, second = await asked(stage, sent, "aiohttp"), await stored(stage, len(first))
    assert by_express == by_aiohttp
    assert first == second or (second == [] and "Idempotency-Key" in sent[2])
    if sent in USUAL:
        assert len(first) == 1
    assert not stage.admission.inflight


@pytest.mark.parametrize("sent", USUAL, ids=range(len(USUAL)))
async def test_the_usual_request_stays_in_the_lane(stage: Stage, sent: Sent) -> None:
    reader, writer = await stage.connect()
    writer.write(octets(sent) * 3)
    statuses = {(await read_answer(reader)).status for _ in range(3)}
    assert len(statuses) == 1
    lane = stage.api.listener._lane
    assert lane is not None
    assert len(lane.connections) == 1
    writer.close()


async def test_bent_requests_are_answered_alike(stage: Stage) -> None:
    """Every octet of them may be another one, missing or doubled."""
    draw = random.Random(7)
    for _ in range(120):
        whole = bytearray(octets(draw.choice(USUAL)))
        for _ in range(1 + draw.getrandbits(1)):
            at = draw.randrange(whole.index(b" HTTP/1.1"))
            whole[at : at + draw.randrange(2)] = draw.choice(
                (b"%", b"%2", b"&", b"=", b"+", b"%00", b"%d9", b"a", b"/")
            )
        head, _, body = bytes(whole).partition(b"\r\n\r\n")
        other = head + b"\r\nConnection: close\r\n\r\n" + body
        first, second = await stage.send_bytes(bytes(whole)), await stage.send_bytes(other)
        assert (first.status, _same(first)) == (second.status, _same(second)), whole


async def test_requests_in_pieces_are_taken_in_their_order(stage: Stage) -> None:
    reader, writer = await stage.connect()
    for octet in b"".join(octets(each) for each in USUAL[:5]):
        writer.write(bytes((octet,)))
        await writer.drain()
    assert [(await read_answer(reader)).status for _ in range(5)] == [202, 202, 200, 200, 200]
    writer.close()


async def test_head_sends_nothing_and_a_lane_that_leaves_goes_on(stage: Stage) -> None:
    reader, writer = await stage.connect()
    usual = octets(USUAL[0])
    writer.write(usual + octets(("HEAD", *USUAL[0][1:])) + usual)
    assert (await read_answer(reader)).status == 202
    assert (await read_answer(reader, head_only=True)).status == 405
    assert (await read_answer(reader)).status == 202
    assert len(await stored(stage, 0)) == 2
    writer.close()


async def test_credentials_that_end_are_refused_on_the_same_connection(stage: Stage) -> None:
    reader, writer = await stage.connect()
    writer.write(octets(USUAL[0]))
    assert (await read_answer(reader)).status == 202
    await stage.ledger.accounts.save_customer(customer(id=1, disabled_ms=1))  # type: ignore[attr-defined]
    await stage.directory.refresh()
    writer.write(octets(USUAL[0]))
    assert (await read_answer(reader)).status == 403
    writer.write(octets(get("/cgi-bin/sendsms", KANNEL | {"password": "1" * 24})))
    assert (await read_answer(reader)).status == 403
    writer.close()


async def test_what_the_ledger_does_not_take_is_said_in_the_facades_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise LedgerUnavailable("away")

    monkeypatch.setattr(stage.ledger, "apply", away)
    for sent in USUAL:
        by_express, by_aiohttp = [await asked(stage, sent, lane) for lane in LANES]
        assert by_express == by_aiohttp
        assert by_express[0] == 503
    await until(lambda: not stage.api.traffic.busy)
    assert not stage.admission.inflight

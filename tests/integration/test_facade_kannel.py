"""Kannel's sendsms over real sockets, before the whole road."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from structlog.testing import capture_logs

from config.settings import FacadeSettings, HttpSettings
from gateway.model.message import MessageClass
from tests.integration.road_api import EVERY, api_on_road
from tests.unit.gateway.stage import FACADE_TOKEN, Answer, Stage, api_key, customer, facade_key

USER, PASSWORD = FACADE_TOKEN[:8], FACADE_TOKEN[8:]
ON = HttpSettings(port=0, facades=FacadeSettings(kannel=True))
WHO = {"username": USER, "password": PASSWORD}
USUAL = WHO | {"to": "+966500000078", "from": "INTERKEY", "text": "hello"}
ARABIC = "مرحبا"
ACCEPTED = (202, b"0: Accepted for delivery")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    keys = (api_key(classes=EVERY), facade_key("kannel", classes=EVERY))
    async with api_on_road(tmp_path, keys=keys, settings=ON) as (stage, _):
        yield stage


async def send(stage: Stage, path: str = "/cgi-bin/sendsms", **said: str) -> Answer:
    query = urlencode({name: value for name, value in said.items() if value != "-"})
    return await stage.ask("GET", f"{path}?{query}", token=None)


def usual(**changes: str) -> dict[str, str]:
    return USUAL | {name.replace("_", "-"): value for name, value in changes.items()}


def told(answer: Answer) -> tuple[int, bytes]:
    return answer.status, answer.body


async def test_a_message_is_taken_and_answered_as_kannel_answers(stage: Stage) -> None:
    answer = await send(stage, **USUAL)
    assert told(answer) == ACCEPTED
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["pragma"] == "no-cache"
    shown = await stage.get(f"/v1/messages/{answer.headers['x-message-ids']}")
    assert shown.json()["to"] == "+966•••••••78"
    assert shown.json()["class"] == MessageClass.TRANSACTIONAL


@pytest.mark.parametrize(
    "changes",
    [
        {"user": USER, "username": "-"},
        {"pass": PASSWORD, "password": "-"},
        {"to": "966500000078"},
        {"to": " 966500000078"},
        {"coding": "abc", "deferred": "abc", "dlr_mask": "3abc", "unknown": "x", "smsc": "none"},
        {"mclass": "0"},
        {"priority": "3", "validity": "60", "rpi": "2", "compress": "1", "alt_dcs": "1", "mwi": "7"},
        {"account": "shop"},
        {"charset": "ISO-8859-1", "text": "caf\u00e9"},
        {"coding": "2", "charset": "UTF-8", "text": ARABIC},
        {"deferred": "10"},
    ],
)
async def test_whatever_kannel_takes_is_taken(stage: Stage, changes: dict[str, str]) -> None:
    assert told(await send(stage, **usual(**changes))) == ACCEPTED


@pytest.mark.parametrize(
    ("changes", "status", "body"),
    [
        ({"username": "-"}, 403, "Authorization failed for sendsms"),
        ({"password": "wrong"}, 403, "Authorization failed for sendsms"),
        ({"to": "-"}, 400, "Missing receiver number, rejected"),
        ({"to": ""}, 400, "Empty receiver number not allowed, rejected"),
        ({"to": "abc"}, 400, "Number(s) has/have been denied by white- and/or black-lists."),
        ({"to": "+966500000078 +1"}, 400, "Number(s) has/have been denied by white- and/or black-lists."),
        ({"from": "OTHER"}, 403, "Sender denied"),
        ({"coding": "9"}, 400, "Coding field misformed, rejected"),
        ({"mclass": "9"}, 400, "MClass field misformed, rejected"),
        ({"mwi": "9"}, 400, "MWI field misformed, rejected"),
        ({"pid": "64"}, 400, "PID field misformed, rejected"),
        ({"validity": "-5"}, 400, "Validity field misformed, rejected"),
        ({"deferred": "-5"}, 400, "Deferred field misformed, rejected"),
        ({"priority": "9"}, 400, "Priority field misformed, rejected"),
        ({"dlr_mask": "99"}, 400, "DLR-Mask field misformed, rejected"),
        ({"udh": "\x05x"}, 400, "UDH field misformed, rejected"),
        ({"udh": "\x8c" + "\0" * 140}, 400, "UDH field misformed, rejected"),
        ({"charset": "none-such"}, 400, "Charset or body misformed, rejected"),
        ({"account": "x" * 70}, 400, "Account field misformed or too long, rejected"),
    ],
)
async def test_what_is_wrong_is_said_in_kannels_words(
    stage: Stage, changes: dict[str, str], status: int, body: str
) -> None:
    answer = await send(stage, **usual(**changes))
    assert told(answer) == (status, body.encode())
    assert answer.headers["content-type"] == "text/html"


async def test_arabic_without_a_coding_arrives_and_the_answer_says_how(stage: Stage) -> None:
    answer = await send(stage, **usual(text=ARABIC))
    assert told(answer) == ACCEPTED
    assert answer.headers["x-coding"] == "ucs2"
    asked = await send(stage, **usual(text=ARABIC, coding="2", charset="UTF-8"))
    assert "x-coding" not in asked.headers


async def test_octets_and_headers_go_as_they_came(stage: Stage) -> None:
    query = urlencode(usual(coding="1", text="-") | {"text": ""})
    for more in ("&text=%00%FF", "&udh=%06%05%04%0B%84%23%F0&text=%01%02"):
        answer = await stage.ask("GET", f"/cgi-bin/sendsms?{query.replace('&text=', '')}{more}", token=None)
        assert told(answer) == ACCEPTED
    utf16 = quote(ARABIC.encode("utf-16-be"))
    bare = urlencode({name: value for name, value in USUAL.items() if name != "text"})
    assert told(await stage.ask("GET", f"/cgi-bin/sendsms?{bare}&coding=2&text={utf16}", token=None)) == ACCEPTED


async def test_several_receivers_are_taken_all_or_none(stage: Stage) -> None:
    answer = await send(stage, **usual(to="+966500000078 +966500000079"))
    assert told(answer) == ACCEPTED
    assert len(answer.headers["x-message-ids"].split(",")) == 2
    assert (await send(stage, **usual(to="+966500000078 +966500000"))).status == 400
    listed = (await stage.get("/v1/messages")).json()["messages"]
    assert len(listed) == 2


async def test_a_form_and_headers_are_taken_and_other_bodies_are_not(stage: Stage) -> None:
    form = urlencode(USUAL).encode()
    posted = await stage.ask(
        "POST", "/cgi-bin/sendsms", raw=form, token=None, content_type="application/x-www-form-urlencoded"
    )
    assert told(posted) == ACCEPTED
    headers = [
        ("X-Kannel-Username", USER),
        ("X-Kannel-Password", PASSWORD),
        ("X-Kannel-From", "INTERKEY"),
        ("X-Kannel-To", "+966500000078"),
    ]
    for media, more in (("text/plain", []), ("application/octet-stream", [("X-Kannel-UDH", "06050400030201")])):
        answer = await stage.ask(
            "POST", "/cgi-bin/sendsms", raw=b"hello", token=None, headers=headers + more, content_type=media
        )
        assert told(answer) == ACCEPTED
    for media in ("text/plain; Charset=ISO-8859-1", 'text/plain; format=flowed; charset="utf-8"; delsp=no'):
        answer = await stage.ask(
            "POST", "/cgi-bin/sendsms", raw=b"hello", token=None, headers=headers, content_type=media
        )
        assert told(answer) == ACCEPTED
    for media in ("application/json", "text/xml"):
        answer = await stage.ask("POST", "/cgi-bin/sendsms", raw=b"{}", token=None, content_type=media)
        assert told(answer) == (400, b"Invalid content-type")


async def test_a_look_at_the_address_sends_nothing(stage: Stage) -> None:
    query = urlencode(USUAL)
    for method in ("HEAD", "OPTIONS", "PUT", "DELETE"):
        answer = await stage.ask(method, f"/cgi-bin/sendsms?{query}", token=None)
        assert answer.status == 405
        assert answer.headers["content-type"] == "text/html"
    assert (await stage.get("/v1/messages")).json()["messages"] == []


async def test_nothing_is_ever_said_in_a_problem_document(stage: Stage) -> None:
    assert told(await send(stage, "/cgi-bin/other", **USUAL)) == (404, b"Unknown request.")
    large = await stage.ask(
        "POST",
        "/cgi-bin/sendsms",
        raw=b"x" * 70_000,
        token=None,
        content_type="application/x-www-form-urlencoded",
    )
    assert told(large) == (413, b"Request too large")
    stage.admission.is_paused = True
    paused = await send(stage, **USUAL)
    assert told(paused) == (503, b"Temporal failure, try again later.")
    assert int(paused.headers["retry-after"]) > 0
    stage.admission.is_paused = False
    stage.api.health.stopping = True
    assert told(await send(stage, **USUAL)) == (503, b"Temporal failure, try again later.")


async def test_a_repeat_with_its_key_is_sent_once(stage: Stage) -> None:
    path = f"/cgi-bin/sendsms?{urlencode(USUAL)}"
    answers = [await stage.ask("GET", path, token=None, headers=[("Idempotency-Key", "once")]) for _ in range(2)]
    assert answers[0].headers["x-message-ids"] == answers[1].headers["x-message-ids"]


async def test_a_key_is_for_its_facades_or_for_our_own_api(stage: Stage) -> None:
    assert (await stage.post(token=FACADE_TOKEN)).code == "scope_missing"
    refused = await send(stage, **usual(username="cgw_0000", password="0001_" + "A" * 43))
    assert told(refused) == (403, b"Authorization failed for sendsms")


async def test_credentials_and_numbers_are_in_no_log_and_no_label(stage: Stage) -> None:
    with capture_logs() as lines:
        await send(stage, **USUAL)
        await send(stage, **usual(password="canary-password"))
        await send(stage, **usual(to="canary"))
        await send(stage, "/cgi-bin/canary", **USUAL)
    said = str(lines) + str(stage.api.traffic.counts)
    for each in ("canary", PASSWORD, "966500000078", "hello"):
        assert each not in said


async def test_there_is_no_facade_until_it_is_switched_on(tmp_path: Path) -> None:
    async with api_on_road(tmp_path, keys=(facade_key("kannel"),), customers=(customer(),)) as (stage, _):
        assert (await send(stage, **USUAL)).code == "not_found"


async def test_more_receivers_than_one_request_may_have_are_refused(stage: Stage) -> None:
    body = urlencode(usual(to=" ".join(["+966500000078"] * 1_001))).encode()
    answer = await stage.ask(
        "POST", "/cgi-bin/sendsms", raw=body, token=None, content_type="application/x-www-form-urlencoded"
    )
    assert told(answer) == (400, b"Too many receiver numbers, rejected")

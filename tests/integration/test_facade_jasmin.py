"""Jasmin's HTTP API over real sockets: its answers, and its reports to a server beside it."""

import base64
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from config.settings import FacadeSettings, HttpSettings
from operators.simulator import Faults
from operators.smpp import status as st
from tests.integration.facade_stage import FacadeStage, facade_stage
from tests.integration.road_api import EVERY, api_on_road
from tests.unit.gateway.stage import FACADE_TOKEN, Answer, Stage, api_key, facade_key

ON = HttpSettings(port=0, facades=FacadeSettings(jasmin=True))
USER, PASSWORD = FACADE_TOKEN[:8], FACADE_TOKEN[8:]
USUAL = {"username": USER, "password": PASSWORD, "to": "966500000078", "from": "INTERKEY", "content": "hello"}
SUCCESS = re.compile(r'Success "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')
BASIC = ("Authorization", "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
CANARY = "canary 445566"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    keys = (api_key(classes=EVERY), facade_key("jasmin", classes=EVERY))
    async with api_on_road(tmp_path, keys=keys, settings=ON) as (stage, _):
        yield stage


async def send(stage: Stage, path: str = "/send", without: str = "", **said: str) -> Answer:
    fields = USUAL | {name.replace("_", "-"): value for name, value in said.items()}
    fields.pop(without, None)
    return await stage.ask("GET", f"{path}?{urlencode(fields)}", token=None)


async def test_a_message_is_taken_and_answered_as_jasmin_answers(stage: Stage) -> None:
    answer = await send(stage)
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain"
    found = SUCCESS.fullmatch(answer.body.decode())
    assert found is not None
    assert (await stage.get(f"/v1/messages/{found[1].replace('-', '')}")).status == 200


@pytest.mark.parametrize(
    "said",
    [
        {"content": "مرحبا"},
        {"hex_content": "06450631", "coding": "8"},
        {"hex_content": "0102ff", "coding": "4"},
        {"priority": "3", "validity_period": "60", "tags": "a,b-1", "dlr": "no"},
        {"sdt": "000000001000000R"},
        {"dlr": "yes", "dlr_level": "3", "dlr_method": "get"},
    ],
)
async def test_whatever_jasmin_takes_is_taken(stage: Stage, said: dict[str, str]) -> None:
    answer = await send(stage, without="content" if "hex_content" in said else "", **said)
    assert SUCCESS.fullmatch(answer.body.decode()), answer.body


@pytest.mark.parametrize(
    ("said", "without", "status", "text"),
    [
        ({}, "username", 400, "Mandatory argument [username] is not found."),
        ({}, "to", 400, "Mandatory argument [to] is not found."),
        ({"password": "wrong"}, "", 403, "Authentication failure for username:•"),
        ({"canary": "1"}, "", 400, "Argument [•] is unknown."),
        ({"priority": "canary"}, "", 400, "Argument [priority] has an invalid value: [•]."),
        ({"to": "canary"}, "", 400, "Argument [to] has an invalid value: [•]."),
        ({"to": "1"}, "", 400, "Argument [to] has an invalid value: [•]."),
        ({"coding": "11"}, "", 400, "Argument [coding] has an invalid value: [•]."),
        ({"dlr_url": "ftp://canary"}, "", 400, "Argument [dlr-url] has an invalid value: [•]."),
        ({"hex_content": "00"}, "", 400, "content and hex-content cannot be used both in same request."),
        ({}, "content", 400, "content or hex-content not present."),
        ({"from": "OTHER"}, "", 403, "Value filter failed for user [•] (source_address filter mismatch)."),
    ],
)
async def test_what_is_wrong_is_said_in_jasmins_words(
    stage: Stage, said: dict[str, str], without: str, status: int, text: str
) -> None:
    answer = await send(stage, without=without, **said)
    assert (answer.status, answer.body.decode()) == (status, f'Error "{text}"')


async def test_rates_and_balances_are_not_defined(stage: Stage) -> None:
    who = urlencode({"username": USER, "password": PASSWORD})
    rate = await stage.ask("GET", f"/rate?{who}&to=966500000078&content={'x' * 200}", token=None)
    assert rate.json() == {"unit_rate": 0, "submit_sm_count": 2}
    balance = await stage.ask("GET", f"/balance?{who}", token=None)
    assert balance.json() == {"balance": "ND", "sms_count": "ND"}
    refused = await stage.ask("GET", f"/balance?username={USER}&password=x", token=None)
    assert (refused.status, refused.json()) == (403, "Authentication failure for username:•")


async def test_the_rest_variant_takes_json_behind_basic_credentials(stage: Stage) -> None:
    said = json.dumps({"to": 966500000078, "from": "INTERKEY", "content": "hello", "dlr_level": 1}).encode()
    answer = await stage.ask("POST", "/secure/send", raw=said, token=None, headers=[BASIC])
    assert SUCCESS.fullmatch(answer.json()["data"])
    stranger = await stage.ask("POST", "/secure/send", raw=said, token=None)
    assert stranger.status == 401
    assert "message" in stranger.json()
    assert (await stage.ask("GET", "/secure/balance", token=None, headers=[BASIC])).json()["data"]["balance"] == "ND"
    rate = await stage.ask("GET", "/secure/rate?to=966500000078&hex_content=00", token=None, headers=[BASIC])
    assert rate.json() == {"data": {"unit_rate": 0, "submit_sm_count": 1}}


async def batch(stage: Stage, said: object) -> Answer:
    return await stage.ask("POST", "/secure/sendbatch", raw=json.dumps(said).encode(), token=None, headers=[BASIC])


async def test_a_batch_is_taken_with_what_all_of_it_shares(stage: Stage) -> None:
    said = {
        "globals": {"from": "INTERKEY", "content": "hello"},
        "messages": [
            {"to": ["966500000078", 966500000079]},
            {"to": "966500000077", "hex_content": "0102ff", "coding": 4, "content": None},
        ],
        "batch_config": {"callback_url": "https://example.com/taken", "schedule_at": "600s"},
    }
    answer = await batch(stage, said)
    data = answer.json()["data"]
    assert (answer.status, data["messageCount"], len(set(data["messageIds"]))) == (200, 3, 3)
    assert data["batchId"] == data["messageIds"][0]
    rows = (await stage.get("/v1/messages")).json()["messages"]
    assert {each["id"] for each in rows} == {each.replace("-", "") for each in data["messageIds"]}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"messages": []}, 400),
        ({}, 400),
        ([], 400),
        ({"messages": "canary"}, 400),
        ({"messages": [{"to": {"canary": 1}}]}, 400),
        ({"messages": [{"to": []}], "globals": {"from": "INTERKEY", "content": "hello"}}, 400),
        ({"messages": [{"to": ["966500000078", "canary"], "from": "INTERKEY", "content": "hello"}]}, 400),
        ({"messages": [{"to": ["966500000078"] * 1001, "from": "INTERKEY", "content": "hello"}]}, 400),
        ({"messages": [{"to": "966500000078", "from": "INTERKEY", "content": "hello", "canary": 1}]}, 400),
        (
            {
                "messages": [{"to": "966500000078", "from": "INTERKEY", "content": "hello"}],
                "batch_config": {"schedule_at": "canary"},
            },
            400,
        ),
    ],
)
async def test_a_batch_with_a_fault_is_not_taken_at_all(stage: Stage, said: object, status: int) -> None:
    answer = await batch(stage, said)
    assert (answer.status, list(answer.json())) == (status, ["message"])
    assert "canary" not in answer.body.decode()
    assert not (await stage.get("/v1/messages")).json()["messages"]


async def test_anybody_may_ping(stage: Stage) -> None:
    answer = await stage.ask("GET", "/ping", token=None)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"Jasmin/PONG", "text/html")
    assert (await stage.ask("POST", "/ping", token=None)).status == 404


async def test_nothing_is_ever_said_in_a_problem_document(stage: Stage) -> None:
    for method, path, status in (("HEAD", "/send", 405), ("PUT", "/send", 405), ("GET", "/secure/other", 404)):
        answer = await stage.ask(method, f"{path}?{urlencode(USUAL)}", token=None)
        assert (answer.status, answer.headers["content-type"]) == (status, "text/plain")
    stage.admission.is_paused = True
    assert (await send(stage)).status == 503


async def report(stage: FacadeStage, level: int, method: str) -> None:
    said = {
        "username": stage.user,
        "password": stage.password,
        "to": "966512345678",
        "from": "INTERKEY",
        "content": CANARY,
        "dlr": "yes",
        "dlr-url": f"{stage.hook}?asked={level}",
        "dlr-level": str(level),
        "dlr-method": method,
    }
    answer = await stage.ask(f"GET /send?{urlencode(said)}")
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("faults", "calls"),
    [
        (None, {1: ["ESME_ROK"], 2: ["DELIVRD"], 3: ["ESME_ROK", "DELIVRD"]}),
        (
            Faults(receipt_state_failed_rate=1.0),
            {1: ["ESME_ROK"], 2: ["UNDELIV"], 3: ["ESME_ROK", "UNDELIV"]},
        ),
        (
            Faults(error_rate=1.0, error_status=st.RINVDSTADR),
            {1: ["ESME_RSUBMITFAIL"], 2: ["REJECTD"], 3: ["ESME_RSUBMITFAIL"]},
        ),
    ],
    ids=["delivered", "undelivered", "refused"],
)
async def test_the_level_says_which_reports_come(
    tmp_path: Path, faults: Faults | None, calls: dict[int, list[str]]
) -> None:
    async with facade_stage(tmp_path, faults) as stage:
        for level in calls:
            await report(stage, level, "GET" if level == 1 else "POST")
        await stage.receiver.arrived(sum(map(len, calls.values())))
        await stage.settled()
        told: dict[int, list[str]] = {level: [] for level in calls}
        for each in stage.receiver.requests:
            query = parse_qs(urlsplit(each.line.split()[1]).query)
            said = {name: values[0] for name, values in (query | parse_qs(each.body.decode())).items()}
            told[int(said["asked"])].append(said["message_status"])
            assert said["connector"] == "north"
            assert ("id_smsc" in said) == (said["level"] == "2")
            assert each.line.startswith("GET " if said["asked"] == "1" else "POST ")
        assert told == calls
        assert "canary" not in str(stage.receiver.requests)

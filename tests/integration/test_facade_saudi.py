"""Programs for Unifonic, Taqnyat and Msegat, by the octets that their public clients send, before the whole road."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from config.settings import FacadeSettings, HttpSettings
from tests.integration.road_api import EVERY, api_on_road
from tests.unit.gateway.stage import BODY, FACADE_TOKEN, Answer, Stage, api_key, facade_key

ON = HttpSettings(port=0, facades=FacadeSettings(unifonic=True, taqnyat=True, msegat=True))
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
NUMBER = "966500000078"
OTHER = "966500000079"
USER, PASSWORD = FACADE_TOKEN[:8], FACADE_TOKEN[8:]
UNIFONIC = {"AppSid": FACADE_TOKEN, "SenderID": "INTERKEY", "Recipient": NUMBER, "Body": "Your login word is tree"}
TAQNYAT = {"recipients": [NUMBER], "body": "Your login word is tree", "sender": "INTERKEY"}
MSEGAT = {
    "userName": "shop@example.com",
    "apiKey": FACADE_TOKEN,
    "numbers": NUMBER,
    "userSender": "INTERKEY",
    "msg": "x",
}
SEND, BULK = "/rest/SMS/messages", "/rest/SMS/messages/bulk"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    keys = (api_key(classes=EVERY), facade_key("unifonic", "taqnyat", "msegat", classes=EVERY))
    async with api_on_road(tmp_path, keys=keys, settings=ON) as (stage, _):
        yield stage


async def asked(
    stage: Stage, method: str, path: str, body: object = None, kind: str = JSON, bearer: str = ""
) -> tuple[Answer, Any]:
    """The answer, and what its JSON says; kind: the body's."""
    raw = None if body is None else (urlencode(body) if kind == FORM else json.dumps(body)).encode()  # type: ignore[arg-type]
    headers = [("Authorization", bearer)] if bearer else []
    answer = await stage.ask(method, path, raw=raw, token=None, headers=headers, content_type=kind)
    return answer, json.loads(answer.body)


async def listed(stage: Stage) -> list[Any]:
    found: list[Any] = (await stage.get("/v1/messages")).json()["messages"]
    return found


# ----------------------------------------------------------------------------------------------------------- unifonic


@pytest.mark.parametrize(
    ("path", "body", "kind", "success"),
    [
        (SEND, UNIFONIC, FORM, True),
        (SEND, UNIFONIC, JSON, True),
        (SEND, UNIFONIC | {"responseType": "JSON", "async": "false", "statusCallback": "sent"}, FORM, True),
        (SEND, UNIFONIC | {"Recipient": int(NUMBER)}, JSON, True),
        (SEND, UNIFONIC | {"Recipient": "+" + NUMBER, "MessageType": 3}, JSON, True),
        (SEND, UNIFONIC | {"Body": "2KfZh9mE2Kc=", "baseEncode": "true"}, FORM, True),
        ("/rest/Messages/Send", UNIFONIC, FORM, "true"),
        (f"{SEND}?{urlencode(UNIFONIC)}", {}, FORM, True),
        ("/rest/SMS/messages/scheduledmessages", UNIFONIC | {"TimeScheduled": "2027-01-16 12:00:00"}, FORM, True),
    ],
)
async def test_a_program_for_unifonic_sends(stage: Stage, path: str, body: object, kind: str, success: object) -> None:
    answer, said = await asked(stage, "POST", path, body, kind)
    assert (answer.status, answer.headers["content-type"]) == (200, JSON)
    assert (said["success"], said["errorCode"], said["message"]) == (success, "ER-00", "")
    assert isinstance(said["data"]["MessageID"], int)
    assert said["data"]["MessageID"] < 2**53
    assert (said["data"]["Status"], said["data"]["Recipient"]) == ("Queued", NUMBER)
    assert len(await listed(stage)) == 1


async def test_unifonics_number_names_the_message_and_reference_and_class_are_kept(stage: Stage) -> None:
    sent = UNIFONIC | {"CorrelationID": "order-7", "MessageType": "1"}
    _, said = await asked(stage, "POST", SEND, sent, FORM)
    assert said["data"]["CorrelationID"] == "order-7"
    (message,) = await listed(stage)
    assert message["class"] == "warning"
    query = urlencode({"AppSid": FACADE_TOKEN, "MessageID": said["data"]["MessageID"]})
    for method, path in (("GET", f"{SEND}/getMessageIDStatus"), ("POST", "/rest/Messages/GetMessageIDStatus")):
        answer, found = await asked(stage, method, f"{path}?{query}")
        assert (answer.status, found["data"]["Status"] in ("Queued", "Sent")) == (200, True)
    answer, found = await asked(stage, "GET", f"{SEND}/getMessageIDStatus?AppSid={FACADE_TOKEN}&MessageID=1")
    assert (answer.status, found["success"]) == (404, False)


async def test_unifonics_bulk_has_a_row_for_each_receiver(stage: Stage) -> None:
    for path, success in ((BULK, True), ("/rest/Messages/SendBulk", "true")):
        answer, said = await asked(stage, "POST", path, UNIFONIC | {"Recipient": f"{NUMBER}, {OTHER}"}, FORM)
        assert (answer.status, said["success"]) == (200, success)
        assert [each["Recipient"] for each in said["data"]["Messages"]] == [NUMBER, OTHER]
        assert len({each["MessageID"] for each in said["data"]["Messages"]}) == 2
        assert said["data"]["NumberOfUnits"] == 2
    refused, _ = await asked(stage, "POST", BULK, UNIFONIC | {"Recipient": f"{NUMBER},12"}, FORM)
    assert refused.status == 482
    assert len(await listed(stage)) == 4


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"AppSid": "-"}, 401, "ER-07"),
        ({"AppSid": "0" * 32}, 401, "ER-07"),
        ({"Recipient": "12"}, 482, "ER-02"),
        ({"Recipient": ""}, 422, "ER-02"),
        ({"Recipient": "-"}, 422, "ER-02"),
        ({"Body": "-"}, 421, "ER-06"),
        ({"Body": ""}, 449, "ER-06"),
        ({"Body": "x" * 2_000}, 412, "ER-07"),
        ({"SenderID": "NOBODY"}, 480, "ER-08"),
        ({"SenderID": "?"}, 440, "ER-08"),
        ({"MessageType": "2"}, 406, "ER-07"),
        ({"TimeScheduled": "soon"}, 451, "ER-07"),
        ({"Recipient": ",".join([NUMBER] * 1_001)}, 450, "ER-07"),
        ({"Body": "?", "baseEncode": "true"}, 406, "ER-07"),
    ],
)
async def test_what_is_wrong_is_said_in_unifonics_frame(
    stage: Stage, changes: dict[str, str], status: int, code: str
) -> None:
    body = {name: value for name, value in (UNIFONIC | changes).items() if value != "-"}
    answer, said = await asked(stage, "POST", SEND, body, FORM)
    assert (answer.status, said["success"], said["errorCode"], said["data"]) == (status, False, code, {})
    assert said["message"]
    assert NUMBER not in answer.body.decode()


# ------------------------------------------------------------------------------------------------------------ taqnyat


@pytest.mark.parametrize("path", ["/v1/messages", "/taqnyat/v1/messages"])
@pytest.mark.parametrize(
    ("body", "kind", "bearer"),
    [
        (TAQNYAT, JSON, f"Bearer {FACADE_TOKEN}"),
        (TAQNYAT, "application/json; charset=utf-8", f"Bearer {FACADE_TOKEN}"),
        (TAQNYAT | {"recipients": NUMBER}, JSON, f"Bearer {FACADE_TOKEN}"),
        (TAQNYAT | {"scheduledDatetime": "2027-01-16T12:00", "deleteId": 7}, JSON, f"Bearer {FACADE_TOKEN}"),
        (TAQNYAT | {"scheduledDatetime": ""}, JSON, f"Bearer {FACADE_TOKEN}"),
        (TAQNYAT, JSON, FACADE_TOKEN),
        (TAQNYAT | {"recipients": NUMBER}, FORM, f"Bearer {FACADE_TOKEN}"),
    ],
)
async def test_a_program_for_taqnyat_sends(stage: Stage, path: str, body: object, kind: str, bearer: str) -> None:
    answer, said = await asked(stage, "POST", path, body, kind, bearer)
    assert (answer.status, said["statusCode"], said["totalCount"], said["msgLength"]) == (201, 201, 1, 1)
    assert (said["accepted"], said["rejected"], said["currency"]) == (f"[{NUMBER},]", "[]", "SAR")
    assert isinstance(said["messageId"], int)
    assert len(await listed(stage)) == 1


async def test_taqnyats_token_may_stand_in_the_query(stage: Stage) -> None:
    query = urlencode(TAQNYAT | {"recipients": f"{NUMBER},{OTHER}", "bearerTokens": FACADE_TOKEN})
    answer, said = await asked(stage, "GET", f"/v1/messages?{query}")
    assert (answer.status, said["totalCount"]) == (201, 2)


@pytest.mark.parametrize(("path", "name"), [("account/balance", "balance"), ("v1/messages/senders", "senders")])
async def test_taqnyats_other_paths_answer(stage: Stage, path: str, name: str) -> None:
    for root in ("/", "/taqnyat/"):
        answer, said = await asked(stage, "GET", root + path, bearer=f"Bearer {FACADE_TOKEN}")
        assert (answer.status, said["statusCode"], name in said) == (200, 200, True)


async def test_our_own_api_keeps_its_paths(stage: Stage) -> None:
    assert (await stage.post()).status == 202
    assert (await stage.post(token="cgw_none")).code == "unauthenticated"
    assert (await stage.ask("POST", "/v1/messages", BODY, token=None)).code == "unauthenticated"
    assert len(await listed(stage)) == 1
    assert (await stage.get("/account/balance")).code == "not_found"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"recipients": ["12"]}, 400),
        ({"sender": "NOBODY"}, 400),
        ({"body": ""}, 400),
        ({"scheduledDatetime": "x"}, 400),
    ],
)
async def test_what_is_wrong_is_said_in_taqnyats_words(stage: Stage, changes: dict[str, Any], status: int) -> None:
    answer, said = await asked(stage, "POST", "/v1/messages", TAQNYAT | changes, bearer=f"Bearer {FACADE_TOKEN}")
    assert (answer.status, said["statusCode"]) == (400, 400)
    assert said["message"]
    answer, said = await asked(stage, "POST", "/v1/messages", TAQNYAT, bearer="Bearer " + "0" * 32)
    assert (answer.status, said["statusCode"]) == (401, 401)


# ------------------------------------------------------------------------------------------------------------- msegat


@pytest.mark.parametrize(
    ("method", "body", "kind"),
    [
        ("POST", MSEGAT | {"msgEncoding": "UTF8", "timeToSend": "now"}, JSON),
        ("POST", MSEGAT | {"lang": "3"}, JSON),
        ("POST", MSEGAT | {"userName": USER, "apiKey": PASSWORD}, JSON),
        ("POST", MSEGAT | {"By": "Link", "reqDlr": "true", "reqBulkId": "true"}, FORM),
        ("POST", MSEGAT | {"timeToSend": "later", "exactTime": "2027-01-16 12:00:00"}, FORM),
        ("GET", MSEGAT, FORM),
    ],
)
async def test_a_program_for_msegat_sends(stage: Stage, method: str, body: dict[str, str], kind: str) -> None:
    path = "/gw/sendsms.php"
    if method == "GET":
        answer, said = await asked(stage, "GET", f"{path}?{urlencode(body)}")
    else:
        answer, said = await asked(stage, "POST", path, body, kind)
    assert (answer.status, said["code"], said["message"]) == (200, "1", "Success")
    assert isinstance(said["id"], int)
    assert len(await listed(stage)) == 1


async def test_msegats_credits_are_a_number_as_text(stage: Stage) -> None:
    boundary = "x" * 20
    parts = [("userName", "shop@example.com"), ("apiKey", FACADE_TOKEN), ("msgEncoding", "UTF8")]
    body = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts
    )
    answer = await stage.ask(
        "POST",
        "/gw/Credits.php",
        raw=f"{body}--{boundary}--\r\n".encode(),
        token=None,
        content_type=f"multipart/form-data; boundary={boundary}",
    )
    assert (answer.status, float(answer.body) > 0) == (200, True)
    senders, said = await asked(stage, "POST", "/gw/getSenders.php", MSEGAT)
    assert (senders.status, said) == (200, ["INTERKEY"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"apiKey": "0" * 32}, "1020"),
        ({"apiKey": "-"}, "1020"),
        ({"msg": "-"}, "1010"),
        ({"msg": ""}, "1050"),
        ({"msg": "x" * 2_000}, "1140"),
        ({"userSender": "NOBODY"}, "1110"),
        ({"numbers": "12"}, "1120"),
        ({"numbers": ""}, "1120"),
    ],
)
async def test_what_is_wrong_is_said_in_msegats_codes(stage: Stage, changes: dict[str, str], code: str) -> None:
    body = {name: value for name, value in (MSEGAT | changes).items() if value != "-"}
    answer, said = await asked(stage, "POST", "/gw/sendsms.php", body)
    assert (answer.status, said["code"]) == (200, code)
    assert said["message"]


# --------------------------------------------------------------------------------------------------------------- each


@pytest.mark.parametrize("path", ["/rest/none", "/taqnyat/none", "/gw/none.php"])
async def test_a_path_that_is_none_is_said_in_the_facades_frame(stage: Stage, path: str) -> None:
    answer, said = await asked(stage, "POST", path, {})
    assert (answer.status, answer.headers["content-type"]) == (404, JSON)
    assert "message" in said


@pytest.mark.parametrize("path", [SEND, "/taqnyat/v1/messages", "/gw/sendsms.php"])
async def test_head_sends_nothing(stage: Stage, path: str) -> None:
    query = urlencode(UNIFONIC | MSEGAT | TAQNYAT | {"bearerTokens": FACADE_TOKEN})
    assert (await stage.ask("HEAD", f"{path}?{query}", token=None)).status == 405
    assert await listed(stage) == []


@pytest.mark.policy("P-24")
async def test_credentials_numbers_and_texts_stay_out_of_the_log(stage: Stage) -> None:
    with capture_logs() as lines:
        await asked(stage, "POST", SEND, UNIFONIC, FORM)
        await asked(stage, "POST", SEND, UNIFONIC | {"AppSid": "canary" * 5}, FORM)
        await asked(stage, "POST", "/v1/messages", TAQNYAT, bearer="Bearer " + "c" * 32)
        await asked(stage, "POST", "/gw/sendsms.php", MSEGAT | {"apiKey": "canary" * 5})
    assert not any(word in str(lines) for word in ("canary", "c" * 32, NUMBER, "tree", FACADE_TOKEN))


async def test_without_the_switch_there_is_nothing_there(tmp_path: Path) -> None:
    async with api_on_road(tmp_path, keys=(api_key(classes=EVERY),), settings=HttpSettings(port=0)) as (stage, _):
        for path in (SEND, "/taqnyat/v1/messages", "/gw/sendsms.php"):
            assert (await stage.ask("POST", path, raw=b"{}", token=None)).code == "not_found"
        answer = await stage.ask(
            "POST", "/v1/messages", TAQNYAT, token=None, headers=[("Authorization", f"Bearer {FACADE_TOKEN}")]
        )
        assert answer.code == "unauthenticated"


async def test_an_answer_names_the_receivers_of_what_was_taken_and_no_other(stage: Stage) -> None:
    async def bulk(*numbers: str) -> list[dict[str, Any]]:
        raw = urlencode(UNIFONIC | {"Recipient": ",".join(numbers)}).encode()
        once = [("Idempotency-Key", "same-again")]
        answer = await stage.ask("POST", BULK, raw=raw, token=None, headers=once, content_type=FORM)
        rows: list[dict[str, Any]] = json.loads(answer.body)["data"]["Messages"]
        return rows

    first = await bulk(NUMBER, OTHER)
    assert [each["Recipient"] for each in first] == [NUMBER, OTHER]
    assert await bulk("966500000077", OTHER) == first[1:]

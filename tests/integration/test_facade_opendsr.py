"""Controllers hand over what people ask of them: as OpenDSR has it, into the rights desk."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from config.settings import FacadeSettings, HttpSettings, OpenDsrSettings
from gateway.accounts.customers import KeySettings
from gateway.model.times import rfc3339
from redaction.personal import Purpose
from tests.bounds import LIMIT_S
from tests.integration.road_api import EVERY, api_on_road
from tests.integration.smpp_stage import running_gateway
from tests.interop.certificates import make_certificates
from tests.unit.gateway.rights.desk import number
from tests.unit.gateway.road import Road
from tests.unit.gateway.stage import FACADE_TOKEN, Answer, Stage, api_key, customer, facade_key, read_answer

ID = "a7551968-d5d6-44b2-9831-815ac9017798"
OTHER_ID = "a7551968-d5d6-44b2-9831-815ac9017799"
REQUESTS = "/opendsr/requests"
DOMAIN = "gateway.example"
OTHER_TOKEN = "0000000e" + "c" * 24
STALE_TOKEN = "0000000d" + "d" * 24
SCOPES = ("subjects",)


def switched_on(folder: Path, **more: Any) -> HttpSettings:
    files = make_certificates(folder)
    signed = OpenDsrSettings(domain=DOMAIN, certificate=str(files.server), key=str(files.server_key), **more)
    return HttpSettings(port=0, facades=FacadeSettings(opendsr=True), opendsr=signed)


def asking(stage: Stage, kind: str = "erasure", to: object = number(1), **more: object) -> dict[str, object]:
    """A request as controllers write it."""
    identity = {"identity_type": "phone_number", "identity_value": to, "identity_format": "raw"}
    return {
        "subject_request_id": ID,
        "subject_request_type": kind,
        "submitted_time": rfc3339(stage.clock.now_ms()),
        "subject_identities": [identity],
        "api_version": "3.0",
        "regulation": "pdpl",
    } | more


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[Stage, Road]]:
    """Two customers with a credential each, and one without the scope."""
    keys = (
        api_key(classes=EVERY, scopes=(*SCOPES, "status")),
        facade_key("opendsr", scopes=SCOPES),
        facade_key("opendsr", token=OTHER_TOKEN, prefix=OTHER_TOKEN[:8], customer=2, scopes=SCOPES),
        facade_key("opendsr", token=STALE_TOKEN, prefix=STALE_TOKEN[:8], scopes=("send",)),
    )
    customers = (customer(), customer(public_id="cus_2"))
    async with api_on_road(tmp_path, keys=keys, customers=customers, settings=switched_on(tmp_path)) as found:
        yield found


@pytest.fixture
def stage(place: tuple[Stage, Road]) -> Stage:
    return place[0]


async def ask(
    stage: Stage, method: str, path: str = REQUESTS, body: object = None, token: str = FACADE_TOKEN
) -> tuple[Answer, Any]:
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    headers = [("Authorization", f"Bearer {token}")] if token else []
    answer = await stage.ask(method, path, raw=raw, token=None, headers=headers)
    return answer, json.loads(answer.body)


async def verified(stage: Stage, answer: Answer) -> bool:
    """By the certificate that discovery names."""
    pem = (await stage.ask("GET", "/opendsr/certificate.pem", token=None)).body
    key = load_pem_x509_certificate(pem).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(base64.b64decode(answer.headers["x-opendsr-signature"]), answer.body, ec.ECDSA(SHA256()))
    return answer.headers["x-opendsr-processor-domain"] == DOMAIN


async def test_anybody_learns_what_is_spoken(stage: Stage) -> None:
    answer, said = await ask(stage, "GET", "/opendsr/discovery", token="")
    assert await verified(stage, answer)
    assert said["processor_certificate"] == f"https://{DOMAIN}/opendsr/certificate.pem"
    assert said["supported_subject_request_types"] == ["erasure", "access", "portability"]
    assert {each["identity_format"] for each in said["supported_identities"]} == {"raw"}


async def test_a_request_is_taken_signed_and_stands_in_the_rights_desk(stage: Stage) -> None:
    body = asking(stage)
    answer, said = await ask(stage, "POST", body=body)
    assert (answer.status, await verified(stage, answer)) == (201, True)
    assert (said["controller_id"], said["subject_request_id"]) == ("cus_1", ID)
    assert said["received_time"] < said["expected_completion_time"]
    assert json.loads(base64.b64decode(said["encoded_request"])) == body
    answer, said = await ask(stage, "GET", f"{REQUESTS}/{ID}")
    assert (answer.status, said["request_status"], await verified(stage, answer)) == (200, "pending", True)
    case = (await stage.get(f"/v1/subjects/requests/{said['extensions']['opendsr']['case']}")).json()
    assert (case["kind"], case["state"], case["proof"]) == ("erasure", "open", "customer_vouches")


async def test_the_same_request_again_is_the_same_one(stage: Stage) -> None:
    _, first = await ask(stage, "POST", body=asking(stage))
    answer, again = await ask(stage, "POST", body=asking(stage, subject_request_id=ID.upper()))
    assert answer.status == 201
    assert (again["extensions"], again["received_time"]) == (first["extensions"], first["received_time"])
    for other in (asking(stage, to=number(2)), asking(stage, kind="access")):
        answer, said = await ask(stage, "POST", body=other)
        assert (answer.status, said["error"]["errors"][0]["reason"]) == (409, "idempotency_key_reused")
    assert len((await stage.get("/v1/subjects/requests")).json()["cases"]) == 1


async def test_what_waits_is_taken_back(stage: Stage) -> None:
    await ask(stage, "POST", body=asking(stage))
    answer, said = await ask(stage, "DELETE", f"{REQUESTS}/{ID}")
    assert (answer.status, said["subject_request_id"], await verified(stage, answer)) == (202, ID, True)
    assert (await ask(stage, "GET", f"{REQUESTS}/{ID}"))[1]["request_status"] == "cancelled"
    assert (await ask(stage, "DELETE", f"{REQUESTS}/{ID}"))[0].status == 409


async def test_access_is_answered_by_our_own_api(place: tuple[Stage, Road]) -> None:
    stage, road = place
    sent = await road.send(to=number(1))
    await road.settled()
    _, said = await ask(stage, "POST", body=asking(stage, kind="access"))
    case = said["extensions"]["opendsr"]["case"]
    done = (await stage.ask("POST", f"/v1/subjects/requests/{case}/execute")).json()
    assert [each["id"] for each in done["access"]["messages"]] == [sent.hex()]
    assert (await ask(stage, "GET", f"{REQUESTS}/{ID}"))[1]["request_status"] == "completed"


async def test_requests_are_ones_own_and_take_a_credential_of_their_own(stage: Stage) -> None:
    await ask(stage, "POST", body=asking(stage))
    for method in ("GET", "DELETE"):
        assert (await ask(stage, method, f"{REQUESTS}/{ID}", token=OTHER_TOKEN))[0].status == 404
    assert (await ask(stage, "POST", body=asking(stage, to=number(2)), token=OTHER_TOKEN))[0].status == 201
    assert (await ask(stage, "POST", body=asking(stage), token=STALE_TOKEN))[0].status == 403
    assert (await ask(stage, "POST", body=asking(stage), token=""))[0].status == 401
    assert (await ask(stage, "PUT", f"{REQUESTS}/{ID}"))[0].status == 405
    assert (await ask(stage, "GET", "/opendsr/elsewhere"))[0].status == 404


HASHED = {"identity_type": "phone_number", "identity_value": "ab" * 32, "identity_format": "sha256"}
PHONE = {"identity_type": "phone", "identity_value": number(1), "identity_format": "raw"}
MAIL = {"identity_type": "email", "identity_value": "somebody@example.com", "identity_format": "raw"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"subject_request_id": None}, "missing_field"),
        ({"subject_request_id": "1"}, "invalid_value"),
        ({"subject_request_id": "\u0661" * 36}, "invalid_value"),
        ({"subject_request_id": 7}, "wrong_type"),
        ({"subject_request_type": "rectification"}, "invalid_value"),
        ({"subject_request_type": ""}, "missing_field"),
        ({"submitted_time": "yesterday"}, "invalid_value"),
        ({"submitted_time": "2999-01-01T00:00:00Z"}, "invalid_value"),
        ({"submitted_time": "1999-01-01T00:00:00Z"}, "invalid_value"),
        ({"subject_identities": []}, "missing_field"),
        ({"subject_identities": [MAIL]}, "unsupported"),
        ({"subject_identities": [HASHED]}, "unsupported"),
        ({"subject_identities": [PHONE, PHONE | {"identity_value": number(2)}]}, "unsupported"),
        ({"subject_identities": [PHONE | {"identity_value": "+96650\u0000"}]}, "invalid_number"),
        ({"subject_identities": [PHONE | {"identity_value": 966500000001}]}, "invalid_number"),
        ({"subject_identities": [PHONE | {"identity_value": "9" * 9_000}]}, "invalid_number"),
        ({"subject_identities": [MAIL] * 33}, "wrong_type"),
        ({"subject_identities": {}}, "wrong_type"),
        ({"status_callback_urls": ["https://controller.example/told"]}, "unsupported"),
    ],
)
async def test_what_cannot_be_taken_is_said_in_its_error_object(
    stage: Stage, change: dict[str, Any], reason: str
) -> None:
    answer, said = await ask(stage, "POST", body=asking(stage, **change))
    assert (answer.status, said["error"]["code"], said["error"]["errors"][0]["reason"]) == (400, 400, reason)
    assert number(1)[5:] not in answer.body.decode()


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"{", 400), (b"[]", 400), (b"\xff", 400), (b"x" * 70_000, 413)]
)
async def test_a_body_that_is_none_is_refused(stage: Stage, body: bytes, status: int) -> None:
    answer, said = await ask(stage, "POST", body=body)
    assert (answer.status, said["error"]["code"]) == (status, status)


async def test_identities_of_other_types_are_passed_over_and_spellings_are_one_number(stage: Stage) -> None:
    identities = [MAIL, PHONE, PHONE | {"identity_value": f"0{number(1)[4:]}"}]
    answer, _ = await ask(stage, "POST", body=asking(stage, subject_identities=identities, status_callback_urls=[]))
    assert answer.status == 201


async def test_a_node_erases_by_itself(tmp_path: Path) -> None:
    others = {"http": switched_on(tmp_path, wait_s=0)}
    async with running_gateway(tmp_path, others=others) as gateway:
        _, secret = await gateway.accounts.add_key(
            gateway.customer, scopes=SCOPES, settings=KeySettings(), facades=("opendsr",)
        )
        await gateway.node.stores.directory.refresh()
        port = gateway.node.fronts.http.listener.port
        token = secret.reveal(Purpose.CREDENTIAL)
        stage: Any = gateway.node  # of which `asking` needs the clock alone
        body = json.dumps(asking(stage)).encode()

        async def status(line: str, body: bytes = b"") -> Any:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"{line} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
            try:
                writer.write(head.encode() + body)
                return json.loads((await read_answer(reader, head_only=False)).body)
            finally:
                writer.close()

        assert (await status(f"POST {REQUESTS}", body))["subject_request_id"] == ID
        async with asyncio.timeout(LIMIT_S):
            while (await status(f"GET {REQUESTS}/{ID}"))["request_status"] != "completed":
                await asyncio.sleep(0.05)

"""What people ask for: by themselves, and forwarded by a customer; codes leave through a node that runs."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from gateway.accounts.settings import KeySettings
from gateway.people.roles import Role
from gateway.rights.asking import Asked
from gateway.rights.case_states import Kind, State
from redaction.keys import PLATFORM
from redaction.personal import MessageText, Msisdn, Purpose, Secret
from tests.bounds import LIMIT_S
from tests.integration.admin_stage import Admin, running_admin
from tests.integration.test_admin_steering import ALL, set_
from tests.integration.test_subject_verbs import PERSON, accounts_of, shown

REQUESTS = "/v1/subjects/requests"
RIGHTS = """
[[routes]]
customers = ["platform"]
operators = ["spare"]
[rights]
sender = "GATEWAY"
"""
CANARY = "canary words"


class Customer:
    """A customer's program with a key of the scope `subjects`."""

    def __init__(self, admin: Admin, key: Secret) -> None:
        self._admin = admin
        self._headers = {"Authorization": f"Bearer {key.reveal(Purpose.CREDENTIAL)}"}

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self._admin.node.fronts.http.listener.port}{path}"
        async with self._admin._client.request(method, url, json=body, headers=self._headers) as answer:
            return answer.status, await answer.json()


async def customer_of(admin: Admin) -> Customer:
    number = admin.node.stores.directory.number_of(admin.customer)
    assert number is not None
    _, key = await accounts_of(admin.node).add_key(number, scopes=("subjects",), settings=KeySettings())
    await admin.node.stores.directory.refresh()
    return Customer(admin, key)


async def codes(admin: Admin, count: int, digits: str = PERSON[1:]) -> list[str]:
    """The codes that wait for this number, the oldest first, once there are as many."""
    stores = admin.node.stores
    names = list(stores.keyring.former_leaves(PLATFORM, Msisdn(digits, 966)))
    async with asyncio.timeout(LIMIT_S):
        while len(found := await stores.messages.list_subject(PLATFORM, names, 100)) < count:
            await asyncio.sleep(0.01)
    assert {each.operator for each in found} == {"spare"}
    texts = [
        stores.vault.open_content(each).text.reveal(Purpose.DELIVER) for each in sorted(found, key=lambda it: it.id)
    ]
    return [said[1] for text in texts if (said := re.search(r"\b([0-9]{6})\b", text))]


async def test_a_request_that_a_customer_forwards_is_proved_by_a_code_and_executed(tmp_path: Path) -> None:
    async with running_admin(tmp_path, more=RIGHTS) as admin:
        await set_(admin, "operators/spare/pause", await admin.token(*ALL))
        gone = await admin.send(to=PERSON)
        customer = await customer_of(admin)
        asked = {"kind": "erasure", "number": PERSON, "language": "en", "text": CANARY}
        status, said = await customer.ask("POST", REQUESTS, asked)
        assert (status, said["code_sent"], said["request"]["state"]) == (202, True, "awaiting_proof")
        case = said["request"]["id"]
        assert (await customer.ask("POST", f"{REQUESTS}/{case}/execute"))[1]["code"] == "proof_missing"
        (code,) = await codes(admin, 1)
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        assert (await customer.ask("POST", f"{REQUESTS}/{case}/proof", {"code": wrong}))[1]["code"] == "proof_wrong"
        status, said = await customer.ask("POST", f"{REQUESTS}/{case}/proof", {"code": code})
        assert (status, said["state"], said["proof"]) == (200, "open", "code")
        assert (await customer.ask("POST", f"{REQUESTS}/{case}/code", {}))[1]["code"] == "case_state"
        status, said = await customer.ask("POST", f"{REQUESTS}/{case}/execute")
        assert (status, said["erased"]["messages"], said["case"]["state"]) == (200, 1, "answered")
        assert await shown(admin, gone) == 404
        status, page = await customer.ask("GET", f"{REQUESTS}?state=nowhere")
        assert (status, page["code"]) == (400, "invalid_parameter")
        status, page = await customer.ask("GET", f"{REQUESTS}?state=answered")
        assert (status, [each["id"] for each in page["cases"]], page["cursor"]) == (200, [case], None)
        assert (await customer.ask("GET", f"{REQUESTS}/{case}"))[1] == page["cases"][0]
        assert CANARY not in json.dumps(page)
        actors = {each["actor"]["kind"] for each in await admin.entries("case.step")}
        assert actors == {"key"}


async def test_of_requests_that_come_together_each_is_one_case(tmp_path: Path) -> None:
    async with running_admin(tmp_path, more=RIGHTS) as admin:
        customer = await customer_of(admin)
        asked = [{"kind": "access", "number": f"{PERSON[:-2]}{last:02}", "language": "en"} for last in range(8)]
        answers = await asyncio.gather(*(customer.ask("POST", REQUESTS, each) for each in asked))
        assert [status for status, _ in answers] == [202] * 8  # whether a code was sent or met others at the limits
        _, page = await customer.ask("GET", REQUESTS)
        assert {each["id"] for each in page["cases"]} == {said["request"]["id"] for _, said in answers}


async def test_a_customer_vouches_refuses_and_sees_its_own_alone(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        customer = await customer_of(admin)
        vouched = {"kind": "object", "number": PERSON, "evidence": "customer_vouches"}
        status, said = await customer.ask("POST", REQUESTS, vouched)
        assert (status, said["code_sent"], said["request"]["state"]) == (202, False, "open")
        case = said["request"]["id"]
        status, later = await customer.ask("POST", f"{REQUESTS}/{case}/extend", {"reason": "effort", "days": 5})
        assert (status, later["extended_because"]) == (200, "effort")
        status, refused = await customer.ask("POST", f"{REQUESTS}/{case}/refuse", {"reason": "unfounded"})
        assert (status, refused["state"]) == (200, "refused")
        status, said = await customer.ask("POST", REQUESTS, {"kind": "access", "number": PERSON})
        case = said["request"]["id"]
        assert (status, said["code_sent"], said["request"]["state"]) == (202, False, "received")
        assert (await customer.ask("POST", f"{REQUESTS}/{case}/code", {}))[1]["code"] == "codes_off"
        assert (await customer.ask("POST", f"{REQUESTS}/{case}/proof", {}))[1]["code"] == "missing_field"
        status, said = await customer.ask("POST", f"{REQUESTS}/{case}/proof", {"evidence": "document_seen"})
        assert (status, said["state"]) == (200, "open")
        for body, code in (
            ({"kind": "breach", "number": PERSON}, "invalid_value"),
            ({"kind": "erasure", "number": "canary"}, "invalid_number"),
            ({"kind": "erasure", "number": PERSON, "evidence": "code"}, "invalid_value"),
        ):
            status, said = await customer.ask("POST", REQUESTS, body)
            assert (status, said["code"], "canary" in json.dumps(said)) == (400, code, False)
        officer, _ = await admin.person(Role.PRIVACY_OFFICER)
        opened = {"kind": "access", "channel": "letter", "number": PERSON}
        status, of_all, _ = await admin.ask("POST", "/admin/v1/cases", opened, await admin.session(officer))
        assert (status, (await customer.ask("GET", f"{REQUESTS}/{of_all['id']}"))[0]) == (201, 404)


async def test_what_somebody_asks_for_by_itself_reaches_everything_of_the_platform(tmp_path: Path) -> None:
    """Of all customers, and the codes that were sent to the person themselves."""
    async with running_admin(tmp_path, more=RIGHTS) as admin:
        await set_(admin, "operators/spare/pause", await admin.token(*ALL))
        gone = await admin.send(to=PERSON)
        public = admin.node.rights.public
        number = Msisdn(PERSON[1:], 966)
        asked = Asked(kind=Kind.ERASURE, number=number, text=MessageText(CANARY), address="192.0.2.1")
        reference = await public.open_request(asked)
        (code,) = await codes(admin, 1)
        assert (await public.prove(reference, Secret(code))).state is State.OPEN
        case = reference.reveal(Purpose.CREDENTIAL)[:15]
        officer, _ = await admin.person(Role.PRIVACY_OFFICER)
        session = await admin.session(officer)
        status, said, _ = await admin.ask("POST", f"/admin/v1/cases/{case}/execute", None, session)
        assert (status, said["erased"]["messages"]) == (200, 2)
        assert said["erased"]["customers"] == sorted([admin.customer, "platform"])
        assert await shown(admin, gone) == 404
        assert (await public.status_of(reference)).state is State.ANSWERED
        assert await admin.node.stores.ledger.usage.customers() == [
            admin.node.stores.directory.number_of(admin.customer)
        ]

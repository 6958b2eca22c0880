"""Consents and suppressions over HTTP, and the page behind a stop link: what a person says there holds at the door."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from config.settings import MessageSettings, SmppServerSettings
from gateway.accounts.administration import Accounts, Profile
from gateway.accounts.customers import ApiKey, CustomerSettings, KeySettings
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.entries import read_entry
from gateway.ledger.contract import Declined
from gateway.model.content import Content
from gateway.node.node import Node
from operators.simulator import Simulator
from redaction.personal import MessageText, Purpose
from tests.integration.smpp_stage import settings_of
from tests.unit.gateway.road import a_request, offered

BASE = "https://go.example.sa"
PERSON, OTHER = "+966500000078", "+966500000079"


class Stage:
    def __init__(self, node: Node, key: ApiKey, secret: str, smsc: Simulator) -> None:
        self.node = node
        self.key = key
        self.secret = secret
        self.smsc = smsc
        self._session = aiohttp.ClientSession(f"http://127.0.0.1:{node.fronts.http.listener.port}")

    async def close(self) -> None:
        await self._session.close()

    async def post(self, path: str, body: dict[str, Any], secret: str | None = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {secret or self.secret}"}
        async with self._session.post(path, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def page(self, method: str, path: str) -> tuple[int, str, str]:
        async with self._session.request(method, path, data={"stop": "1"} if method == "POST" else None) as answer:
            return answer.status, await answer.text(), answer.headers["Content-Security-Policy"]

    async def send(self, to: str = PERSON, **fields: Any) -> bytes | Declined:
        request = a_request(to=to, **({"message_class": "promotional"} | fields))
        _, durable = offered(self.node.road.door, self.key, request)
        result = await durable
        assert isinstance(result, bytes | Declined)
        return result

    async def checked(self, message_class: str = "promotional") -> tuple[str, list[tuple[str, str, str]]]:
        """What is said of a message without sending it: the outcome, and of each finding code, rule and field."""
        body = {"to": PERSON, "from": "INTERKEY", "text": "x", "class": message_class}
        status, told = await self.post("/v1/messages/check", body)
        assert status == 200, told
        found = [each for each in told["findings"] if each["enforced"]]
        return told["outcome"], [(each["code"], each["rule"], each["field"]) for each in found]

    async def content(self, identifier: bytes) -> Content:
        found = await self.node.stores.ledger.messages.find(self.key.customer.id, identifier)
        assert found is not None
        return self.node.stores.vault.open_content(found)

    async def acts(self) -> list[dict[str, Any]]:
        return [read_entry(each.octets) for each in await self.node.stores.ledger.acts.pending(200)]


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """A node whose customer enforces consent."""
    smsc = Simulator(password="")
    await smsc.start()
    settings = settings_of(folder, smsc.port, SmppServerSettings(port=0, refused_bind_pause_s=0.0))
    node = Node(msgspec.structs.replace(settings, messages=MessageSettings(stop_links=BASE)))
    try:
        await node.start()
        try:
            accounts = Accounts(
                node.stores.ledger.accounts,
                node.clock,
                COMMAND_LINE,
                sealer=node.stores.sealer,
                ensure_keys=node.stores.keyring.ensure_customer,
                digest=node.stores.keyring.credential_digest,
            )
            stored = await accounts.add_customer(
                Profile(name=MessageText("Trial")),
                msgspec.convert({"senders": {"INTERKEY": ()}, "consent": "enforce"}, CustomerSettings),
            )
            _, secret = await accounts.add_key(
                stored.id,
                scopes=("send", "status", "consents", "suppressions"),
                settings=KeySettings(classes=("promotional", "otp", "awareness")),
            )
            await node.stores.directory.refresh()
            key = node.stores.directory.find(secret)
            assert key is not None
            stage = Stage(node, key, secret.reveal(Purpose.CREDENTIAL), smsc)
            yield stage
            await stage.close()
            assert not any(node.contained.counts.values())
        finally:
            await node.stop()
    finally:
        await smsc.stop()


async def test_what_people_say_by_way_of_the_api_holds_at_the_door(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        assert await stage.send() == Declined("consent_missing", "to")
        assert await stage.checked() == ("refused", [("consent_missing", "consent", "to")])
        assert await stage.checked("otp") == ("accepted", [])
        assert isinstance(await stage.send(message_class="otp"), bytes)
        assert await stage.post("/v1/consents", {"number": PERSON, "means": "paper"}) == (202, {"changed": 1})
        assert isinstance(await stage.send(), bytes)
        assert await stage.checked() == ("accepted", [])
        assert await stage.send(message_class="awareness") == Declined("consent_missing", "to")
        assert await stage.send(OTHER) == Declined("consent_missing", "to")
        right = {"number": PERSON, "prior_interaction": True}
        assert await stage.post("/v1/consents/correct", right) == (202, {"corrected": ["prior"]})
        assert (await stage.post("/v1/consents/correct", right | {"number": OTHER}))[1]["code"] == "not_found"
        status, proof = await stage.post("/v1/consents/proof", {"number": PERSON})
        assert (status, proof["consents"][0]["prior_interaction"]) == (200, True)
        assert [(each["purpose"], each["means"], each["state"]) for each in proof["consents"]] == [
            ("promotional", "paper", "given")
        ]
        assert await stage.post("/v1/suppressions", {"number": PERSON, "scope": "sender:INTERKEY"}) == (
            202,
            {"changed": 1},
        )
        assert await stage.send() == Declined("suppressed", "to")
        assert await stage.post("/v1/suppressions/remove", {"number": PERSON, "scope": "sender:INTERKEY"}) == (
            202,
            {"changed": 1},
        )
        assert isinstance(await stage.send(), bytes)
        assert (await stage.post("/v1/consents/withdraw", {"number": PERSON}))[0] == 202
        assert await stage.send() == Declined("consent_withdrawn", "to")
        said = {"from": "INTERKEY", "text": "x", "class": "promotional"}
        status, problem = await stage.post("/v1/messages", {"to": PERSON, **said})
        assert (status, problem["code"], problem["field"]) == (422, "consent_withdrawn", "to")
        batch = {"messages": [{"to": each, **said} for each in (PERSON, OTHER)]}
        _, answer = await stage.post("/v1/messages/batch", batch)
        assert [each["error"]["code"] for each in answer["items"]] == ["consent_withdrawn", "consent_missing"]
        acts = await stage.acts()
        by_key = [each for each in acts if each["actor"]["kind"] == "key"]
        assert {each["act"] for each in by_key} == {
            "consent.give",
            "consent.correct",
            "consent.show",
            "consent.withdraw",
            "suppression.add",
            "suppression.remove",
        }
        assert PERSON[1:] not in json.dumps(acts)


async def test_what_cannot_be_taken_is_refused(tmp_path: Path) -> None:
    cases: list[tuple[str, dict[str, Any], str, str]] = [
        ("/v1/consents", {"number": "12"}, "invalid_number", "number"),
        ("/v1/consents", {"number": ""}, "empty_field", "number"),
        ("/v1/consents", {}, "missing_field", "number"),
        ("/v1/consents", {"number": PERSON, "purpose": "otp"}, "wrong_type", "purpose"),
        ("/v1/consents", {"number": PERSON, "given_at": "2999-01-01T00:00:00Z"}, "invalid_value", "given_at"),
        ("/v1/consents", {"number": PERSON, "option": " "}, "invalid_value", "option"),
        ("/v1/consents", {"number": PERSON, "wording": "none"}, "invalid_value", "wording"),
        ("/v1/consents", {"number": PERSON, "more": 1}, "unknown_field", "more"),
        ("/v1/suppressions", {"number": PERSON, "scope": "everything"}, "wrong_type", "scope"),
        ("/v1/suppressions", {"number": PERSON, "scope": "sender: "}, "invalid_value", "scope"),
    ]
    async with staged(tmp_path) as stage:
        for path, body, code, field in cases:
            status, problem = await stage.post(path, body)
            assert (status, problem["code"], problem.get("field")) == (400, code, field)
        assert [each for each in await stage.acts() if each["actor"]["kind"] == "key"] == []
        status, problem = await stage.post("/v1/consents", {"number": PERSON}, "cgw_wrong")
        assert (status, problem["code"]) == (401, "unauthenticated")


async def test_a_link_in_the_text_stops_by_its_button_alone(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        for number in (PERSON, OTHER):
            await stage.post("/v1/consents", {"number": number})
        sent = await stage.send(text="Offer! {stop_link}")
        assert isinstance(sent, bytes)
        text = (await stage.content(sent)).text.reveal(Purpose.DELIVER)
        link = re.fullmatch(rf"Offer! {re.escape(BASE)}(/s/[A-Za-z0-9_-]{{22}})", text)
        assert link is not None
        for _ in range(2):
            status, page, policy = await stage.page("GET", link[1])
            assert (status, 'method="post"' in page, "<script" in page) == (200, True, False)
            assert 'dir="rtl"' in page
            assert "default-src 'none'" in policy
            assert isinstance(await stage.send(), bytes)
        for _ in range(2):
            assert (await stage.page("POST", link[1]))[0] == 200
        assert await stage.send() == Declined("suppressed", "to")
        assert isinstance(await stage.send(OTHER), bytes)
        assert isinstance(await stage.send(message_class="otp"), bytes)
        assert [each["what"] for each in await stage.acts() if each["act"] == "suppression.add"] == ["link"]
        for method in ("GET", "POST"):
            for wrong in ("/s/" + "A" * 22, "/s/short"):
                status, page, _ = await stage.page(method, wrong)
                assert (status, "Unknown link" in page, "<button" in page) == (404, True, False)
        otp = await stage.send(text="{stop_link}", message_class="otp")
        assert isinstance(otp, bytes)
        assert (await stage.content(otp)).text.reveal(Purpose.DELIVER) == "{stop_link}"

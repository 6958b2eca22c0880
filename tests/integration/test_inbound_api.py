"""What people write, read over HTTP by the customer that they wrote to; and octets that it sends over HTTP."""

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.accounts.customers import KeySettings
from operators.smpp import status as st
from redaction.personal import Purpose
from tests.integration.smpp_stage import Front, running_gateway
from tests.integration.test_road_of_receipts import answered
from tests.integration.test_road_of_replies import between, reply, stored


async def asked(
    front: Front, path: str, body: object = None, *, scopes: tuple[str, ...], **key: Any
) -> tuple[int, Any, str]:
    """Status, answer and its text, with a new key of these scopes."""
    _, secret = await front.accounts.add_key(front.customer, scopes=scopes, settings=KeySettings(**key))
    await front.node.stores.directory.refresh()
    headers = {"Authorization": f"Bearer {secret.reveal(Purpose.CREDENTIAL)}"}
    url = f"http://127.0.0.1:{front.node.fronts.http.listener.port}{path}"
    method = "GET" if body is None else "POST"
    async with aiohttp.ClientSession() as client, client.request(method, url, json=body, headers=headers) as answer:
        text = await answer.text()
        return answer.status, json.loads(text), text


@pytest.mark.policy("P-24")
async def test_a_customer_reads_what_people_wrote(tmp_path: Path) -> None:
    async with between(tmp_path) as (front, smsc, _):
        for octets in (b"one", b"two"):
            assert await answered(smsc, reply(octets)) == st.OK
        assert await answered(smsc, reply(b"\x00\x01", data_coding=4)) == st.OK
        await stored(front, 3)
        status, page, text = await asked(front, "/v1/inbound?limit=2", scopes=("inbound",))
        assert status == 200
        assert len(page["messages"]) == 2
        assert "500000078" not in text
        _, rest, _ = await asked(front, f"/v1/inbound?limit=2&cursor={page['cursor']}", scopes=("inbound",))
        came = page["messages"] + rest["messages"]  # of those of one millisecond any may be the first
        assert sorted(each.get("text") or each["octets"] for each in came) == ["AAE=", "one", "two"]
        (second,) = [each for each in came if each.get("text") == "two"]
        assert (second["from"], second["to"]) == ("+966•••••••78", "1234")
        assert second["retention"]["tag"] == "transactional"
        _, shown, _ = await asked(front, f"/v1/inbound/{second['id']}", scopes=("inbound",))
        assert shown == second
        status, refused, _ = await asked(front, "/v1/inbound", scopes=("send", "status"))
        assert (status, refused["code"]) == (403, "scope_missing")


async def test_a_message_that_was_sent_is_none_of_those_that_came(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        await stage.node.stores.directory.refresh()
        body = {"to": "+966500000078", "from": "INTERKEY", "octets": "hex:0001feff", "header": "hex:06050415811581"}
        status, taken, _ = await asked(stage, "/v1/messages", body, scopes=("send",))
        assert (status, taken["encoding"], taken["segments"]) == (202, "binary", 1)
        (submit,) = await stage.arrived(1)
        assert (submit.short_message, submit.data_coding) == (bytes.fromhex("060504158115810001feff"), 4)
        assert submit.esm_class & 0x40
        status, refused, _ = await asked(stage, f"/v1/inbound/{taken['id']}", scopes=("inbound",))
        assert (status, refused["code"]) == (404, "not_found")
        status, said, _ = await asked(stage, "/v1/messages/check", {**body, "data_coding": 300}, scopes=("send",))
        assert (status, said["outcome"], said["findings"][0]["code"]) == (200, "refused", "invalid_coding")
        status, said, _ = await asked(stage, "/v1/messages/check", body, scopes=("send",))
        assert (said["outcome"], said["segments"], said["encoding"]) == ("accepted", 1, "binary")
        assert said["price_at_most"] is None

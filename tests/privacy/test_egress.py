"""What arrives at the operator is the egress contract, field for field, whatever the customer filled in (P-16)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.tools.trial_site import Stage
from operators.simulator import Faults, Simulator
from operators.smpp import pdu as p
from redaction.traces import find, traces
from tests.acceptance.client import LOOK_S, Customer, customer_of
from tests.bounds import LIMIT_S
from tests.contract.rest_peer import CALLBACK_SECRET, TOKEN, RestPeer, rest_peer
from tests.verbs import QuickStage

REFERENCE = "canary-reference-7731"
CALLBACK = "http://127.0.0.1:47732/canary-callback-7732"
ENDPOINT = "http://127.0.0.1:47732/"
IDEMPOTENCY = "canary-idempotency-7733"
AGENT = "canary-agent/7734"
LONG = "The terms of your account change next month and nothing else does. " * 4


@contextlib.asynccontextmanager
async def operator_and_customer(folder: Path) -> AsyncIterator[tuple[Simulator, Customer, Stage]]:
    smsc = Simulator(record=True, faults=Faults())
    await smsc.start()
    stage = QuickStage(folder / "stage", smsc_port=smsc.port)
    try:
        await asyncio.to_thread(stage.prepare)
        await asyncio.to_thread(stage.command, "webhook", "set", stage.customer, ENDPOINT)
        async with customer_of(stage) as customer:
            yield smsc, customer, stage
    finally:
        await asyncio.to_thread(stage.stop)
        await smsc.stop()


async def send_full(customer: Customer, text: str, *, until: str = "", **more: object) -> str:
    """A message with every optional field filled."""
    body = {
        "to": "+966512345678",
        "from": "INTERKEY",
        "text": text,
        "class": "transactional",
        "reference": REFERENCE,
        "callback_url": CALLBACK,
        "validity": 3600,
        "retention": "discard",
        **more,
    }
    headers = {"Idempotency-Key": f"{IDEMPOTENCY}-{len(text)}", "User-Agent": AGENT, "X-Forwarded-For": "203.0.113.77"}
    async with asyncio.timeout(LIMIT_S):  # a running node hears of the endpoint within a second
        while (said := await customer.ask("POST", "/v1/messages", json=body, headers=headers))[0] == 422:
            await asyncio.sleep(LOOK_S)
    status, answer, _ = said
    assert status == 202, answer
    await customer.reach(answer["id"], *([until] if until else []))
    return str(answer["id"])


def expected(text: bytes, **more: int) -> p.SubmitSm:
    """The contract's fields and nothing else; sequence number and validity are the link's and the clock's."""
    pdu = p.SubmitSm(
        source_addr_ton=5,
        source_addr="INTERKEY",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="966512345678",
        registered_delivery=1,
        short_message=text,
    )
    return msgspec.structs.replace(pdu, **more)


def compared(pdu: p.SubmitSm) -> dict[str, object]:
    names = [row.name for row in p.SubmitSm.layout]
    values = {name: getattr(pdu, name) for name in (*names, "tlvs", "short_message")}
    values.pop("validity_period")
    return values


@pytest.mark.policy("P-16")
async def test_the_operator_gets_exactly_the_fields_of_its_contract(tmp_path: Path) -> None:
    async with operator_and_customer(tmp_path) as (smsc, customer, stage):
        short = await send_full(customer, "Plain words")
        arabic = await send_full(customer, "مرحبا بكم")
        long = await send_full(customer, LONG)
        record = await customer.show(short)
        flash = await send_full(customer, "At once", flash=True)
        received = list(smsc.received)
        personal = [REFERENCE, CALLBACK, IDEMPOTENCY, AGENT, "203.0.113.77", stage.key, stage.customer]
        ids = [short, arabic, long, flash]
    assert compared(received[0]) == compared(expected(b"Plain words"))
    assert compared(received[1]) == compared(expected("مرحبا بكم".encode("utf-16-be"), data_coding=8))
    assert compared(received[-1])["data_coding"] in (0x10, 0xF0)
    joined = b""
    for number, segment in enumerate(received[2:-1], 1):
        header, body = segment.short_message[:6], segment.short_message[6:]
        assert header[:3] == b"\x05\x00\x03"
        assert header[4:] == bytes((len(received) - 3, number))
        assert compared(segment) == compared(expected(segment.short_message, esm_class=0x40))
        joined += body
    assert joined == LONG.encode()
    assert all(each.validity_period.endswith("000R") for each in received)
    assert all(not each.tlvs for each in received)
    wire = b"".join(p.encode(each) for each in received)
    for value in personal:
        assert not find(wire, traces(value)), "a value outside the contract left"
    for identifier in ids:
        assert not find(wire, {"hex": identifier.encode(), "raw": bytes.fromhex(identifier)})
    assert set(record["privacy"]["fields_forwarded"]) >= {"source", "destination", "text", "registered_delivery"}


@pytest.mark.policy("P-16")
async def test_a_narrower_contract_lets_less_out_and_the_record_says_so(tmp_path: Path) -> None:
    async with operator_and_customer(tmp_path) as (smsc, customer, stage):
        assert await asyncio.to_thread(stage.stop_gateway) == 0
        narrow(stage.folder / "gateway.toml")
        await asyncio.to_thread(stage.start_gateway)
        status, answer, _ = await customer.ask(
            "POST", "/v1/messages", json={"to": "+966512345678", "from": "INTERKEY", "text": "Less", "validity": 3600}
        )
        assert status == 202
        record = await customer.reach(answer["id"], "submitted")
        received = smsc.received[-1]
    assert received.validity_period == ""
    assert received.registered_delivery == 0
    assert (received.source_addr_ton, received.source_addr_npi, received.source_addr) == (0, 0, "")
    assert not {"validity", "registered_delivery", "source"} & set(record["privacy"]["fields_forwarded"])


def narrow(path: Path) -> None:
    allowed = 'egress = { allow = ["destination", "text", "data_coding", "udh", "esm_class"] }\n[[routes]]'
    path.write_text(path.read_text().replace("[[routes]]", allowed))


def over_http(folder: Path, peer: RestPeer) -> str:
    """Settings of an HTTP operator for numbers that begin with 96655."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "token").write_text(TOKEN)
    (folder / "callback").write_text(CALLBACK_SECRET)
    return f"""
[[operators]]
name = "web"
kind = "rest"
password = {{ file = "{folder}/token" }}
[operators.rest]
url = "{peer.url}"
id = "data.id"
constants = ["channel=sms"]
[operators.rest.fields]
receipt = "dlr"
validity = "ttl"
reference = "request"
flash = "flash"
[operators.rest.callback]
port = 0
password = {{ file = "{folder}/callback" }}
[[routes]]
prefix = "96655"
operators = ["web"]
"""


@pytest.mark.policy("P-16")
async def test_an_http_operator_gets_exactly_the_fields_that_have_a_name(tmp_path: Path) -> None:
    async with rest_peer() as peer:
        stage = QuickStage(tmp_path / "stage", more=over_http(tmp_path / "secrets", peer))
        try:
            await asyncio.to_thread(stage.prepare)
            await asyncio.to_thread(stage.command, "webhook", "set", stage.customer, ENDPOINT)
            async with customer_of(stage) as customer:
                identifier = await send_full(customer, LONG, to="+966551234567", until="submitted")
                record = await customer.show(identifier)
        finally:
            await asyncio.to_thread(stage.stop)
        ((headers, body),) = peer.requests
    (said,) = peer.bodies
    reference, validity = said.pop("request"), said.pop("ttl")
    assert said == {
        "channel": "sms", "to": "+966551234567", "from": "INTERKEY", "text": LONG, "dlr": True, "flash": False
    }  # fmt: skip
    assert 3500 < validity <= 3600
    assert len(reference) == 24
    assert set(headers) == {"Host", "Content-Type", "Content-Length", "Authorization"}
    wire = body + repr(headers).encode()
    for value in (REFERENCE, CALLBACK, IDEMPOTENCY, AGENT, "203.0.113.77", stage.key, stage.customer):
        assert not find(wire, traces(value)), "a value outside the contract left"
    assert not find(wire, {"hex": identifier.encode(), "raw": bytes.fromhex(identifier)})
    forwarded = {"source", "destination", "text", "data_coding", "registered_delivery", "validity"}
    assert set(record["privacy"]["fields_forwarded"]) - {"reference"} == forwarded
    assert record["privacy"]["operator"] == "web"

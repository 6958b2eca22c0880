"""The gateway as SMSC to ESMEs that nobody here wrote: smpplib, aiosmpplib, smpp34, and smpp of npm (with node)."""

import asyncio
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.customers import CustomerSettings, NumberSettings
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.coding import decode_parts
from operators.smpp.udh import split_udh
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import ARABIC, Stage, running_gateway
from tests.interop.certificates import Certificates

ROOT = Path(__file__).resolve().parents[2]
Words = Callable[[str], list[str]]


@pytest.fixture(params=["smpplib", "aiosmpplib", "smpp34", "node"])
def esme(request: pytest.FixtureRequest) -> Words:
    """The command that runs one, given its options."""
    if request.param == "node":
        package: Path = request.getfixturevalue("node_smpp")
        node = shutil.which("node")
        assert node is not None
        return lambda options: [node, str(Path(__file__).with_name("esme.js")), str(package), options]
    return lambda options: [sys.executable, "-m", "tests.interop.esmes", request.param, options]


async def run(words: Words, stage: Stage, account: tuple[str, str], **options: Any) -> list[dict[str, Any]]:
    """What the ESME says until it ends."""
    base = {"port": stage.port, "system_id": account[0], "password": account[1]}
    more = {"mode": "transceiver", "texts": [], "expect": 0, "tls": False}
    process = await asyncio.create_subprocess_exec(
        *words(json.dumps(base | more | options)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return [json.loads(line) for line in said.splitlines() if line.startswith(b"{")]


def named(said: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [each for each in said if each["event"] == event]


def text_of(sent: list[p.SubmitSm]) -> str | None:
    """What a phone shows."""
    parts = [split_udh(each.short_message, each.esm_class) for each in sent]
    parts.sort(key=lambda part: 0 if part[0].concat is None else part[0].concat.sequence)
    return decode_parts(parts, sent[0].data_coding).text


@pytest.mark.smpp("S-15")
@pytest.mark.smpp("S-19")
@pytest.mark.parametrize("mode", ["transceiver", "transmitter", "receiver"])
async def test_it_binds_in_every_mode_and_says_goodbye(tmp_path: Path, esme: Words, mode: str) -> None:
    async with running_gateway(tmp_path) as stage:
        said = await run(esme, stage, await stage.account(), mode=mode)
        assert [each["event"] for each in said] == ["bound", "unbound"]
        assert stage.node.fronts.smpp_server.bound == 1
        assert stage.node.fronts.smpp_server.denied["password"] == 0


@pytest.mark.smpp("S-50")
@pytest.mark.smpp("S-55")
@pytest.mark.parametrize("text", ["Your code is 1234", ARABIC])
async def test_its_texts_arrive_and_its_receipts_come_back(tmp_path: Path, esme: Words, text: str) -> None:
    async with running_gateway(tmp_path) as stage:
        parts = 1 if text.isascii() else 3
        said = await run(esme, stage, await stage.account(), texts=[text], expect=1)
        answers, told = named(said, "answer"), named(said, "deliver")
        sent = await stage.arrived(parts)
        assert text_of(sent) == text
        assert {each["status"] for each in answers} == {0}
        assert {each["esm_class"] for each in told} == {0x04}
        assert {(each["source"], each["destination"]) for each in told} == {("966512345678", "INTERKEY")}
        for each in told:
            assert each["id"] in {answer["id"] for answer in answers}
            await stage.record(each["id"])


@pytest.mark.smpp("S-16")
async def test_a_wrong_password_is_refused(tmp_path: Path, esme: Words) -> None:
    async with running_gateway(tmp_path) as stage:
        name, _ = await stage.account()
        (said, *_rest) = await run(esme, stage, (name, "wrong"))
        assert said["event"] == "refused"
        assert said["status"] in (st.RBINDFAIL, None)
        assert stage.node.fronts.smpp_server.bound == 0


@pytest.mark.smpp("S-52")
async def test_over_its_limit_it_is_throttled_and_the_session_stays(tmp_path: Path, esme: Words) -> None:
    async with running_gateway(tmp_path) as stage:
        account = await stage.account(throughput_per_s=0.01, burst=2)
        said = await run(esme, stage, account, texts=["one", "two", "three"], expect=2)
        assert sorted(each["status"] for each in named(said, "answer")) == [0, 0, st.RTHROTTLED]
        assert len(named(said, "deliver")) == 2
        assert named(said, "unbound")


@pytest.mark.smpp("S-49")
async def test_messages_from_people_reach_it(tmp_path: Path, esme: Words) -> None:
    owner = CustomerSettings(senders={"INTERKEY": ()}, numbers={"1234": NumberSettings()})
    async with running_gateway(tmp_path, customer=owner) as stage:
        account = await stage.account()
        async with asyncio.timeout(LIMIT_S):
            while not stage.smsc.receivers:
                await asyncio.sleep(0.01)
        link = stage.smsc.receivers[0]
        written = p.DeliverSm(
            source_addr="966512345678",
            source_addr_ton=1,
            destination_addr="1234",
            data_coding=8,
            short_message="نعم".encode("utf-16-be"),
        )
        link.session.request(written, None, asyncio.get_running_loop().time())
        link.flush_soon()
        said = await run(esme, stage, account, mode="receiver", expect=1)
        (told,) = named(said, "deliver")
        shown = told["text"] if "text" in told else bytes.fromhex(told["octets"]).decode("utf-16-be")
        assert (shown, told["source"], told["destination"], told["esm_class"]) == ("نعم", "966512345678", "1234", 0)


@pytest.mark.smpp("S-27")
@pytest.mark.policy("P-24")
async def test_it_binds_over_tls(tmp_path: Path, esme: Words, certificates: Certificates) -> None:
    async with running_gateway(
        tmp_path, tls_certificate=str(certificates.server), tls_key=str(certificates.server_key)
    ) as stage:
        if "aiosmpplib" in esme("") or "smpp34" in esme(""):
            pytest.skip("this library cannot be told to trust a certificate of our own")
        said = await run(esme, stage, await stage.account(), texts=["over TLS"], expect=1, tls=True)
        assert [each["event"] for each in said if each["event"] != "deliver"] == ["bound", "answer", "unbound"]

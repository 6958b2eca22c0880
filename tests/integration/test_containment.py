"""What one peer brings ends that peer's work alone: a node answers it, counts it, and serves the others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest

from gateway.accounts.customers import KeySettings
from gateway.process.containment import WORKS, Containment
from gateway.webhooks.endpoint import seal_endpoint
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.connection import Connection
from operators.smpp.session import Event, Role, Session, SessionSettings
from redaction.personal import Purpose, Secret
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Stage, running_gateway, submit

pytestmark = pytest.mark.case("security-2")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with running_gateway(tmp_path) as running:
        yield running


@pytest.fixture
async def contained() -> AsyncIterator[Containment]:
    containment = Containment()
    unwatch = containment.watch()
    yield containment
    unwatch()


def forgive(stage: Stage, **counted: int) -> None:
    """These errors were counted, and no others."""
    assert stage.node.contained.counts == dict.fromkeys(WORKS, 0) | counted
    stage.node.contained.counts.update(dict.fromkeys(counted, 0))


async def test_a_submission_that_fails_in_an_unforeseen_way_is_answered_and_the_next_is_taken(stage: Stage) -> None:
    peer, other = [await stage.peer(await stage.account(name)) for name in ("one", "two")]
    kept = dict(stage.node.stores.rules)
    stage.node.stores.rules.clear()  # type: ignore[attr-defined]
    several = p.SubmitMulti(
        source_addr="INTERKEY", destinations=(p.SmeAddress(1, 1, "966512345678"),), short_message=b"hello"
    )
    assert (await peer.ask(submit())).status == st.RSYSERR
    assert (await peer.ask(several)).status == st.RSYSERR
    forgive(stage, submission=2)
    stage.node.stores.rules.update(kept)  # type: ignore[attr-defined]
    assert [(await each.ask(submit())).status for each in (peer, other)] == [st.OK, st.OK]
    assert stage.node.road.admission.inflight == 0


async def test_an_errand_that_fails_in_an_unforeseen_way_is_answered(stage: Stage) -> None:
    async def broken(_customer: int, _identifier: bytes) -> None:
        raise IndexError

    peer = await stage.peer(await stage.account())
    whole = stage.node.stores.ledger.messages.find
    stage.node.stores.ledger.messages.find = broken  # type: ignore[method-assign,assignment]
    for asked in (p.QuerySm(message_id="0" * 32), p.CancelSm(message_id="0" * 32)):
        assert (await peer.ask(asked)).status == st.RSYSERR
    forgive(stage, errand=2)
    stage.node.stores.ledger.messages.find = whole  # type: ignore[method-assign]
    assert (await peer.ask(p.QuerySm(message_id="0" * 32))).status == st.RINVMSGID


async def test_an_endpoint_that_was_stored_with_a_zone_fails_alone(stage: Stage) -> None:
    """As an earlier version took it."""
    node = stage.node
    url = Secret("https://[::ffff:8.8.8.8%a..b]:8443/")
    _, secret = await stage.accounts.add_key(stage.customer, scopes=("send",), settings=KeySettings())
    endpoint, _ = seal_endpoint(node.stores.sealer, node.clock.random, stage.customer, url)
    await node.stores.ledger.accounts.save_endpoint(endpoint)
    await node.stores.directory.refresh()
    message = {"to": "+966512345678", "from": "INTERKEY", "text": "hello"}
    headers = {"Authorization": f"Bearer {secret.reveal(Purpose.CREDENTIAL)}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        url_of_ours = f"http://127.0.0.1:{node.fronts.http.listener.port}/v1/messages"
        assert (await session.post(url_of_ours, json=message)).status == 202
        refused = await session.post(url_of_ours, json=message | {"callback_url": url.reveal(Purpose.CREDENTIAL)})
        assert (refused.status, (await refused.json())["code"]) == (400, "invalid_url")
    async with asyncio.timeout(LIMIT_S):
        while not node.road.deliverer.courier.failed:
            await asyncio.sleep(0.01)
    peer = await stage.peer(await stage.account())
    assert (await peer.ask(submit())).status == st.OK


async def test_a_connection_whose_events_cannot_be_taken_ends_and_says_so_once(contained: Containment) -> None:
    lost: list[Connection] = []

    def fail(_connection: Connection, _events: Sequence[Event]) -> None:
        raise UnicodeError

    settings = SessionSettings(window=1, response_timeout_s=LIMIT_S)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(lambda now: Session(Role.SMSC, settings, now), fail, lost.append), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(p.encode(p.BindTransceiver(1, system_id="bank")))
    async with asyncio.timeout(LIMIT_S):
        assert await reader.read() == b""
        await asyncio.wait_for(lost[0].closed, LIMIT_S)
    assert (contained.counts["connection"], len(lost)) == (1, 1)
    writer.close()
    server.close()

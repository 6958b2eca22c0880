"""The express lane over real sockets: order, pieces, and the way out of it."""

import asyncio
import json
import socket

import pytest

from gateway.ledger.contract import LedgerUnavailable
from tests.unit.gateway.small_ledger import SmallLedger
from tests.unit.gateway.stage import BODY, TOKEN, Stage, api_key, read_answer, running_api, until

GET_LIST = f"GET /v1/messages HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()


def a_post(*headers: str, **changes: object) -> bytes:
    body = json.dumps({**BODY, **changes}).encode()
    lines = (
        "POST /v1/messages HTTP/1.1",
        "Host: g",
        f"Authorization: Bearer {TOKEN}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    )
    return "\r\n".join((*lines, "", "")).encode() + body


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    numbers = [f"+9665000000{number}" for number in range(10, 40)]
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(b"".join(a_post(to=number) for number in numbers))
        told = [(await read_answer(reader)).json()["to"] for _ in numbers]
        assert told == [f"+966•••••••{number[-2:]}" for number in numbers]
        assert stage.api.traffic.counts == {("/v1/messages", 202): len(numbers)}
        writer.close()


async def test_refusals_and_answers_keep_their_order_too() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(a_post() + a_post(to="") + a_post())
        assert [(await read_answer(reader)).status for _ in range(3)] == [202, 400, 202]
        writer.close()


async def test_more_than_the_lane_reads_ahead_is_taken_in_the_end() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        requests = [a_post(text="x" * 600) for _ in range(300)]
        writer.write(b"".join(requests))
        assert {(await read_answer(reader)).status for _ in requests} == {202}
        writer.close()


async def test_a_request_in_single_octets_is_taken() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        for octet in a_post():
            writer.write(bytes((octet,)))
            await writer.drain()
        assert (await read_answer(reader)).status == 202
        writer.close()


async def test_a_connection_may_leave_the_lane_and_goes_on() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(a_post() + GET_LIST + a_post())
        answers = [await read_answer(reader) for _ in range(3)]
        assert [each.status for each in answers] == [202, 200, 202]
        assert len(answers[1].json()["messages"]) == 1
        assert stage.api.listener.connections == 1
        writer.close()
        await until(lambda: not stage.api.listener.connections)


async def test_an_incomplete_request_becomes_aiohttps_to_judge() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        whole = a_post()
        writer.write(whole[:-5])
        await until(lambda: stage.api.traffic.busy)  # aiohttp's handler waits for the rest of the body
        writer.write(whole[-5:])
        assert (await read_answer(reader)).status == 202
        writer.close()


async def test_a_client_that_goes_away_before_its_answer_leaves_its_message() -> None:
    async with running_api(committing=False) as stage:
        _, writer = await stage.connect()
        writer.write(a_post())
        await until(lambda: stage.journal.depth)
        writer.transport.abort()
        committer = asyncio.create_task(stage.journal.run())
        await until(lambda: not stage.api.traffic.busy)
        await until(lambda: not stage.api.listener.connections)
        assert len(stage.ledger.messages) == 1
        assert (stage.reported, stage.admission.inflight) == ([], 0)
        committer.cancel()


async def test_a_key_that_is_revoked_is_refused_on_the_same_connection() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(a_post())
        assert (await read_answer(reader)).status == 202
        await stage.ledger.save_key(api_key(id=1, revoked_ms=1))
        await stage.directory.refresh()
        writer.write(a_post())
        assert (await read_answer(reader)).code == "unauthenticated"
        writer.close()


@pytest.mark.parametrize("erased", [False, True])
async def test_a_repeat_is_answered_with_the_first_message_unless_it_was_erased(erased: bool) -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(a_post("Idempotency-Key: order 7"))
        first = await read_answer(reader)
        if erased:
            stage.ledger.messages.clear()
        writer.write(a_post("Idempotency-Key: order 7"))
        again = await read_answer(reader)
        if erased:
            assert again.code == "not_found"
        else:
            assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
        assert stage.admission.inflight == 0
        writer.close()


class _Unreadable(SmallLedger):
    async def find(self, customer: int, message: bytes) -> None:
        raise LedgerUnavailable


async def test_a_repeat_that_cannot_be_looked_up_is_told_so() -> None:
    async with running_api(ledger=_Unreadable()) as stage:
        reader, writer = await stage.connect()
        writer.write(a_post("Idempotency-Key: order 7") * 2)
        assert (await read_answer(reader)).status == 202
        assert (await read_answer(reader)).code == "ledger_unavailable"
        writer.close()


def nameless(count: int) -> bytes:
    """Requests without a key, each answered at once."""
    request = "POST /v1/messages HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    return request.encode() * count


async def served_at_rest(stage: Stage) -> int:
    """Requests that were answered by the time that no more are."""
    before, served = -1, 0
    while before < served:
        before = served
        for _ in range(200):
            await asyncio.sleep(0)
        served = sum(stage.api.traffic.counts.values())
    return served


@pytest.mark.case("security-1")
async def test_other_connections_have_their_turn_while_one_brings_request_after_request() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        sent = 12_000
        writer.write(nameless(sent))
        await until(lambda: stage.api.traffic.counts)
        assert (await stage.get("/healthz")).status == 200
        assert stage.api.traffic.counts["/v1/messages", 401] < sent
        assert [(await read_answer(reader)).status for _ in range(sent)] == [401] * sent
        writer.close()


@pytest.mark.case("security-1")
async def test_nothing_is_read_from_a_peer_that_leaves_its_answers_unread_and_all_is_answered_once_it_reads() -> None:
    async with running_api() as stage:
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)  # before it connects, so that it holds little
        peer.setblocking(False)
        await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", stage.port))
        reader, writer = await asyncio.open_connection(sock=peer)
        sent = 30_000
        writer.write(nameless(sent))
        await until(lambda: stage.api.traffic.counts)
        assert await served_at_rest(stage) < sent / 2
        assert {(await read_answer(reader)).status for _ in range(sent)} == {401}
        writer.close()


@pytest.mark.case("security-1")
async def test_work_for_a_connection_ends_when_its_peer_has_gone() -> None:
    async with running_api() as stage:
        _, writer = await stage.connect()
        writer.write(nameless(2_000))
        await until(lambda: stage.api.traffic.counts)
        writer.transport.abort()
        await until(lambda: not stage.api.listener.connections)
        assert stage.api.traffic.counts["/v1/messages", 401] < 2_000
        assert (stage.api.traffic.busy, stage.reported) == (0, [])


@pytest.mark.case("security-4")
async def test_a_quiet_connection_comes_before_the_rest_of_many_floods() -> None:
    """Refusals are all that is served at once: so many floods bring so many of them in each turn of the loop."""
    floods = 150
    async with running_api() as stage:
        flooding = [await stage.connect() for _ in range(floods)]
        reader, writer = await stage.connect()
        for _, each in flooding:
            each.write(nameless(600))
        await until(lambda: stage.api.traffic.counts.get(("/v1/messages", 401), 0) > floods)
        for _ in range(20):
            writer.write(nameless(1))
            assert (await read_answer(reader)).status == 401
        assert stage.api.traffic.counts["/v1/messages", 401] < floods * 600 / 2
        for each_reader, each in flooding:
            assert [(await read_answer(each_reader)).status for _ in range(600)] == [401] * 600
            each.close()
        writer.close()

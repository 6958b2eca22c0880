"""An operator over HTTP, against a real server: what leaves, byte for byte, and how link and callback behave."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import date

import aiohttp
import msgspec
import pytest

from config.operators import OperatorRegister
from gateway.process.containment import Containment
from operators.base import DeferReason, Deferred, DeliveryReceipt, Down, Ready, Refused, Submitted, Unknown
from operators.rest.client import RestOperator
from tests.bounds import LIMIT_S
from tests.contract.links import Heard, a_text, rest_operator, rest_settings, until
from tests.contract.rest_peer import RestPeer, post_receipt, rest_peer

RECEIPT = {"id": "r-1", "state": "DELIVRD"}


@pytest.fixture
async def peer() -> AsyncIterator[RestPeer]:
    async with rest_peer() as peer:
        yield peer


@pytest.fixture
async def running(peer: RestPeer) -> AsyncIterator[tuple[RestOperator, Heard]]:
    operator, heard = rest_operator(rest_settings(peer)), Heard()
    await operator.start(heard)
    yield operator, heard
    await operator.stop(1.0)


Running = tuple[RestOperator, Heard]


@pytest.mark.policy("P-16")
async def test_the_request_is_the_contract_byte_for_byte(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    operator.submit(a_text(validity_s=90, concat_ref=77))
    await heard.until(Submitted)
    ((headers, body),) = peer.requests
    reference = json.loads(body)["request"]
    assert body == (
        b'{"channel":"sms","to":"+966512345678","from":"INTERKEY","text":"Your code is 4821","dlr":true,"ttl":90,'
        b'"request":"%s","flash":false}' % reference.encode()
    )
    assert headers == {
        "Host": f"127.0.0.1:{peer.port}",
        "Content-Type": "application/json",
        "Authorization": "Bearer token-of-the-operator",
        "Content-Length": str(len(body)),
    }


async def test_references_are_fresh_and_connections_few_and_kept(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    for start in range(0, 40, 8):
        for _ in range(8):
            operator.submit(a_text())
        await heard.until(Submitted, start + 8)
    assert len({body["request"] for body in peer.bodies}) == 40
    assert len(peer.connections) <= 4


async def test_octets_cannot_go_this_way_and_are_refused_without_a_request(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    operator.submit(a_text(data_coding=4, text="\x00\x01"))
    (answer,) = await heard.until(Submitted)
    assert answer.result == Refused(415)
    assert not peer.requests


async def test_the_rest_of_a_message_goes_as_a_whole_and_answers_for_what_was_asked(running: Running) -> None:
    operator, heard = running
    assert operator.submit(a_text(only=(2,))) == 1
    (answer,) = await heard.until(Submitted)
    assert answer.segment == 2


async def test_an_operator_that_is_gone_makes_the_link_wait_and_come_back(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    port = peer.port
    await peer.stop()
    operator.submit(a_text())
    (answer,) = await heard.until(Submitted)
    assert answer.result == Deferred(DeferReason.NOT_SENT, 0, 0.0)
    await heard.until(Down)
    assert (operator.room(), operator.health().state) == (0, "down")
    await peer.start(port)
    ready = len(heard.of(Ready))
    await heard.until(Ready, ready + 1)
    assert operator.room() > 0
    operator.submit(a_text())
    await heard.until(Submitted, 2)
    assert len(peer.requests) == 1


async def test_a_peer_that_hangs_up_before_it_answers_leaves_the_outcome_unknown(peer: RestPeer) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    settings = rest_settings(peer)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    rest = msgspec.structs.replace(settings.rest, url=url)
    operator, heard = rest_operator(msgspec.structs.replace(settings, rest=rest)), Heard()
    await operator.start(heard)
    operator.submit(a_text())
    (answer,) = await heard.until(Submitted)
    assert isinstance(answer.result, Unknown)
    await operator.stop(1.0)
    server.close()


async def test_messages_that_wait_when_it_stops_were_not_sent(peer: RestPeer) -> None:
    peer.silent = True
    operator, heard = rest_operator(rest_settings(peer)), Heard()
    await operator.start(heard)
    for _ in range(6):
        operator.submit(a_text())
    await until(lambda: len(peer.requests) == 4)
    await operator.stop(0.05)
    results = [each.result for each in heard.of(Submitted)]
    assert sum(isinstance(each, Deferred) for each in results) == 2
    assert sum(isinstance(each, Unknown) for each in results) == 4
    assert isinstance(heard.events[-1], Down)


@pytest.mark.policy("P-38")
async def test_a_link_abroad_takes_nothing_until_the_transfer_is_on_record(peer: RestPeer) -> None:
    abroad = OperatorRegister(country="DE")
    operator, heard = rest_operator(rest_settings(peer, register=abroad)), Heard()
    await operator.start(heard)
    assert (operator.room(), operator.is_up(), operator.health().state) == (0, False, "blocked_transfer")
    assert not peer.requests
    await operator.stop(1.0)
    on_record = OperatorRegister(country="DE", transfer_record="T", safeguard="clauses", risk_assessment="R")
    allowed = rest_operator(rest_settings(peer, register=on_record))
    await allowed.start(Heard())
    assert allowed.room() > 0
    await allowed.stop(1.0)


@pytest.mark.policy("P-17")
async def test_a_link_whose_contract_has_expired_takes_nothing(peer: RestPeer) -> None:
    register = OperatorRegister(contract_expires=date(2026, 12, 31))
    operator = rest_operator(rest_settings(peer, register=register), today=date(2027, 1, 1))
    await operator.start(Heard())
    assert (operator.room(), operator.is_up(), operator.health().state) == (0, False, "blocked_contract")
    await operator.stop(1.0)
    lasting = rest_operator(rest_settings(peer, register=register), today=date(2026, 12, 31))
    await lasting.start(Heard())
    assert lasting.room() > 0
    await lasting.stop(1.0)


async def test_too_many_requests_pauses_the_link_for_as_long_as_it_was_told(peer: RestPeer, running: Running) -> None:
    operator, heard = running
    peer.status, peer.headers = 429, {"Retry-After": "30"}
    operator.submit(a_text())
    (answer,) = await heard.until(Submitted)
    assert answer.result == Deferred(DeferReason.THROTTLED, 429, 30.0)
    assert operator.room() == 0
    assert operator.health().throttled == 1


async def test_a_callback_is_answered_when_its_last_receipt_is_durable(running: Running) -> None:
    operator, heard = running
    posting = asyncio.ensure_future(post_receipt(operator.callback_port, [RECEIPT, {**RECEIPT, "id": "r-2"}]))
    first, second = await heard.until(DeliveryReceipt, 2)
    operator.acknowledge((first.handle,), True)
    await asyncio.sleep(0)
    assert not posting.done()
    operator.acknowledge((second.handle,), True)
    assert await posting == 204


async def test_a_callback_whose_receipts_cannot_be_taken_is_to_come_again(running: Running) -> None:
    operator, heard = running
    posting = asyncio.ensure_future(post_receipt(operator.callback_port, [RECEIPT, RECEIPT]))
    first, second = await heard.until(DeliveryReceipt, 2)
    operator.acknowledge((first.handle,), False)
    operator.acknowledge((second.handle,), True)
    assert await posting == 503


@pytest.mark.case("security-11")
async def test_idle_connections_at_the_callback_do_not_keep_the_operator_out(running: Running) -> None:
    operator, heard = running
    held = [await asyncio.open_connection("127.0.0.1", operator.callback_port) for _ in range(400)]
    posted = [asyncio.create_task(until_taken(operator.callback_port)) for _ in range(3)]
    for receipt in await heard.until(DeliveryReceipt, 3):
        operator.acknowledge((receipt.handle,), True)
    await asyncio.gather(*posted)
    for _, writer in held:
        writer.close()


async def until_taken(port: int) -> None:
    """Connections count as idle after a second; the operator comes again until then."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                if await post_receipt(port, RECEIPT) == 204:
                    return


@pytest.mark.policy("P-25")
@pytest.mark.parametrize("secret", ["", "wrong", "secret-of-the-callback2", "sécret"])
async def test_who_does_not_present_the_secret_is_turned_away(running: Running, secret: str) -> None:
    operator, heard = running
    assert await post_receipt(operator.callback_port, RECEIPT, secret) == 401
    assert not heard.of(DeliveryReceipt)


@pytest.mark.parametrize(
    ("body", "method", "status"),
    [(b"{", "POST", 400), (b"[]", "POST", 400), (RECEIPT, "GET", 405), (b" " * 262_145, "POST", 413),
     ({"other": 1}, "POST", 204)],
)  # fmt: skip
async def test_what_is_no_receipt_changes_nothing(running: Running, body: object, method: str, status: int) -> None:
    operator, heard = running
    assert await post_receipt(operator.callback_port, body, method=method) == status
    assert not heard.of(DeliveryReceipt)


@pytest.mark.case("security-2")
async def test_a_request_that_cannot_be_made_is_one_messages_failure_and_the_workers_go_on(peer: RestPeer) -> None:
    contained = Containment()
    unwatch = contained.watch()
    settings = rest_settings(peer)
    operator, heard = rest_operator(settings, password="two\nlines"), Heard()
    await operator.start(heard)
    for _ in range(2 * settings.rest.connections):
        operator.submit(a_text())
    answers = await heard.until(Submitted, 2 * settings.rest.connections)
    assert {type(each.result) for each in answers} == {Unknown}
    assert contained.counts["delivery"] == len(answers)
    await operator.stop(1.0)
    unwatch()

"""The callback of an operator over HTTP: whose receipts it takes, in which forms, and when it answers."""

import asyncio
import base64
import contextlib
import hmac
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec
import pytest
from structlog.testing import capture_logs

from operators.base import Accepted, DeliveryReceipt, ReceiptState, Submitted
from operators.rest.client import RestOperator
from tests.bounds import LIMIT_S
from tests.contract.links import Heard, a_text, rest_operator, rest_settings, until
from tests.contract.rest_peer import CALLBACK_SECRET, RestPeer, post_receipt
from tests.integration.test_rest_operator import Running, peer, running

__all__ = ["peer", "running"]

RECEIPT = {"id": "r-1", "state": "DELIVRD"}


async def test_a_callback_is_answered_when_its_last_receipt_is_durable(running: Running) -> None:
    operator, heard = running
    posting = asyncio.ensure_future(post_receipt(operator.callback_port, [RECEIPT, {**RECEIPT, "id": "r-2"}]))
    first, second = await heard.until(DeliveryReceipt, 2)
    operator.acknowledge((first.handle,), True)
    assert await post_receipt(operator.callback_port, RECEIPT, "wrong") == 401  # by then an answer would have come
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
    taking = asyncio.create_task(take_all(operator, heard))
    await asyncio.gather(*(until_taken(operator.callback_port) for _ in range(3)))
    taking.cancel()
    for _, writer in held:
        writer.close()


async def take_all(operator: RestOperator, heard: Heard) -> None:
    """Until cancelled: whatever comes is durable at once, and again when it comes again."""
    taken = 0
    while True:
        news = (await heard.until(DeliveryReceipt, taken + 1))[taken:]
        operator.acknowledge([each.handle for each in news], True)
        taken += len(news)


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
    [(b"{", "POST", 400), (b"[]", "POST", 400), (RECEIPT, "GET", 405), (b" " * 1_048_577, "POST", 413),
     ({"other": 1}, "POST", 400)],
)  # fmt: skip
@pytest.mark.case("nodes-6")
async def test_what_is_no_receipt_changes_nothing_is_counted_and_a_line_once(
    running: Running, body: object, method: str, status: int
) -> None:
    operator, heard = running
    with capture_logs() as lines:
        for _ in range(2):
            assert await post_receipt(operator.callback_port, body, method=method) == status
    assert not heard.of(DeliveryReceipt)
    assert operator.health().flawed == 2
    reason = {400: "no_receipt", 405: "method", 413: "long"}[status]
    assert [(each["event"], each["reason"]) for each in lines] == [("flawed_callback", reason)]


@pytest.mark.case("nodes-6")
async def test_what_can_be_read_of_a_list_is_taken_and_the_rest_counted(running: Running) -> None:
    operator, heard = running
    posting = asyncio.ensure_future(post_receipt(operator.callback_port, [RECEIPT, 1, {"id": "r-2"}, RECEIPT]))
    first, second = await heard.until(DeliveryReceipt, 2)
    operator.acknowledge((first.handle, second.handle), True)
    assert await posting == 204
    assert operator.health().flawed == 2


@pytest.mark.case("nodes-9")
async def test_five_thousand_receipts_come_in_one_request(running: Running) -> None:
    operator, heard = running
    many = [{"id": f"r-{number}", "state": "DELIVRD", "at": "2026-11-30T01:02:03Z"} for number in range(5_000)]
    posting = asyncio.ensure_future(post_receipt(operator.callback_port, many))
    receipts = await heard.until(DeliveryReceipt, 5_000)
    operator.acknowledge([each.handle for each in receipts], True)
    assert await posting == 204


def bearer(_: bytes) -> dict[str, str]:
    return {"Authorization": f"bearer  {CALLBACK_SECRET}"}


def basic(_: bytes) -> dict[str, str]:
    return {"Authorization": "BASIC " + base64.b64encode(f"user:{CALLBACK_SECRET}".encode()).decode()}


def header(_: bytes) -> dict[str, str]:
    return {"x-api-key": CALLBACK_SECRET}


def nothing(_: bytes) -> dict[str, str]:
    return {}


def signed(body: bytes) -> dict[str, str]:
    return {"X-Signature": "sha256=" + hmac.new(CALLBACK_SECRET.encode(), body, "sha256").hexdigest().upper()}


def signed_base64(body: bytes) -> dict[str, str]:
    return {"X-Signature": base64.b64encode(hmac.new(CALLBACK_SECRET.encode(), body, "sha256").digest()).decode()}


JSON_BODY, FORM_BODY, QUERY = b'{"id": "r-1", "state": "DELIVRD"}', b"id=r-1&state=DELIVRD", "?id=r-1&state=DELIVRD"
Proof = Callable[[bytes], dict[str, str]]
WAYS: dict[str, tuple[dict[str, Any], str, str, bytes, Proof]] = {
    "lower-case bearer": ({}, "POST", "/", JSON_BODY, bearer),
    "a form": ({}, "POST", "/", FORM_BODY, bearer),
    "a query": ({"get": True}, "GET", f"/{QUERY}", b"", bearer),
    "Basic": ({"auth": "basic", "auth_name": "user"}, "POST", "/", JSON_BODY, basic),
    "a key in a header": ({"auth": "header", "auth_name": "X-API-Key"}, "POST", "/", JSON_BODY, header),
    "the last step": ({"auth": "url"}, "POST", f"/hook/{CALLBACK_SECRET}", JSON_BODY, nothing),
    "a parameter": ({"auth": "url", "auth_name": "t"}, "POST", f"/?t={CALLBACK_SECRET}", JSON_BODY, nothing),
    "a parameter of a query": (
        {"auth": "url", "auth_name": "t", "get": True}, "GET", f"/{QUERY}&t={CALLBACK_SECRET}", b"", nothing
    ),
    "a signature": ({"auth": "hmac", "auth_name": "X-Signature"}, "POST", "/", JSON_BODY, signed),
    "a signature in base64": ({"auth": "hmac", "auth_name": "X-Signature"}, "POST", "/", JSON_BODY, signed_base64),
}  # fmt: skip


@pytest.mark.case("nodes-9")
@pytest.mark.case("nodes-15")
@pytest.mark.parametrize("way", WAYS)
async def test_a_receipt_comes_as_the_settings_say_and_not_without_its_secret(peer: RestPeer, way: str) -> None:
    more, method, path, body, proof = WAYS[way]
    settings = rest_settings(peer)
    callback = msgspec.structs.replace(settings.rest.callback, **more)
    rest = msgspec.structs.replace(settings.rest, callback=callback)
    operator, heard = rest_operator(msgspec.structs.replace(settings, rest=rest)), Heard()
    await operator.start(heard)
    kind = {"Content-Type": "application/x-www-form-urlencoded" if body == FORM_BODY else "application/json"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{operator.callback_port}") as session:
        async with session.request(method, path.replace(CALLBACK_SECRET, "wrong"), data=body, headers=kind) as answer:
            assert answer.status == 401
        posting = asyncio.ensure_future(session.request(method, path, data=body, headers={**kind, **proof(body)}))
        (receipt,) = await heard.until(DeliveryReceipt)
        assert (receipt.candidates, receipt.state) == (("r-1",), ReceiptState.DELIVERED)
        operator.acknowledge((receipt.handle,), True)
        assert (await posting).status == 204
    await operator.stop(1.0)


@pytest.mark.case("nodes-8")
async def test_a_receipt_with_the_reference_of_what_is_not_answered_says_that_it_was_taken(peer: RestPeer) -> None:
    settings = rest_settings(peer, response_timeout_s=60)
    callback = msgspec.structs.replace(settings.rest.callback, reference="request")
    rest = msgspec.structs.replace(settings.rest, callback=callback)
    operator, heard = rest_operator(msgspec.structs.replace(settings, rest=rest)), Heard()
    await operator.start(heard)
    peer.silent = True
    operator.submit(a_text())
    await until(lambda: bool(peer.requests))
    reference = peer.bodies[0]["request"]
    posting = asyncio.ensure_future(post_receipt(operator.callback_port, {"request": reference, "state": "DELIVRD"}))
    (receipt,) = await heard.until(DeliveryReceipt)
    assert receipt.candidates == (reference,)
    assert [each.result for each in heard.of(Submitted)] == [Accepted(reference)]
    operator.acknowledge((receipt.handle,), True)
    assert await posting == 204
    await operator.stop(0.05)
    assert len(heard.of(Submitted)) == 1

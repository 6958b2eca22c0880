"""What operators over HTTP answer, octet by octet over a raw socket: the status decides, and nothing is sent twice."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from config.operators import RestCallback, RestOperatorSettings, RestSettings, TlsSettings
from config.secret import SecretRef
from gateway.model.message import Message, Status
from operators.base import Accepted, DeferReason, Deferred, Refused, Submitted, Unknown, UnknownReason
from operators.expiry import file_ends_s
from operators.rest.client import RestOperator
from operators.rest.connection import HttpConnection, target
from tests.bounds import LIMIT_S
from tests.contract.links import Heard, a_text, rest_operator
from tests.contract.rest_peer import CALLBACK_SECRET, post_receipt
from tests.integration.smpp_stage import Front, running_front, submit
from tests.interop.certificates import make_certificates
from tests.raw_http import CLOSE, Pieces, RawHttp, raw_http

BODY = b'{"id":"r-1"}'
ZIPPED = gzip.compress(BODY)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PAUSE = 0.05


def ok(more: bytes = b"", body: bytes = BODY) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def octet_by_octet(octets: bytes) -> Pieces:
    return [piece for at in range(len(octets)) for piece in (octets[at : at + 1], 0.0)]


WHOLE: dict[str, Pieces] = {
    "two segments": [ok()[:-12], PAUSE, ok()[-12:]],
    "a cut in the head": [ok()[:20], PAUSE, ok()[20:]],
    "octet by octet": octet_by_octet(ok()),
    "two chunks": [CHUNKED, PAUSE, b"5\r\n" + BODY[:5] + b"\r\n", PAUSE, b"7\r\n" + BODY[5:] + b"\r\n0\r\n\r\n"],
    "gzip": [ok(b"Content-Encoding: gzip\r\n", ZIPPED)],
    "until the end": [b"HTTP/1.1 200 OK\r\n\r\n", PAUSE, BODY, PAUSE, CLOSE],
    "an interim answer": [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", PAUSE, ok()],
    "a long cookie": [ok(b"Set-Cookie: " + b"x" * 20_000 + b"\r\n")],
}
FLAWED: dict[str, tuple[Pieces, str]] = {
    "a header name with spaces": ([ok(b"X Odd Name: v\r\n")], "r-1"),
    "a header without a colon": ([ok(b"nothing\r\n")], "r-1"),
    "gzip with a wrong sum": ([ok(b"Content-Encoding: gzip\r\n", ZIPPED[:-8] + bytes(8))], "r-1"),
    "gzip that is none": ([ok(b"Content-Encoding: gzip\r\n")], ""),
    "br": ([ok(b"Content-Encoding: br\r\n", b"\x0b\x05\x80" + BODY)], ""),
    "zstd": ([ok(b"Content-Encoding: zstd\r\n", b"\x28\xb5\x2f\xfd")], ""),
    "a head without end": ([b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000], ""),
    "a body cut short": ([b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + BODY[:5], CLOSE], ""),
    "a status and no more": ([b"HTTP/1.1 200 OK\r\n", CLOSE], ""),
    "a chunk that is none": ([CHUNKED + b"zz\r\n" + BODY], ""),
    "no last chunk": ([CHUNKED + b"c\r\n" + BODY + b"\r\n", CLOSE], "r-1"),
    "a body over the limit": ([ok(b"", b'{"x":"' + b"x" * 100_000 + b'","id":"r-1"}')], ""),
    "a page": ([ok(b"Content-Type: text/html\r\n", b"<html>welcome</html>")], ""),
    "no body": ([b"HTTP/1.1 204 No Content\r\n\r\n"], ""),
}


def settings_of(server: RawHttp, response_timeout_s: float = 30.0) -> RestOperatorSettings:
    return RestOperatorSettings(
        name="op",
        response_timeout_s=response_timeout_s,
        rest=RestSettings(
            url=server.url,
            connections=1,
            callback=RestCallback(port=0, password=SecretRef(env="CALLBACK_SECRET")),
        ),
    )


@asynccontextmanager
async def linked(server: RawHttp, response_timeout_s: float = 30.0) -> AsyncIterator[tuple[RestOperator, Heard]]:
    operator, heard = rest_operator(settings_of(server, response_timeout_s)), Heard()
    await operator.start(heard)
    try:
        yield operator, heard
    finally:
        await operator.stop(1.0)


async def result_of(*pieces: Pieces, response_timeout_s: float = 30.0) -> tuple[object, int]:
    """What became of one message, and how often something flawed was counted."""
    async with raw_http(*pieces) as server, linked(server, response_timeout_s) as (operator, heard):
        operator.submit(a_text())
        (answer,) = await heard.until(Submitted)
        assert len(server.requests) == 1
        return answer.result, operator.health().flawed


@pytest.mark.case("nodes-1")
@pytest.mark.parametrize("shape", WHOLE)
async def test_an_answer_is_read_to_its_end_however_it_comes(shape: str) -> None:
    assert await result_of(WHOLE[shape]) == (Accepted("r-1"), 0)


@pytest.mark.case("nodes-2")
@pytest.mark.parametrize("shape", FLAWED)
async def test_a_flawed_answer_of_success_is_a_success_and_is_counted(shape: str) -> None:
    pieces, identifier = FLAWED[shape]
    result, flawed = await result_of(pieces)
    assert result == Accepted(identifier)
    assert flawed > 0


@pytest.mark.case("nodes-2")
async def test_a_status_counts_when_the_body_never_ends() -> None:
    hanging: Pieces = [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + BODY, 60.0]
    assert await result_of(hanging, response_timeout_s=0.2) == (Accepted("r-1"), 1)


@pytest.mark.case("nodes-2")
@pytest.mark.parametrize(
    ("status", "result"),
    [
        (b"400", Refused(400)),
        (b"429", Deferred(DeferReason.THROTTLED, 429, 1.0)),
        (b"503", Deferred(DeferReason.QUEUE_FULL, 503, 1.0)),
        (b"302", Deferred(DeferReason.TRANSIENT, 302, 1.0)),
        (b"401", Deferred(DeferReason.TRANSIENT, 401, 1.0)),
        (b"500", Unknown(UnknownReason.TIMEOUT)),
    ],
)
async def test_a_flawed_refusal_is_that_refusal(status: bytes, result: object) -> None:
    pieces: Pieces = [
        b"HTTP/1.1 " + status + b" x\r\nX Odd: v\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\nx",
        CLOSE,
    ]
    assert await result_of(pieces) == (result, 1)


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([CLOSE], UnknownReason.LINK_LOST),
        ([b"SSH-2.0-x\r\n"], UnknownReason.LINK_LOST),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", CLOSE], UnknownReason.LINK_LOST),
        ([b"HTTP/1.1 2", 60.0], UnknownReason.TIMEOUT),
    ],
)
async def test_without_a_status_the_outcome_is_unknown(pieces: Pieces, reason: UnknownReason) -> None:
    assert await result_of(pieces, response_timeout_s=0.2 if reason is UnknownReason.TIMEOUT else 30.0) == (
        Unknown(reason),
        0,
    )


async def test_a_connection_serves_message_after_message_until_an_answer_is_flawed() -> None:
    async with raw_http([ok()], [ok()], [ok(b"X Odd: v\r\n")], [ok()]) as server, linked(server) as (operator, heard):
        for count in range(1, 5):
            operator.submit(a_text())
            await heard.until(Submitted, count)
        assert (len(server.requests), server.connections) == (4, 2)


async def test_a_connection_that_the_operator_closed_is_opened_again() -> None:
    async with raw_http([ok(), CLOSE], [ok()]) as server:
        where = target(server.url, {}, None)
        connection = HttpConnection(where, connect_timeout_s=30, answer_timeout_s=30, limit_bytes=1_000)
        assert (await connection.ask(where.posted(b"first"))).body == BODY
        wire = connection._wire
        assert wire is not None
        async with asyncio.timeout(LIMIT_S):
            while wire.is_ready:
                await asyncio.sleep(0)
        assert (await connection.ask(where.posted(b"second"))).body == BODY
        assert [body for _, body in server.requests] == [b"first", b"second"]
        connection.close()


async def test_the_head_of_a_request_names_what_is_asked() -> None:
    async with raw_http([ok()]) as server:
        url = f"http://127.0.0.1:{server.port}/a b/\N{LATIN SMALL LETTER E WITH ACUTE}?q=%20x"
        where = target(url, {"X": "y"}, None)
        connection = HttpConnection(where, connect_timeout_s=30, answer_timeout_s=30, limit_bytes=1_000)
        await connection.ask(where.posted(b"ab"))
        connection.close()
        ((head, body),) = server.requests
        host = f"127.0.0.1:{server.port}".encode()
        path = b"/a%20b/%C3%A9?q=%20x"
        assert head == b"POST %b HTTP/1.1\r\nHost: %b\r\nX: y\r\nContent-Length: 2\r\n\r\n" % (path, host)
        assert body == b"ab"


async def test_the_operator_s_certificate_must_be_of_its_authority(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(files.server, files.server_key)
    async with raw_http([ok()], tls=ours) as server:
        for authority, result in ((files.ca, Accepted), (files.stranger_ca, Deferred)):
            tls = TlsSettings(enabled=True, ca_file=str(authority))
            operator, heard = rest_operator(msgspec.structs.replace(settings_of(server), tls=tls)), Heard()
            await operator.start(heard)
            operator.submit(a_text())
            (answer,) = await heard.until(Submitted)
            assert type(answer.result) is result
            ends_s = file_ends_s(str(files.server)) if result is Accepted else None
            assert operator.health().peer_ends_s == ends_s
            await operator.stop(1.0)
        assert len(server.requests) == 1


@pytest.mark.case("nodes-2")
async def test_each_kind_of_flaw_is_a_line_once() -> None:
    odd, page = [ok(b"X Odd: v\r\n")], [ok(b"", b"<html>")]
    with capture_logs() as lines:
        async with raw_http(odd, odd, page, page) as server, linked(server) as (operator, heard):
            for count in range(1, 5):
                operator.submit(a_text())
                await heard.until(Submitted, count)
            assert operator.health().flawed == 4
    base = {"event": "flawed_answer", "log_level": "warning", "operator": "op", "status": 200}
    assert [line for line in lines if line["event"] == "flawed_answer"] == [
        {**base, "reason": "head"},
        {**base, "reason": "no_id"},
    ]


# ------------------------------------------------------------------------------------------------- the whole gateway


@asynccontextmanager
async def gateway_on(server: RawHttp, folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    monkeypatch.setenv("CALLBACK_SECRET", CALLBACK_SECRET)
    async with running_front(folder, msgspec.structs.replace(settings_of(server), name="north")) as front:
        yield front


async def reached(front: Front, message_id: str, status: Status) -> Message:
    async with asyncio.timeout(LIMIT_S):
        while (record := await front.record(message_id)).status is not status:
            await asyncio.sleep(0.01)
    return record


@pytest.mark.case("nodes-1")
@pytest.mark.parametrize("shape", WHOLE)
async def test_the_receipt_of_a_message_finds_it(shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with raw_http(WHOLE[shape]) as server, gateway_on(server, tmp_path, monkeypatch) as front:
        peer = await front.peer(await front.account())
        told = (await peer.ask(submit())).message_id
        await reached(front, told, Status.SUBMITTED)
        operator = front.node.road.operators["north"]
        assert isinstance(operator, RestOperator)
        assert await post_receipt(operator.callback_port, {"id": "r-1", "status": "DELIVRD"}) == 204
        assert (await reached(front, told, Status.DELIVERED)).attempts == 1
        assert len(server.requests) == 1


@pytest.mark.case("nodes-2")
@pytest.mark.parametrize("shape", FLAWED)
async def test_a_message_whose_answer_is_flawed_is_sent_once(
    shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces, _ = FLAWED[shape]
    async with raw_http(pieces, [ok()]) as server, gateway_on(server, tmp_path, monkeypatch) as front:
        peer = await front.peer(await front.account())
        for text in (b"first", b"second"):
            told = (await peer.ask(submit(text))).message_id
            assert (await reached(front, told, Status.SUBMITTED)).attempts == 1
        assert [b'"second"' in body for _, body in server.requests] == [False, True]
        assert b'gateway_flawed_total{operator="north"}' in front.node.fronts.exposition.render()

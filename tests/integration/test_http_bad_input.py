"""What clients should not send, at the level of bytes and JSON: each gets a clear 4xx that repeats nothing."""

import asyncio
import contextlib
import gzip
import json
import socket
from typing import Any

import pytest

from gateway.http_api.listener import Listener
from gateway.http_api.replies import Replies
from gateway.process.clock import ManualClock
from operators.entrance import Place
from tests.bounds import LIMIT_S
from tests.unit.gateway import stage as stages
from tests.unit.gateway.stage import BODY, TOKEN, loopback, read_answer, running_api, until

CANARY = "966512345678"
ARABIC_DIGITS = "+٩٦٦٥٠٠٠٠٠٠٧٨"
STRINGS = ("to", "from", "text", "class", "reference", "schedule_at", "retention", "callback_url")


@pytest.fixture(autouse=True, params=stages.LANES)
def _over_each_lane(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request gets the same answer over either lane."""
    monkeypatch.setattr(stages, "lane", request.param)


def _head(*lines: str, path: str = "/v1/messages") -> bytes:
    start = f"POST {path} HTTP/1.1", "Host: g", f"Authorization: Bearer {TOKEN}", "Content-Type: application/json"
    return "\r\n".join((*start, *lines, "", "")).encode()


@pytest.mark.policy("P-03")
@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        *(({**BODY, name: 966512345678}, "wrong_type", name) for name in STRINGS),
        *(({**BODY, name: [CANARY]}, "wrong_type", name) for name in (*STRINGS[1:], "validity", "flash")),
        ({**BODY, "to": [CANARY]}, "invalid_number", "to[0]"),
        ({**BODY, "to": [[CANARY]]}, "wrong_type", "to[0]"),
        *(({**BODY, name: {CANARY: CANARY}}, "wrong_type", name) for name in (*STRINGS, "validity", "flash")),
        ({**BODY, "validity": "٣٠٠"}, "wrong_type", "validity"),
        ({**BODY, "validity": 1.5}, "wrong_type", "validity"),
        ({**BODY, "validity": True}, "wrong_type", "validity"),
        ({**BODY, "to": ""}, "invalid_number", "to"),
        ({**BODY, "to": ARABIC_DIGITS}, "invalid_number", "to"),
        ({**BODY, "to": "+966500000078\0"}, "invalid_number", "to"),
        ({**BODY, "text": ""}, "empty_field", "text"),
        ({**BODY, "browser": CANARY}, "unknown_field", "browser"),
        ({**BODY, CANARY: 1}, "unknown_field", None),
        ({"from": "INTERKEY", "text": CANARY}, "missing_field", "to"),
        ([BODY], "not_an_object", None),
        (CANARY, "not_an_object", None),
    ],
)
async def test_a_body_that_is_wrong_is_refused_with_code_and_field(body: object, code: str, field: str | None) -> None:
    async with running_api() as stage:
        answer = await stage.post(body)
        assert answer.code == code
        assert answer.json().get("field") == field
        assert CANARY.encode() not in answer.body
        assert stage.ledger.messages == {}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0",
        b"{",
        b'{"to": "' + CANARY.encode(),
        b'{"to":"\\ud800","from":"x","text":"y"}',
        b'{"to":"\\ud83d\\u0041","from":"x","text":"y"}',
        b'{"to":"\xc0\x80"}',
        b'{"validity":NaN}',
        b'{"to":"a","to":"b","from":"c","text":"d"}',
        b'{"messages":' + b"[" * 30_000,
        b"to=%2B966500000078&text=x",
        gzip.compress(json.dumps(BODY).encode(), mtime=0),
    ],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/batch"])
async def test_broken_json_is_refused(raw: bytes, path: str) -> None:
    async with running_api() as stage:
        answer = await stage.ask("POST", path, raw=raw)
        assert answer.code in ("malformed_json", "unknown_field")
        assert CANARY.encode() not in answer.body
        assert stage.reported == []


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/jsonx",
    ],
)
async def test_another_content_type_is_refused(content_type: str | None) -> None:
    async with running_api() as stage:
        answer = await stage.post(content_type=content_type)
        assert answer.code == "unsupported_media_type"


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'APPLICATION/JSON;charset="UTF-8"'])
async def test_json_may_say_that_it_is_utf_8(content_type: str) -> None:
    async with running_api() as stage:
        assert (await stage.post(content_type=content_type)).status == 202


async def test_a_compressed_body_is_not_unpacked() -> None:
    async with running_api() as stage:
        answer = await stage.post(raw=gzip.compress(bytes(10_000_000)), headers=[("Content-Encoding", "gzip")])
        assert answer.code == "unsupported_encoding"


async def test_an_announced_body_that_is_too_large_is_refused_unread() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(_head("Content-Length: 1048576"))
        assert (await read_answer(reader)).code == "body_too_large"
        writer.close()


async def test_a_body_of_a_megabyte_is_refused_and_the_connection_ends() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(_head("Content-Length: 1048576") + b"x" * 1_048_576)
        answer = await read_answer(reader)
        assert (answer.code, answer.headers["connection"]) == ("body_too_large", "close")
        assert await reader.read() == b""
        writer.close()


async def test_a_chunked_body_is_cut_off_at_the_limit() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(_head("Transfer-Encoding: chunked"))
        chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
        for _ in range(5):
            writer.write(chunk)
        assert (await read_answer(reader)).code == "body_too_large"
        writer.close()


async def test_a_chunked_body_is_read() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        body = json.dumps(BODY).encode()
        writer.write(_head("Transfer-Encoding: chunked"))
        for byte in body:
            writer.write(b"1\r\n%c\r\n" % byte)
        writer.write(b"0\r\n\r\n")
        assert (await read_answer(reader)).status == 202
        writer.close()


async def test_a_client_that_waits_is_told_to_go_on() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        body = json.dumps(BODY).encode()
        writer.write(_head(f"Content-Length: {len(body)}", "Expect: 100-continue"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await read_answer(reader)).status == 202
        writer.close()


async def test_a_client_that_waits_is_refused_before_it_sends() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(_head("Content-Length: 99999999", "Expect: 100-continue"))
        assert (await read_answer(reader)).status == 413
        writer.close()


async def test_a_slow_body_is_timed_out_and_the_connection_ends() -> None:
    async with running_api(settings=loopback(read_timeout_s=0.05)) as stage:
        reader, writer = await stage.connect()
        writer.write(_head("Content-Length: 100") + b"{")
        answer = await read_answer(reader)
        assert (answer.code, answer.headers["connection"]) == ("request_timeout", "close")
        assert await reader.read() == b""
        assert stage.admission.inflight == 0
        writer.close()


async def test_slow_headers_end_the_connection() -> None:
    async def unasked(_: object) -> Any:
        raise AssertionError

    listener = Listener(unasked, Place(host="127.0.0.1", port=0), Replies(ManualClock()), idle_s=0.05)
    await listener.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(b"POST /v1/messages HTTP/1.1\r\nHost:")
    assert await asyncio.wait_for(reader.read(), LIMIT_S) == b""
    writer.close()
    await listener.stop(1)


async def test_a_client_that_leaves_within_its_body_disturbs_nobody() -> None:
    async with running_api() as stage:
        _, writer = await stage.connect()
        writer.write(_head("Content-Length: 100") + b"{")
        await writer.drain()
        await until(lambda: stage.admission.inflight)
        writer.transport.abort()
        await until(lambda: not stage.admission.inflight)
        assert (await stage.post()).status == 202
        assert stage.reported == []


async def test_a_client_that_never_reads_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.http_api.replies.WRITE_TIMEOUT_S", 0.05)
    async with running_api() as stage:
        with socket.create_connection(("127.0.0.1", stage.port)) as peer:
            peer.setblocking(False)
            await until(lambda: stage.api.listener.connections)
            ask = b"GET /openapi.json HTTP/1.1\r\nHost: g\r\n\r\n"
            with contextlib.suppress(BlockingIOError):
                for _ in range(2_000):
                    peer.send(ask)
            await until(lambda: not stage.api.listener.connections)
        assert (await stage.post()).status == 202


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: g\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: g\r\n\r\n", 431),
        (b"GET /healthz HTTP/1.1\r\nHost: g\r\n" + b"X: y\r\n" * 500 + b"\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: g\r\nX\0: y\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET " + CANARY.encode() + b"\r\n\r\n", 400),
        (b"POST /v1/messages HTTP/1.1\r\nHost: g\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /v1/messages HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /v1/messages HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"CONNECT example.com:443 HTTP/1.1\r\nHost: g\r\n\r\n", 404),
    ],
)
async def test_what_is_not_http_as_we_take_it_is_refused_without_a_trace(data: bytes, status: int) -> None:
    async with running_api() as stage:
        answer = await stage.send_bytes(data)
        assert answer.status == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert CANARY.encode() not in answer.body
        assert stage.reported == []


async def test_a_broken_chunk_ends_like_a_body_that_never_comes() -> None:
    async with running_api(settings=loopback(read_timeout_s=0.05)) as stage:
        reader, writer = await stage.connect()
        writer.write(_head("Transfer-Encoding: chunked"))
        await writer.drain()
        await until(lambda: stage.admission.inflight)
        writer.write(b"zz\r\n")
        assert (await read_answer(reader)).code in ("body_incomplete", "request_timeout")
        assert stage.ledger.messages == {}
        writer.close()


async def test_nothing_of_a_bad_request_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with running_api() as stage:
        await stage.send_bytes(b"GET " + CANARY.encode() + b"\r\n\r\n")
        await stage.post({**BODY, "text": 5, "reference": CANARY})
        await stage.get(f"/v1/messages/{CANARY}")
    assert CANARY not in caplog.text
    assert caplog.text == ""


@pytest.mark.case("interfaces-23")
async def test_small_slips_of_clients_are_passed_over() -> None:
    async with running_api() as stage:
        body = b"\xef\xbb\xbf" + json.dumps(BODY).encode()
        assert (await stage.post(raw=body)).status == 202
        batch = b"\xef\xbb\xbf" + json.dumps({"messages": [BODY]}).encode()
        assert (await stage.ask("POST", "/v1/messages/batch", raw=batch)).json()["accepted"] == 1
        for content_type in ("application/json;", "application/json; ", "application/json; charset=utf-8;"):
            assert (await stage.post(content_type=content_type)).status == 202
        told = await stage.ask("POST", "/v1/messages/", BODY)
        assert told.status == 202
        assert (await stage.get(f"/v1/messages/{told.json()['id']}/")).status == 200
        for odd in ("/", "//", "/v1/messages//", "/v1//messages/"):
            assert (await stage.get(odd)).code == "not_found"
        assert (await stage.post(headers=[("Content-Encoding", "gzip")])).code == "unsupported_encoding"

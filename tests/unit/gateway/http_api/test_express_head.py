"""The usual request is recognised strictly, and read as aiohttp's parser reads it."""

import asyncio

import pytest
from aiohttp import HttpVersion11
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_parser import HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st

from gateway.http_api.express_head import KNOWN_HEADS, MAX_HEAD, Odd, Partial, Usual, UsualReader

START = "POST /v1/messages HTTP/1.1"
READER = UsualReader(100)
HEADERS = ("Host: g", "Authorization: Bearer k", "Content-Type: application/json", "Content-Length: 2")


def request(*headers: str, start: str = START, body: bytes = b"{}") -> bytes:
    return "\r\n".join((start, *headers, "", "")).encode("latin-1") + body


def test_a_usual_request_is_read() -> None:
    octets = request(*HEADERS, "Idempotency-Key:  a b ", "X-Forwarded-For: 10.0.0.1", "X-Trace: 7", "Accept: */*")
    usual = READER.read(octets + b"POST")
    assert isinstance(usual, Usual)
    assert octets[usual.start : usual.end] == b"{}"
    assert usual.end == len(octets)
    assert (usual.authorization, usual.idempotency, usual.forwarded) == (b"Bearer k", b"a b", b"10.0.0.1")


def said(usual: Usual) -> tuple[int, int, bytes, bytes | None, bytes | None]:
    return usual.start, usual.end, usual.authorization, usual.idempotency, usual.forwarded


def test_a_head_that_is_known_is_read_as_the_first_time() -> None:
    reader = UsualReader(100)
    octets = request(*HEADERS, "X-Forwarded-For: 10.0.0.1")
    first, again = reader.read(octets), reader.read(octets[:-1] + b"]")
    assert isinstance(first, Usual)
    assert isinstance(again, Usual)
    assert said(first) == said(again)
    assert isinstance(reader.read(octets[:-1]), Partial)


def test_heads_are_remembered_up_to_a_number() -> None:
    reader = UsualReader(100)
    for number in range(3 * KNOWN_HEADS):
        assert isinstance(reader.read(request(*HEADERS, f"X-Trace: {number}")), Usual)
        assert len(reader._known) <= KNOWN_HEADS


def test_a_head_that_comes_once_is_not_remembered() -> None:
    reader = UsualReader(100)
    assert isinstance(reader.read(request(*HEADERS, "Idempotency-Key: 7")), Usual)
    assert isinstance(reader.read(request(*HEADERS, "X-Long: " + "a" * 2_000)), Usual)
    assert not reader._known


@pytest.mark.parametrize("cut", range(len(request(*HEADERS))))
def test_what_is_not_complete_may_become_usual(cut: int) -> None:
    assert isinstance(READER.read(request(*HEADERS)[:cut]), Partial)


@pytest.mark.parametrize(
    "octets",
    [
        request(*HEADERS, start="GET /v1/messages HTTP/1.1"),
        request(*HEADERS, start="POST /v1/messages HTTP/1.0"),
        request(*HEADERS, start="POST /v1/messages?a=1 HTTP/1.1"),
        request(*HEADERS, start="POST /v1/messages/batch HTTP/1.1"),
        request(*HEADERS, start="POST  /v1/messages HTTP/1.1"),
        request(*HEADERS, "Content-Length: 2"),
        request(*HEADERS, "authorization: Bearer other"),
        request(*HEADERS, "X-Trace: 1", "x-trace: 2"),
        *(
            request(HEADERS[0], f"Authorization: {scheme}{'0a' * 16}", *HEADERS[2:])
            for scheme in ("", "Bearer ", "bearer  ", "BEARER ", "bEaReR ")
        ),
        request(*HEADERS, "Transfer-Encoding: chunked"),
        request(*HEADERS, "Content-Encoding: gzip"),
        request(*HEADERS, "Expect: 100-continue"),
        request(*HEADERS, "Upgrade: h2c"),
        request(*HEADERS, "Connection: close"),
        request(*HEADERS, "Connection: keep-alive, upgrade"),
        request(*HEADERS, "X-Folded: a\r\n b"),
        request(*HEADERS, "X-Bare: a\rb"),
        request(*HEADERS, "X-Bare: a\nb"),
        request(*HEADERS, "X-Nul: a\0b"),
        request(*HEADERS, "X-Latin: é"),
        request(*HEADERS, "X Space: a"),
        request(*HEADERS, "X-Space : a"),
        request(*HEADERS, ": a"),
        request(*HEADERS, "no colon at all"),
        request(*HEADERS[1:]),
        request(*HEADERS[:2], HEADERS[3]),
        request(*HEADERS[:2], "Content-Type: text/plain", HEADERS[3]),
        request(*HEADERS[:3]),
        request(*HEADERS[:3], "Content-Length: +2"),
        request(*HEADERS[:3], "Content-Length: 2, 2"),
        request(*HEADERS[:3], "Content-Length: ٢".encode().decode("latin-1")),
        request(*HEADERS[:3], "Content-Length: 101"),
        request(*HEADERS[:3], "Content-Length: 00000002"),
        request(*HEADERS, "X-Long: " + "a" * MAX_HEAD),
        b"POST /v1/messages HTTP/1.1\r\nX-Long: " + b"a" * MAX_HEAD,
        b"\r\n" + request(*HEADERS),
    ],
)
def test_what_is_odd_is_left_to_aiohttp(octets: bytes) -> None:
    assert isinstance(READER.read(octets), Odd)


_names = st.sampled_from(
    ["Host", "Authorization", "Content-Type", "Content-Length", "Idempotency-Key", "X-Forwarded-For", "X-Trace"]
)
_values = st.one_of(
    st.sampled_from(["2", "0", "application/json", "Bearer k", "keep-alive", ""]),
    st.text(st.characters(max_codepoint=255), max_size=6),
)


@given(st.lists(st.tuples(_names, _values), max_size=3), st.sampled_from(["{}", "{}POST", ""]))
def test_aiohttp_reads_a_usual_request_in_the_same_way(more: list[tuple[str, str]], body: str) -> None:
    headers = [*HEADERS, *(f"{name}: {value}" for name, value in more)]
    octets = request(*headers, body=body.encode())
    usual = READER.read(octets)
    if not isinstance(usual, Usual):
        return
    loop = asyncio.new_event_loop()
    try:
        parser = HttpRequestParser(BaseProtocol(loop), loop, 65_536)
        messages, upgraded, _ = parser.feed_data(octets[: usual.end])
    finally:
        loop.close()
    ((message, payload),) = messages
    assert (message.method, message.path, message.version) == ("POST", "/v1/messages", HttpVersion11)
    assert not upgraded
    assert not message.should_close
    assert message.compression is None
    assert payload.read_nowait() == octets[usual.start : usual.end]
    assert message.headers.get("Authorization", "").encode() == usual.authorization
    told = message.headers.get("Idempotency-Key")
    assert (None if told is None else told.encode()) == usual.idempotency

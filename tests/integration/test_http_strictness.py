"""What is no HTTP/1.1 as RFC 9112 has it is refused and ends the connection; a half-close is answered."""

import asyncio

import pytest

from tests.bounds import LIMIT_S
from tests.integration.test_http_express import GET_LIST, a_post
from tests.unit.gateway.stage import TOKEN, read_answer, running_api, until

BODY = b'{"to":"+966500000078","from":"INTERKEY","text":"Your code is 1234"}'
AUTHORIZED = f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n".encode()
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
HOST = b"Host: g\r\n"


def post(lines: bytes, body: bytes = BODY, version: bytes = b"HTTP/1.1") -> bytes:
    return b"POST /v1/messages %b\r\n%b%b\r\n%b" % (version, AUTHORIZED, lines, body)


ODD: dict[str, tuple[bytes, int]] = {
    "a line without a colon": (post(HOST + LENGTH + b"nothing\r\n"), 400),
    "a line without a colon and with a blank": (post(HOST + LENGTH + b"x y\r\n"), 400),
    "a name with a blank before the colon": (post(HOST + LENGTH + b"X-A : b\r\n"), 400),
    "an empty name": (post(HOST + LENGTH + b": b\r\n"), 400),
    "a folded line": (post(HOST + LENGTH + b"X-A: b\r\n c\r\n"), 400),
    "no Host": (post(LENGTH), 400),
    "two Hosts": (post(HOST + HOST + LENGTH), 400),
    "an empty Host": (post(b"Host:\r\n" + LENGTH), 400),
    "a blank Host": (post(b"Host:  \r\n" + LENGTH), 400),
    "a Host with a path": (post(b"Host: g/h\r\n" + LENGTH), 400),
    "a Host with a user": (post(b"Host: u@g\r\n" + LENGTH), 400),
    "a Host with a blank": (post(b"Host: g h\r\n" + LENGTH), 400),
    "a Host with a comma": (post(b"Host: g, h\r\n" + LENGTH), 400),
    "a Host with a port that is none": (post(b"Host: g:port\r\n" + LENGTH), 400),
    "a Host with two ports": (post(b"Host: g:1:2\r\n" + LENGTH), 400),
    "a Host with an open bracket": (post(b"Host: [::1\r\n" + LENGTH), 400),
    "gzip, chunked": (post(HOST + b"Transfer-Encoding: gzip, chunked\r\n", CHUNKED), 501),
    "gzip": (post(HOST + b"Transfer-Encoding: gzip\r\n", CHUNKED), 501),
    "chunked twice": (post(HOST + b"Transfer-Encoding: chunked, chunked\r\n", CHUNKED), 501),
    "chunked in two lines": (
        post(HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKED),
        501,
    ),
    "identity": (post(HOST + LENGTH + b"Transfer-Encoding: identity\r\n"), 501),
    "an empty Transfer-Encoding beside a length": (post(HOST + LENGTH + b"Transfer-Encoding:\r\n"), 400),
    "chunked beside a length": (post(HOST + LENGTH + b"Transfer-Encoding: chunked\r\n", CHUNKED), 400),
    "chunked in HTTP/1.0": (post(HOST + b"Transfer-Encoding: chunked\r\n", CHUNKED, b"HTTP/1.0"), 400),
    "HTTP/2.0": (post(HOST + LENGTH, version=b"HTTP/2.0"), 400),
    "HTTP/1.2": (post(HOST + LENGTH, version=b"HTTP/1.2"), 400),
    "HTTP/0.9": (post(HOST + LENGTH, version=b"HTTP/0.9"), 400),
    "HTTP/3": (post(HOST + LENGTH, version=b"HTTP/3"), 400),
    "a lower-case version": (post(HOST + LENGTH, version=b"http/1.1"), 400),
}


@pytest.mark.case("security-12")
@pytest.mark.parametrize(("octets", "status"), ODD.values(), ids=ODD)
async def test_what_is_no_http_as_the_standard_has_it_is_refused(octets: bytes, status: int) -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(octets + a_post())
        assert (await read_answer(reader)).status in {status, 400}  # some the parser refuses by itself
        async with asyncio.timeout(LIMIT_S):
            assert await reader.read() == b"", "nothing behind it is taken for a request"
        writer.close()
        assert not stage.ledger.messages


@pytest.mark.case("security-12")
@pytest.mark.parametrize(
    "host", [b"g", b"g:8080", b"example.com", b"10.0.0.1:80", b"[::1]", b"[2001:db8::1]:8443", b"a_b.example", b"g:"]
)
async def test_a_sound_host_is_taken(host: bytes) -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(post(b"Host: %b\r\n" % host + LENGTH) + b"GET /healthz HTTP/1.1\r\nHost: %b\r\n\r\n" % host)
        assert [(await read_answer(reader)).status for _ in range(2)] == [202, 200]
        writer.close()


@pytest.mark.case("security-12")
async def test_chunked_alone_and_http_1_0_without_a_host_are_taken() -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(post(HOST + b"Transfer-Encoding: Chunked\r\n", CHUNKED))
        assert (await read_answer(reader)).status == 202
        writer.write(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert (await read_answer(reader)).status == 200
        writer.close()


CLOSED: dict[str, tuple[bytes, list[int]]] = {
    "the usual request": (a_post(), [202]),
    "several": (a_post() * 5, [202] * 5),
    "refused": (a_post(to=""), [400]),
    "another request": (GET_LIST, [200]),
    "others": (GET_LIST * 4, [200] * 4),
    "both": (a_post() + GET_LIST + a_post(), [202, 200, 202]),
    "many": (a_post(to="") * 200, [400] * 200),
}


@pytest.mark.case("security-13")
@pytest.mark.parametrize(("octets", "answers"), CLOSED.values(), ids=CLOSED)
async def test_a_client_that_closes_its_side_is_answered_and_then_the_connection_ends(
    octets: bytes, answers: list[int]
) -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(octets)
        writer.write_eof()
        assert [(await read_answer(reader)).status for _ in answers] == answers
        async with asyncio.timeout(LIMIT_S):
            assert await reader.read() == b""
        await until(lambda: not stage.api.listener.connections)
        writer.close()


@pytest.mark.case("security-13")
@pytest.mark.parametrize("octets", [b"", a_post()[:40], a_post()[:-5], GET_LIST[:-2]])
async def test_an_incomplete_request_ends_with_its_clients_side(octets: bytes) -> None:
    async with running_api() as stage:
        reader, writer = await stage.connect()
        writer.write(octets)
        writer.write_eof()
        async with asyncio.timeout(LIMIT_S):
            assert b" 202 " not in await reader.read()
        await until(lambda: not stage.api.listener.connections)
        assert (stage.admission.inflight, stage.reported) == (0, [])
        writer.close()

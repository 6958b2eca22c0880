"""One HTTP answer, from any octets in any pieces: the status decides, and the rest is read as far as it goes."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.rest.answer import HEAD_LIMIT_BYTES, Answer, AnswerReader, Flaw

BODY = b'{"id":"r-1"}'
LENGTH = b"Content-Length: 12\r\n"
LIMIT = 1_000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ZIPPED = gzip.compress(BODY)


def read(*pieces: bytes) -> Answer | None:
    """What the pieces say, when nothing comes behind them."""
    reader = AnswerReader(LIMIT)
    for piece in pieces:
        reader.feed(piece)
    return reader.answer()


def seen(octets: bytes) -> tuple[int, bytes, Flaw | None, bool]:
    """What they say in one piece, which is what they say octet by octet."""
    answer, slow = read(octets), read(*(octets[at : at + 1] for at in range(len(octets))))
    assert answer is not None
    assert slow is not None
    assert answer == slow
    return answer.status, answer.body, answer.flaw, answer.keep


def ok(more: bytes = b"", body: bytes = BODY) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def zipped(coding: bytes, body: bytes) -> bytes:
    return ok(b"Content-Encoding: " + coding + b"\r\n", body)


@pytest.mark.case("nodes-1")
def test_a_sound_answer_is_read_to_its_end_in_any_pieces() -> None:
    octets = ok(b"Retry-After: 3\r\n")
    for at in range(len(octets)):
        answer = read(octets[:at], octets[at:])
        assert answer == Answer(200, {"retry-after": "3", "content-length": "12"}, BODY, None, True)


@pytest.mark.case("nodes-1")
@pytest.mark.parametrize(
    "chunks",
    [
        b"c\r\n" + BODY + b"\r\n0\r\n\r\n",
        b"5\r\n" + BODY[:5] + b"\r\n7\r\n" + BODY[5:] + b"\r\n0\r\n\r\n",
        b"00c;name=value\r\n" + BODY + b"\r\n0\r\nTrailer: x\r\n\r\n",
        b"C\n" + BODY + b"\n0\n\n",
    ],
)
def test_a_body_in_chunks_is_read_to_its_end(chunks: bytes) -> None:
    assert seen(CHUNKED + chunks) == (200, BODY, None, True)


@pytest.mark.parametrize(
    ("octets", "keep"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"\r\nHTTP/1.1 204\r\n\r\n", True),
        (b"http/1.1  204 x\n\n", True),
    ],
)
def test_a_connection_is_kept_where_both_sides_know_that_it_goes_on(octets: bytes, keep: bool) -> None:
    status, body, flaw, kept = seen(octets)
    assert (status in (200, 204), body, flaw, kept) == (True, b"", None, keep)


def test_a_body_may_end_with_the_connection() -> None:
    assert seen(b"HTTP/1.1 200 OK\r\n\r\n" + BODY) == (200, BODY, None, False)


def test_interim_answers_are_passed_over() -> None:
    assert seen(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + ok()) == (200, BODY, None, True)
    assert read(b"HTTP/1.1 100 Continue\r\n\r\n") is None
    assert read(b"HTTP/1.1 103 Hints\r\nLink: x\r\n") is None


@pytest.mark.parametrize(
    "octets", [b"", b"HTTP/1.1 20", b"nonsense\r\n\r\n", b"HTTP/1.1 2000 x\r\n\r\n", b"200 OK\r\n"]
)
def test_without_a_status_there_is_no_answer(octets: bytes) -> None:
    assert read(octets) is None


@pytest.mark.case("nodes-2")
@pytest.mark.parametrize(
    "line",
    [
        b"X Odd Name: v\r\n",
        b"no colon at all\r\n",
        b": nameless\r\n",
        b" folded: v\r\n",
        b"X\xe9: v\r\n",
        b"X\0: v\r\n",
        b"\x80\xff\r\n",
    ],
)
def test_a_line_of_the_head_that_is_no_header_costs_only_itself(line: bytes) -> None:
    assert seen(ok(line)) == (200, BODY, Flaw.HEAD, False)


@pytest.mark.case("nodes-2")
def test_long_headers_are_read_and_endless_ones_are_not() -> None:
    assert seen(ok(b"Set-Cookie: " + b"x" * 20_000 + b"\r\n")) == (200, BODY, None, True)
    endless = AnswerReader(LIMIT)
    endless.feed(b"HTTP/1.1 202 OK\r\n")
    fed = 0
    while not endless.done:
        endless.feed(b"X: " + b"x" * 1_000)
        fed += 1_003
    assert fed < HEAD_LIMIT_BYTES + 2_000
    assert endless.answer() == Answer(202, {}, b"", Flaw.HEAD, False)


@pytest.mark.case("nodes-2")
@pytest.mark.parametrize(
    ("octets", "body", "flaw"),
    [
        (b"HTTP/1.1 200 OK", b"", Flaw.BODY),
        (b"HTTP/1.1 200 OK\r\nContent-Le", b"", Flaw.BODY),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n" + BODY, BODY, Flaw.BODY),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 12, 13\r\n\r\n" + BODY, BODY, Flaw.HEAD),
        (b"HTTP/1.1 200 OK\r\nContent-Length : 12\r\n\r\n" + BODY, BODY, Flaw.HEAD),
        (b"HTTP/1.1 200 OK\r\nContent-Length: twelve\r\n\r\n" + BODY, BODY, Flaw.HEAD),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + BODY, BODY, Flaw.HEAD),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1200\r\n\r\n" + b"x" * 1_200, b"x" * 1_000, Flaw.LONG),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_200, b"x" * 1_000, Flaw.LONG),
        (CHUNKED + b"c\r\n" + BODY + b"\r\n", BODY, Flaw.BODY),
        (CHUNKED + b"c\r\n" + BODY[:7], BODY[:7], Flaw.BODY),
        (CHUNKED + b"c\r\n" + BODY + b"xx\r\n", BODY, Flaw.BODY),
        (CHUNKED + b"huge\r\n" + BODY, b"", Flaw.BODY),
        (CHUNKED + b"ffffffffff\r\n" + BODY, b"", Flaw.BODY),
        (CHUNKED + b"ffff\r\n" + b"x" * 1_200, b"x" * 1_000, Flaw.LONG),
    ],
)
def test_a_body_that_breaks_off_or_breaks_its_framing_is_what_could_be_read(
    octets: bytes, body: bytes, flaw: Flaw
) -> None:
    assert seen(octets) == (200, body, flaw, False)


@pytest.mark.case("nodes-2")
def test_more_than_the_answer_ends_the_connection() -> None:
    assert read(ok() + b"HTTP/1.1 200 OK") == Answer(200, {"content-length": "12"}, BODY, Flaw.BODY, False)


@pytest.mark.case("nodes-2")
@pytest.mark.parametrize(
    ("coding", "body", "plain", "flaw"),
    [
        (b"gzip", ZIPPED, BODY, None),
        (b"X-GZIP", ZIPPED, BODY, None),
        (b"identity", BODY, BODY, None),
        (b"deflate", zlib.compress(BODY), BODY, None),
        (b"deflate", zlib.compress(BODY)[2:-4], BODY, None),
        (b"gzip", ZIPPED[:-8], BODY, Flaw.CODING),
        (b"gzip", ZIPPED[:-8] + bytes(8), BODY, Flaw.CODING),
        (b"gzip", ZIPPED[:-4] + b"\xff\xff\xff\xff", BODY, Flaw.CODING),
        (b"gzip", BODY, b"", Flaw.CODING),
        (b"gzip", b"\x1f\x8b", b"", Flaw.CODING),
        (b"gzip", gzip.compress(b"x" * 5_000), b"x" * 1_000, Flaw.CODING),
        (b"br", b"\x0b\x05\x80" + BODY, b"", Flaw.CODING),
        (b"zstd", b"\x28\xb5\x2f\xfd", b"", Flaw.CODING),
        (b"gzip, gzip", gzip.compress(ZIPPED), b"", Flaw.CODING),
    ],
)
def test_a_coding_that_is_damaged_or_unknown_voids_no_answer(
    coding: bytes, body: bytes, plain: bytes, flaw: Flaw | None
) -> None:
    assert seen(zipped(coding, body)) == (200, plain, flaw, flaw is None)


@pytest.mark.case("nodes-2")
@given(st.lists(st.binary(max_size=60), max_size=12), st.sampled_from([b"", b"Transfer-Encoding: chunked\r\n", LENGTH]))
def test_once_the_status_is_read_nothing_voids_it(pieces: list[bytes], framing: bytes) -> None:
    answer = read(b"HTTP/1.1 201 Created\r\n" + framing, *pieces)
    assert answer is not None
    assert answer.status == 201
    assert len(answer.body) <= LIMIT

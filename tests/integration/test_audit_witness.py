"""A witness over HTTP: it cosigns what grows, and nothing that was rolled back or written anew."""

import asyncio
import contextlib
import http.client
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint

from gateway.audit.checkpoint import write_hash
from gateway.audit.cosigning import Cosigning, Known, read_witness
from gateway.audit.tiles import CHECKPOINT, TileReader
from gateway.audit.witness import LONGEST, Answer, Witness
from gateway.cli.audit_witness import witness_server
from redaction.notes import BadNote, Note, VerifierKey, is_signed_by, read_note, read_signatures, sign, verifies
from tests.bounds import LIMIT_S
from tests.integration.test_audit_log import Site, site
from tests.unit.gateway.audit.trees import KEY, SEED, checkpoint, grow

__all__ = ["site"]
NAME, NOW_S = "witness.example", 1_796_000_000
LONG = b"old " + b"1" * 5_000 + b"\n\n" + sign(SEED, KEY.name, "x\n").line.encode()


class Stage:
    """A log of 700 entries, and a witness that knows it."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "witness"
        self.reader = grow(place / "log", 700)
        self.witness = self.open()

    def open(self) -> Witness:
        return Witness(self.folder, NAME, [KEY], lambda: NOW_S)

    def body(self, old: int, size: int, *, path: list[bytes] | None = None, seed: bytes = SEED) -> bytes:
        reader = grow(self.folder.parent / f"of-{size}", size)
        hashes = reader.tree_path(old) if path is None and old <= size else path or []
        head = "".join(f"{each}\n" for each in (f"old {old}", *map(write_hash, hashes)))
        return head.encode() + b"\n" + checkpoint(reader, seed=seed).octets

    def ask(self, old: int, size: int, **more: object) -> Answer:
        return self.witness.add_checkpoint(self.body(old, size, **more))  # type: ignore[arg-type]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.mark.policy("P-26")
def test_a_log_that_grows_is_cosigned_each_time_and_another_program_takes_it(stage: Stage) -> None:
    for old, size in ((0, 300), (300, 700), (700, 700)):
        answer = stage.ask(old, size)
        assert answer.status == 200
        (signature,) = read_signatures(answer.text)
        note = read_note(stage.body(old, size).partition(b"\n\n")[2])
        assert verifies(stage.witness.key, note.text, signature)
        assert signature.cosigned_s == NOW_S
        both = Note(note.text, (*note.signatures, signature))
        Checkpoint.from_text(both.octets.decode()).verify(Vkey.from_string(stage.witness.key.text))


def test_what_it_saw_last_is_asked_for_and_outlives_it(stage: Stage) -> None:
    assert stage.ask(0, 300).status == 200
    stage.witness = stage.open()
    assert stage.ask(0, 700) == Answer(409, "300\n", "text/x.tlog.size")
    assert stage.ask(300, 700).status == 200


@pytest.mark.policy("P-26")
def test_a_log_that_was_rolled_back_or_written_anew_gets_no_signature(stage: Stage) -> None:
    assert stage.ask(0, 700).status == 200
    assert stage.ask(300, 600) == Answer(409, "700\n", "text/x.tlog.size")
    assert stage.ask(700, 600).status == 400
    other = Note(text := stage_text(stage, bytes(32)), (sign(SEED, KEY.name, text),))
    assert stage.witness.add_checkpoint(b"old 700\n\n" + other.octets).status == 409
    assert stage.ask(700, 800, path=[bytes(32)] * 3).status == 422


def stage_text(stage: Stage, root: bytes) -> str:
    return f"{KEY.name}\n700\n{write_hash(root)}\n"


def test_strangers_and_what_is_no_request_are_refused(stage: Stage) -> None:
    assert stage.ask(0, 300, seed=bytes(32)).status == 403
    stranger = Witness(stage.folder / "other", NAME, [VerifierKey("another.example", 1, KEY.public)], lambda: NOW_S)
    assert stranger.add_checkpoint(stage.body(0, 300)).status == 404
    for body in (b"", b"old 0", b"old 00\n\n" + checkpoint(stage.reader).octets, b"new 0\n\n", b"\xff\n\n", LONG):
        assert stage.witness.add_checkpoint(body).status == 400
    too_long = "old 0\n" + f"{write_hash(bytes(32))}\n" * 64 + "\n"
    assert stage.witness.add_checkpoint(too_long.encode() + checkpoint(stage.reader).octets).status == 400


def test_its_key_is_made_once_and_for_its_user_alone(stage: Stage) -> None:
    assert stage.open().key == stage.witness.key
    assert (stage.folder / "witness.key").stat().st_mode & 0o777 == 0o600


@contextlib.contextmanager
def served(folder: Path, key: VerifierKey, *, ml_dsa: bool = False) -> Iterator[tuple[Witness, ThreadingHTTPServer]]:
    witness, server = witness_server(folder, NAME, [key.text], "127.0.0.1", 0, ml_dsa=ml_dsa)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield witness, server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_node_has_its_checkpoints_cosigned_and_keeps_the_signatures(site: Site, tmp_path: Path) -> None:
    writer = site.writer()
    with served(tmp_path / "witness", writer.key) as (witness, server):
        known = read_witness(f"{witness.key.text} http://127.0.0.1:{server.server_port}/")
        cosigning = Cosigning(writer, [known], site.clock)
        await cosigning.ask_all()  # there is nothing yet
        for number in range(3):
            await site.act(number)
            await site.sequencer().round()
            site.clock.advance(100)
            assert cosigning.ages_s() == {NAME: 100}
            await cosigning.ask_all()
            assert cosigning.ages_s() == {NAME: 0}
            assert is_signed_by(read_note((site.folder / CHECKPOINT).read_bytes()), witness.key)
        again = Cosigning(writer, [known], site.clock)  # a process that does not know what the witness has seen
        await site.act(3)
        await site.sequencer().round()
        await again.ask_all()
        note = read_note((site.folder / CHECKPOINT).read_bytes())
        assert is_signed_by(note, witness.key)
        assert is_signed_by(note, writer.key)
    assert TileReader(site.folder, 4).entry(3) is not None


async def test_a_witness_that_is_away_is_waited_for(site: Site) -> None:
    writer = site.writer()
    await site.act(1)
    await site.sequencer().round()
    key = VerifierKey(NAME, 4, bytes(32))
    cosigning = Cosigning(writer, [Known(key, "http://127.0.0.1:1")], site.clock)
    site.clock.advance(30)
    await cosigning.ask_all()
    assert cosigning.ages_s() == {NAME: 30}


def head(status: str, body: bytes, more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


@contextlib.asynccontextmanager
async def liar(answer: bytes, *, holds: bool = False) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """Its address, and when it was asked. holds: it goes on, an octet now and then."""
    asked, over = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        asked.set()
        while holds and not over.is_set():
            writer.write(b"x")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await over.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
        over.set()


@pytest.mark.parametrize(
    "answer",
    [
        head("409 Conflict", b"9" * 5_000),
        head("409 Conflict", "\N{ARABIC-INDIC DIGIT THREE}".encode()),
        head("302 Found", b"", "Location: http://[\r\n"),
        head("302 Found", b"", "Location: http://..a/\r\n"),
        head("200 OK", b"x" * 3_000_000),
        head("200 OK", bytes(range(256))),
        b"HTTP/1.1 abc\r\n\r\n",
        bytes(1_000),
        b"",
    ],
    ids=["digits", "arabic", "redirect", "idna", "megabytes", "octets", "status", "zeros", "nothing"],
)
async def test_whatever_a_witness_answers_the_node_asks_it_again(site: Site, answer: bytes) -> None:
    writer = site.writer()
    await site.act(1)
    await site.sequencer().round()
    async with liar(answer) as (url, asked):
        cosigning = Cosigning(writer, [Known(VerifierKey(NAME, 4, bytes(32)), url)], site.clock)
        site.clock.advance(30)
        async with asyncio.timeout(LIMIT_S):
            for _ in range(2):
                asked.clear()
                await cosigning.ask_all()
                assert asked.is_set()
    assert cosigning.ages_s() == {NAME: 30}


@pytest.mark.parametrize("begun", [b"HTTP/1.1 200 OK\r\nX-More: ", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"])
async def test_a_witness_that_never_ends_holds_no_thread_of_a_node_that_stops(site: Site, begun: bytes) -> None:
    writer = site.writer()
    await site.act(1)
    await site.sequencer().round()
    the_only_thread = ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(the_only_thread)
    async with liar(begun, holds=True) as (url, asked):
        cosigning = Cosigning(writer, [Known(VerifierKey(NAME, 4, bytes(32)), url)], site.clock)
        task = asyncio.create_task(cosigning.ask_all())
        async with asyncio.timeout(LIMIT_S):
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wrap_future(the_only_thread.submit(int))


@pytest.mark.parametrize("url", ["http://[", "http://:1", "http://a:x", "http://\xfc.example", "http://a?b"])
def test_an_address_that_is_none_is_refused_when_settings_are_read(url: str) -> None:
    with pytest.raises(BadNote, match="no address"):
        read_witness(f"{VerifierKey(NAME, 4, bytes(32)).text} {url}")


def test_a_witness_that_cannot_keep_what_it_saw_signs_nothing(stage: Stage) -> None:
    assert stage.ask(0, 300).status == 200
    (kept,) = stage.folder.glob("log-*")
    kept.write_bytes(b"spoilt")
    assert stage.ask(300, 700).status == 500
    kept.unlink()
    kept.mkdir()
    assert stage.ask(0, 300).status == 500


async def test_the_listener_takes_one_path_and_small_requests(tmp_path: Path) -> None:
    with served(tmp_path / "witness", KEY) as (_, server):

        def ask(path: str, length: int) -> int:
            line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
            line.putrequest("POST", path)
            line.putheader("Content-Length", str(length))
            line.endheaders(b"x" * min(length, 10))
            status = line.getresponse().status
            line.close()
            return status

        assert await asyncio.to_thread(ask, "/", 1) == 404
        assert await asyncio.to_thread(ask, "/add-checkpoint", LONGEST + 1) == 413
        assert await asyncio.to_thread(ask, "/add-checkpoint", 1) == 400


def test_a_log_is_no_witness() -> None:
    with pytest.raises(BadNote):
        read_witness(f"{KEY.text} http://127.0.0.1:1")

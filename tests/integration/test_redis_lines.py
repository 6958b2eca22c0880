"""Lines to a server: an answer belongs to its question, whatever happens to the connection."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from config.redis_address import parse_address
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.redis.server import Access, Call, Server
from tests.bounds import LIMIT_S
from tests.integration.valkey_server import Valkey, free_port

TIMEOUT_S = 0.3


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path / "valkey")
    valkey.start()
    try:
        yield valkey
    finally:
        valkey.kill()


@pytest.fixture
async def server(valkey: Valkey) -> AsyncIterator[Server]:
    server = Server(Access(address=parse_address(valkey.url), timeout_s=TIMEOUT_S))
    await server.open()
    yield server
    await server.close()


def connections(valkey: Valkey) -> set[str]:
    """Ids of those that the server has from us."""
    rows = valkey.ask("CLIENT", "LIST").decode().splitlines()
    return {row.split()[0] for row in rows if " cmd=client" not in row}


async def test_questions_one_after_the_other_share_a_line_and_others_get_their_own(
    server: Server, valkey: Valkey
) -> None:
    for number in range(5):
        assert await server.command("ECHO", f"{number}") == b"%d" % number
    before = connections(valkey)
    said = await asyncio.gather(*(server.command("ECHO", f"{number}") for number in range(5)))
    assert said == [b"%d" % number for number in range(5)]
    assert len(connections(valkey) - before) == 4
    assert before < connections(valkey)


async def test_many_commands_have_their_answers_in_order_and_errors_are_raised(server: Server) -> None:
    assert await server.commands([("SET", "a", 1), ("INCR", "a"), ("GET", "a"), ("GET", "b")]) == [b"OK", 2, b"2", None]
    with pytest.raises(LedgerUnavailable):
        await server.commands([("SET", "a", "x"), ("INCR", "a"), ("GET", "a")])
    assert await server.command("GET", "a") == b"x"


async def test_a_large_answer_comes_whole(server: Server) -> None:
    await server.command("SET", "large", b"x" * 3_000_000)
    assert await server.command("GET", "large") == b"x" * 3_000_000


async def test_an_answer_that_comes_too_late_is_nobody_elses(server: Server, valkey: Valkey) -> None:
    await server.command("SET", "whose", "late")
    valkey.ask("CLIENT", "PAUSE", 2 * round(TIMEOUT_S * 1000), "ALL")
    with pytest.raises(LedgerUnavailable, match="TimeoutError"):
        await server.command("GET", "whose")
    async with asyncio.timeout(LIMIT_S):
        while True:
            try:
                answer = await server.command("ECHO", "mine")
                break
            except LedgerUnavailable:
                continue  # still paused
    assert answer == b"mine"


async def test_whoever_gives_up_leaves_no_answer_behind(server: Server, valkey: Valkey) -> None:
    await server.command("SET", "whose", "theirs")
    before = connections(valkey)
    asks = asyncio.ensure_future(server.command("GET", "whose"))
    await asyncio.sleep(0)  # the question is out
    asks.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asks
    assert await server.command("ECHO", "mine") == b"mine"
    assert not before & connections(valkey)


async def test_a_connection_that_the_server_closed_is_not_used_again(server: Server, valkey: Valkey) -> None:
    await asyncio.gather(*(server.command("ECHO", "x") for _ in range(3)))
    valkey.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    async with asyncio.timeout(LIMIT_S):
        while not all(line.is_open is False for line in server._lines._idle):  # type: ignore[union-attr]
            await asyncio.sleep(0.01)  # until the kernel has told us
    assert await server.command("ECHO", "y") == b"y"


async def test_a_server_that_came_back_is_asked_again(server: Server, valkey: Valkey) -> None:
    valkey.kill()
    with pytest.raises(LedgerUnavailable):
        await server.command("GET", "a")
    valkey.start()
    assert await server.command("GET", "a") is None
    (lost,) = await server.calls([Call("lease_read", "{cg:0}")])
    assert isinstance(lost, LedgerUnavailable)  # it kept nothing, not even the functions; they are there again now
    assert await server.call(Call("lease_read", "{cg:0}")) == [b"", b"0"]


async def test_a_primary_that_became_a_replica_loses_its_lines(server: Server, valkey: Valkey) -> None:
    before = connections(valkey)
    valkey.ask("REPLICAOF", "127.0.0.1", free_port())
    with pytest.raises(LedgerUnavailable):
        await server.command("SET", "a", "b")
    valkey.ask("REPLICAOF", "NO", "ONE")
    assert await server.command("SET", "a", "b") == b"OK"
    assert not before & connections(valkey)


async def test_closing_waits_for_every_connection(valkey: Valkey) -> None:
    server = Server(Access(address=parse_address(valkey.url), timeout_s=TIMEOUT_S))
    await server.open()
    await asyncio.gather(*(server.command("ECHO", "x") for _ in range(3)))
    await server.close()
    assert connections(valkey) == set()
    with pytest.raises(LedgerUnavailable):
        await server.command("ECHO", "x")

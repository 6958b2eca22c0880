"""One person among 101 is erased; the attacker has copies of data and keys from before, and everything live after it.

On both engines: the ledger of the road, and the same on a Redis, whose every key is dumped. It opens nothing of the
person, finds none of its ids and pseudonyms in what is live, and everything of the 100 others.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from config.redis_address import parse_address
from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.server import Access
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.message import Message
from gateway.rights.building import eraser, publisher, tracer
from gateway.rights.erasing import Erasure, Purpose
from gateway.rights.subjects import DataSubject
from gateway.tools.ledger_copy import copy_ledger
from tests.bounds import LIMIT_S
from tests.integration.valkey_server import valkey
from tests.privacy.test_erasure import Backup
from tests.unit.gateway.rights.desk import Rights, msisdn, number
from tests.unit.gateway.road import CUSTOMER, Road, running_road

SUBJECTS = 101
ERASED = 37


@pytest.fixture(scope="module")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("redis"), "--appendonly", "yes") as address:
        yield address


READ: Mapping[str, tuple[str | int, ...]] = {
    "hash": ("HGETALL",),
    "string": ("GET",),
    "set": ("SMEMBERS",),
    "zset": ("ZRANGE", 0, -1),
    "list": ("LRANGE", 0, -1),
}


@contextlib.asynccontextmanager
async def on_redis(address: str, road: Road, prefix: str) -> AsyncIterator[RedisLedger]:
    access = Access(address=parse_address(address), timeout_s=LIMIT_S)
    ledger = RedisLedger(access, road.clock, Terms(prefix=prefix, lease_s=4.0), role=Role.ALONE)
    await ledger.open()
    await copy_ledger(road.ledger, ledger, road.clock, source_runs=False)
    try:
        yield ledger
    finally:
        await ledger.close()


async def dumped(ledger: RedisLedger) -> bytes:
    """Every value of every key, as the server would write it."""
    server = ledger.member.server
    found = list[bytes]()
    for key in await server.command("KEYS", "*"):
        kind = await server.command("TYPE", key)
        word = kind.decode() if isinstance(kind, bytes) else str(kind)
        verb, *span = READ[word]
        found.append(msgspec.msgpack.encode([key, await server.command(verb, key, *span)]))
    return b"".join(found)


async def sent(road: Road) -> dict[int, Message]:
    """Stored messages by person, one each."""
    ids = {index: await road.send(to=number(index)) for index in range(SUBJECTS)}
    await road.settled()
    return {index: await road.stored(each) for index, each in ids.items()}


async def erase(rights: Rights, ledger: RedisLedger | SqliteLedger) -> Erasure:
    on = msgspec.structs.replace(rights.on, ledger=ledger)
    traces = await tracer(on).trace([DataSubject(CUSTOMER, msisdn(ERASED))])
    return await eraser(on, COMMAND_LINE, publisher(ledger, {})).erase(traces, Purpose())


@pytest.mark.case("privacy-3")
@pytest.mark.policy("P-23")
@pytest.mark.policy("P-34")
@pytest.mark.parametrize("engine", ["sqlite", "redis"])
async def test_nothing_of_the_erased_and_everything_of_100_neighbours(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    async with running_road(tmp_path, down=["loop"]) as road, contextlib.AsyncExitStack() as stack:
        messages = await sent(road)
        backup = Backup(road, tmp_path, tmp_path / "backup")
        assert len(backup.restore().opened) == SUBJECTS, "an attack that cannot open proves nothing"
        ledger: RedisLedger | SqliteLedger = road.ledger
        if engine == "redis":
            address = request.getfixturevalue("redis_address")
            ledger = await stack.enter_async_context(on_redis(address, road, str(tmp_path)))
        assert (await erase(Rights(road), ledger)).messages == 1

        gone = messages.pop(ERASED)
        attacked = backup.attack()
        assert attacked.opened == {each.id for each in messages.values()}
        assert len(attacked.opened) == 100
        if isinstance(ledger, RedisLedger):
            live = await dumped(ledger)
        else:
            await ledger.retention.checkpoint()
            live = b"".join((tmp_path / name).read_bytes() for name in ("ledger.db", "ledger.db-wal"))
        assert bytes(gone.subject) not in live
        assert gone.content is not None
        assert bytes(gone.content)[10:40] not in live
        assert all(bytes(each.subject) in live for each in messages.values())
        assert [each is None for each in await ledger.messages.find_many([gone.id])] == [True]
        found = await ledger.messages.find_many([each.id for each in messages.values()])
        assert len([each for each in found if each is not None]) == 100

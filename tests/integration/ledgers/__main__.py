"""Writes the stored ledgers of the present schema and format beside this file, for the versions to come."""

import asyncio
import contextlib
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import redis

from config.redis_address import parse_address
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.packing import NEWEST
from gateway.ledger.redis.server import Access
from gateway.ledger.roles import Ledger
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.schema import SCHEMA_VERSION
from gateway.process.clock import ManualClock
from tests.integration.key_places import PERSISTENT
from tests.integration.ledgers import contents
from tests.integration.ledgers.filling import fill
from tests.integration.valkey_server import valkey

HERE = Path(__file__).parent


async def filled(ledger: Ledger) -> None:
    await ledger.open()
    await fill(ledger)
    await ledger.close()


def clock() -> ManualClock:
    return ManualClock(contents.NOW - 2)


def file(folder: Path) -> str:
    """The SQL of a file that holds the contents."""
    path = folder / "ledger.db"
    asyncio.run(filled(SqliteLedger(path, clock())))
    with contextlib.closing(sqlite3.connect(path)) as database:
        return "".join(f"{line}\n" for line in database.iterdump())


def server(folder: Path) -> str:
    """Commands that make a server hold the contents."""
    with valkey(folder, *PERSISTENT) as url:
        access = Access(address=parse_address(url))
        asyncio.run(filled(RedisLedger(access, clock(), Terms(partitions=8, lease_s=1.0), role=Role.ALONE)))
        with redis.Redis.from_url(url) as client:
            return "".join(line(words(client, key)) for key in sorted(client.keys("*")))


def words(client: Any, key: bytes) -> list[bytes]:
    """The command that makes what lies under a key."""
    kind = client.type(key)
    if kind == b"hash":
        return [b"HSET", key, *(word for pair in sorted(client.hgetall(key).items()) for word in pair)]
    if kind == b"zset":
        rows = client.zrange(key, 0, -1, withscores=True)
        return [b"ZADD", key, *(word for member, score in rows for word in (b"%d" % score, member))]
    if kind == b"set":
        return [b"SADD", key, *sorted(client.smembers(key))]
    return [b"SET", key, client.get(key)]


def line(command: list[bytes]) -> str:
    return " ".join(word.hex() or "-" for word in command) + "\n"


def main() -> None:
    for name, make in ((f"schema_{SCHEMA_VERSION}.sql", file), (f"redis_{NEWEST}.txt", server)):
        with tempfile.TemporaryDirectory() as folder:
            HERE.joinpath(name).write_text(make(Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()

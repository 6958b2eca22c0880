"""Is this server fit to keep a ledger? Asked once at the start; each fault is one line that says what to change. And
what is asked of a server as a whole: to pack small records, and to clear its log of what was deleted.

A promise to a customer is a write on a disk, so the server appends every write and syncs it before it answers, and
never makes room by throwing keys away. It is given small records in packed blocks where it lets us say so.
"""

from collections.abc import Mapping
from typing import Any, Final

from redis import exceptions as redis_errors
from redis.asyncio import RedisCluster

from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.redis.server import FAILURES, Server, unavailable
from gateway.process.clock import Clock

OLDEST: Final = (7, 0)
PACKED_VALUE_BYTES: Final = 2048
PACKED_ENTRIES: Final = 512

_WANTED: Final = {
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
}
_PACKING: Final = {"hash-max-listpack-value": PACKED_VALUE_BYTES, "hash-max-listpack-entries": PACKED_ENTRIES}


class UnfitServer(LedgerUnavailable):
    """The server must be set up otherwise; the text says how."""


async def check_server(server: Server, clock: Clock, max_skew_s: float) -> None:
    """Raises UnfitServer, or LedgerUnavailable when the server cannot be asked."""
    for ask in _askers(server):
        try:
            await _check(ask, clock, max_skew_s)
        except FAILURES as error:
            raise unavailable(error) from error


async def durability_fault(server: Server) -> str | None:
    """What a primary has set otherwise than a ledger needs; None for nothing. Raises LedgerUnavailable."""
    for ask in _askers(server):
        try:
            await _check_settings(ask)
        except UnfitServer as unfit:
            return str(unfit)
        except FAILURES as error:
            raise unavailable(error) from error
    return None


async def pack_small_records(server: Server) -> bool:
    """Have hashes of small records packed; False where the server does not allow it, and takes more memory."""
    for ask in _askers(server):
        try:
            for name, wanted in _PACKING.items():
                found = _pairs(await ask("CONFIG", "GET", name))
                if int(found.get(name, "0")) < wanted:
                    await ask("CONFIG", "SET", name, wanted)
        except (*FAILURES, ValueError):
            return False
    return True


async def rewrite_log(server: Server) -> bool:
    """Have every primary write its append-only file anew, in the background; False where one does not allow it."""
    done = True
    for ask in _askers(server):
        try:
            await ask("BGREWRITEAOF")
        except FAILURES:
            done = False
    return done


def _askers(server: Server) -> list[Any]:
    """A way to ask each primary."""
    client = server.client
    if not isinstance(client, RedisCluster):
        return [client.execute_command]
    return [lambda *words, to=node: client.execute_command(*words, target_nodes=to) for node in client.get_primaries()]


async def _check(ask: Any, clock: Clock, max_skew_s: float) -> None:
    check_version(await ask("INFO", "server"))
    await _check_settings(ask)
    before_ms = clock.now_ms()
    seconds, micros = (int(each) for each in await ask("TIME"))
    server_ms = seconds * 1000 + micros // 1000
    after_ms = clock.now_ms()
    skew_s = max(before_ms - server_ms, server_ms - after_ms, 0) / 1000
    if skew_s > max_skew_s:
        raise UnfitServer(f"the server's clock is {skew_s:.1f} s away from ours, more than max_clock_skew_s allows")


def check_version(info: Any) -> None:
    """info: the answer to INFO server. Raises UnfitServer."""
    fields = info if isinstance(info, Mapping) else _info(info)
    version = str(fields.get("redis_version", "0"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < OLDEST:
        raise UnfitServer(f"the server is of version {version}; functions need Redis 7.0 or Valkey")


def _info(raw: Any) -> dict[str, str]:
    text = raw.decode() if isinstance(raw, bytes) else str(raw)
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


async def _check_settings(ask: Any) -> None:
    for name, wanted in _WANTED.items():
        try:
            found = _pairs(await ask("CONFIG", "GET", name)).get(name)
        except redis_errors.ResponseError:
            raise UnfitServer(f"the server does not show its {name}: allow this user CONFIG GET") from None
        if found != wanted:
            raise UnfitServer(f"the server has {name} {found or 'unset'}; a ledger needs {name} {wanted}")


def _pairs(answer: Any) -> dict[str, str]:
    rows = answer.items() if isinstance(answer, Mapping) else zip(answer[::2], answer[1::2], strict=True)
    return {_text(name): _text(value) for name, value in rows}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)

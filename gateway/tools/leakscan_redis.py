"""A Redis or Valkey, as a place to search: the names and values of all keys, of every type, and the slow log.

The control is planted in the server itself, under a random name that lives a minute at most, and removed. The password
comes from the environment (REDISCLI_AUTH, as for redis-cli), for process arguments are seen by others.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

import redis

from gateway.tools.leakscan import ScanImpossible, Window, noise_around, windows_of
from redaction.scrub import scrub_text

_STEP: Final = 1_000
_PLANT_LIFE_S: Final = 60


class RedisKeys:
    """url: redis://host:port, without a password. match: which keys."""

    def __init__(self, url: str, match: str = "*") -> None:
        self.unread = 0
        self._url = url
        self._match = match

    def windows(self) -> Iterator[Window]:
        with _told():
            for database in self._databases():
                with self._connect(database) as client:
                    for key in client.scan_iter(match=self._match, count=_STEP):
                        yield from self._key(client, database, key)
            with self._connect(0) as client:
                for entry in client.slowlog_get(-1):
                    yield Window(f"slow log, entry {entry['id']}", 0, bytes(entry["command"]))

    def _connect(self, database: int) -> Any:
        """redis-py's types do not distinguish its synchronous client from its asynchronous one."""
        return redis.Redis.from_url(self._url, db=database, password=os.environ.get("REDISCLI_AUTH"))

    def _databases(self) -> list[int]:
        with self._connect(0) as client:
            return [int(name.removeprefix("db")) for name in client.info("keyspace")]

    def _key(self, client: Any, database: int, key: bytes) -> Iterator[Window]:
        place = f"db{database} {scrub_text(key.decode(errors='backslashreplace'))}"
        yield Window(f"{place} (name)", 0, key, begins=False)
        kind = client.type(key).decode()
        if kind == "string":
            yield from windows_of(place, _string_reader(client, key))
            return
        try:
            for number, item in enumerate(_items(client, kind, key)):
                yield from windows_of(f"{place} ({kind}, item {number})", BytesIO(item).read)
        except (KeyError, redis.ResponseError):
            self.unread += kind != "none"  # none: it expired in between

    @contextmanager
    def planted(self, forms: Sequence[bytes]) -> "Iterator[RedisKeys]":
        name = f"leakscan:control:{os.urandom(8).hex()}"
        with _told(), self._connect(0) as client:
            try:
                third = len(forms) // 3 + 1
                client.set(f"{name}:string", noise_around(forms[:third]), ex=_PLANT_LIFE_S)
                client.hset(f"{name}:hash", mapping=dict.fromkeys(forms[third : 2 * third], b"value"))
                client.rpush(f"{name}:list", *forms[2 * third :])
                client.expire(f"{name}:hash", _PLANT_LIFE_S)
                client.expire(f"{name}:list", _PLANT_LIFE_S)
                yield RedisKeys(self._url, f"{name}:*")
            finally:
                client.delete(f"{name}:string", f"{name}:hash", f"{name}:list")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise ScanImpossible(f"this Redis cannot be searched: {type(error).__name__}") from None


def _string_reader(client: Any, key: bytes) -> Callable[[int], bytes]:
    at = 0

    def read(limit: int) -> bytes:
        nonlocal at
        data = bytes(client.getrange(key, at, at + limit - 1))
        at += len(data)
        return data

    return read


def _items(client: Any, kind: str, key: bytes) -> Iterator[bytes]:
    """The parts of a value that is not a string. Raises KeyError for a type that only a module knows."""
    match kind:
        case "hash":
            yield from (part for pair in client.hscan_iter(key, count=_STEP) for part in pair)
        case "set":
            yield from client.sscan_iter(key, count=_STEP)
        case "zset":
            yield from (member for member, _ in client.zscan_iter(key, count=_STEP))
        case "list":
            yield from _list_items(client, key)
        case "stream":
            yield from _stream_items(client, key)
        case _:
            raise KeyError(kind)


def _list_items(client: Any, key: bytes) -> Iterator[bytes]:
    start = 0
    while items := client.lrange(key, start, start + _STEP - 1):
        yield from items
        start += len(items)


def _stream_items(client: Any, key: bytes) -> Iterator[bytes]:
    after = b"-"
    while entries := client.xrange(key, min=after, count=_STEP):
        for entry_id, fields in entries:
            yield from (part for pair in fields.items() for part in pair)
            after = b"(" + entry_id

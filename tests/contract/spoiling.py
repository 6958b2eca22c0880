"""Rows of accounts as a hand, another version or a broken disk leaves them, written past the engine."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import redis

from config.redis_address import parse_address
from gateway.ledger.codes import CLASS_CODE, STATUS_CODE
from gateway.ledger.fields import FIELDS, Field, Kind
from gateway.ledger.redis.layout import Layout, position_of
from gateway.ledger.redis.packing import NEWEST, Records
from gateway.model.message import Message

TABLES: Final = {"customer": "customer", "key": "api_key", "esme": "esme", "endpoint": "endpoint"}
PARTITIONS: Final = 64
ADDRESS_FILE: Final = "redis.address"


class Spoiler:
    """engine: its name among the engines of the contract. place: where its store is."""

    def __init__(self, engine: str, place: Path) -> None:
        self.is_redis = engine.startswith("redis")
        self._place = place

    def set(self, kind: str, number: int, **columns: Any) -> None:
        """Give columns of a row other values."""
        if self.is_redis:
            row = msgspec.msgpack.decode(self._ask("HGET", self._key(TABLES[kind]), number))
            self.replace(kind, number, msgspec.msgpack.encode(row | columns))
            return
        key = "customer" if kind == "endpoint" else "id"
        words = ", ".join(f"{name} = ?" for name in columns)
        self.write(f"UPDATE {TABLES[kind]} SET {words} WHERE {key} = ?", *columns.values(), number)
        self.write("UPDATE meta SET value = value + 1 WHERE key = 'accounts_version'")

    def replace(self, kind: str, number: int | str, octets: bytes) -> None:
        """Give a row of the shared engine other octets."""
        self._ask("HSET", self._key(TABLES[kind]), number, octets)
        self._ask("INCR", self._key("version"))

    def spoil_event(self, seq: int, column: str, value: Any) -> None:
        """Give a column of an event another value; on the shared engine, all of the event but its number."""
        if not self.is_redis:
            self.write(f"UPDATE outbox SET {column} = ? WHERE seq = ?", value, seq)
            return
        with self._connected() as server:
            for partition in range(256):
                key = f"{{{self._place}:{partition}}}:o:0"
                for member in server.execute_command("ZRANGEBYSCORE", key, seq, seq):
                    server.execute_command("ZREM", key, member)
                    server.execute_command("ZADD", key, seq, member[:24] + b"\xff" * 20)

    def change_record(self, message: bytes, name: str, value: Any) -> None:
        """Give a field of a stored message another value, and leave its tag as it is."""
        if self.is_redis:
            record = Records().unpack_message(message, self.record(message))
            self.put_record(message, _packed(msgspec.structs.replace(record, **{name: value})))
            return
        field = next(each for each in FIELDS if each.name == name)
        self.write(f"UPDATE message SET {field.stored_as} = ? WHERE id = ?", _column(field, value), message)

    def copy_record(self, message: bytes, other: bytes) -> None:
        """Store it under another id, too."""
        if self.is_redis:
            self.put_record(other, self.record(message))
            return
        columns = ", ".join(each.stored_as for each in FIELDS if each.name != "id")
        self.write(f"INSERT INTO message (id, {columns}) SELECT ?, {columns} FROM message WHERE id = ?", other, message)

    def record(self, message: bytes) -> bytes:
        """A message on the shared engine as it is."""
        return bytes(self._ask("HGET", self._bucket(message), message))

    def put_record(self, message: bytes, octets: bytes) -> None:
        """Where it is looked for."""
        self._ask("HSET", self._bucket(message), message, octets)

    def _bucket(self, message: bytes) -> str:
        base = Layout(str(self._place), PARTITIONS).bases[Layout(str(self._place), PARTITIONS).partition(message)]
        key = f"{base}:dir"
        found = self._ask("ZREVRANGEBYSCORE", key, position_of(message), "-inf", "LIMIT", 0, 1)
        if not found:
            found = [str(position_of(message)).encode()]
            self._ask("ZADD", key, position_of(message), position_of(message))
        return f"{base}:b:{found[0].decode()}"

    def octets(self, kind: str, number: int) -> bytes:
        """A row of the shared engine as it is."""
        return bytes(self._ask("HGET", self._key(TABLES[kind]), number))

    def _key(self, name: str) -> str:
        return f"{{{self._place}}}:a:{name}"

    def _ask(self, *words: Any) -> Any:
        with self._connected() as server:
            return server.execute_command(*words)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        address = parse_address((self._place / ADDRESS_FILE).read_text())
        host, port = address.hosts[0]
        client: Any = redis.RedisCluster if address.kind == "cluster" else redis.Redis
        with contextlib.closing(client(host=host, port=port)) as server:
            yield server

    def write(self, sql: str, *values: Any) -> None:
        """Run a statement on the embedded engine's file."""
        with contextlib.closing(sqlite3.connect(self._place / "ledger.db", timeout=30)) as file, file:
            file.execute(sql, values)


def _packed(message: Message) -> bytes:
    records = Records()
    records.write(NEWEST)
    return records.pack_message(message)


def _column(field: Field, value: Any) -> Any:
    """As the file has it."""
    codes: dict[Kind, Any] = {Kind.STATUS: STATUS_CODE.get, Kind.CLASS: CLASS_CODE.get, Kind.WORDS: _joined}
    return codes[field.kind](value) if field.kind in codes else value


def _joined(words: tuple[str, ...]) -> str:
    return "".join(f"{each}\x1f" for each in words)

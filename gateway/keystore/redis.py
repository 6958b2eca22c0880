"""The key store's blob on a Redis (or Valkey) of its own, for nodes on many machines, and the leases of those nodes.

Every change is a script on the server: it takes place if the caller still holds the lock, and replaces the version
before and no other. So a process that slept through the end of its lock, or a packet that comes late, changes nothing.

A root slot in a file is not on the server; for it the processes of this machine also hold a lock file beside it, which
no pause takes from them. Roots that a vault wraps lie beside the blob and are written under the same lock.

redis-py's types do not distinguish its synchronous client from its asynchronous one; answers are `Any` here.
"""

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from gateway.ledger.contract import LedgerError, LedgerUnavailable
from gateway.ledger.file_lock import locked
from gateway.ledger.statements import named_statements

T = TypeVar("T")

WAIT_S: Final = 10.0
"""Time to wait for the lock."""
LOCK_S: Final = 5.0
"""Time after which a lock of a process that died is free; each write renews it."""

READ_TIMEOUT_S: Final = 0.5
"""For a segment that somebody needs now, at most; without it the keys are withheld until the next look at the store."""

_STEP_S: Final = 0.01
_CHUNK: Final = 16
"""Segments in one call: 2 MB at most, if not for one that a single customer group has outgrown."""
_SCRIPTS: Final = named_statements("gateway.keystore", "keystore.lua")
_MARK: Final = ":keystore:"


STORED_FIELDS: Final = (
    *("keystore.blob", "keystore.version", "keystore.marks"),
    *("keystore.lock", "keystore.nodes", "keystore.roots", "keystore.segment"),
)
"""As the data inventory names them; a file has the first three and the last."""


class KeyServerUnfit(LedgerError):
    """The server is not one to keep keys on; the text says why."""


class KeyServerAddress(msgspec.Struct, frozen=True, kw_only=True):
    """url: redis:// or rediss://, without credentials. replicas: how many must have a write before it counts.

    vouched: do not ask the server how it keeps data. tls: ssl_ca_certs and so on, as redis-py names them.
    """

    url: str
    user: str = ""
    password: str = ""
    prefix: str = "connect-gateway"
    timeout_s: float = 2.0
    replicas: int = 0
    vouched: bool = False
    tls: dict[str, str] = {}

    def __repr__(self) -> str:
        return "KeyServerAddress()"


class KeyServer:
    """See `gateway.keystore.custody.BlobStore`. lock_file: beside a root slot that is a file."""

    remote = True

    def __init__(self, address: KeyServerAddress, lock_file: Path | None = None, *, lock_s: float = LOCK_S) -> None:
        self._address = address
        self._lock_file = lock_file
        self._lasts_ms = round(lock_s * 1000)
        self._token = b""
        self._client: Any = None
        self._writer: Any = None
        self._hasty: Any = None
        self._scripts: dict[str, Any] = {}
        name = f"{{{address.prefix}}}{_MARK}"
        self._state, self._lock, self._roots, self._nodes = (name + it for it in ("state", "lock", "roots", "nodes"))
        self._marks, self._segments = name + "marks", name + "segment:"

    @property
    def place(self) -> str:
        return f"its server, prefix {self._address.prefix}"

    def open(self, *, create: bool = True) -> None:
        """Raises LedgerUnavailable, and KeyServerUnfit for a server that would lose keys or holds the data as well.

        create: makes no difference; the first write creates.
        """
        said = self._address
        self._client = _client_of(said, said.timeout_s)
        self._hasty = _client_of(said, min(said.timeout_s, READ_TIMEOUT_S))
        self._scripts = {name: self._client.register_script(text) for name, text in _SCRIPTS.items()}
        with _errors():
            self._client.ping()
            if not said.vouched:
                _check_settings(self._client)
        self.check_alone()

    def check_alone(self) -> None:
        with _errors():
            _check_company(self._connected)

    def durability_fault(self) -> str | None:
        if self._address.vouched:
            return None
        with _errors():
            try:
                _check_settings(self._connected)
            except KeyServerUnfit as unfit:
                return str(unfit)
        return None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._hasty.close()
            self._client = None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            if self._lock_file is not None:
                self._lock_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                stack.enter_context(locked(self._lock_file, WAIT_S))
            stack.enter_context(self._locked())
            self._writer = self._connected
            if self._address.replicas:  # WAIT counts what its own connection wrote
                self._writer = stack.enter_context(self._connected.client())
            yield

    def version(self) -> int | None:
        with _errors():
            version = self._connected.hget(self._state, "version")
        return None if version is None else int(version)

    def read(self) -> tuple[bytes, int] | None:
        with _errors():
            blob, version = self._connected.hmget(self._state, "blob", "version")
        return None if blob is None else (blob, int(version))

    def write(
        self,
        blob: bytes,
        version: int,
        segments: Iterable[tuple[bytes, bytes]] = (),
        deletable: Sequence[bytes] = (),
    ) -> None:
        """Segments first: until the blob names them they are nothing."""
        for chunk in _chunks(segments, _CHUNK):
            self._write(
                "write_segments", [self._segments + each.hex() for each, _ in chunk], *(octets for _, octets in chunk)
            )
        self._write("write", [self._state, *(self._segments + each.hex() for each in deletable)], version, blob)

    def read_segments(self, ids: Sequence[bytes], *, hasty: bool = False) -> Sequence[bytes | None]:
        client = self._connected
        with _errors():
            found: list[bytes | None] = []
            for chunk in _chunks(ids, _CHUNK):
                asked = (self._hasty if hasty else client).pipeline(transaction=False)
                for each in chunk:
                    asked.get(self._segments + each.hex())
                found += asked.execute()
        return found

    def segment_ids(self) -> Sequence[bytes]:
        with _errors():
            names = self._connected.scan_iter(match=self._segments + "*", count=1_000)
            return [bytes.fromhex(each.decode()[len(self._segments) :]) for each in names]

    def delete_segments(self, ids: Sequence[bytes]) -> None:
        """Only while `alone`."""
        for chunk in _chunks(ids, 1_000):
            self._write("delete_segments", [self._segments + each.hex() for each in chunk])

    def read_roots(self) -> str:
        with _errors():
            return (self._connected.get(self._roots) or b"").decode("ascii", "replace")

    def write_roots(self, text: str) -> None:
        """Only while `alone`."""
        self._write("write_roots", [self._roots], text)

    def clear_roots(self) -> None:
        """They are written at once or not at all."""

    def marks(self) -> dict[str, int]:
        with _errors():
            return {name.decode(): int(value) for name, value in self._connected.hgetall(self._marks).items()}

    def set_marks(self, marks: Mapping[str, int]) -> None:
        """Only while `alone`."""
        self._write("write_marks", [self._marks], *(word for pair in marks.items() for word in pair))

    def attend(self, node: str, version: int, lasts_ms: int) -> bool:
        """Renew a node's lease; False when `version` is not the newest."""
        return bool(self._run("attend", (self._state, self._nodes), node, version, lasts_ms))

    def leave(self, node: str) -> None:
        with _errors():
            self._connected.hdel(self._nodes, node)

    def nodes(self) -> Sequence[tuple[int, int, str]]:
        """Version, milliseconds of lease, and name of every node."""
        return [(version, left, name.decode()) for version, left, name in self._run("nodes", (self._nodes,))]

    # ------------------------------------------------------------------------------------------------------ internal

    @property
    def _connected(self) -> Any:
        if self._client is None:
            raise LedgerUnavailable("the key store is not open")
        return self._client

    def _run(self, name: str, keys: Sequence[str], *values: object) -> Any:
        client = self._connected
        with _errors():
            return self._scripts[name](keys=keys, args=values, client=client)

    def _write(self, script: str, names: Sequence[str], *values: object) -> None:
        with _errors():
            keys, lock = (self._lock, *names), (self._token, self._lasts_ms)
            if not self._scripts[script](keys=keys, args=(*lock, *values), client=self._writer):
                raise LedgerUnavailable("key store: the lock was lost to another process; nothing was changed")
            wanted = self._address.replicas
            reached = self._writer.wait(wanted, round(self._address.timeout_s * 500)) if wanted else 0
        if reached < wanted:
            raise LedgerUnavailable(f"key store: a write has reached {reached} of {wanted} replicas")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Raises LedgerUnavailable after WAIT_S. If releasing fails, the lock ends by itself."""
        self._token = os.urandom(16)
        deadline = time.monotonic() + WAIT_S
        while not self._run("lock", (self._lock,), self._token, self._lasts_ms):
            if time.monotonic() > deadline:
                raise LedgerUnavailable("key store: another process holds its lock")
            time.sleep(_STEP_S)
        try:
            yield
        finally:
            with contextlib.suppress(LedgerUnavailable):
                self._run("unlock", (self._lock,), self._token)
            self._token = b""


def _client_of(said: KeyServerAddress, timeout_s: float) -> Any:
    return redis.Redis.from_url(
        said.url,
        username=said.user or None,
        password=said.password or None,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 1),
        driver_info=None,  # so that nothing is asked that the user may not do
        **said.tls,
    )


def _chunks(things: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    rest = iter(things)
    while chunk := tuple(islice(rest, size)):
        yield chunk


def _check_settings(client: Any) -> None:
    """Raises KeyServerUnfit for a server that may lose a key, or a lock."""
    try:
        said = {key: value for it in _WANTED for key, value in client.config_get(it).items()}
    except redis.ResponseError:
        raise KeyServerUnfit(
            "key store: this user may not read the server's settings; allow CONFIG GET, or set keystore.redis.vouched"
        ) from None
    for setting, (wanted, why) in _WANTED.items():
        if said.get(setting) != wanted:
            raise KeyServerUnfit(f"key store: its server {why}; set {setting} {wanted}")


_WANTED: Final = {
    "appendonly": ("yes", "does not write commands to disk"),
    "appendfsync": ("always", "may lose its last writes"),
    "maxmemory-policy": ("noeviction", "may evict keys"),
}


def _check_company(client: Any) -> None:
    """The keys are alone on their server: whoever copies the data must not copy them with it (PRIVACY.md)."""
    number = client.connection_pool.connection_kwargs.get("db") or 0
    if set(client.info("keyspace")) - {f"db{number}"}:
        raise KeyServerUnfit("key store: its server holds other databases; give the keys a server of their own")
    for name in client.scan_iter(count=1_000):
        if _MARK.encode() not in name:
            raise KeyServerUnfit("key store: its database holds other data; give the keys a server of their own")


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """What a server says in an error may quote what it was sent; only the kind of the error is given."""
    try:
        yield
    except redis.AuthenticationError:
        raise LedgerUnavailable("key store: its server does not know this user or password") from None
    except NoPermissionError:
        raise LedgerUnavailable("key store: its server does not allow this user what it needs") from None
    except redis.RedisError as error:
        raise LedgerUnavailable(f"key store: its server does not answer ({type(error).__name__})") from None

"""Calls to the server: one function, or many in one round trip; and every way in which a server can be away.

One server is asked on lines of ours (`gateway.ledger.redis.connections`), and each server of a cluster on its own
(`gateway.ledger.redis.cluster_lines`); redis-py loads the functions and checks servers.

A call that got no answer may have been done. Reads are tried again once; whoever writes repeats a call that the server
recognises (`gateway.ledger.redis.writing`).
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec
from redis import exceptions as redis_errors
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel
from redis.backoff import NoBackoff

from config.redis_address import Address
from gateway.ledger.contract import LedgerError, LedgerUnavailable
from gateway.ledger.redis import library
from gateway.ledger.redis.cluster_lines import ClusterLines
from gateway.ledger.redis.connections import Lines, Words
from gateway.ledger.redis.wire import encode, octets

Argument: TypeAlias = str | bytes | int
Client: TypeAlias = "Redis[bytes] | RedisCluster[bytes]"  # type: ignore[type-arg, unused-ignore]

_READS: Final = frozenset(
    {"get", "are_there", "due", "lanes", "marks", "pick", "page", "subject", "table_get", "table_walk", "retention_due",
     "due_records", "records_before", "lease_read", "read_notes", "documents", "permission_find",
     "permission_page"}
)  # fmt: skip
_ALLOWED: Final = frozenset(
    {"outbox", "forget_content", "forget_records", "forget_these", "empty_these", "forget_events", "table_drop", "beat",
     "leave", "lease_take", "lease_renew", "lease_give", "esme_take", "drop_notes", "demand", "formats",
     "permission_forget"}
)  # fmt: skip
"""Functions that only read, and those that are done even when the server's memory is full; as in the Lua files."""

CONNECT_S: Final = 3.0
GENTLY: Final = 4
"""Calls of maintenance, for which no request waits: of a ledger of millions eight take the server one to three ms."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How to get in. user and password may be ''. timeout_s: for an answer."""

    address: Address
    user: str = ""
    password: str = ""
    sentinel_password: str = ""
    tls_ca: str | None = None
    timeout_s: float = 5.0

    def __repr__(self) -> str:
        return f"Access({self.address.kind})"


class Call(msgspec.Struct, frozen=True, gc=False):
    """A function of the library, the base of the keys it works on, and its arguments."""

    name: str
    base: str
    arguments: tuple[Argument, ...] = ()


_CLOSED: Final = (RuntimeError, AttributeError)
"""What the client of a cluster raises, among other things, when it looks at the cluster anew while others use it, and
closes their connections: uvloop's closed handler, and a connection without a writer.
"""

FAILURES: Final = (redis_errors.RedisError, redis_errors.RedisClusterException, OSError, TimeoutError, *_CLOSED)
"""What the client raises when a server is away or says no; that of a whole cluster is no RedisError. Of the last two
kinds `unavailable` lets pass what was not raised within the client.
"""


class Fenced(LedgerError):
    """Another node has the lease."""


class Duplicate(LedgerError):
    """An id is stored already; nothing of the batch was."""


class Server:
    """One server, or one cluster. open: connect and load the library. Raises LedgerUnavailable, as all methods do."""

    def __init__(self, access: Access, replicas: int = 0) -> None:
        self._access = access
        self._replicas = replicas
        self._client: Client | None = None
        self._lines: Lines | ClusterLines | None = None
        self._sentinel: Any = None

    @property
    def client(self) -> Client:
        if self._client is None:
            raise LedgerUnavailable("the ledger is not open")
        return self._client

    @property
    def keeps_order(self) -> bool:
        """Whether calls of one round trip are done in their order, because one server does them all."""
        return self._access.address.kind != "cluster"

    @property
    def connections(self) -> int:
        """Opened so far, as far as it is known."""
        return 0 if self._lines is None else self._lines.opened

    async def open(self, *, load: bool = True) -> None:
        """load: our functions, where they are missing; without them only commands can be used."""
        self._client = client = self._connect()
        if isinstance(client, RedisCluster):
            self._lines = ClusterLines(self._access.address.hosts, self._one, FAILURES, self._access.timeout_s)
        else:
            self._lines = Lines(client.connection_pool, self._access.timeout_s)
        try:
            if load:
                await self._load_library()
            else:
                await self._greet()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        client, self._client = self._client, None
        lines, self._lines = self._lines, None
        if isinstance(lines, ClusterLines):
            await lines.close()
        sentinel, self._sentinel = self._sentinel, None
        if client is not None:
            await client.aclose()
        for each in () if sentinel is None else sentinel.sentinels:
            await each.aclose()

    def _connect(self) -> Client:
        access, address = self._access, self._access.address
        options, tls, once = self._options(), self._tls(), Retry(NoBackoff(), 0)
        if address.kind == "cluster":
            nodes = [ClusterNode(host, port) for host, port in address.hosts]
            return RedisCluster(startup_nodes=nodes, socket_timeout=access.timeout_s, **options)
        if address.kind == "sentinel":
            inner = {"password": access.sentinel_password or None, "socket_connect_timeout": CONNECT_S, **tls}
            watch: Any = Sentinel
            self._sentinel = watch(list(address.hosts), sentinel_kwargs=inner, **options, retry=once)
            primary: Client = self._sentinel.master_for(address.service, db=address.database, retry=once)
            return primary
        host, port = address.hosts[0]
        return Redis(host=host, port=port, db=address.database, retry=once, **options)

    def _one(self, host: str, port: int) -> Any:
        """One server of a cluster."""
        return Redis(host=host, port=port, retry=Retry(NoBackoff(), 0), **self._options())

    def _options(self) -> dict[str, Any]:
        access = self._access
        login = {"username": access.user or None, "password": access.password or None}
        return {**login, "socket_connect_timeout": CONNECT_S, "protocol": 2, **self._tls()}

    def _tls(self) -> dict[str, Any]:
        access = self._access
        return {"ssl": True, "ssl_ca_certs": access.tls_ca, "ssl_check_hostname": True} if access.address.tls else {}

    async def _greet(self) -> None:
        try:
            async with asyncio.timeout(self._access.timeout_s if self.keeps_order else None):
                await (self.client.initialize() if isinstance(self.client, RedisCluster) else self.client.ping())
        except FAILURES as error:
            raise LedgerUnavailable(f"the ledger's server {_reason(error)}") from error

    async def _load_library(self) -> None:
        try:
            async with asyncio.timeout(self._access.timeout_s if self.keeps_order else None):
                await self._load_where_missing()
        except FAILURES as error:
            raise LedgerUnavailable(f"the ledger's server {_reason(error)}") from error

    async def _load_where_missing(self) -> None:
        code = library.code()
        client = self.client
        if isinstance(client, RedisCluster):
            await client.initialize()
            for node in client.get_primaries():
                await _load(lambda *words, to=node: client.execute_command(*words, target_nodes=to), code)
        else:
            await _load(client.execute_command, code)

    # ------------------------------------------------------------------------------------------------------- calls

    async def call(self, call: Call) -> Any:
        """One call. Raises LedgerUnavailable, Fenced and Duplicate."""
        (result,) = await self.calls([call])
        if isinstance(result, Exception):
            raise result
        return result

    async def read(self, calls: Sequence[Call]) -> list[Any]:
        """Calls that change nothing: tried twice. Raises LedgerUnavailable when any of them fails."""
        results = await self.calls(calls)
        if any(isinstance(each, Exception) for each in results):
            results = await self.calls(calls)
        return sound(results)

    async def read_gently(self, calls: Sequence[Call]) -> list[Any]:
        """As `read`, some at a time: a server takes all that one client sends before it listens to another."""
        results: list[Any] = []
        for at in range(0, len(calls), GENTLY):
            results += await self.read(calls[at : at + GENTLY])
        return results

    async def calls(self, calls: Sequence[Call], *, durable: bool = False) -> list[Any]:
        """Many calls in one round trip, in order where they go to one server. Each gives its result, or the error of
        this package that it ended in.

        durable: with replicas, an answer stands for a write that so many of them have.
        """
        if not calls:
            return []
        try:
            results = await self._exchange(calls, wait=durable and self._replicas > 0)
        except FAILURES as error:
            lost = unavailable(error)
            return [lost] * len(calls)
        if any(isinstance(each, redis_errors.ResponseError) and "Function not found" in str(each) for each in results):
            await self._load_library()
            return [LedgerUnavailable("the server had lost its functions")] * len(calls)
        return [_judged(each) for each in results]

    async def _exchange(self, calls: Sequence[Call], *, wait: bool) -> list[Any]:
        if not self.keeps_order:
            return await self._ask([_words(call) for call in calls])
        questions = [_words(calls[0] if len(calls) == 1 else _together(calls))]
        if wait:
            questions.append(("WAIT", self._replicas, round(self._access.timeout_s * 500)))
        result, *replicas = await self._ask(questions)
        if isinstance(result, Exception):
            return [result] * len(calls)
        if replicas and _short(replicas[0], self._replicas):
            return [LedgerUnavailable("too few replicas have it")] * len(calls)
        return [result] if len(calls) == 1 else list(result)

    async def _ask(self, questions: Sequence[Words]) -> list[Any]:
        """An answer to each, errors of the server among them, in one round trip to each server that is asked."""
        if self._lines is None:
            raise LedgerUnavailable("the ledger is not open")
        return await self._lines.ask(questions)

    async def command(self, *words: Argument) -> Any:
        """A plain command. Raises LedgerUnavailable."""
        (answer,) = await self.commands([words])
        return answer

    async def commands(self, commands: Sequence[Words]) -> list[Any]:
        """Plain commands in one round trip. Raises LedgerUnavailable when any of them fails."""
        if not commands:
            return []
        try:
            answers = await self._ask(commands)
        except FAILURES as error:
            raise unavailable(error) from error
        for answer in answers:
            if isinstance(answer, Exception):
                raise _lost(answer) from answer
        return answers


def sound(answers: list[Any]) -> list[Any]:
    """The answers, when all calls were answered. Raises the error of the first that was not."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def _together(calls: Sequence[Call]) -> Call:
    """One call that makes all of these; what is asked of many partitions in the same words is said once.

    What the server may do when its memory is full is that of the strictest.
    """
    names = {call.name for call in calls}
    name = "many_read" if names <= _READS else "many_allowed" if names <= _READS | _ALLOWED else "many"
    packed: list[tuple[str, list[str], list[object]]] = []
    last = None
    for call in calls:
        if last is not None and call.name == last.name and call.arguments == last.arguments:
            packed[-1][1].append(call.base)
        else:
            packed.append((call.name, [call.base], [_argument(each) for each in call.arguments]))
        last = call
    return Call(name, calls[0].base, (encode(packed),))


def _argument(value: Argument) -> object:
    """As text, like the arguments of a call by itself."""
    return octets(value) if isinstance(value, bytes) else str(value)


def _words(call: Call) -> tuple[Argument, ...]:
    return "FCALL", library.PREFIX + call.name, 1, call.base, *call.arguments


async def _load(execute: Any, code: str) -> None:
    known = await execute("FUNCTION", "LIST", "LIBRARYNAME", library.NAME, "WITHCODE")
    if code.encode() not in _flat(known):
        await execute("FUNCTION", "LOAD", "REPLACE", code)


def _flat(answer: Any) -> list[Any]:
    if isinstance(answer, list | tuple):
        return [inner for each in answer for inner in _flat(each)]
    if isinstance(answer, dict):
        return [inner for each in answer.values() for inner in _flat(each)]
    return [answer]


def _short(replicas: Any, wanted: int) -> bool:
    return not isinstance(replicas, int) or replicas < wanted


def _judged(result: Any) -> Any:
    """Errors of the server as those of this package."""
    if not isinstance(result, Exception):
        return result
    text = str(result)
    if text.startswith("FENCED"):
        return Fenced()
    if text.startswith("DUPLICATE"):
        return Duplicate("an id is stored already")
    if "user_function" in text and isinstance(result, redis_errors.ResponseError):
        mistake = LedgerError("a function of the library failed")
        mistake.__cause__ = result
        return mistake
    return result if isinstance(result, LedgerError) else _lost(result)


def _reason(error: BaseException) -> str:
    """What is wrong, without a word of the server's own text."""
    if isinstance(error, redis_errors.RedisClusterException) and error.__cause__ is not None:
        return _reason(error.__cause__)
    if isinstance(error, MasterNotFoundError):
        return "is named by no sentinel: none answers with this password, or none knows the service"
    if isinstance(error, redis_errors.AuthenticationError):
        return "refuses this user or password"
    if isinstance(error, redis_errors.NoPermissionError):
        return "does not allow this user what a ledger needs"
    if isinstance(error, redis_errors.ResponseError):
        return "cannot load the functions of this version"
    return f"cannot be reached ({type(error).__name__})"


def _is_of_the_client(error: BaseException) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = "" if trace is None else str(trace.tb_frame.f_globals.get("__name__"))
    return module.startswith(("redis.", "asyncio.", "uvloop"))


def unavailable(error: BaseException) -> LedgerUnavailable:
    """The error's kind alone: texts of servers may hold keys. Raises what is a defect of our own."""
    if isinstance(error, _CLOSED) and not _is_of_the_client(error):
        raise error
    return _lost(error)


def _lost(error: BaseException) -> LedgerUnavailable:
    """Of what the client gave as an answer."""
    refused = isinstance(error, redis_errors.AuthenticationError | redis_errors.NoPermissionError)
    lost = LedgerUnavailable(f"the ledger's server {_reason(error)}" if refused else type(error).__name__)
    lost.__cause__ = error
    return lost

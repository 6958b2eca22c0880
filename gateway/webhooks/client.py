"""A small HTTP/1.1 client for one job: POST something, learn the status. No proxies, no environment, no redirects.

A general client costs more than the rest of the message's way; here a request on an open connection is one write and
one callback: no task, no timer and no future of its own. Deadlines are looked after by one sweep. Every number is
bounded: connections per host, connections in all; requests beyond that wait in order, and the caller bounds those.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from functools import cache, partial
from typing import Final

from gateway.process.clock import Clock
from gateway.process.tasks import TaskOwner
from gateway.webhooks.connection import Connection, Done, Failure, Request, Result
from gateway.webhooks.resolving import Lookup, Resolver, system_lookup
from gateway.webhooks.settings import DeliverySettings
from gateway.webhooks.shape import JSON_POST, Shape
from gateway.webhooks.targets import MAX_FILLED_LENGTH, Origin, Target, TargetRefused, parse_target
from operators.contained import report
from operators.renewal import Renewal

SWEEP_S: Final = 0.25
IDLE_S: Final = 30.0
MAX_AGE_S: Final = 300.0  # after that a name that moved is followed
TURN_S: Final = 1.0  # how long a connection is kept when other hosts wait for room
MAX_ATTEMPTS: Final = 4
TARGET_CACHE: Final = 1000


_WRONG_CERTIFICATES: Final = {
    9: "not_yet_valid",
    10: "expired",
    18: "self_signed",
    19: "unknown_authority",
    20: "unknown_authority",
    21: "unknown_authority",
    62: "wrong_name",
    64: "wrong_name",
}
"""By OpenSSL's verify code (X509_V_ERR_*)."""


def verifying_context(ca_file: str | None = None) -> ssl.SSLContext:
    """TLS 1.2 or later, certificates and host names verified; keys are never logged, whatever the environment says.

    ca_file: authorities beside those of the system. Raises OSError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_default_certs()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


_of_system: Final = cache(verifying_context)
"""Of the system's authorities: reading them takes a tenth of a second, so a process does it once."""


def authorities(ca_file: str | None) -> Renewal:
    """The same, read again when the file has changed. Raises OSError."""
    return Renewal(partial(verifying_context, ca_file) if ca_file else _of_system, (ca_file,))


class Pool:
    """The connections of one origin. idle: last used first out, so that surplus ones grow old and are closed."""

    __slots__ = ("idle", "open", "waiting")

    def __init__(self) -> None:
        self.idle: list[Connection] = []
        self.open = 0
        self.waiting: deque[Request] = deque()


class WebhookClient:
    """See the module. lookup and tls are given by tests. Use inside a running loop."""

    def __init__(
        self,
        settings: DeliverySettings,
        *,
        clock: Clock,
        tasks: TaskOwner,
        lookup: Lookup = system_lookup,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._resolver = Resolver(clock, tasks, lookup=lookup, allow_loopback=settings.allow_loopback)
        self._authorities = authorities(settings.ca_file) if tls is None else Renewal(lambda: tls, ())
        self._targets: dict[int, Target] = {}
        self._pools: dict[Origin, Pool] = {}
        self._starved: dict[Origin, Pool] = {}
        self._connections: set[Connection] = set()
        self._timer: asyncio.TimerHandle | None = None
        self.opened = 0

    def adopt(self, settings: DeliverySettings, trusted: Renewal | None) -> None:
        """For requests from now on. trusted: for connections from now on; None for what is there."""
        self._settings = settings
        self._authorities = trusted or self._authorities

    @property
    def connections(self) -> int:
        """Connections that are open or being opened."""
        return len(self._connections)

    def post(
        self, url: str, headers: bytes, body: bytes, done: Done, customer: int = 0, shape: Shape = JSON_POST
    ) -> None:
        """POST JSON, or what `shape` says. headers: more header lines, each with its line end. `done` is called once,
        never from inside. customer: whose URL it is.

        The time limit runs from when a connection is there or being opened.
        """
        try:
            target = self._target(url) if shape.has_body else self._filled(url)
        except TargetRefused as refusal:
            self._loop.call_soon(done, Failure("target_refused", refusal.code))
            return
        if shape.has_body:
            start = target.start(shape.method)
            data = b"%b%b%bContent-Length: %d\r\n\r\n%b" % (start, shape.lines, headers, len(body), body)
        else:
            data = b"%b%b%b\r\n" % (target.start(shape.method), shape.lines, headers)
        pool = self._pools.get(target.origin)
        if pool is None:
            pool = self._pools[target.origin] = Pool()
        request = Request(target, data, done, customer)
        if pool.idle and not pool.waiting:
            request.deadline = self._clock.monotonic() + self._settings.timeout_s
            pool.idle.pop().send(request)
        else:
            pool.waiting.append(request)
            self._feed(pool)

    def close(self) -> None:
        """Close everything at once. Requests without an answer never get one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for pool in self._pools.values():
            pool.waiting.clear()
        self._starved.clear()
        for connection in list(self._connections):
            self._drop(connection, feed=False)

    def sweep(self) -> None:
        """End what has run out of time, close what is idle for long."""
        now = self._clock.monotonic()
        for connection in list(self._connections):
            try:
                self._look_after(connection, now)
            except Exception as error:  # the others have their deadlines all the same
                report("connection", error)

    def _look_after(self, connection: Connection, now: float) -> None:
        request = connection.request
        if request is None:
            if now - connection.since >= IDLE_S:
                self.lost(connection)
        elif now >= request.deadline:
            connection.expire()

    # ------------------------------------------------------------------------------------- what connections report

    def finished(self, connection: Connection, result: Result, *, reusable: bool) -> None:
        request = connection.request
        pool = self._pools[connection.origin]
        now = self._clock.monotonic()
        if reusable and self._may_keep(connection, pool, now):
            connection.request = None
            connection.since = now
            pool.idle.append(connection)
            if pool.waiting:
                self._feed(pool)
        else:
            self._drop(connection)
        if request is not None:
            request.done(result)

    def unanswered(self, connection: Connection) -> None:
        request = connection.request
        if request is not None:
            request.retried = True
            self._open(self._pools[connection.origin], request)
        self._drop(connection)

    def lost(self, connection: Connection) -> None:
        if connection in self._connections:
            self._drop(connection)

    # ------------------------------------------------------------------------------------------------- connections

    def _feed(self, pool: Pool) -> None:
        """Give waiting requests a connection as far as there is room."""
        deadline = self._clock.monotonic() + self._settings.timeout_s
        while pool.waiting:
            if not pool.idle and not self._may_open(pool):
                return
            request = pool.waiting.popleft()
            request.deadline = deadline
            if pool.idle:
                pool.idle.pop().send(request)
            else:
                self._open(pool, request)

    def _may_keep(self, connection: Connection, pool: Pool, now: float) -> bool:
        """Not when it is old, nor when others need the room and this host has no use for it or had its turn."""
        age_s = now - connection.opened
        if self._starved:
            return bool(pool.waiting) and age_s < TURN_S
        return age_s < MAX_AGE_S

    def _may_open(self, pool: Pool) -> bool:
        if pool.open >= self._settings.connections_per_endpoint:
            return False
        if len(self._connections) >= self._settings.max_connections:
            oldest = self._longest_idle()
            if oldest is None:
                if not pool.open:  # who has a connection goes on with that
                    self._starved[pool.waiting[0].target.origin] = pool
                return False
            self._drop(oldest, feed=False)
        return True

    def _longest_idle(self) -> Connection | None:
        idle = (connection for connection in self._connections if connection.request is None)
        return min(idle, key=lambda connection: connection.since, default=None)

    def _open(self, pool: Pool, request: Request) -> None:
        connection = Connection(self, request, self._clock.monotonic())
        self._connections.add(connection)
        pool.open += 1
        self.opened += 1
        connecting = self._connect(connection, request)
        connection.opening = self._tasks.contain("connection", f"webhook connection {self.opened}", connecting)
        if self._timer is None:
            self._timer = self._loop.call_later(SWEEP_S, self._sweep_again)

    async def _connect(self, connection: Connection, request: Request) -> None:
        failure = await self._try_to_connect(connection, request)
        connection.opening = None
        if failure is not None and connection.request is request:
            self.finished(connection, failure, reusable=False)

    async def _try_to_connect(self, connection: Connection, request: Request) -> Failure | None:
        target = request.target
        try:
            addresses = await self._resolver.addresses(target, request.customer)
            await self._connect_to_any(connection, target, addresses[:MAX_ATTEMPTS])
        except TargetRefused as refusal:
            return Failure("target_refused", refusal.code)
        except ssl.SSLCertVerificationError as error:
            return Failure("tls", _WRONG_CERTIFICATES.get(error.verify_code, "certificate"))
        except ssl.SSLError:
            return Failure("tls")
        except TimeoutError:
            return Failure("timeout")
        except OSError:
            return Failure("refused")
        except Exception as error:  # of this host's name, of TLS with it, or of whoever looked it up
            report("delivery", error)
            return Failure("unexpected")
        return None

    async def _connect_to_any(self, connection: Connection, target: Target, addresses: Sequence[str]) -> None:
        """Try one address after the other, each with its share of the time. Raises what the last one raised."""
        share_s = self._settings.timeout_s / len(addresses)
        context = self._authorities.context() if target.tls else None
        name = target.host if target.tls else None
        for address in addresses:
            try:
                async with asyncio.timeout(share_s):
                    await self._loop.create_connection(
                        lambda: connection, address, target.port, ssl=context, server_hostname=name
                    )
            except OSError:
                if address == addresses[-1]:
                    raise
            else:
                return

    def _drop(self, connection: Connection, *, feed: bool = True) -> None:
        """Close a connection; with `feed`, give its room to those who wait."""
        self._connections.discard(connection)
        pool = self._pools[connection.origin]
        pool.open -= 1
        if connection in pool.idle:
            pool.idle.remove(connection)
        connection.discard()
        if feed:
            self._use_room(pool)
        if not pool.open and not pool.waiting:
            self._pools.pop(connection.origin, None)

    def _use_room(self, pool: Pool) -> None:
        while self._starved and len(self._connections) < self._settings.max_connections:
            self._feed(self._starved.pop(next(iter(self._starved))))
        self._feed(pool)

    def _sweep_again(self) -> None:
        self.sweep()
        self._timer = self._loop.call_later(SWEEP_S, self._sweep_again) if self._connections else None

    def forget_targets(self) -> None:
        """URLs, and what host names resolved to, are read and looked up again."""
        self._targets.clear()
        self._resolver.forget()

    def _target(self, url: str) -> Target:
        """Parsed before, or now. Kept by hash, so that no URL stands in a dictionary that something might print."""
        key = hash(url)
        target = self._targets.get(key)
        if target is None or target.url != url:
            settings = self._settings
            target = parse_target(url, allow_loopback=settings.allow_loopback, plain_hosts=settings.plain_hosts)
            if len(self._targets) >= TARGET_CACHE:
                del self._targets[next(iter(self._targets))]
            self._targets[key] = target
        return target

    def _filled(self, url: str) -> Target:
        """Of a request without a body, whose URL says what there is to say: it comes once, and is not kept."""
        settings = self._settings
        return parse_target(
            url,
            allow_loopback=settings.allow_loopback,
            plain_hosts=settings.plain_hosts,
            limit=MAX_FILLED_LENGTH,
        )

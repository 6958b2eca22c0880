"""The binds of one operator: made, kept, made again, and ended.

Each bind heals itself in a task of its own: connect, bind, wait for the end, wait longer each time (S-25). Where the
operator sends outbind, its connections are taken from listed peers and answered with a bind (S-28); those it makes
again itself. A link whose contract has ended, or to whose country nothing allows a transfer, does not bind or stay
bound (P-17, P-38).
"""

import asyncio
import hmac
import random
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Final, cast

from config.operators import SmppOperatorSettings, TlsSettings
from operators.backoff import Backoff
from operators.contained import report
from operators.entrance import Entrance, Place
from operators.renewal import served, wiping
from operators.seats import Seat, Seats
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.bind import Bind
from operators.smpp.connection import OPERATOR_SLICE_BYTES, Connection, Handler
from operators.smpp.outages import Outages, why_lost, why_unconnected
from operators.smpp.sent import Sent
from operators.smpp.session import BOUND, Role, Session, SessionSettings
from operators.ticker import Ticker
from redaction.personal import Purpose, Secret

_KINDS: Final[dict[str, tuple[type[p.Bind], ...]]] = {
    "transceiver": (p.BindTransceiver,),
    "transmitter_receiver": (p.BindTransmitter, p.BindReceiver),
    "transmitter": (p.BindTransmitter,),
    "receiver": (p.BindReceiver,),
}
_ANSWERS: Final[dict[str, type[p.Bind]]] = {"receiver": p.BindReceiver, "transceiver": p.BindTransceiver}
_NAMES: Final[dict[type[p.Bind], str]] = {
    p.BindTransceiver: "transceiver",
    p.BindTransmitter: "transmitter",
    p.BindReceiver: "receiver",
}
EMPTY_POLL_S: Final = 0.01
REGISTER_S: Final = 60.0
"""How often a link that stands is held against the register."""


class Links:
    """handler, lost: of every connection. password, outbind_password: resolved. today: for the contract's expiry."""

    def __init__(
        self,
        settings: SmppOperatorSettings,
        password: Secret,
        outbind_password: Secret,
        *,
        monotonic: Callable[[], float],
        today: Callable[[], date],
        handler: Handler,
        lost: Callable[[Connection], None],
    ) -> None:
        self._settings = settings
        self._password = password
        self._outbind_password = outbind_password
        self._monotonic = monotonic
        self._today = today
        self._handler = handler
        self._lost = lost
        self._session_settings = SessionSettings(
            window=settings.window,
            response_timeout_s=settings.response_timeout_s,
            enquire_link_s=settings.enquire_link_s,
            session_init_s=settings.session_init_s,
            refuse_two_texts=settings.two_texts == "refuse",
        )
        self._ticker = Ticker()
        self._backoffs: dict[Connection, Backoff] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._listener: Entrance | None = None
        self._outbinds: dict[Connection, Seat] = {}
        self._stopping = False
        self.binds: dict[Connection, Bind] = {}
        self.blocked: str | None = None
        self.outages = Outages(settings.name)
        self._names: dict[Connection, str] = {}

    @property
    def count(self) -> int:
        """How many binds there should be."""
        return self._settings.binds * len(_KINDS[self._settings.bind])

    @property
    def outbind_port(self) -> int:
        """Where outbind is listened for; 0 for nowhere."""
        return 0 if self._listener is None else self._listener.port

    async def start(self) -> None:
        settings = self._settings
        if settings.outbind.port is not None:
            outbind, most = settings.outbind, 2 * self.count
            place = Place(
                host=outbind.host,
                port=settings.outbind.port,
                shared=outbind.shared_port,
                tls=_listening_tls(settings),
                peers=outbind.peers,
            )
            self._listener = Entrance(place, Seats(most, most), self._make_outbound)
            await self._listener.start()
        for number in range(settings.binds):
            for kind in _KINDS[settings.bind]:
                name = f"bind {settings.name} {number} {kind.__name__}"
                bind = f"{number} {_NAMES[kind]}"
                self._tasks.append(asyncio.get_running_loop().create_task(self._keep_bound(bind, kind), name=name))

    async def stop(self, deadline_s: float) -> None:
        """Bind no more, wait for outstanding answers, unbind; what is not done in time is cut off."""
        self._stopping = True
        if self._listener is not None:
            self._listener.stop()
        for task in self._tasks:
            task.cancel()
        try:
            async with asyncio.timeout(deadline_s):
                await self._empty_windows()
                await asyncio.gather(*(_unbind(each) for each in list(self.binds)))
        except TimeoutError:
            pass
        for connection in [*self.binds, *self._outbinds]:
            connection.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def rebind(self) -> None:
        """End one bind after the other, once what is unanswered on it is answered; each is made as after any end."""
        self._tasks = [each for each in self._tasks if not each.done()]
        leaving = _leave(list(self.binds.values()), self._settings.response_timeout_s)
        self._tasks.append(asyncio.get_running_loop().create_task(leaving, name=f"rebind {self._settings.name}"))

    async def _empty_windows(self) -> None:
        while any(len(each.window) for each in self.binds.values()):  # noqa: ASYNC110  at the end of a life, once
            await asyncio.sleep(EMPTY_POLL_S)

    # ------------------------------------------------------------------------------------------------ what they say

    def up(self, connection: Connection) -> None:
        """The bind was accepted."""
        bind = self.binds.get(connection)
        if bind is not None:
            bind.started(self._monotonic())
        if connection in self._backoffs:
            self._backoffs[connection].up(connection.now())
            self.outages.end(self._names[connection], self._monotonic())

    def answered(self, connection: Connection) -> None:
        """A submit_sm was answered."""
        bind = self.binds.get(connection)
        if bind is not None:
            bind.answered()

    def unanswered(self, connection: Connection, waited_s: float | None = None) -> None:
        """A submit_sm was not answered in time over a link that stands: one that answers none for long is made anew."""
        bind = self.binds.get(connection)
        if bind is not None and bind.unanswered(self._monotonic(), waited_s):
            connection.close("submits_unanswered")

    def doubt(self, is_meant: Callable[[object], bool], waited_s: float) -> list[Sent]:
        """See `operators.base.Operator`."""
        doubted: list[Sent] = []
        for bind in list(self.binds.values()):
            theirs = bind.doubt(is_meant, waited_s)
            doubted += theirs
            if theirs:
                self.unanswered(bind.connection, waited_s)
        return doubted

    def bound(self) -> Iterator[Bind]:
        return (each for each in self.binds.values() if each.session.state in BOUND)

    def roomiest(self, now: float) -> Bind | None:
        """The bind with the most room, or None when all are full or down (S-29)."""
        best, most = None, 0
        for bind in self.binds.values():
            room = bind.room(now)
            if room > most:
                best, most = bind, room
        return best

    # -------------------------------------------------------------------------------------------- binds that we make

    async def _keep_bound(self, bind: str, kind: type[p.Bind]) -> None:
        settings = self._settings
        backoff = Backoff(settings.reconnect_first_s, settings.reconnect_limit_s)
        again = False
        while True:
            refused = False
            try:
                if self._may_bind():
                    refused = await self._one_life(bind, kind, backoff, again)
                    again = True
                else:
                    self._is_down(bind, self.blocked or "", "")
            except Exception as error:  # the link heals of it as of any other end
                report("link", error)
            await asyncio.sleep(backoff.next(random.random(), refused=refused))

    def _may_bind(self) -> bool:
        self.blocked = self._settings.register.held_back(self._today())
        return self.blocked is None

    def _is_down(self, bind: str, reason: str, code: str) -> None:
        if not self._stopping:
            self.outages.begin(bind, reason, code, self._monotonic())

    async def _one_life(self, bind: str, kind: type[p.Bind], backoff: Backoff, again: bool) -> bool:
        """Connect, bind, and wait for the end; whether the bind was refused."""
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):
                connection = await self._connect()
        except (OSError, TimeoutError, ssl.SSLError) as error:
            self._is_down(bind, *why_unconnected(error))
            return False
        self._backoffs[connection], self._names[connection] = backoff, bind
        try:
            self._ask_to_bind(connection, kind, again)
            while not (await asyncio.wait((connection.closed,), timeout=REGISTER_S))[0]:
                if not self._may_bind():  # the contract ended under a link that stands
                    await _unbind(connection)
        except BaseException:
            if not self._stopping:
                connection.abort()
            raise
        finally:
            del self._backoffs[connection], self._names[connection]
        backoff.down(self._monotonic())
        self._is_down(bind, *_why_ended(connection, self.blocked))
        return connection.end_reason == "bind_refused"

    async def _connect(self) -> Connection:
        settings = self._settings
        transport, connection = await asyncio.get_running_loop().create_connection(
            self._make_connection,
            settings.host,
            settings.port,
            ssl=_tls(settings),
            server_hostname=(settings.tls.verify_host or settings.host) if settings.tls.enabled else None,
        )
        self.outages.peer.note(transport)
        return connection

    def _ask_to_bind(self, connection: Connection, kind: type[p.Bind], again: bool) -> None:
        settings = self._settings
        asked = kind(
            system_id=settings.system_id,
            password=self._password.reveal(Purpose.CREDENTIAL),
            system_type=settings.system_type,
            interface_version=settings.interface_version,
            addr_ton=settings.bind_ton,
            addr_npi=settings.bind_npi,
            address_range=settings.address_range,
        )
        if not connection.closed.done():
            self.binds[connection] = Bind(connection, settings, self._monotonic(), again=again)
        connection.session.bind(asked, connection.now())
        connection.flush_soon()

    def _make_connection(self) -> Connection:
        return Connection(
            lambda now: Session(Role.ESME, self._session_settings, now),
            self._handler,
            self._connection_lost,
            slice_bytes=OPERATOR_SLICE_BYTES,
            ticker=self._ticker,
        )

    def _connection_lost(self, connection: Connection) -> None:
        seat = self._outbinds.pop(connection, None)
        if seat is not None:
            seat.free()
        self.binds.pop(connection, None)
        self._lost(connection)

    # ----------------------------------------------------------------------------------- connections that they make

    def _make_outbound(self, seat: Seat) -> Connection:
        connection = self._make_connection()
        connection.made = partial(self._admit, seat)
        return connection

    def _admit(self, seat: Seat, connection: Connection) -> None:
        """One of a listed peer, of which there are no more than twice the binds (S-28); idle ones go for others."""
        seat.guest, self._outbinds[connection] = _Caller(self.binds, connection), seat
        if self._stopping:
            connection.abort()

    def take_request(self, connection: Connection, request: p.Pdu) -> None:
        """One that is no message: an outbind, or what is not taken."""
        if isinstance(request, p.Outbind):
            self._take_outbind(connection, request)
        else:
            connection.session.refuse(request, st.RINVCMDID)

    def _take_outbind(self, connection: Connection, asked: p.Outbind) -> None:
        """An SMSC wants us to bind on its own connection."""
        settings = self._settings.outbind
        password = self._outbind_password.reveal(Purpose.CREDENTIAL)
        known = asked.system_id == settings.system_id and hmac.compare_digest(
            asked.password.encode(), password.encode()
        )
        if connection in self._outbinds and known and self._may_bind():
            self._ask_to_bind(connection, _ANSWERS[settings.bind], again=True)
        else:
            connection.close("outbind_refused")


class _Caller:
    """A connection that the operator has made. It is idle until it has said outbind."""

    def __init__(self, binds: Mapping[Connection, Bind], connection: Connection) -> None:
        self._binds = binds
        self._connection = connection

    def is_idle(self) -> bool:
        return self._connection not in self._binds

    def leave(self) -> None:
        self._connection.abort()


def _why_ended(connection: Connection, blocked: str | None) -> tuple[str, str]:
    """Reason and code of a connection that is no more. blocked: why we had to end it."""
    if blocked is not None:
        return blocked, ""
    if not connection.end_reason:
        return why_lost(connection.error)
    return connection.end_reason, st.name_of(connection.end_status) if connection.end_status else ""


async def _leave(binds: Sequence[Bind], answer_s: float) -> None:
    """answer_s: how long an answer is waited for."""
    try:
        for bind in binds:
            bind.is_leaving = True
            with suppress(TimeoutError):
                async with asyncio.timeout(answer_s):
                    while len(bind.window):  # noqa: ASYNC110  when a person asks for it
                        await asyncio.sleep(EMPTY_POLL_S)
            if bind.session.state in BOUND:
                bind.session.unbind(bind.connection.now())
                bind.connection.flush_soon()
            elif not bind.connection.closed.done():  # it binds just now: it is made anew all the same
                bind.connection.abort()
            await asyncio.wait((bind.connection.closed,))
    except Exception as error:
        report("link", error)


async def _unbind(connection: Connection) -> None:
    connection.session.unbind(connection.now())
    connection.flush_soon()
    await connection.closed


def _tls(settings: SmppOperatorSettings) -> ssl.SSLContext | None:
    tls = settings.tls
    if not tls.enabled:
        return None
    context = wiping(ssl.create_default_context(cafile=tls.ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


def _listening_tls(settings: SmppOperatorSettings) -> ssl.SSLContext | None:
    """The same identity as towards the operator, which must show a certificate of its own where its CA is named."""
    tls = settings.tls
    if not tls.enabled:
        return None
    return served(partial(_listening_context, tls), (tls.certificate, tls.key, tls.ca_file))


def _listening_context(tls: TlsSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cast(str, tls.certificate), tls.key)
    if tls.ca_file is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context

"""An operator reached over SMPP: several binds that share the load, throughput, back-off, and nothing of what is sent.

Each bind heals itself in a task of its own: connect, bind, wait for the end, wait longer each time (S-25). Submissions
go to the bind with the most free window (S-29). Segments wait here only between the window's edge and the message's
last segment; when no bind is left they are given back unsent.
"""

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import msgspec

from config.operators import OperatorSettings
from operators.backoff import Backoff
from operators.base import (
    DeferReason,
    Deferred,
    DeliveryReceipt,
    Down,
    EventSink,
    MtMessage,
    OperatorEvent,
    OperatorHealth,
    Ready,
    Refused,
    Submitted,
    Unknown,
    UnknownReason,
)
from operators.bucket import TokenBucket
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.address import AddressError
from operators.smpp.coding import EncodingError
from operators.smpp.connection import Connection
from operators.smpp.dialect import dialect
from operators.smpp.session import BOUND, Bound, Event, Request, Response, Role, Session, SessionSettings, Unanswered
from redaction.personal import Purpose, Secret

PAUSE_S: Final = 0.25
"""How long ESME_RTHROTTLED and ESME_RMSGQFUL stop an operator (S-33)."""
SLOW_FACTOR: Final = 0.7
UNENCODABLE: Final = st.RINVMSGLEN
_KINDS: Final = {
    "transceiver": (p.BindTransceiver,),
    "transmitter_receiver": (p.BindTransmitter, p.BindReceiver),
}


class Sent(msgspec.Struct, frozen=True, gc=False):
    """What comes back with a segment's answer."""

    token: object
    segment: int


class Handle(msgspec.Struct, frozen=True, gc=False):
    """Where a receipt came from, to answer it there."""

    connection: Connection
    sequence_number: int


class SmppOperator:
    """settings: of this operator. password: resolved. today: for the contract's expiry (P-17)."""

    def __init__(
        self,
        settings: OperatorSettings,
        password: Secret,
        *,
        monotonic: Callable[[], float],
        today: Callable[[], date],
    ) -> None:
        self._settings = settings
        self._password = password
        self._monotonic = monotonic
        self._today = today
        self._dialect = dialect(settings)
        self._session_settings = SessionSettings(
            window=settings.window,
            response_timeout_s=settings.response_timeout_s,
            enquire_link_s=settings.enquire_link_s,
            session_init_s=settings.session_init_s,
            refuse_two_texts=settings.two_texts == "refuse",
        )
        burst = max(1, round(settings.throughput_per_s or settings.window * settings.binds))
        self._bucket = TokenBucket(settings.throughput_per_s, burst, monotonic())
        self._sink: EventSink | None = None
        self._connections: list[Connection] = []
        self._backoffs: dict[Connection, Backoff] = {}
        self._waiting: deque[tuple[p.SubmitSm, Sent]] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._early: list[OperatorEvent] = []
        self._ready_timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self._blocked = False
        self._throttled = 0
        self._submitted = 0
        self._receipts = 0
        self._unexpected = 0

    @property
    def name(self) -> str:
        return self._settings.name

    # -------------------------------------------------------------------------------------------------------- life

    async def start(self, sink: EventSink) -> None:
        self._sink = sink
        kinds = _KINDS[self._settings.bind]
        for number in range(self._settings.binds):
            for kind in kinds:
                work = self._keep_bound(kind)
                name = f"bind {self.name} {number} {kind.__name__}"
                self._tasks.append(asyncio.get_running_loop().create_task(work, name=name))

    async def stop(self, deadline_s: float) -> None:
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        self._give_back_waiting()
        try:
            async with asyncio.timeout(deadline_s):
                await self._empty_windows()
                await asyncio.gather(*(self._unbind(each) for each in list(self._connections)))
        except TimeoutError:
            for connection in list(self._connections):
                connection.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._ready_timer is not None:
            self._ready_timer.cancel()

    async def _empty_windows(self) -> None:
        while any(len(each.session.window) for each in self._connections):  # noqa: ASYNC110  at the end of a life, once
            await asyncio.sleep(0.01)

    async def _unbind(self, connection: Connection) -> None:
        connection.session.unbind(connection.now())
        connection.flush_soon()
        await connection.closed

    async def _keep_bound(self, kind: type[p.Bind]) -> None:
        settings = self._settings
        backoff = Backoff(settings.reconnect_first_s, settings.reconnect_limit_s)
        while True:
            self._blocked = self._contract_expired()
            refused = False
            if not self._blocked:
                refused = await self._one_life(kind, backoff)
            await asyncio.sleep(backoff.next(random.random(), refused=refused))

    async def _one_life(self, kind: type[p.Bind], backoff: Backoff) -> bool:
        """Connect, bind, and wait for the end; whether the bind was refused."""
        try:
            async with asyncio.timeout(self._settings.connect_timeout_s):
                connection = await self._connect(kind)
        except (OSError, TimeoutError, ssl.SSLError):
            return False
        self._backoffs[connection] = backoff
        try:
            await asyncio.shield(connection.closed)
        except asyncio.CancelledError:
            if not self._stopping:
                connection.abort()
            raise
        finally:
            del self._backoffs[connection]
        backoff.down(self._monotonic())
        return connection.end_reason == "bind_refused"

    async def _connect(self, kind: type[p.Bind]) -> Connection:
        settings = self._settings
        _, connection = await asyncio.get_running_loop().create_connection(
            self._make_connection,
            settings.host,
            settings.port,
            ssl=_tls(settings),
            server_hostname=(settings.tls.verify_host or settings.host) if settings.tls.enabled else None,
        )
        bind = kind(
            system_id=settings.system_id,
            password=self._password.reveal(Purpose.CREDENTIAL),
            system_type=settings.system_type,
            interface_version=settings.interface_version,
        )
        if not connection.closed.done():
            self._connections.append(connection)
        connection.session.bind(bind, connection.now())
        connection.flush_soon()
        return connection

    def _make_connection(self) -> Connection:
        return Connection(lambda now: Session(Role.ESME, self._session_settings, now), self._on_events, self._on_lost)

    def _contract_expired(self) -> bool:
        expires = self._settings.register.contract_expires
        return expires is not None and self._today() > expires

    # ------------------------------------------------------------------------------------------------------ sending

    def is_up(self) -> bool:
        return any(_can_submit(each) for each in self._connections)

    def room(self) -> int:
        if self._stopping or self._waiting:
            return 0
        free = 0
        for connection in self._connections:
            if _can_submit(connection) and connection.writable:
                free += connection.session.window.room()
        if free <= 0:
            return 0
        available = self._bucket.available(self._monotonic())
        if available <= 0:
            self._arm_ready()
            return 0
        return min(free, available)

    def submit(self, message: MtMessage) -> int:
        try:
            segments = self._dialect.segments(message)
            wanted = message.only or range(len(segments))
            pdus = [self._dialect.submit_sm(message, segments[index]) for index in wanted]
        except (EncodingError, AddressError, IndexError):
            indexes = message.only or (0,)
            for index in indexes:
                self._refuse(Sent(message.token, index))
            return len(indexes)
        for index, pdu in zip(wanted, pdus, strict=True):
            self._waiting.append((pdu, Sent(message.token, index)))
        self._send_waiting()
        return len(pdus)

    def _refuse(self, sent: Sent) -> None:
        """What this operator's alphabet or addresses cannot express is refused for good, like the operator would."""
        self._early.append(Submitted(self.name, sent.token, sent.segment, Refused(UNENCODABLE)))
        asyncio.get_running_loop().call_soon(self._report_early)

    def _report_early(self) -> None:
        events, self._early = self._early, []
        if events and self._sink is not None:
            self._sink(events)

    def _send_waiting(self) -> None:
        now = self._monotonic()
        while self._waiting:
            connection = self._roomiest()
            if connection is None:
                return
            if not self._bucket.take(1, now):
                self._arm_ready()
                return
            self._send(connection, *self._waiting.popleft())

    def _send(self, connection: Connection, pdu: p.SubmitSm, sent: Sent) -> None:
        try:
            connection.session.request(pdu, sent, connection.now())
        except p.EncodeError:
            self._refuse(sent)
        else:
            connection.flush_soon()
            self._submitted += 1

    def _roomiest(self) -> Connection | None:
        """The bind with the most free window, or None when all are full or down."""
        best, most = None, 0
        for connection in self._connections:
            if _can_submit(connection) and connection.writable:
                room = connection.session.window.room()
                if room > most:
                    best, most = connection, room
        return best

    def _arm_ready(self) -> None:
        """Tokens come back with time, not with an answer: say so when they do."""
        if self._ready_timer is None:
            wait_s = max(0.002, self._bucket.wait_s(1, self._monotonic()))
            self._ready_timer = asyncio.get_running_loop().call_later(wait_s, self._on_ready_timer)

    def _on_ready_timer(self) -> None:
        self._ready_timer = None
        self._send_waiting()
        if self._sink is not None and self.is_up() and not self._waiting:
            self._sink((Ready(self.name),))

    # ---------------------------------------------------------------------------------------------------- receiving

    def _on_events(self, connection: Connection, events: Sequence[Event]) -> None:
        out: list[OperatorEvent] = []
        slow = False
        for event in events:
            match event:
                case Response(sent, answer, late):
                    result = self._dialect.result(answer)
                    slow = slow or (isinstance(result, Deferred) and result.reason in _SLOW)
                    out.append(Submitted(self.name, sent.token, sent.segment, result, late))
                case Unanswered(sent, lost):
                    reason = UnknownReason.LINK_LOST if lost else UnknownReason.TIMEOUT
                    out.append(Submitted(self.name, sent.token, sent.segment, Unknown(reason)))
                case Request(request):
                    self._take_request(connection, request, out)
                case Bound():
                    if connection in self._backoffs:
                        self._backoffs[connection].up(connection.now())
                    out.append(Ready(self.name))
                case _:
                    pass
        if slow:
            self._slow_down()
        self._send_waiting()
        if out and self._sink is not None:
            self._sink(out)

    def _take_request(self, connection: Connection, request: p.Pdu, out: list[OperatorEvent]) -> None:
        if not isinstance(request, p.DeliverSm):
            connection.session.refuse(request, st.RINVCMDID)
            return
        receipt = self._dialect.receipt(request)
        handle = Handle(connection, request.sequence_number)
        if receipt is None:
            # Messages from people have no owner here yet: the SMSC is told that nobody takes them.
            self._answer(handle, st.RX_R_APPN)
        elif receipt.intermediate or not receipt.candidates:
            self._answer(handle, st.OK)
        else:
            self._receipts += 1
            out.append(
                DeliveryReceipt(
                    self.name, receipt.candidates, receipt.state, receipt.error_code, receipt.done_at_ms, handle
                )
            )

    def acknowledge(self, handles: Sequence[object], taken: bool) -> None:
        for handle in handles:
            assert isinstance(handle, Handle)
            self._answer(handle, st.OK if taken else st.RMSGQFUL)

    @staticmethod
    def _answer(handle: Handle, status: int) -> None:
        connection = handle.connection
        connection.session.respond(p.DeliverSmResp(sequence_number=handle.sequence_number, status=status))
        connection.flush_soon()

    def _slow_down(self) -> None:
        now = self._monotonic()
        self._throttled += 1
        self._bucket.slow_down(SLOW_FACTOR, now)
        self._bucket.pause(now + PAUSE_S)
        self._arm_ready()

    def _on_lost(self, connection: Connection) -> None:
        self._unexpected += connection.session.unexpected_responses
        if connection in self._connections:
            self._connections.remove(connection)
        if not self.is_up():
            self._give_back_waiting()
            if self._sink is not None:
                self._sink((Down(self.name),))

    def _give_back_waiting(self) -> None:
        """Segments whose bytes were never written."""
        waiting, self._waiting = self._waiting, deque()
        result = Deferred(DeferReason.NOT_SENT, 0, 0.0)
        if waiting and self._sink is not None:
            self._sink([Submitted(self.name, sent.token, sent.segment, result) for _, sent in waiting])

    # ------------------------------------------------------------------------------------------------------- health

    def health(self) -> OperatorHealth:
        bound = [each for each in self._connections if each.session.state in BOUND]
        return OperatorHealth(
            name=self.name,
            state=self._state(),
            binds_up=len(bound),
            binds=self._settings.binds * len(_KINDS[self._settings.bind]),
            window_used=sum(len(each.session.window) for each in bound),
            window=self._settings.window * self._settings.binds,
            throttled=self._throttled,
            submitted=self._submitted,
            receipts=self._receipts,
            unexpected_responses=self._unexpected
            + sum(each.session.unexpected_responses for each in self._connections),
        )

    def _state(self) -> str:
        if self._stopping:
            return "stopped"
        if self.is_up():
            return "up"
        if self._blocked:
            return "blocked_contract"
        return "connecting" if self._connections else "down"


_SLOW: Final = frozenset({DeferReason.THROTTLED, DeferReason.QUEUE_FULL})


def _can_submit(connection: Connection) -> bool:
    return connection.session.may_submit


def _tls(settings: OperatorSettings) -> ssl.SSLContext | None:
    tls = settings.tls
    if not tls.enabled:
        return None
    context = ssl.create_default_context(cafile=tls.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context

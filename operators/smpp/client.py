"""An operator reached over SMPP: what leaves, what is answered, what comes in; its binds are kept by `Links`.

Submissions go to the bind with the most room (S-29). Segments wait here only between the window's edge and the
message's last segment; when no bind is left they are given back unsent.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import structlog

from config.operators import SmppOperatorSettings
from operators.base import (
    DeferReason,
    Deferred,
    Down,
    EventSink,
    MtMessage,
    OperatorEvent,
    OperatorHealth,
    Query,
    Ready,
    Refused,
    Submitted,
    Unknown,
    UnknownReason,
)
from operators.flaws import Flaws
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.address import AddressError
from operators.smpp.bind import Bind
from operators.smpp.coding import EncodingError
from operators.smpp.connection import Connection
from operators.smpp.dialect import dialect
from operators.smpp.links import Links
from operators.smpp.pace import Pace
from operators.smpp.receiving import Receiving
from operators.smpp.sent import Sent
from operators.smpp.session import BindRefused, Bound, Event, Flawed, Heard, Request, Response, Session, Unanswered
from operators.smpp.writing import Writer
from redaction.personal import Secret

UNENCODABLE: Final = st.RINVMSGLEN
Written = p.SubmitSm | bytes
"""A segment that waits: its PDU, or what stands behind the header."""
_SUBMIT_SM: Final = p.SubmitSm.command_id
_NO_PASSWORD: Final = Secret("")
_NOT_SENT: Final = Deferred(DeferReason.NOT_SENT, 0, 0.0)

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("operators.smpp")


class SmppOperator:
    """settings: of this operator. password, outbind_password: resolved. salt: random octets.

    monotonic: seconds. now_ms: the time of day. today: for the contract's expiry (P-17).
    """

    def __init__(
        self,
        settings: SmppOperatorSettings,
        password: Secret,
        *,
        monotonic: Callable[[], float],
        now_ms: Callable[[], int],
        today: Callable[[], date],
        salt: bytes,
        outbind_password: Secret = _NO_PASSWORD,
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._now_ms = now_ms
        self._dialect = dialect(settings)
        self._writer = Writer(self._dialect)
        self._links = Links(
            settings,
            password,
            outbind_password,
            monotonic=monotonic,
            today=today,
            handler=self._on_events,
            lost=self._on_lost,
        )
        rate = settings.throughput_per_s
        self._pace = Pace(rate, _burst(rate, settings), monotonic, self._on_room)
        self._bucket = self._pace.bucket
        self._flaws = Flaws()
        self._receiving = Receiving(
            settings, self._dialect, salt=salt, monotonic=monotonic, report=self._report, flaws=self._flaws
        )
        self._sink: EventSink | None = None
        self._waiting: deque[tuple[Written, Sent]] = deque()
        self._sending = False
        self._early: list[OperatorEvent] = []
        self._stopping = False
        self._submitted = 0
        self._unexpected = 0

    @property
    def name(self) -> str:
        return self._settings.name

    # -------------------------------------------------------------------------------------------------------- life

    async def start(self, sink: EventSink) -> None:
        self._sink = sink
        await self._links.start()

    async def stop(self, deadline_s: float) -> None:
        self._stopping = True
        self._give_back_waiting()
        await self._links.stop(deadline_s)
        self._pace.stop()
        self._receiving.stop()

    # ------------------------------------------------------------------------------------------------------ sending

    def is_up(self) -> bool:
        for bind in self._links.binds.values():  # noqa: SIM110  asked for every message, and `any` costs thrice as much
            if bind.session.may_submit:
                return True
        return False

    def room(self) -> int:
        if self._stopping:
            return 0
        now = self._monotonic()
        free = 0
        for each in self._links.binds.values():
            free += each.room(now)
        if free <= 0:
            self._arm_for_binds(now)
            return 0
        available = self._bucket.available(now)
        if available <= 0:
            self._pace.call_when_refilled()
            return 0
        return max(0, min(free, available) - len(self._waiting))

    def submit(self, message: MtMessage) -> int:
        written: list[tuple[Written, Sent]] = []
        write, write_any, now_ms = self._writer.body, self._dialect.submit_sm, self._now_ms()
        try:
            segments = self._dialect.segments(message)
            for index in message.only or range(len(segments)):
                segment = segments[index]
                follows = index < len(segments) - 1
                pdu = write(message, segment, now_ms) or write_any(message, segment, now_ms, follows=follows)
                written.append((pdu, Sent(message.token, index)))
        except (EncodingError, AddressError, IndexError, p.EncodeError):
            indexes = message.only or (0,)
            for index in indexes:
                self._refuse(Sent(message.token, index))
            return len(indexes)
        self._waiting += written
        if not self._sending:
            self._sending = True
            asyncio.get_running_loop().call_soon(self._send_gathered)
        return len(written)

    def _send_gathered(self) -> None:
        self._sending = False
        self._send_waiting()

    def _refuse(self, sent: Sent) -> None:
        """What this operator's alphabet or addresses cannot express is refused for good, like the operator would."""
        self._early.append(Submitted(self.name, sent.token, sent.segment, Refused(UNENCODABLE)))
        asyncio.get_running_loop().call_soon(self._report, ())

    def doubt(self, is_meant: Callable[[object], bool], waited_s: float) -> int:
        doubted = self._links.doubt(is_meant, waited_s)
        if doubted:
            unknown, waiting, self._waiting = Unknown(UnknownReason.TIMEOUT), self._waiting, deque()
            self._early += [Submitted(self.name, each.token, each.segment, unknown) for each in doubted]
            for each in waiting:  # each is asked about once, since the answer may be another one the next time
                if is_meant(each[1].token):
                    self._early.append(Submitted(self.name, each[1].token, each[1].segment, _NOT_SENT))
                else:
                    self._waiting.append(each)
            asyncio.get_running_loop().call_soon(self._report, ())
        return len(doubted)

    def _send_waiting(self) -> None:
        now = self._monotonic()
        while self._waiting:
            bind = self._links.roomiest(now)
            if bind is None:
                self._arm_for_binds(now)
                return
            if not self._send_run(bind, now):
                self._pace.call_when_refilled()
                return

    def _send_run(self, bind: Bind, now: float) -> bool:
        """Send over this bind until the binds are to be compared again; False when the throughput is used up."""
        connection = bind.connection
        sent_at = connection.now()
        connection.flush_soon()
        for _ in range(min(bind.run, len(self._waiting), bind.room(now))):
            if not self._bucket.take(1, now):
                return False
            self._send(bind.session, *self._waiting.popleft(), sent_at)
            bind.took(now)
        return True

    def _send(self, session: Session, pdu: Written, sent: Sent, now: float) -> None:
        try:
            if isinstance(pdu, bytes):
                session.request_octets(_SUBMIT_SM, pdu, sent, now)
            else:
                session.request(pdu, sent, now)
        except p.EncodeError:
            self._refuse(sent)
        else:
            self._submitted += 1

    def query(self, asked: Query) -> bool:
        if self._settings.query_after_s is None or self.room() <= 0:
            return False
        now = self._monotonic()
        bind = self._links.roomiest(now)
        if bind is None or not self._bucket.take(1, now):
            return False
        try:
            pdu = self._dialect.query_sm(asked)
            bind.session.request(pdu, asked, bind.connection.now())
        except (AddressError, p.EncodeError):
            return False
        bind.took(now)
        bind.connection.flush_soon()
        return True

    def _arm_for_binds(self, now: float) -> None:
        """No bind has room: where it is its throughput that is used up, time brings it back."""
        waits_s = [wait_s for each in self._links.binds.values() if (wait_s := each.wait_s(now)) is not None]
        if waits_s:
            self._pace.call_in(min(waits_s))

    def _on_room(self) -> None:
        self._send_waiting()
        if self.is_up() and not self._waiting:
            self._report((Ready(self.name),))

    # ---------------------------------------------------------------------------------------------------- receiving

    def _on_events(self, connection: Connection, events: Sequence[Event]) -> None:
        out: list[OperatorEvent] = []
        slow = answered = False
        name, result_of = self.name, self._dialect.result
        for event in events:
            if type(event) is Request:
                request = event.pdu
                if isinstance(request, (p.DeliverSm, p.DataSm)):
                    self._receiving.take(connection, request, out)
                else:
                    self._links.take_request(connection, request)
            elif type(event) is Response and type(event.context) is Sent:
                sent, result = event.context, result_of(event.pdu)
                answered = True
                slow = slow or (type(result) is Deferred and result.reason in _SLOW)
                out.append(Submitted(name, sent.token, sent.segment, result, event.late))
            else:
                self._take_rare(connection, event, out)
        if answered:
            self._links.answered(connection)
        if slow:
            self._pace.slow_down()
        self._send_waiting()
        if out:
            self._report(out)

    def _report(self, events: Sequence[OperatorEvent]) -> None:
        """What is to be told early goes before whatever follows it."""
        if self._early:
            events, self._early = (*self._early, *events), []
        if self._sink is not None:
            self._sink(events)

    def _take_rare(self, connection: Connection, event: Event, out: list[OperatorEvent]) -> None:
        match event:
            case Unanswered(Sent() as sent, lost):
                reason = UnknownReason.LINK_LOST if lost else UnknownReason.TIMEOUT
                out.append(Submitted(self.name, sent.token, sent.segment, Unknown(reason)))
                if not lost:
                    self._links.unanswered(connection)
            case Response(Query() as asked, answer, _):
                out.extend(self._dialect.queried(self.name, asked, answer, self._now_ms()))
            case Heard():
                out.append(Ready(self.name))
            case Flawed(command_id, flaw):
                sent_by_peer = p.name_of(command_id)
                if self._flaws.count(self.name, sent_by_peer, flaw.value):
                    log.warning("flawed_pdu", operator=self.name, code=sent_by_peer, reason=flaw.value)
            case BindRefused(status):
                connection.end_status = status
            case Bound():
                self._links.up(connection)
                out.append(Ready(self.name))

    def acknowledge(self, handles: Sequence[object], taken: bool) -> None:
        self._receiving.answer(handles, st.OK if taken else st.RMSGQFUL)

    def reject(self, handles: Sequence[object]) -> None:
        self._receiving.answer(handles, st.RX_R_APPN)

    def _on_lost(self, connection: Connection) -> None:
        self._unexpected += connection.session.unexpected_responses
        if not self.is_up():
            self._give_back_waiting()
            self._report((Down(self.name),))

    def _give_back_waiting(self) -> None:
        """Segments whose bytes were never written."""
        waiting, self._waiting = self._waiting, deque()
        if waiting:
            self._report([Submitted(self.name, sent.token, sent.segment, _NOT_SENT) for _, sent in waiting])

    # --------------------------------------------------------------------------------------------- steering, health

    def steer(self, *, per_s: float | None, anew: bool) -> None:
        """anew: one bind after the other, each once what is unanswered on it is answered."""
        rate = self._settings.throughput_per_s if per_s is None else per_s
        self._bucket.set_rate(rate, _burst(rate, self._settings), self._monotonic())
        if anew:
            self._links.rebind()
        self._pace.call_when_refilled()

    def health(self) -> OperatorHealth:
        bound = list(self._links.bound())
        is_up = self.is_up() or (not self._settings.submits and bool(bound))
        return OperatorHealth(
            name=self.name,
            state=_state(self._links, stopping=self._stopping, is_up=is_up),
            binds_up=len(bound),
            binds=self._links.count,
            window_used=sum(len(each.window) for each in bound),
            window=self._settings.window * self._settings.binds,
            throttled=self._pace.throttled,
            submitted=self._submitted,
            receipts=self._receiving.receipts,
            unexpected_responses=self._unexpected + _unexpected(self._links),
            down=tuple(self._links.outages.now()),
            flawed=self._flaws.total,
            peer_ends_s=self._links.outages.peer.ends_s,
        )


def _unexpected(links: Links) -> int:
    """Responses on the binds that are there to which nothing was asked (S-21)."""
    return sum(each.session.unexpected_responses for each in links.binds.values())


def _state(links: Links, *, stopping: bool, is_up: bool) -> str:
    if stopping:
        return "stopped"
    if is_up:
        return "up"
    if links.blocked is not None:
        return links.blocked
    return "connecting" if links.binds else "down"


def _burst(rate: float | None, settings: SmppOperatorSettings) -> int:
    return max(1, round(rate or settings.window * settings.binds))


_SLOW: Final = frozenset({DeferReason.THROTTLED, DeferReason.QUEUE_FULL})

"""An SMSC for tests, benchmarks and demonstrations: it takes messages, sends receipts, and misbehaves to order.

It speaks through the same session as the gateway, so tests of conformance need another peer as well. One heap and one
timer carry every delay. What happens to each message is drawn from a seeded generator.
"""

import asyncio
import heapq
import random
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, cast

import msgspec

from operators.base import ReceiptState
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.session import (
    BOUND,
    BindAsked,
    Event,
    Request,
    Response,
    Role,
    Session,
    SessionSettings,
    State,
    Unanswered,
)

IdForm = Literal["hex", "decimal", "uuid", "hex_padded"]
ReceiptForm = Literal["text", "tlv", "both"]
_TICK_S: Final = 0.5
_CLOSE_AFTER_S: Final = 1.0
_PAUSE_BYTES: Final = 1 << 18
_UNREAD_LIMIT_BYTES: Final = 1 << 21


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong. Rates are shares 0..1 of messages; 0 and None switch a fault off. The default is a good SMSC.

    error_rate: refused with `error_status`. throttle_above_per_s: messages beyond it in one second get ESME_RTHROTTLED.
    silent_rate: neither taken nor answered.
    drop_every: cut the connection at its Nth submit_sm, which is not taken; answers not yet written are lost with it.
    receipt_rate: share of messages that get the receipt they asked for. receipt_state_failed_rate: UNDELIV, of those.
    receipt_before_response: the receipt leaves first, without its delay.
    receipt_id_form: None means as in the response. unknown_receipts: share of messages that bring a receipt more, for
    an id that was never given.
    """

    answer_delay_s: float = 0.0
    error_rate: float = 0.0
    error_status: int = st.RSYSERR
    throttle_rate: float = 0.0
    throttle_above_per_s: int | None = None
    queue_full_rate: float = 0.0
    silent_rate: float = 0.0
    drop_every: int | None = None
    receipt_delay_s: float = 0.0
    receipt_rate: float = 1.0
    receipt_before_response: bool = False
    receipt_twice_rate: float = 0.0
    receipt_state_failed_rate: float = 0.0
    receipt_form: ReceiptForm = "text"
    id_form: IdForm = "hex"
    receipt_id_form: IdForm | None = None
    unknown_receipts: float = 0.0

    @property
    def spare_submits(self) -> bool:
        """Every message is taken."""
        rates = self.error_rate + self.throttle_rate + self.queue_full_rate + self.silent_rate
        return not rates and self.throttle_above_per_s is None

    @property
    def spare_receipts(self) -> bool:
        """Every message that asks for a receipt gets one, DELIVRD."""
        return self.receipt_rate >= 1 and not (
            self.receipt_twice_rate + self.receipt_state_failed_rate + self.unknown_receipts
        )


class Tally(msgspec.Struct, kw_only=True):
    """What happened since the start.

    duplicates: messages taken whose destination and octets were taken before (with `track`).
    receipts_sent counts each sending; receipts_lost those given up after the last try, or pushed out by newer ones.
    """

    connections: int = 0
    binds: int = 0
    binds_refused: int = 0
    submits: int = 0
    accepted: int = 0
    refused: int = 0
    silent: int = 0
    dropped: int = 0
    duplicates: int = 0
    receipts_sent: int = 0
    receipts_acknowledged: int = 0
    receipts_refused: int = 0
    receipts_lost: int = 0


_SESSION: Final = SessionSettings(window=1000, inbound=100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """receipt_tries: how often a receipt is sent until it is acknowledged, `receipt_retry_s` apart.

    receipts_waiting: receipts kept while no bind can take them; beyond it the oldest go.
    """

    session: SessionSettings = _SESSION
    receipt_tries: int = 5
    receipt_retry_s: float = 1.0
    receipts_waiting: int = 1_000_000
    refused_bind_pause_s: float = 0.2


class Agenda:
    """Things to do later, with one timer for all of them."""

    def __init__(self, ran: Callable[[], None]) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ran = ran

    def add(self, when: float, action: Callable[[], None]) -> None:
        """Do `action` at the loop's time `when`; what is due together runs in one turn, and then `ran`."""
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, action))
        if self._heap[0][0] == when:
            self._arm()

    def clear(self) -> None:
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        when = self._heap[0][0]
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._run)

    def _run(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        heap = self._heap
        while heap and heap[0][0] <= now:
            heapq.heappop(heap)[2]()
        self._ran()
        if heap:
            self._arm()


class _Receipt(msgspec.Struct, gc=False):
    """A receipt under way. submitted: its date as the text has it."""

    message_id: str
    submit: p.SubmitSm
    state: ReceiptState
    submitted: bytes
    tries: int = 0


class _Link(asyncio.Protocol):
    """One connection, and what the simulator knows of it. Writes leave together when the loop's turn ends (S-66).

    A peer that does not read gets no more receipts, and is cut off at `_UNREAD_LIMIT_BYTES` of answers (S-26).
    """

    session: Session
    _transport: asyncio.Transport
    _timer: asyncio.TimerHandle

    def __init__(self, simulator: "Simulator", settings: SessionSettings) -> None:
        self._simulator = simulator
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._flushing = False
        self._writable = True
        self.submits = 0
        self.cut = False
        self.closed = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass
        self._transport.set_write_buffer_limits(high=_PAUSE_BYTES)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.session = Session(Role.SMSC, self._settings, self._loop.time())
        self._timer = self._loop.call_later(_TICK_S, self._tick)
        self._simulator.remember(self)

    def data_received(self, data: bytes) -> None:
        if not self.cut:
            self._handle(self.session.receive(data, self._loop.time()))

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._simulator.take(self, ())

    def connection_lost(self, _error: Exception | None) -> None:
        self.cut = True
        self._timer.cancel()
        self._simulator.take(self, self.session.connection_lost())
        self._simulator.forget(self)
        self.closed.set_result(None)

    def takes_receipts(self) -> bool:
        return self._writable and not self.cut and self.session.can_send()

    def answer(self, pdu: p.Pdu) -> None:
        """Send an answer, unless the link is gone."""
        if not self.cut:
            self.session.respond(pdu)
            self.flush_soon()

    def flush_soon(self) -> None:
        """Write what gathered, once, when this turn of the loop ends."""
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Write what gathered, then close; a peer that does not read is cut off."""
        if not self.cut:
            self._flush()
            self.cut = True
            self._transport.close()
            self._loop.call_later(_CLOSE_AFTER_S, self._transport.abort)

    def abort(self) -> None:
        """Cut the connection off now."""
        self.cut = True
        self._transport.abort()

    def _handle(self, events: Sequence[Event]) -> None:
        if events:
            self._simulator.take(self, events)
        if self.session.state is State.CLOSED:
            self.close()
        else:
            self.flush_soon()

    def _flush(self) -> None:
        self._flushing = False
        data = self.session.data_to_send()
        if data and not self.cut:
            self._transport.write(data)
            if self._transport.get_write_buffer_size() > _UNREAD_LIMIT_BYTES:
                self.abort()

    def _tick(self) -> None:
        self._timer = self._loop.call_later(_TICK_S, self._tick)
        if not self.cut:
            self._handle(self.session.tick(self._loop.time()))


class Simulator:
    """record: keep every submit_sm in `received`; for tests, because nothing is ever dropped from it.

    track: count messages taken twice. clock: seconds of wall time, for the dates in receipts.
    heard: told of every submit_sm as it arrives.
    `faults` may be changed at any time, and hold for what arrives from then on.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        system_id: str = "gateway",
        password: str = "secret",  # noqa: S107  the peer is a toy
        faults: Faults | None = None,
        seed: int = 0,
        record: bool = False,
        track: bool = False,
        settings: SimulatorSettings | None = None,
        clock: Callable[[], float] = time.time,
        heard: Callable[[p.SubmitSm], None] | None = None,
    ) -> None:
        self.tally = Tally()
        self.received: list[p.SubmitSm] = []
        self.port = port
        self._host = host
        self._system_id = system_id
        self._password = password
        self._record = record
        self._heard = heard
        self._track = track
        self._settings = settings or SimulatorSettings()
        self._dates = _Dates(clock)
        self._random = random.Random(seed)
        self._next_id = self._random.randrange(1 << 36, 1 << 39)
        self._seen: set[int] = set()
        self._second = 0.0
        self._this_second = 0
        self._links: dict[_Link, None] = {}
        self._receivers: deque[_Link] = deque()
        self._waiting: deque[_Receipt] = deque()
        self._waiters: list[tuple[Callable[[Tally], bool], asyncio.Future[None]]] = []
        self._server: asyncio.Server | None = None
        self._agenda = Agenda(self._turn_ends)
        self._loop: asyncio.AbstractEventLoop
        self.faults = faults or Faults()

    # ---------------------------------------------------------------------------------------------------- running

    @property
    def faults(self) -> Faults:
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        self._spare_submits = faults.spare_submits
        self._spare_receipts = faults.spare_receipts

    @property
    def bound(self) -> int:
        """Binds that stand now."""
        return sum(link.session.state in BOUND for link in self._links)

    @property
    def receipts_waiting(self) -> int:
        """Receipts that no bind could take yet."""
        return len(self._waiting)

    async def start(self) -> None:
        """Listen. `port` is the real one from here on. Raises OSError."""
        self._loop = asyncio.get_running_loop()
        await self.come_up()

    async def stop(self) -> None:
        """Cut every connection and forget what was to be done. May be called twice, or without `start`."""
        await self.go_down()
        self._agenda.clear()
        self._waiting.clear()

    async def come_up(self) -> None:
        """Listen, on the same port as before. Receipts that waited go out over the first bind."""
        if self._server is None:
            self._server = await self._loop.create_server(self._connected, self._host, self.port, backlog=1024)
            self.port = self._server.sockets[0].getsockname()[1]

    async def go_down(self) -> None:
        """Refuse connections and cut those that stand; messages taken keep their receipts."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.drop_connections()

    async def drop_connections(self) -> None:
        """Cut every connection, with whatever is outstanding, and go on listening."""
        links = list(self._links)
        for link in links:
            link.abort()
        for link in links:
            await link.closed

    async def until(self, claim: Callable[[Tally], bool]) -> None:
        """Wait until `claim` holds of the tally."""
        if not claim(self.tally):
            waiter = self._loop.create_future()
            self._waiters.append((claim, waiter))
            await waiter

    # --------------------------------------------------------------------------------------------- from the links

    def take(self, link: _Link, events: Sequence[Event]) -> None:
        """What one read or one tick of a link brought."""
        now = self._loop.time()
        for event in events:
            if isinstance(event, Request):
                self._take_request(link, event.pdu, now)
                if link.cut:
                    break
            elif isinstance(event, Response):
                self._take_response(event, now)
            elif isinstance(event, Unanswered):
                self._send_again(event.context, now)
            elif isinstance(event, BindAsked):
                self._take_bind(link, event.pdu, now)
        self._turn_ends()

    def remember(self, link: _Link) -> None:
        """The link is there; one that was under way when the simulator went down is cut."""
        self._links[link] = None
        self.tally.connections += 1
        if self._server is None:
            self._loop.call_soon(link.abort)

    def forget(self, link: _Link) -> None:
        """The link is gone."""
        self._links.pop(link, None)
        if link in self._receivers:
            self._receivers.remove(link)
        self._turn_ends()

    def _connected(self) -> _Link:
        return _Link(self, self._settings.session)

    def _turn_ends(self) -> None:
        if self._waiting:
            self._send_receipts()
        if self._waiters:
            self._tell_waiters()

    def _tell_waiters(self) -> None:
        kept = []
        for claim, waiter in self._waiters:
            if waiter.done():
                continue
            if claim(self.tally):
                waiter.set_result(None)
            else:
                kept.append((claim, waiter))
        self._waiters = kept

    def _take_bind(self, link: _Link, asked: p.Bind, now: float) -> None:
        if asked.system_id == self._system_id and asked.password == self._password:
            self.tally.binds += 1
            link.session.accept_bind(asked, self._system_id)
            if link.session.may_submit:
                self._receivers.append(link)
            return
        self.tally.binds_refused += 1
        link.session.refuse_bind(asked, st.RINVSYSID if asked.system_id != self._system_id else st.RINVPASWD)
        self._agenda.add(now + self._settings.refused_bind_pause_s, link.close)

    # --------------------------------------------------------------------------------------------------- messages

    def _take_request(self, link: _Link, pdu: p.Pdu, now: float) -> None:
        if isinstance(pdu, p.SubmitSm):
            self._take_submit(link, pdu, now)
        else:
            link.session.refuse(pdu, st.RINVCMDID)

    def _take_submit(self, link: _Link, submit: p.SubmitSm, now: float) -> None:
        self.tally.submits += 1
        link.submits += 1
        if self._record:
            self.received.append(submit)
        if self._heard is not None:
            self._heard(submit)
        if self._faults.drop_every is not None and link.submits >= self._faults.drop_every:
            self.tally.dropped += 1
            link.abort()
            return
        status = st.OK if self._spare_submits else self._verdict(now)
        if status is None:
            self.tally.silent += 1
            link.session.inbound -= 1
        elif status == st.OK:
            self._accept(link, submit, now)
        else:
            self.tally.refused += 1
            self._answer(link, p.SubmitSmResp(sequence_number=submit.sequence_number, status=status), now)

    def _verdict(self, now: float) -> int | None:
        """The status to answer; None is silence."""
        faults = self._faults
        if faults.throttle_above_per_s is not None and self._rate(now) > faults.throttle_above_per_s:
            return st.RTHROTTLED
        drawn = self._random.random()
        for rate, status in (
            (faults.silent_rate, None),
            (faults.throttle_rate, st.RTHROTTLED),
            (faults.queue_full_rate, st.RMSGQFUL),
            (faults.error_rate, faults.error_status),
        ):
            if drawn < rate:
                return status
            drawn -= rate
        return st.OK

    def _rate(self, now: float) -> int:
        """Messages so far in this second, this one included."""
        if now - self._second >= 1.0:
            self._second = now
            self._this_second = 0
        self._this_second += 1
        return self._this_second

    def _accept(self, link: _Link, submit: p.SubmitSm, now: float) -> None:
        self.tally.accepted += 1
        if self._track:
            self._look_for_duplicate(submit)
        faults = self._faults
        number = self._next_id
        self._next_id += 1
        response = p.SubmitSmResp(sequence_number=submit.sequence_number, message_id=write_id(number, faults.id_form))
        receipts = self._receipts_for(submit, number) if submit.registered_delivery & 0x03 else ()
        if faults.receipt_before_response and receipts:
            self._waiting.extend(receipts)
            self._send_receipts()
            self._answer(link, response, now)
            return
        self._answer(link, response, now)
        delay_s = faults.answer_delay_s + faults.receipt_delay_s
        if not delay_s:
            self._waiting.extend(receipts)
        elif receipts:
            self._agenda.add(now + delay_s, partial(self._waiting.extend, receipts))

    def _answer(self, link: _Link, response: p.SubmitSmResp, now: float) -> None:
        if self._faults.answer_delay_s:
            self._agenda.add(now + self._faults.answer_delay_s, partial(link.answer, response))
            return
        link.answer(response)

    def _look_for_duplicate(self, submit: p.SubmitSm) -> None:
        trace = hash((submit.destination_addr, submit.short_message, submit.tlvs))
        if trace in self._seen:
            self.tally.duplicates += 1
        self._seen.add(trace)

    # --------------------------------------------------------------------------------------------------- receipts

    def _receipts_for(self, submit: p.SubmitSm, number: int) -> Sequence[_Receipt]:
        """The receipts that this message brings; usually one."""
        faults = self._faults
        message_id = write_id(number, faults.receipt_id_form or faults.id_form)
        receipt = _Receipt(message_id, submit, ReceiptState.DELIVERED, self._dates.now())
        return (receipt,) if self._spare_receipts else self._spoil(receipt)

    def _spoil(self, receipt: _Receipt) -> Sequence[_Receipt]:
        faults, draw = self._faults, self._random.random
        receipts = []
        if draw() < faults.receipt_rate:
            if draw() < faults.receipt_state_failed_rate:
                receipt.state = ReceiptState.UNDELIVERABLE
            receipts.append(receipt)
            if draw() < faults.receipt_twice_rate:
                receipts.append(msgspec.structs.replace(receipt))
        if draw() < faults.unknown_receipts:
            number = self._random.randrange(1 << 40, 1 << 41)  # above all that are given
            form = faults.receipt_id_form or faults.id_form
            receipts.append(msgspec.structs.replace(receipt, message_id=write_id(number, form)))
        return receipts

    def _send_receipts(self) -> None:
        """Send what waits, as far as binds have room, one bind after the other."""
        waiting, receivers = self._waiting, self._receivers
        while len(waiting) > self._settings.receipts_waiting:
            waiting.popleft()
            self.tally.receipts_lost += 1
        now, done = self._loop.time(), self._dates.now()
        full = 0
        while waiting and full < len(receivers):
            link = receivers[0]
            receivers.rotate(-1)
            if not link.takes_receipts():
                full += 1
                continue
            full = 0
            receipt = waiting.popleft()
            link.session.request(deliver_sm(receipt, self._faults.receipt_form, done), receipt, now)
            link.flush_soon()
            self.tally.receipts_sent += 1

    def _take_response(self, event: Response, now: float) -> None:
        if event.pdu.status == st.OK:
            self.tally.receipts_acknowledged += 1
        else:
            self.tally.receipts_refused += 1
            if not event.late:  # a late one is on its way again already
                self._send_again(event.context, now)

    def _send_again(self, receipt: _Receipt, now: float) -> None:
        receipt.tries += 1
        if receipt.tries >= self._settings.receipt_tries:
            self.tally.receipts_lost += 1
        else:
            self._agenda.add(now + self._settings.receipt_retry_s, partial(self._waiting.append, receipt))


async def run(
    host: str,
    port: int,
    faults: Faults | None = None,
    *,
    system_id: str = "gateway",
    password: str = "secret",  # noqa: S107  the peer is a toy
    seed: int = 0,
    settings: SimulatorSettings | None = None,
    started: Callable[[Simulator], None] | None = None,
) -> None:
    """Simulate until cancelled. started: called once it listens. Raises OSError when the port is taken."""
    simulator = Simulator(
        host, port, system_id=system_id, password=password, faults=faults, seed=seed, settings=settings
    )
    await simulator.start()
    try:
        if started is not None:
            started(simulator)
        await asyncio.get_running_loop().create_future()
    finally:
        await simulator.stop()


# ------------------------------------------------------------------------------------------------------- wording


class _Dates:
    """`YYMMDDhhmm` in UTC, worked out once a minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._minute = -1
        self._date = b""

    def now(self) -> bytes:
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute = minute
            self._date = time.strftime("%y%m%d%H%M", time.gmtime(minute * 60)).encode()
        return self._date


def write_id(number: int, form: IdForm) -> str:
    """A message id as some SMSC would write it."""
    if form == "hex":
        return f"{number:x}"
    if form == "decimal":
        return str(number)
    if form == "hex_padded":
        return f"{number:016x}"
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def deliver_sm(receipt: _Receipt, form: ReceiptForm, done: bytes) -> p.DeliverSm:
    """The receipt as a PDU, from the recipient to the sender."""
    submit = receipt.submit
    return p.DeliverSm(
        source_addr_ton=submit.dest_addr_ton,
        source_addr_npi=submit.dest_addr_npi,
        source_addr=submit.destination_addr,
        dest_addr_ton=submit.source_addr_ton,
        dest_addr_npi=submit.source_addr_npi,
        destination_addr=submit.source_addr,
        esm_class=0x04,
        short_message=b"" if form == "tlv" else _receipt_text(receipt, done),
        tlvs=() if form == "text" else _receipt_tlvs(receipt),
    )


def _receipt_text(receipt: _Receipt, done: bytes) -> bytes:
    """SMPP 3.4 Appendix B, with the first 20 octets of a message in the default alphabet."""
    submit = receipt.submit
    readable = submit.data_coding == 0 and not submit.esm_class & 0x40
    return _TEXTS[receipt.state] % (
        receipt.message_id.encode(),
        receipt.submitted,
        done,
        submit.short_message[:20] if readable else b"",
    )


def _receipt_tlvs(receipt: _Receipt) -> p.Tlvs:
    return (
        (p.TAG_RECEIPTED_MESSAGE_ID, receipt.message_id.encode() + b"\0"),
        (p.TAG_MESSAGE_STATE, bytes((receipt.state.value,))),
    )


_TEXTS: Final = {
    ReceiptState.DELIVERED: b"id:%b sub:001 dlvrd:001 submit date:%b done date:%b stat:DELIVRD err:000 text:%b",
    ReceiptState.UNDELIVERABLE: b"id:%b sub:001 dlvrd:000 submit date:%b done date:%b stat:UNDELIV err:001 text:%b",
}

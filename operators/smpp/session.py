"""One SMPP session as a state machine, for either side: octets and times in, events and octets out. It has no clock.

What may be received in which state stands in the table `TAKES`; anything else is answered ESME_RINVBNDSTS (S-12..S-14).
enquire_link, unbind and generic_nack are handled here in every state; responses are matched with their requests; all
other requests go to the host as `Request` events and are answered with `respond`. Requests behind a bind wait for the
host's verdict (S-02): what they bring lies in `take_events` after `accept_bind`. Outgoing PDUs gather in a buffer that
the host drains once per turn of its loop, so that many small PDUs leave in one write (S-66).
"""

import enum
from typing import Any, Final

import msgspec

from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.framing import Framer, FramingLost
from operators.smpp.window import Slot, Window


class Role(enum.Enum):
    ESME = "esme"
    SMSC = "smsc"


class State(enum.Enum):
    OPEN = "open"
    BINDING = "binding"  # a bind is out (ESME), or waits for the host's verdict (SMSC)
    BOUND_TX = "bound_tx"
    BOUND_RX = "bound_rx"
    BOUND_TRX = "bound_trx"
    UNBINDING = "unbinding"  # an unbind came or is out: nothing new leaves, answers are awaited (S-19)
    CLOSED = "closed"


BOUND: Final = frozenset({State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX})
SENDS: Final = frozenset({State.BOUND_TX, State.BOUND_TRX})
RECEIVES: Final = frozenset({State.BOUND_RX, State.BOUND_TRX})
_BINDS: Final = {
    p.BindTransmitter.command_id: State.BOUND_TX,
    p.BindReceiver.command_id: State.BOUND_RX,
    p.BindTransceiver.command_id: State.BOUND_TRX,
}
_HELD_FRAMES: Final = 1_000
_HELD_OCTETS: Final = 1 << 20
_TLVS_SINCE: Final = 0x34
"""interface_version of SMPP 3.4, the first with TLVs."""
_CARRIERS: Final = frozenset(
    {p.TAG_MESSAGE_PAYLOAD, p.TAG_SAR_MSG_REF_NUM, p.TAG_SAR_TOTAL_SEGMENTS, p.TAG_SAR_SEGMENT_SEQNUM}
)
"""TLVs without which a message is not the same."""
_NEVER_ANSWERED: Final = frozenset({p.Outbind.command_id, p.AlertNotification.command_id})
_AT_ONCE: Final = frozenset({p.EnquireLink.command_id, *_BINDS})
"""Requests that do not wait for the verdict on a bind."""
_TO_SMSC: Final = frozenset(
    kind.command_id for kind in (p.SubmitSm, p.SubmitMulti, p.DataSm, p.QuerySm, p.CancelSm, p.ReplaceSm)
)
_TO_ESME: Final = frozenset(kind.command_id for kind in (p.DeliverSm, p.DataSm, p.AlertNotification))

TAKES: Final[dict[Role, dict[State, frozenset[int]]]] = {
    Role.SMSC: {
        State.OPEN: frozenset(_BINDS),
        State.BOUND_TX: _TO_SMSC,
        State.BOUND_TRX: _TO_SMSC,
        State.BOUND_RX: frozenset(),
    },
    Role.ESME: {
        State.OPEN: frozenset({p.Outbind.command_id}),
        State.BOUND_RX: _TO_ESME,
        State.BOUND_TRX: _TO_ESME,
        State.BOUND_TX: frozenset(),
    },
}
"""Requests that go to the host, by role and state. A state that is absent takes none."""


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """window: unanswered requests we may have out. Times in seconds; None switches a timer off.

    inbound: unanswered requests that the peer may have with us; beyond it they are answered ESME_RMSGQFUL.
    refuse_two_texts: a request with both short_message and message_payload is answered ESME_RINVOPTPARSTREAM; otherwise
    the payload is the message (S-11).
    """

    window: int = 64
    inbound: int = 10_000
    response_timeout_s: float = 10.0
    enquire_link_s: float | None = 30.0
    inactivity_s: float | None = None
    session_init_s: float | None = 10.0
    max_pdu_octets: int = 65_536
    long_password: bool = False
    refuse_two_texts: bool = False


class Request(msgspec.Struct, frozen=True, gc=False):
    """The peer asks for something; answer it with `Session.respond`."""

    pdu: Any


class Response(msgspec.Struct, frozen=True, gc=False):
    """The answer to a request of ours. late: it had timed out before (S-23)."""

    context: Any
    pdu: Any
    late: bool = False


class Unanswered(msgspec.Struct, frozen=True, gc=False):
    """A request of ours whose outcome is unknown: it timed out, the link died with it (`lost`), or its response says
    success in a body that does not parse.
    """

    context: Any
    lost: bool


class BindAsked(msgspec.Struct, frozen=True, gc=False):
    """SMSC: a peer wants to bind; answer with `accept_bind` or `refuse_bind`."""

    pdu: Any


class Bound(msgspec.Struct, frozen=True, gc=False):
    """ESME: the bind was accepted."""

    pdu: Any


class BindRefused(msgspec.Struct, frozen=True, gc=False):
    """ESME: the bind was refused with this status; close the connection."""

    status: int


class Ended(msgspec.Struct, frozen=True, gc=False):
    """Close the connection once the buffer is drained. reason: a short code."""

    reason: str


class NotBound(Exception):
    """The session's state lets no request of the host leave."""


Event = Request | Response | Unanswered | BindAsked | Bound | BindRefused | Ended


class Session:
    """role: which side we are. now: seconds from any origin, the same for every call."""

    def __init__(self, role: Role, settings: SessionSettings, now: float) -> None:
        self.role = role
        self.settings = settings
        self.state = State.OPEN
        self.window: Window[Any] = Window(settings.window)
        self.peer_version = 0x34
        self.inbound = 0
        self.unexpected_responses = 0
        self._framer = Framer(settings.max_pdu_octets)
        self._out: list[bytes] = []
        self._events: list[Event] = []
        self._ended: Ended | None = None
        self._held: list[p.Pdu] = []
        self._held_octets = 0
        self._ending = ""
        self._end_by = 0.0
        self._started = now
        self._last_heard = now
        self._last_request = now
        self._enquiries = 0
        self._enquiry_due: float | None = None

    # ---------------------------------------------------------------------------------------------------- octets

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what one read brought; everything that follows from it."""
        self._last_heard = now
        self._enquiry_due = None
        self._enquiries = 0
        try:
            frames = self._framer.feed(data)
        except FramingLost:
            frames = []
        for frame in frames:
            if self.state is State.CLOSED:
                break
            self._take(frame, now)
        if self._framer.lost and self.state is not State.CLOSED:
            self._send(p.GenericNack(status=st.RINVCMDLEN))
            self._end("framing_lost")
        self._end_if_settled(now)
        return self.take_events()

    def take_events(self) -> list[Event]:
        """What happened outside `receive` and `tick`, or is still to be told; `Ended` stands last."""
        events, self._events = self._events, []
        if self._ended is not None:
            events.append(self._ended)
            self._ended = None
        return events

    def data_to_send(self) -> bytes:
        """Everything to write now, in one piece."""
        if not self._out:
            return b""
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        return data

    # -------------------------------------------------------------------------------------------------- requests

    def bind(self, pdu: p.Bind, now: float) -> None:
        """ESME: ask to be bound."""
        self.state = State.BINDING
        self.peer_version = pdu.interface_version
        self._request(pdu, pdu, now)

    def accept_bind(self, asked: p.Bind, system_id: str) -> None:
        """SMSC: the bind stands. 3.3 peers get no TLV (S-15). Does nothing when the session has ended meanwhile.

        What came behind the bind is processed now; `take_events` has what follows from it (S-02).
        """
        if self.state is not State.BINDING:
            return
        self.state = _BINDS[asked.command_id]
        self.peer_version = asked.interface_version
        tlvs: p.Tlvs = ((p.TAG_SC_INTERFACE_VERSION, b"\x34"),) if self.peer_version >= _TLVS_SINCE else ()
        kind = p.TYPES[asked.command_id | p.RESPONSE]
        self._send(kind(sequence_number=asked.sequence_number, system_id=system_id, tlvs=tlvs))  # type: ignore[call-arg]
        for pdu in self._take_held():
            self._take_request(pdu, self._last_heard)

    def refuse_bind(self, asked: p.Bind, status: int) -> None:
        """SMSC: no, and no to what came behind it. The host closes after a pause (S-16)."""
        if self.state is not State.BINDING:
            return
        self.state = State.OPEN
        self._send(p.TYPES[asked.command_id | p.RESPONSE](sequence_number=asked.sequence_number, status=status))
        for pdu in self._take_held():
            self._take_other(pdu, self._last_heard)

    @property
    def may_submit(self) -> bool:
        """The state lets the host send its requests: submit_sm as an ESME, deliver_sm as an SMSC."""
        return self.state in (SENDS if self.role is Role.ESME else RECEIVES)

    def can_send(self) -> bool:
        """A request of the host may leave now."""
        return self.may_submit and self.window.room() > 0

    def request(self, pdu: p.Pdu, context: Any, now: float) -> int:
        """Send a request; `context` comes back with its answer. The caller has asked `can_send`.

        Raises NotBound, operators.smpp.pdu.EncodeError or operators.smpp.window.WindowFull; then nothing is sent or
        registered.
        """
        if not self.may_submit:
            raise NotBound
        return self._request(pdu, context, now)

    def respond(self, pdu: p.Pdu) -> None:
        """Answer a request of the peer; `pdu.sequence_number` is the request's. Dropped when the session has ended."""
        self._answered()
        if self.state is not State.CLOSED:
            self._send(self._for_peer(pdu))

    def refuse(self, request: p.Pdu, status: int) -> None:
        """Answer a request of the peer with an error, unless it is of a kind that nobody answers."""
        if request.command_id in _NEVER_ANSWERED:
            return
        self._answered()
        if self.state is not State.CLOSED:
            self._refuse(request, status)

    def _answered(self) -> None:
        if self.inbound > 0:
            self.inbound -= 1

    def unbind(self, now: float) -> None:
        """Say goodbye: nothing new leaves from here on (S-19)."""
        if self.state in BOUND:
            self.state = State.UNBINDING
            self._request(p.Unbind(), None, now)

    # ----------------------------------------------------------------------------------------------------- times

    def tick(self, now: float) -> list[Event]:
        """What the passing of time brings: timeouts, enquire_link, an idle end."""
        for slot in self.window.expire(now):
            self._timed_out(slot)
        settings = self.settings
        if self.state in (State.OPEN, State.BINDING):
            if settings.session_init_s is not None and now - self._started >= settings.session_init_s:
                self._end("session_init_timeout")
        elif self.state in BOUND:
            if settings.inactivity_s is not None and now - self._last_request >= settings.inactivity_s:
                self.unbind(now)
            self._enquire(now)
        self._end_if_settled(now)
        return self.take_events()

    def connection_lost(self) -> list[Event]:
        """The socket is gone: every unanswered request is handed back (S-24)."""
        self.state = State.CLOSED
        self._take_held()
        for slot in self.window.abandon():
            if slot.command_id not in _OWN:
                self._events.append(Unanswered(slot.context, lost=True))
        return self.take_events()

    # ------------------------------------------------------------------------------------------------- internals

    def _take(self, frame: bytes, now: float) -> None:
        try:
            pdu = p.decode(frame, long_password=self.settings.long_password)
        except p.PduError as error:
            self._answer_malformed(error, now)
            return
        if pdu.command_id & p.RESPONSE:
            self._take_response(pdu, now)
        elif self.state is State.BINDING and self.role is Role.SMSC and pdu.command_id not in _AT_ONCE:
            self._hold(pdu, len(frame))
        else:
            self._take_request(pdu, now)

    def _hold(self, pdu: p.Pdu, octets: int) -> None:
        """Keep what came behind a bind until the host has decided (S-02), up to a bound."""
        self._held_octets += octets
        if len(self._held) >= _HELD_FRAMES or self._held_octets > _HELD_OCTETS:
            self._refuse(pdu, st.RMSGQFUL)
        else:
            self._held.append(pdu)

    def _take_held(self) -> list[p.Pdu]:
        held, self._held, self._held_octets = self._held, [], 0
        return held

    def _take_request(self, pdu: p.Pdu, now: float) -> None:
        command_id = pdu.command_id
        if command_id != p.EnquireLink.command_id:
            self._last_request = now  # S-17
        if command_id not in TAKES[self.role].get(self.state, ()):
            self._take_other(pdu, now)
        elif command_id in _BINDS:
            self.state = State.BINDING
            self._events.append(BindAsked(pdu))
        elif command_id in _NEVER_ANSWERED:
            self._events.append(Request(pdu))
        elif self.inbound >= self.settings.inbound:
            self._refuse(pdu, st.RMSGQFUL)
        elif self.settings.refuse_two_texts and p.has_two_texts(pdu):
            self._refuse(pdu, st.RINVOPTPARSTREAM)
        else:
            self.inbound += 1
            self._events.append(Request(pdu))

    def _take_response(self, pdu: p.Pdu, now: float) -> None:
        slot = self.window.close(pdu.sequence_number, pdu.command_id)
        late = slot is None
        if slot is None:
            slot = self.window.close_late(pdu.sequence_number, pdu.command_id)
        if slot is None:
            self.unexpected_responses += 1  # S-21
        elif slot.command_id not in _OWN:
            self._events.append(Response(slot.context, pdu, late))
        elif not late:
            self._take_own_response(slot, pdu, now)

    def _take_own_response(self, slot: Slot[Any], pdu: p.Pdu, now: float) -> None:
        if slot.command_id in _BINDS:
            self._take_bind_response(slot.command_id, pdu, now)
        elif slot.command_id == p.Unbind.command_id:
            self._end_once_settled("unbound", now)

    def _take_bind_response(self, command_id: int, pdu: p.Pdu, now: float) -> None:
        if pdu.status == st.OK and isinstance(pdu, p.BindResp):
            self.state = _BINDS[command_id]
            self._last_request = now
            stated = dict(pdu.tlvs).get(p.TAG_SC_INTERFACE_VERSION, b"")
            if stated:  # S-15: without it the peer speaks what it was asked to
                self.peer_version = min(self.peer_version, stated[0])
            self._events.append(Bound(pdu))
        else:
            self._events.append(BindRefused(pdu.status or st.RBINDFAIL))
            self._end("bind_refused")

    def _take_other(self, pdu: p.Pdu, now: float) -> None:
        """What every state takes, and what this one does not."""
        if pdu.command_id == p.EnquireLink.command_id:
            self._send(p.EnquireLinkResp(sequence_number=pdu.sequence_number))
        elif pdu.command_id == p.Unbind.command_id:
            self._send(p.UnbindResp(sequence_number=pdu.sequence_number))
            self._end_once_settled("peer_unbound", now)
        elif pdu.command_id in _BINDS:
            bound = self.state in BOUND or self.state is State.BINDING
            self._refuse(pdu, st.RALYBND if bound else st.RINVBNDSTS)
        else:
            self._refuse(pdu, st.RINVBNDSTS)

    def _refuse(self, pdu: p.Pdu, status: int) -> None:
        kind = p.TYPES.get(pdu.command_id | p.RESPONSE, p.GenericNack)
        self._send(kind(sequence_number=pdu.sequence_number, status=status))

    def _answer_malformed(self, error: p.PduError, now: float) -> None:
        """S-04, S-05: answer with the sequence number, and go on. Nobody answers a response."""
        if error.command_id & p.RESPONSE:
            slot = self.window.close(error.sequence_number, error.command_id)
            if slot is None:
                self.unexpected_responses += 1
            elif slot.command_id in _OWN:
                self._take_own_response(slot, p.GenericNack(status=error.status), now)
            else:
                self._events.append(Unanswered(slot.context, lost=False))
            return
        kind = p.TYPES.get(error.command_id | p.RESPONSE, p.GenericNack)
        self._send(kind(sequence_number=error.sequence_number, status=error.status))

    def _timed_out(self, slot: Slot[Any]) -> None:
        if slot.command_id not in _OWN:
            self._events.append(Unanswered(slot.context, lost=False))
        elif slot.command_id in _BINDS:
            self._end("bind_timeout")
        elif slot.command_id == p.Unbind.command_id:
            self._end("unbind_timeout")
        elif slot.context > self._last_heard:  # S-18: since it was sent, nothing came at all
            self._enquiries += 1
            if self._enquiries >= 2:
                self._end("enquire_link_timeout")

    def _enquire(self, now: float) -> None:
        quiet_s = self.settings.enquire_link_s
        if quiet_s is None or self.state not in BOUND:
            return
        due = self._last_heard + quiet_s if self._enquiry_due is None else self._enquiry_due
        if now >= due:
            self._enquiry_due = now + max(quiet_s, self.settings.response_timeout_s)
            self._request(p.EnquireLink(), now, now)

    def _request(self, pdu: p.Pdu, context: Any, now: float) -> int:
        own = pdu.command_id in _OWN
        pdu.sequence_number = number = self.window.next_sequence()
        octets = p.encode(pdu if own else self._for_peer(pdu))
        self.window.open(number, Slot(context, pdu.command_id, now + self.settings.response_timeout_s, not own))
        if not own:
            self._last_request = now
        self._out.append(octets)
        return number

    def _for_peer(self, pdu: p.Pdu) -> p.Pdu:
        """The PDU without TLVs when the peer knows none (S-15). Raises EncodeError when they carry the message."""
        if self.peer_version >= _TLVS_SINCE or not pdu.has_tlvs:
            return pdu
        if any(tag in _CARRIERS for tag, _ in getattr(pdu, "tlvs")):  # noqa: B009  not every Pdu has it
            raise p.EncodeError("tlvs")
        return msgspec.structs.replace(pdu, tlvs=())

    def _send(self, pdu: p.Pdu) -> None:
        self._out.append(p.encode(pdu))

    def _end_once_settled(self, reason: str, now: float) -> None:
        """End when nothing is outstanding either way, or at the latest when a response would be late (S-19)."""
        self.state = State.UNBINDING
        self._ending = self._ending or reason
        self._end_by = now + self.settings.response_timeout_s

    def _end_if_settled(self, now: float) -> None:
        if self._ending and (now >= self._end_by or not (self.window or self.inbound)):
            self._end(self._ending)

    def _end(self, reason: str) -> None:
        if self.state is not State.CLOSED:
            self.state = State.CLOSED
            self._ended = Ended(reason)


_OWN: Final = frozenset({*_BINDS, p.Unbind.command_id, p.EnquireLink.command_id})
"""Requests whose answers concern the session alone."""

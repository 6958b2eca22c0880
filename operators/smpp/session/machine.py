"""One SMPP session as a state machine, for either side: octets and times in, events and octets out. It has no clock.

What may be received in which state stands in the table `TAKES`; anything else is answered ESME_RINVBNDSTS (S-12..S-14).
enquire_link, unbind and generic_nack are handled here in every state; responses are matched with their requests; all
other requests go to the host as `Request` events and are answered with `respond`. Requests behind a bind wait for the
host's verdict (S-02): what they bring lies in `take_events` after `accept_bind`. Outgoing PDUs gather in a buffer that
the host drains once per turn of its loop, so that many small PDUs leave in one write (S-66).
"""

from collections.abc import Sequence
from typing import Any, Final

from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.framing import Framer, FramingLost
from operators.smpp.session.answers import acceptance, octets_for, refusal
from operators.smpp.session.ending import Ending
from operators.smpp.session.events import (
    BindAsked,
    BindRefused,
    BindUnreadable,
    Bound,
    Ended,
    Event,
    Flawed,
    Heard,
    NotBound,
    Request,
    Response,
    Unanswered,
)
from operators.smpp.session.held import Held
from operators.smpp.session.liveness import Liveness
from operators.smpp.session.own import Own
from operators.smpp.session.rules import (
    AT_ONCE,
    BOUND,
    NEVER_ANSWERED,
    OWN,
    RECEIVES,
    SENDS,
    STATE_OF_BIND,
    TAKES,
    Role,
    SessionSettings,
    State,
)
from operators.smpp.window import Slot, Window

_ENQUIRE_LINK: Final = p.EnquireLink.command_id
_UNBIND: Final = p.Unbind.command_id
_NOTHING: Final = frozenset[int]()
_HOT: Final = p.DECODERS
_unpack_header: Final = p.HEADER.unpack_from
_pack_header: Final = p.HEADER.pack


class Session:
    """role: which side we are. now: seconds from any origin, the same for every call.

    alive: while it is `silent`, an answer is overdue, and whatever is sent is in doubt with what went before.
    """

    def __init__(self, role: Role, settings: SessionSettings, now: float) -> None:
        self.role = role
        self.settings = settings
        self.state = State.OPEN
        self.may_submit = False
        """The state lets the host send its requests: submit_sm as an ESME, deliver_sm as an SMSC."""
        self._submits_in = SENDS if role is Role.ESME else RECEIVES
        self._enter(State.OPEN)
        self.window: Window[Any] = Window(settings.window)
        self.peer_version = 0x34
        self.inbound = 0
        self.unexpected_responses = 0
        self._framer = Framer(settings.max_pdu_octets)
        self._out: list[bytes] = []
        self._events: list[Event] = []
        self._ended: Ended | None = None
        self._held = Held()
        self._ending = Ending()
        self._started = now
        self.alive = Liveness(settings.enquire_link_s, settings.response_timeout_s, now)
        self._own = Own(self.window, self.alive, settings.response_timeout_s)

    def _enter(self, state: State) -> None:
        self.state = state
        self._takes = TAKES[self.role].get(state, _NOTHING)
        self.may_submit = state in self._submits_in
        self._holds = state is State.BINDING and self.role is Role.SMSC
        self._is_bound = state in BOUND

    # ---------------------------------------------------------------------------------------------------- octets

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take what one read brought; everything that follows from it."""
        if self.alive.silent:
            self._events.append(Heard())
        self.alive.hear(now)
        try:
            frames = self._framer.feed(data)
        except FramingLost:
            frames = []
        if self.state is not State.CLOSED:
            self._take_frames(frames, now)
        if self._framer.lost and self.state is not State.CLOSED:
            self._out.append(refusal(p.GenericNack.command_id, 0, st.RINVCMDLEN))
            self._end("framing_lost")
        if self._ending.reason and self._ending.is_due(now, bool(self.window or self.inbound)):
            self._end(self._ending.reason)
        return self.take_events()

    def take_events(self) -> list[Event]:
        """What happened outside `receive` and `tick`, or is still to be reported; `Ended` stands last."""
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
        self._enter(State.BINDING)
        self.peer_version = pdu.interface_version
        self._out.append(self._own.request(pdu, pdu, now, self.settings.session_init_s))

    def accept_bind(self, asked: p.Bind, system_id: str) -> None:
        """SMSC: the bind stands. 3.3 peers get no TLV (S-15). Does nothing when the session has ended meanwhile.

        What came behind the bind is processed now; `take_events` has what follows from it (S-02).
        """
        if self.state is not State.BINDING:
            return
        self._enter(STATE_OF_BIND[asked.command_id])
        self.peer_version = asked.interface_version
        self._out.append(acceptance(asked, system_id))
        for pdu in self._held.take():
            self._take_request(pdu, self.alive.heard)

    def refuse_bind(self, asked: p.Bind, status: int) -> None:
        """SMSC: no, and no to what came behind it. The host closes after a pause (S-16)."""
        if self.state is not State.BINDING:
            return
        self._enter(State.OPEN)
        self._out.append(refusal(asked.command_id, asked.sequence_number, status))
        for pdu in self._held.take():
            self._take_other(pdu, self.alive.heard)

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
        window = self.window
        pdu.sequence_number = number = window.next_sequence()
        octets = octets_for(pdu, self.peer_version)
        window.open(number, Slot(context, pdu.command_id, now + self.settings.response_timeout_s))
        self.alive.last_request = now
        self._out.append(octets)
        return number

    def request_octets(self, command_id: int, body: bytes, context: Any, now: float) -> int:
        """Send a request of which the caller has written what stands behind the header, and no TLV (S-15).

        Otherwise as `request`, but nothing of the body is checked.
        """
        if not self.may_submit:
            raise NotBound
        number = self.window.next_sequence()
        self.window.open(number, Slot(context, command_id, now + self.settings.response_timeout_s))
        self.alive.last_request = now
        self._out.append(_pack_header(p.HEADER_OCTETS + len(body), command_id, 0, number))
        self._out.append(body)
        return number

    def respond(self, pdu: p.Pdu) -> None:
        """Answer a request of the peer; `pdu.sequence_number` is the request's. Dropped when the session has ended."""
        self.inbound -= self.inbound > 0
        if self.state is not State.CLOSED:
            self._out.append(octets_for(pdu, self.peer_version))

    def acknowledge(self, request: p.Pdu, message_id: bytes = b"") -> None:
        """Answer a message of the peer with ESME_ROK: `respond` with the usual response, for less.

        message_id: at most 64 octets, none of them 0; empty in the answer to a deliver_sm.
        """
        self.inbound -= self.inbound > 0
        if self.state is not State.CLOSED:
            kind, number = request.command_id | p.RESPONSE, request.sequence_number
            self._out.append(_pack_header(17 + len(message_id), kind, st.OK, number) + message_id + b"\0")

    def refuse(self, request: p.Pdu, status: int) -> None:
        """Answer a request of the peer with an error, unless its kind has no answer."""
        if request.command_id in NEVER_ANSWERED:
            return
        self.inbound -= self.inbound > 0
        if self.state is not State.CLOSED:
            self._out.append(refusal(request.command_id, request.sequence_number, status))

    def unbind(self, now: float) -> None:
        """Say goodbye: nothing new leaves from here on (S-19)."""
        if self.state in BOUND:
            self._enter(State.UNBINDING)
            self._out.append(self._own.request(p.Unbind(), None, now))

    # ----------------------------------------------------------------------------------------------------- times

    def tick(self, now: float) -> list[Event]:
        """What the passing of time brings: timeouts, enquire_link, an idle end. Nearly always nothing."""
        for slot in self.window.expire(now):
            if slot.command_id not in OWN:
                self._events.append(Unanswered(slot.context, lost=False))
                self.alive.doubt(now)
            elif reason := self._own.timed_out(slot):
                self._end(reason)
        settings = self.settings
        init_s = settings.session_init_s
        if self._is_bound:
            if settings.inactivity_s is not None and now - self.alive.last_request >= settings.inactivity_s:
                self.unbind(now)
            if self._is_bound and self.alive.asks(now):
                self._out.append(self._own.enquiry(now))
        elif self.state in (State.OPEN, State.BINDING) and init_s is not None and now - self._started >= init_s:
            self._end("session_init_timeout")
        if self._ending.reason and self._ending.is_due(now, bool(self.window or self.inbound)):
            self._end(self._ending.reason)
        return self.take_events()

    def connection_lost(self) -> list[Event]:
        """The socket is gone: every unanswered request is handed back (S-24)."""
        self._enter(State.CLOSED)
        self._held.take()
        for slot in self.window.abandon():
            if slot.command_id not in OWN:
                self._events.append(Unanswered(slot.context, lost=True))
        return self.take_events()

    # ------------------------------------------------------------------------------------------------- internals

    def _take_frames(self, frames: Sequence[bytes], now: float) -> None:
        """Nearly all are of the four kinds that `hot` reads; these take the short way, with the same outcome."""
        settings, alive, events = self.settings, self.alive, self._events
        for frame in frames:
            _, command_id, status, number = _unpack_header(frame)
            decode = _HOT.get(command_id)
            pdu = None if decode is None or self._holds else decode(frame, status, number)
            if pdu is None:
                self._take(frame, now)
                if self.state is State.CLOSED:
                    return
            elif command_id < p.RESPONSE:
                if settings.refuse_two_texts or self.inbound >= settings.inbound or command_id not in self._takes:
                    self._take_request(pdu, now)
                    continue
                alive.last_request = now  # S-17
                self.inbound += 1
                events.append(Request(pdu))
            elif (slot := self.window.close(number, command_id)) is not None:
                events.append(Response(slot.context, pdu))
            else:
                self._take_response(pdu, now)

    def _take(self, frame: bytes, now: float) -> None:
        """The long way: any PDU, with what is wrong with it. An operator's strings are cut, a customer's not (S-09)."""
        try:
            pdu, flaw = p.read(frame, long_password=self.settings.long_password, cut=self.role is Role.ESME)
        except p.PduError as error:
            if error.command_id & p.RESPONSE:  # of no kind that is known
                self.unexpected_responses += 1
            elif error.command_id not in NEVER_ANSWERED:  # S-04, S-05: answer with the sequence number, and go on
                self._out.append(refusal(error.command_id, error.sequence_number, error.status))
                if error.command_id in STATE_OF_BIND and self.role is Role.SMSC and self.state is State.OPEN:
                    self._events.append(BindUnreadable())
            return
        if flaw is not None:
            self._events.append(Flawed(pdu.command_id, flaw))
        if pdu.command_id & p.RESPONSE:
            self._take_response(pdu, now)
        elif self._holds and pdu.command_id not in AT_ONCE:
            if not self._held.add(pdu, len(frame)):
                self._out.append(refusal(pdu.command_id, pdu.sequence_number, st.RMSGQFUL))
        else:
            self._take_request(pdu, now)

    def _take_request(self, pdu: p.Pdu, now: float) -> None:
        command_id = pdu.command_id
        if command_id != _ENQUIRE_LINK:
            self.alive.last_request = now  # S-17
        if command_id not in self._takes:
            self._take_other(pdu, now)
        elif command_id in STATE_OF_BIND:
            self._enter(State.BINDING)
            self._started = now  # the peer was in time; the verdict has as long again (S-17)
            self._events.append(BindAsked(pdu))
        elif command_id in NEVER_ANSWERED:
            self._events.append(Request(pdu))
        elif self.inbound >= self.settings.inbound:
            self._out.append(refusal(pdu.command_id, pdu.sequence_number, st.RMSGQFUL))
        elif self.settings.refuse_two_texts and p.has_two_texts(pdu):
            self._out.append(refusal(pdu.command_id, pdu.sequence_number, st.RINVOPTPARSTREAM))
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
        elif slot.command_id not in OWN:
            self._events.append(Response(slot.context, pdu, late))
        elif not late and slot.command_id in STATE_OF_BIND:
            self._take_bind_response(slot.command_id, pdu, now)
        elif not late and slot.command_id == _UNBIND:
            self._end_once_settled("unbound", now)

    def _take_bind_response(self, command_id: int, pdu: p.Pdu, now: float) -> None:
        if pdu.status == st.OK and isinstance(pdu, p.BindResp):
            self._enter(STATE_OF_BIND[command_id])
            self.alive.last_request = now
            stated = p.find(pdu.tlvs, p.TAG_SC_INTERFACE_VERSION)
            if stated:  # S-15: without it the peer speaks what it was asked to
                self.peer_version = min(self.peer_version, stated[0])
            self._events.append(Bound(pdu))
        else:
            self._events.append(BindRefused(pdu.status or st.RBINDFAIL))
            self._end("bind_refused")

    def _take_other(self, pdu: p.Pdu, now: float) -> None:
        """What every state takes, and what this one does not."""
        if pdu.command_id == _ENQUIRE_LINK:
            self._out.append(p.encode(p.EnquireLinkResp(sequence_number=pdu.sequence_number)))
        elif pdu.command_id == _UNBIND:
            self._out.append(p.encode(p.UnbindResp(sequence_number=pdu.sequence_number)))
            self._end_once_settled("peer_unbound", now)
        elif pdu.command_id in STATE_OF_BIND:
            bound = self.state in BOUND or self.state is State.BINDING
            self._out.append(refusal(pdu.command_id, pdu.sequence_number, st.RALYBND if bound else st.RINVBNDSTS))
        elif pdu.command_id not in NEVER_ANSWERED:
            self._out.append(refusal(pdu.command_id, pdu.sequence_number, st.RINVBNDSTS))

    def _end_once_settled(self, reason: str, now: float) -> None:
        self._enter(State.UNBINDING)
        self._ending.begin(reason, now + self.settings.response_timeout_s)

    def _end(self, reason: str) -> None:
        if self.state is not State.CLOSED:
            self._enter(State.CLOSED)
            self._ended = Ended(reason)

"""The session of both sides, in memory: octets and times in, events and octets out."""

import msgspec
import pytest

from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.framing import Framer
from operators.smpp.session import (
    BindAsked,
    BindRefused,
    Bound,
    Ended,
    Flawed,
    Heard,
    NotBound,
    Request,
    Response,
    Role,
    Session,
    SessionSettings,
    State,
    Unanswered,
)
from operators.smpp.window import WindowFull

BINDS = {p.BindTransmitter: State.BOUND_TX, p.BindReceiver: State.BOUND_RX, p.BindTransceiver: State.BOUND_TRX}
QUIET = SessionSettings(window=3, response_timeout_s=10, enquire_link_s=None)


def sent(session: Session) -> list[p.Pdu]:
    return [p.decode(frame) for frame in Framer(1 << 20).feed(session.data_to_send())]


def octets(*pdus: p.Pdu) -> bytes:
    return b"".join(map(p.encode, pdus))


def raw(kind: type[p.Pdu], body: bytes, number: int) -> bytes:
    return p.HEADER.pack(p.HEADER_OCTETS + len(body), kind.command_id, st.OK, number) + body


def smsc(
    kind: type[p.Bind] | None = p.BindTransceiver, settings: SessionSettings = QUIET, version: int = 0x34
) -> Session:
    session = Session(Role.SMSC, settings, 0.0)
    if kind is not None:
        bind = kind(sequence_number=1, interface_version=version)
        assert session.receive(octets(bind), 0.0) == [BindAsked(bind)]
        session.accept_bind(bind, "smsc")
        session.data_to_send()
    return session


def esme(
    kind: type[p.Bind] | None = p.BindTransceiver,
    settings: SessionSettings = QUIET,
    version: int = 0x34,
    tlvs: p.Tlvs = (),
) -> Session:
    session = Session(Role.ESME, settings, 0.0)
    if kind is not None:
        session.bind(kind(interface_version=version), 0.0)
        answer = p.TYPES[kind.command_id | p.RESPONSE](sequence_number=1, tlvs=tlvs)  # type: ignore[call-arg]
        assert session.receive(octets(answer), 0.0) == [Bound(answer)]
        session.data_to_send()
    return session


def built(kind: type[p.Pdu]) -> p.Pdu:
    return p.SubmitMulti(5, destinations=(p.DistributionList("all"),)) if kind is p.SubmitMulti else kind(5)


def submitted(session: Session, context: object = "a", now: float = 0.0) -> int:
    number = session.request(p.SubmitSm(short_message=b"x"), context, now)
    session.data_to_send()
    return number


# --------------------------------------------------------------------------------------------- states and requests


@pytest.mark.smpp("S-14")
@pytest.mark.parametrize("bind", BINDS)
@pytest.mark.parametrize("kind", [p.SubmitSm, p.SubmitMulti, p.DataSm, p.QuerySm, p.CancelSm, p.ReplaceSm])
def test_an_smsc_takes_messages_from_binds_that_transmit(bind: type[p.Bind], kind: type[p.Pdu]) -> None:
    session, request = smsc(bind), built(kind)
    events = session.receive(octets(request), 1.0)
    if bind is p.BindReceiver:
        assert (events, [pdu.status for pdu in sent(session)]) == ([], [st.RINVBNDSTS])
    else:
        assert (events, sent(session)) == ([Request(request)], [])


@pytest.mark.smpp("S-14")
@pytest.mark.parametrize("bind", BINDS)
@pytest.mark.parametrize("kind", [p.DeliverSm, p.DataSm])
def test_an_esme_takes_messages_on_binds_that_receive(bind: type[p.Bind], kind: type[p.Pdu]) -> None:
    session, request = esme(bind), kind(sequence_number=5)
    events = session.receive(octets(request), 1.0)
    if bind is p.BindTransmitter:
        assert (events, [pdu.status for pdu in sent(session)]) == ([], [st.RINVBNDSTS])
    else:
        assert (events, sent(session)) == ([Request(request)], [])


@pytest.mark.smpp("S-14")
def test_neither_side_takes_what_only_the_other_may_get() -> None:
    for session, request in ((smsc(), p.DeliverSm(sequence_number=5)), (esme(), p.SubmitSm(sequence_number=5))):
        assert session.receive(octets(request), 1.0) == []
        assert [pdu.status for pdu in sent(session)] == [st.RINVBNDSTS]


@pytest.mark.smpp("S-12")
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", [p.SubmitSm, p.DeliverSm, p.DataSm, p.QuerySm, p.CancelSm, p.ReplaceSm])
def test_before_a_bind_nothing_else_is_taken(role: Role, kind: type[p.Pdu]) -> None:
    session = Session(role, QUIET, 0.0)
    assert session.receive(octets(kind(sequence_number=9)), 0.0) == []
    assert [(pdu.status, pdu.sequence_number) for pdu in sent(session)] == [(st.RINVBNDSTS, 9)]
    assert session.state is State.OPEN


@pytest.mark.smpp("S-12")
@pytest.mark.parametrize("role", Role)
def test_before_a_bind_an_enquire_link_is_answered_and_a_nack_changes_nothing(role: Role) -> None:
    session = Session(role, QUIET, 0.0)
    assert session.receive(octets(p.GenericNack(1, st.RINVCMDID), p.EnquireLink(2)), 0.0) == []
    assert sent(session) == [p.EnquireLinkResp(2)]
    assert (session.state, session.unexpected_responses) == (State.OPEN, 1)


@pytest.mark.smpp("S-12")
def test_an_smsc_takes_no_outbind() -> None:
    session = Session(Role.SMSC, QUIET, 0.0)
    assert session.receive(octets(p.Outbind(1, system_id="smsc")), 0.0) == []
    assert sent(session) == []


@pytest.mark.smpp("S-13")
@pytest.mark.parametrize("bind", BINDS)
def test_a_second_bind_is_told_that_the_first_stands(bind: type[p.Bind]) -> None:
    session = smsc()
    assert session.receive(octets(bind(sequence_number=5)), 1.0) == []
    assert [pdu.status for pdu in sent(session)] == [st.RALYBND]
    assert session.state is State.BOUND_TRX


@pytest.mark.parametrize(("bind", "state"), BINDS.items())
def test_a_bind_decides_the_state_of_both_sides(bind: type[p.Bind], state: State) -> None:
    assert smsc(bind).state is esme(bind).state is state
    assert esme(bind).may_submit == (bind is not p.BindReceiver)
    assert smsc(bind).may_submit == (bind is not p.BindTransmitter)


@pytest.mark.smpp("S-16")
@pytest.mark.parametrize("status", [st.RINVPASWD, st.RINVSYSID, st.RBINDFAIL])
def test_a_refusal_says_what_the_host_wants_said_and_binds_nobody(status: int) -> None:
    session, bind = smsc(None), p.BindTransceiver(sequence_number=1, password="guess")
    session.receive(octets(bind), 0.0)
    session.refuse_bind(bind, status)
    assert sent(session) == [p.BindTransceiverResp(1, status)]
    assert (session.may_submit, session.state) == (False, State.OPEN)


@pytest.mark.smpp("S-16")
def test_a_refused_bind_ends_the_esme() -> None:
    session = esme(None)
    session.bind(p.BindTransceiver(), 0.0)
    answer = p.BindTransceiverResp(sequence_number=1, status=st.RINVPASWD)
    assert session.receive(octets(answer), 0.0) == [BindRefused(st.RINVPASWD), Ended("bind_refused")]


@pytest.mark.smpp("S-11")
@pytest.mark.parametrize("refuse", [True, False])
def test_a_message_with_two_texts_is_refused_where_the_peer_is_held_to_the_standard(refuse: bool) -> None:
    session = smsc(settings=msgspec.structs.replace(QUIET, refuse_two_texts=refuse))
    both = p.SubmitSm(sequence_number=5, short_message=b"x", tlvs=((p.TAG_MESSAGE_PAYLOAD, b"y"),))
    events = session.receive(octets(both), 1.0)
    refused = [p.SubmitSmResp(sequence_number=5, status=st.RINVOPTPARSTREAM)]
    assert (events, sent(session)) == (([], refused) if refuse else ([Request(both)], []))
    assert session.inbound == (not refuse)


@pytest.mark.smpp("S-28")
def test_an_outbind_goes_to_the_host() -> None:
    outbind = p.Outbind(sequence_number=1, system_id="smsc")
    assert esme(None).receive(octets(outbind), 0.0) == [Request(outbind)]


# ----------------------------------------------------------------------------------------------- behind the bind


@pytest.mark.smpp("S-02")
def test_what_comes_behind_a_bind_is_taken_after_its_verdict() -> None:
    session, bind = smsc(None), p.BindTransceiver(sequence_number=1)
    messages = [p.SubmitSm(sequence_number=2), p.SubmitSm(sequence_number=3)]
    assert session.receive(octets(bind, *messages), 0.0) == [BindAsked(bind)]
    assert session.take_events() == []
    session.accept_bind(bind, "smsc")
    assert session.take_events() == [Request(each) for each in messages]
    assert [pdu.command_id for pdu in sent(session)] == [p.BindTransceiverResp.command_id]


@pytest.mark.smpp("S-02")
def test_what_comes_behind_a_refused_bind_is_refused() -> None:
    session, bind = smsc(None), p.BindTransceiver(sequence_number=1)
    session.receive(octets(bind, p.SubmitSm(sequence_number=2)), 0.0)
    session.refuse_bind(bind, st.RINVPASWD)
    assert [(pdu.sequence_number, pdu.status) for pdu in sent(session)] == [(1, st.RINVPASWD), (2, st.RINVBNDSTS)]
    assert session.take_events() == []


@pytest.mark.smpp("S-02")
def test_only_so_much_waits_behind_a_bind() -> None:
    session, bind = smsc(None), p.BindTransceiver(sequence_number=1)
    session.receive(octets(bind, *(p.SubmitSm(sequence_number=2 + number) for number in range(1_010))), 0.0)
    assert [pdu.status for pdu in sent(session)] == [st.RMSGQFUL] * 10
    session.accept_bind(bind, "smsc")
    assert len(session.take_events()) == 1_000


@pytest.mark.smpp("S-02")
def test_what_comes_behind_the_answer_to_a_bind_is_taken() -> None:
    session = esme(None)
    session.bind(p.BindTransceiver(), 0.0)
    answer, receipt = p.BindTransceiverResp(sequence_number=1), p.DeliverSm(sequence_number=1)
    assert session.receive(octets(answer, receipt), 0.0) == [Bound(answer), Request(receipt)]


@pytest.mark.smpp("S-18")
def test_an_enquire_link_does_not_wait_for_the_verdict_on_a_bind() -> None:
    session = smsc(None)
    session.receive(octets(p.BindTransceiver(sequence_number=1), p.EnquireLink(sequence_number=2)), 0.0)
    assert sent(session) == [p.EnquireLinkResp(sequence_number=2)]


@pytest.mark.parametrize("accept", [True, False])
def test_a_verdict_after_the_end_does_nothing(accept: bool) -> None:
    session, bind = smsc(None), p.BindTransceiver(sequence_number=1)
    session.receive(octets(bind), 0.0)
    session.connection_lost()
    if accept:
        session.accept_bind(bind, "smsc")
    else:
        session.refuse_bind(bind, st.RINVPASWD)
    assert (session.state, session.data_to_send()) == (State.CLOSED, b"")


# ------------------------------------------------------------------------------------------------ broken octets


@pytest.mark.smpp("S-03")
@pytest.mark.parametrize("length", [0, 15, 0xFFFFFFFF])
def test_an_impossible_length_ends_the_session_after_a_nack(length: int) -> None:
    session = smsc()
    good = p.SubmitSm(sequence_number=2)
    assert session.receive(octets(good) + length.to_bytes(4, "big"), 1.0) == [Request(good), Ended("framing_lost")]
    assert sent(session) == [p.GenericNack(status=st.RINVCMDLEN)]
    assert session.receive(octets(good), 2.0) == []


@pytest.mark.smpp("S-04")
def test_an_unknown_command_is_nacked_and_the_stream_goes_on() -> None:
    session, good = smsc(), p.SubmitSm(sequence_number=2)
    assert session.receive(p.HEADER.pack(16, 0x777, 0, 0) + octets(good), 1.0) == [Request(good)]
    assert sent(session) == [p.GenericNack(status=st.RINVCMDID)]


@pytest.mark.smpp("S-05")
def test_a_broken_body_is_answered_and_the_stream_goes_on() -> None:
    session, good = smsc(), p.SubmitSm(sequence_number=2)
    broken = p.HEADER.pack(26, p.SubmitSm.command_id, 0, 0x80000001) + b"x" * 10
    assert session.receive(broken + octets(good), 1.0) == [Request(good)]
    assert sent(session) == [p.SubmitSmResp(sequence_number=0x80000001, status=st.RINVSERTYP)]


@pytest.mark.case("smpp-1")
@pytest.mark.smpp("S-05")
@pytest.mark.parametrize(
    ("body", "message_id", "flaw"),
    [(b"x", "x", p.Flaw.CUT), (b"R1\0\0", "R1", p.Flaw.TAIL), (b"", "", p.Flaw.NO_ID), (b"\0", "", p.Flaw.NO_ID)],
)
def test_a_response_of_success_with_a_flawed_body_is_a_success(body: bytes, message_id: str, flaw: p.Flaw) -> None:
    """Until now its outcome was unknown, and the message was sent again."""
    session = esme()
    number = submitted(session)
    answer = p.SubmitSmResp(number, message_id=message_id)
    odd = raw(p.SubmitSmResp, body, number)
    assert session.receive(odd, 1.0) == [Flawed(p.SubmitSmResp.command_id, flaw), Response("a", answer)]
    assert (session.data_to_send(), len(session.window)) == (b"", 0)


@pytest.mark.case("smpp-1")
def test_flawed_responses_among_sound_ones_take_their_turn() -> None:
    session = esme()
    first, second, third = (submitted(session, context) for context in "abc")
    stream = [raw(p.SubmitSmResp, b"1\0", first), raw(p.SubmitSmResp, b"2", second), raw(p.SubmitSmResp, b"3\0", third)]
    events = session.receive(b"".join(stream), 1.0)
    assert [each.context for each in events if isinstance(each, Response)] == ["a", "b", "c"]


@pytest.mark.case("smpp-2")
@pytest.mark.parametrize(
    ("body", "flaw"), [(b"s" * 19 + b"\0", p.Flaw.CUT), (b"smsc", p.Flaw.CUT), (b"smsc\0\0", p.Flaw.TAIL)]
)
def test_a_flawed_answer_to_a_bind_binds(body: bytes, flaw: p.Flaw) -> None:
    session = esme(None)
    session.bind(p.BindTransceiver(), 0.0)
    told, bound = session.receive(raw(p.BindTransceiverResp, body, 1), 0.0)
    assert (told, type(bound)) == (Flawed(p.BindTransceiverResp.command_id, flaw), Bound)
    assert session.may_submit


@pytest.mark.case("smpp-1")
def test_flawed_answers_to_the_session_s_own_requests_are_answers() -> None:
    session = esme(settings=msgspec.structs.replace(QUIET, enquire_link_s=5.0))
    session.tick(5.0)
    (asked,) = sent(session)
    tail = p.Flaw.TAIL
    kind = p.EnquireLinkResp
    assert session.receive(raw(kind, b"\0", asked.sequence_number), 5.0) == [Flawed(kind.command_id, tail)]
    assert session.tick(15.0) == []
    session.unbind(15.0)
    *_, unbind = sent(session)
    answer = raw(p.UnbindResp, b"\0", unbind.sequence_number)
    assert session.receive(answer, 16.0) == [Flawed(p.UnbindResp.command_id, tail), Ended("unbound")]


@pytest.mark.case("smpp-5")
@pytest.mark.parametrize(
    ("body", "flaw"), [(b"x", p.Flaw.CUT), (b"\0\0", p.Flaw.TAIL), (b"\0\x14\0\0\4a", p.Flaw.TAIL)]
)
def test_a_flawed_answer_to_a_receipt_acknowledges_it(body: bytes, flaw: p.Flaw) -> None:
    session = smsc()
    number = session.request(p.DeliverSm(short_message=b"x"), "a", 0.0)
    flawed, answer = session.receive(raw(p.DeliverSmResp, body, number), 1.0)
    assert flawed == Flawed(p.DeliverSmResp.command_id, flaw)
    assert isinstance(answer, Response)
    assert (answer.context, answer.pdu.status) == ("a", st.OK)


@pytest.mark.case("smpp-3")
@pytest.mark.smpp("S-09")
def test_a_request_with_a_bad_tail_is_taken_and_an_overlong_string_only_from_an_operator() -> None:
    sound = p.encode(p.DeliverSm(source_addr="1" * 20, short_message=b"x"))[16:]
    tailed, overlong = sound + b"\0", sound.replace(b"1" * 20, b"1" * 25)
    for body, flaw in ((tailed, p.Flaw.TAIL), (overlong, p.Flaw.CUT)):
        session = esme()
        events = session.receive(raw(p.DeliverSm, body, 5), 1.0)
        assert events[0] == Flawed(p.DeliverSm.command_id, flaw)
        assert events[1:] == [Request(p.DeliverSm(5, source_addr="1" * 20, short_message=b"x"))]
    session = smsc()
    assert [type(each) for each in session.receive(raw(p.SubmitSm, tailed, 5), 1.0)] == [Flawed, Request]
    assert session.receive(raw(p.SubmitSm, overlong, 6), 1.0) == []
    assert [(pdu.sequence_number, pdu.status) for pdu in sent(session)] == [(6, st.RINVSRCADR)]


# ------------------------------------------------------------------------------------------------------ versions


@pytest.mark.smpp("S-15")
def test_a_peer_of_3_3_gets_no_tlvs() -> None:
    session = smsc(version=0x33)
    session.request(p.DeliverSm(short_message=b"x", tlvs=((p.TAG_MESSAGE_STATE, b"\2"),)), "a", 0.0)
    session.respond(p.SubmitSmResp(sequence_number=4, tlvs=((0x1400, b""),)))
    assert [getattr(pdu, "tlvs", None) for pdu in sent(session)] == [(), ()]


@pytest.mark.smpp("S-15")
@pytest.mark.parametrize(("version", "tlv"), [(0x34, ((p.TAG_SC_INTERFACE_VERSION, b"\x34"),)), (0x33, ())])
def test_the_answer_to_a_bind_tells_the_version_to_those_who_know_tlvs(version: int, tlv: p.Tlvs) -> None:
    session, bind = smsc(None), p.BindTransceiver(sequence_number=1, interface_version=version)
    session.receive(octets(bind), 0.0)
    session.accept_bind(bind, "smsc")
    assert [getattr(pdu, "tlvs", None) for pdu in sent(session)] == [tlv]


@pytest.mark.smpp("S-15")
@pytest.mark.parametrize(("own", "told", "noted"), [(0x34, 0x33, 0x33), (0x34, None, 0x34), (0x33, 0x34, 0x33)])
def test_the_esme_notes_the_version_of_the_smsc(own: int, told: int | None, noted: int) -> None:
    tlvs: p.Tlvs = () if told is None else ((p.TAG_SC_INTERFACE_VERSION, bytes((told,))),)
    assert esme(version=own, tlvs=tlvs).peer_version == noted


@pytest.mark.smpp("S-15")
def test_a_tlv_that_carries_the_message_is_not_left_out() -> None:
    session = esme(version=0x33)
    with pytest.raises(p.EncodeError, match=r"^tlvs$"):
        session.request(p.SubmitSm(tlvs=((p.TAG_MESSAGE_PAYLOAD, b"x"),)), "a", 0.0)
    assert len(session.window) == 0


# ---------------------------------------------------------------------------------------- requests and responses


@pytest.mark.smpp("S-20")
def test_a_request_past_the_window_is_an_error_and_does_not_leave() -> None:
    session = esme()
    numbers = [submitted(session) for _ in range(3)]
    with pytest.raises(WindowFull):
        session.request(p.SubmitSm(), "b", 0.0)
    assert session.data_to_send() == b""
    session.receive(octets(p.SubmitSmResp(sequence_number=numbers[1])), 1.0)
    assert session.can_send()


@pytest.mark.smpp("S-20")
def test_an_enquire_link_takes_no_place_of_a_message() -> None:
    session = esme(settings=msgspec.structs.replace(QUIET, window=1, enquire_link_s=5.0))
    session.tick(5.0)
    assert [pdu.command_id for pdu in sent(session)] == [p.EnquireLink.command_id]
    submitted(session, now=5.0)


@pytest.mark.smpp("S-22")
def test_an_answer_that_races_its_request_back_settles_it() -> None:
    session = esme()
    number = session.request(p.SubmitSm(short_message=b"x"), "a", 0.0)
    answer = p.SubmitSmResp(number, message_id="1")
    assert session.receive(octets(answer), 0.0) == [Response("a", answer)]  # before a byte of it was drained
    assert session.unexpected_responses == 0


@pytest.mark.smpp("S-22")
def test_a_request_that_cannot_be_written_is_not_registered() -> None:
    session = esme()
    with pytest.raises(p.EncodeError):
        session.request(p.SubmitSm(destination_addr="1\0"), "a", 0.0)
    assert (len(session.window), session.data_to_send()) == (0, b"")


@pytest.mark.smpp("S-21")
def test_responses_that_nobody_waits_for_are_counted_and_dropped() -> None:
    session = esme()
    number = submitted(session)
    wrong = [p.DeliverSmResp(sequence_number=number), p.SubmitSmResp(999, message_id="1"), p.GenericNack()]
    assert session.receive(octets(*wrong), 1.0) == []
    answer = p.SubmitSmResp(sequence_number=number, message_id="1")
    assert session.receive(octets(answer, answer), 1.0) == [Response("a", answer)]
    assert session.unexpected_responses == 4


@pytest.mark.smpp("S-21")
def test_a_nack_settles_a_request() -> None:
    session = esme()
    nack = p.GenericNack(sequence_number=submitted(session), status=st.RINVCMDID)
    assert session.receive(octets(nack), 1.0) == [Response("a", nack)]


@pytest.mark.smpp("S-23")
def test_a_request_without_answer_is_unknown_and_a_late_one_still_settles_it() -> None:
    session = esme()
    number = submitted(session, now=1.0)
    assert session.tick(10.9) == []
    assert session.tick(11.0) == [Unanswered("a", lost=False)]
    assert session.window.room() == 3
    answer = p.SubmitSmResp(sequence_number=number, message_id="1")
    assert session.receive(octets(answer), 12.0) == [Response("a", answer, late=True)]


@pytest.mark.smpp("S-24")
def test_a_lost_link_hands_back_every_message() -> None:
    session = esme()
    for context in "abc":
        submitted(session, context)
    assert session.connection_lost() == [Unanswered(context, lost=True) for context in "abc"]
    assert session.connection_lost() == []
    with pytest.raises(NotBound):
        session.request(p.SubmitSm(), "d", 1.0)


@pytest.mark.smpp("S-20")
def test_the_peer_may_have_only_so_much_unanswered() -> None:
    session = smsc(settings=msgspec.structs.replace(QUIET, inbound=1))
    first, second = p.SubmitSm(sequence_number=1), p.SubmitSm(sequence_number=2)
    assert session.receive(octets(first, second), 1.0) == [Request(first)]
    assert sent(session) == [p.SubmitSmResp(sequence_number=2, status=st.RMSGQFUL)]


def test_answering_twice_leaves_the_count_sound() -> None:
    session = smsc()
    session.receive(octets(p.SubmitSm(sequence_number=1)), 1.0)
    for _ in range(2):
        session.respond(p.SubmitSmResp(sequence_number=1))
        session.refuse(p.SubmitSm(sequence_number=1), st.RSYSERR)
    assert session.inbound == 0


def test_an_answer_after_the_end_is_dropped() -> None:
    session = smsc()
    session.receive(octets(p.SubmitSm(sequence_number=1)), 1.0)
    session.connection_lost()
    session.respond(p.SubmitSmResp(sequence_number=1))
    session.refuse(p.SubmitSm(sequence_number=1), st.RSYSERR)
    assert session.data_to_send() == b""


def test_nobody_answers_an_alert() -> None:
    session, alert = esme(), p.AlertNotification(sequence_number=1)
    assert session.receive(octets(alert), 1.0) == [Request(alert)]
    session.refuse(alert, st.RINVCMDID)
    assert (session.inbound, session.data_to_send()) == (0, b"")


# -------------------------------------------------------------------------------------------------------- unbind


@pytest.mark.smpp("S-19")
def test_an_unbind_is_answered_and_ends_the_session() -> None:
    session = esme()
    assert session.receive(octets(p.Unbind(sequence_number=8)), 1.0) == [Ended("peer_unbound")]
    assert sent(session) == [p.UnbindResp(sequence_number=8)]


@pytest.mark.smpp("S-19")
def test_after_the_peers_unbind_answers_are_awaited_and_nothing_new_leaves() -> None:
    session = esme()
    number = submitted(session)
    assert session.receive(octets(p.Unbind(sequence_number=8)), 1.0) == []
    assert sent(session) == [p.UnbindResp(sequence_number=8)]
    assert not session.can_send()
    with pytest.raises(NotBound):
        session.request(p.SubmitSm(), "b", 1.0)
    answer = p.SubmitSmResp(sequence_number=number, message_id="1")
    assert session.receive(octets(answer), 2.0) == [Response("a", answer), Ended("peer_unbound")]


@pytest.mark.smpp("S-19")
def test_after_the_peers_unbind_answers_are_awaited_up_to_a_limit() -> None:
    session = esme()
    submitted(session, now=0.5)
    session.receive(octets(p.Unbind(sequence_number=8)), 1.0)
    assert session.tick(10.5) == [Unanswered("a", lost=False), Ended("peer_unbound")]


@pytest.mark.smpp("S-19")
def test_what_the_peer_asked_before_its_unbind_is_still_answered() -> None:
    session, request = smsc(), p.SubmitSm(sequence_number=7)
    assert session.receive(octets(request, p.Unbind(sequence_number=8)), 1.0) == [Request(request)]
    session.respond(p.SubmitSmResp(sequence_number=7))
    assert [pdu.sequence_number for pdu in sent(session)] == [8, 7]
    assert session.tick(1.25) == [Ended("peer_unbound")]


@pytest.mark.smpp("S-19")
def test_our_own_unbind_awaits_what_is_outstanding() -> None:
    session = esme()
    number = submitted(session)
    session.unbind(1.0)
    unbind = sent(session)[0]
    assert not session.may_submit
    assert session.receive(octets(p.UnbindResp(sequence_number=unbind.sequence_number)), 2.0) == []
    answer = p.SubmitSmResp(sequence_number=number, message_id="1")
    assert session.receive(octets(answer), 3.0) == [Response("a", answer), Ended("unbound")]


@pytest.mark.smpp("S-19")
def test_an_unbind_without_answer_ends_by_time() -> None:
    session = esme()
    session.unbind(1.0)
    assert session.tick(11.0) == [Ended("unbind_timeout")]


# -------------------------------------------------------------------------------------------------------- timers

LINK = SessionSettings(enquire_link_s=30.0, response_timeout_s=10.0)


@pytest.mark.smpp("S-17")
@pytest.mark.parametrize("role", Role)
def test_a_session_that_does_not_bind_in_time_ends(role: Role) -> None:
    session = Session(role, SessionSettings(session_init_s=10.0), 5.0)
    assert session.tick(14.9) == []
    assert session.tick(15.0) == [Ended("session_init_timeout")]


@pytest.mark.smpp("S-17")
def test_octets_that_trickle_in_do_not_put_off_the_end_of_a_session_that_does_not_bind() -> None:
    session = Session(Role.SMSC, SessionSettings(session_init_s=10.0), 0.0)
    bind = octets(p.BindTransceiver(sequence_number=1, system_id="slow"))
    for at in range(9):
        assert session.receive(bind[at : at + 1], float(at)) == []
        assert session.tick(float(at)) == []
    assert session.tick(10.0) == [Ended("session_init_timeout")]
    assert session.receive(bind[9:], 11.0) == []


@pytest.mark.smpp("S-17")
def test_a_verdict_that_does_not_come_ends_the_session_too() -> None:
    session = Session(Role.SMSC, SessionSettings(session_init_s=10.0), 0.0)
    session.receive(octets(p.BindTransceiver(sequence_number=1)), 9.0)
    assert session.tick(18.9) == []
    assert session.tick(19.0) == [Ended("session_init_timeout")]


@pytest.mark.smpp("S-17")
def test_a_session_with_enquire_links_alone_is_idle() -> None:
    session = smsc(settings=msgspec.structs.replace(QUIET, inactivity_s=60.0))
    for now in (20.0, 40.0, 59.0):
        session.receive(octets(p.EnquireLink(sequence_number=1)), now)
    session.data_to_send()
    session.tick(59.9)
    assert session.state is State.BOUND_TRX
    session.tick(60.0)
    assert [pdu.command_id for pdu in sent(session)] == [p.Unbind.command_id]


@pytest.mark.smpp("S-17")
def test_a_session_with_messages_is_not_idle() -> None:
    settings = msgspec.structs.replace(QUIET, inactivity_s=60.0)
    taking, sending = smsc(settings=settings), esme(settings=settings)
    taking.receive(octets(p.SubmitSm(sequence_number=1)), 59.0)
    submitted(sending, now=59.0)
    for session in (taking, sending):
        session.tick(118.0)
        assert session.state is State.BOUND_TRX


@pytest.mark.smpp("S-18")
@pytest.mark.parametrize("session", [smsc(None), smsc(), esme(None), esme(p.BindTransmitter), esme(p.BindReceiver)])
def test_an_enquire_link_is_answered_in_every_state(session: Session) -> None:
    session.receive(octets(p.EnquireLink(sequence_number=0)), 1.0)
    assert sent(session) == [p.EnquireLinkResp(sequence_number=0)]


@pytest.mark.smpp("S-18")
def test_two_unanswered_enquire_links_end_a_silent_link() -> None:
    session = esme(settings=LINK)
    ends = {now: session.tick(float(now)) for now in range(101)}
    assert [pdu.command_id for pdu in sent(session)] == [p.EnquireLink.command_id] * 2
    assert {now: events for now, events in ends.items() if events} == {70: [Ended("enquire_link_timeout")]}


@pytest.mark.smpp("S-18")
def test_a_link_on_which_anything_comes_is_alive() -> None:
    session = esme(settings=LINK)
    for now in range(1, 500):
        assert session.tick(float(now)) == []
        if now % 33 == 0:  # never the answer to an enquire_link, but something
            session.receive(octets(p.EnquireLink(sequence_number=now)), float(now))


@pytest.mark.smpp("S-18")
def test_the_end_stands_behind_everything_else_that_a_tick_brings() -> None:
    session = esme(settings=LINK)
    session.tick(30.0)
    session.tick(60.0)
    submitted(session, now=60.0)
    assert session.tick(70.0) == [Unanswered("a", lost=False), Ended("enquire_link_timeout")]


@pytest.mark.smpp("S-18")
@pytest.mark.smpp("S-23")
def test_a_peer_that_owes_an_answer_and_says_nothing_is_asked_at_once() -> None:
    session = esme(settings=LINK)
    submitted(session, now=1.0)
    sent(session)
    session.tick(11.0)
    assert session.alive.silent
    (asked,) = sent(session)
    assert session.receive(octets(p.EnquireLinkResp(sequence_number=asked.sequence_number)), 11.1) == [Heard()]
    assert not session.alive.silent
    assert session.receive(octets(p.EnquireLink(sequence_number=1)), 11.2) == []


@pytest.mark.smpp("S-18")
def test_a_silent_peer_is_asked_twice_without_a_pause() -> None:
    session = esme(settings=LINK)
    submitted(session, now=1.0)
    ends = {now: session.tick(float(now)) for now in range(1, 101)}
    assert {now: events for now, events in ends.items() if events} == {
        11: [Unanswered("a", lost=False)],
        31: [Ended("enquire_link_timeout")],
    }


@pytest.mark.smpp("S-23")
def test_a_peer_that_answers_others_is_not_silent() -> None:
    session = esme(settings=LINK)
    submitted(session, now=1.0)
    session.receive(octets(p.EnquireLink(sequence_number=1)), 10.0)
    assert session.tick(11.0) == [Unanswered("a", lost=False)]
    assert not session.alive.silent


@pytest.mark.smpp("S-23")
def test_a_bind_without_answer_ends_by_time() -> None:
    session = Session(Role.ESME, SessionSettings(session_init_s=None), 0.0)
    session.bind(p.BindTransceiver(), 0.0)
    assert session.tick(10.0) == [Ended("bind_timeout")]


def test_no_event_shows_the_fields_of_its_pdu() -> None:
    bind = p.BindTransceiver(system_id="5550100", password="secret")
    assert "5550100" not in repr(BindAsked(bind)) + repr(Request(bind))
    assert "secret" not in repr(BindAsked(bind))


@pytest.mark.parametrize("kind", [p.SubmitSm, p.DataSm, p.DeliverSm])
@pytest.mark.parametrize("message_id", ["", "00c0ffee"])
def test_an_acknowledgement_is_the_usual_response(kind: type[p.Pdu], message_id: str) -> None:
    session = esme() if kind is p.DeliverSm else smsc()
    (event,) = session.receive(octets(kind(7)), 0.0)
    assert isinstance(event, Request)
    session.acknowledge(event.pdu, message_id.encode())
    assert sent(session) == [p.TYPES[kind.command_id | p.RESPONSE](7, message_id=message_id)]  # type: ignore[call-arg]
    assert session.inbound == 0


def test_octets_written_beforehand_are_a_request_like_any_other() -> None:
    session, pdu = esme(), p.SubmitSm(short_message=b"x")
    number = session.request_octets(pdu.command_id, p.encode(pdu)[p.HEADER_OCTETS :], "a", 0.0)
    (asked,) = sent(session)
    assert asked == msgspec.structs.replace(pdu, sequence_number=number)
    assert session.receive(octets(p.SubmitSmResp(number, message_id="1")), 0.0) == [
        Response("a", p.SubmitSmResp(number, message_id="1"))
    ]


def test_octets_written_beforehand_keep_to_the_window_and_the_state() -> None:
    session = esme()
    for _ in range(QUIET.window):
        session.request_octets(p.SubmitSm.command_id, b"", None, 0.0)
    session.data_to_send()
    with pytest.raises(WindowFull):
        session.request_octets(p.SubmitSm.command_id, b"", None, 0.0)
    with pytest.raises(NotBound):
        esme(None).request_octets(p.SubmitSm.command_id, b"", None, 0.0)
    assert session.data_to_send() == b""


@pytest.mark.case("smpp-21")
@pytest.mark.smpp("S-17")
def test_a_bind_may_take_as_long_as_the_session_takes_to_begin() -> None:
    session = Session(Role.ESME, SessionSettings(session_init_s=10.0, response_timeout_s=1.0), 0.0)
    session.bind(p.BindTransceiver(system_id="x"), 0.0)
    assert session.tick(9.9) == []
    assert session.tick(10.0) == [Ended("bind_timeout")]

"""What must hold for any octets at all. Every fuzzer feeds these: hypothesis, the mutating one, and atheris.

Each target takes octets and raises AssertionError (or whatever broke) when a promise does not hold; it keeps nothing.
"""

from collections.abc import Callable, Sequence
from typing import Final

from operators.smpp import pdu as p
from operators.smpp.framing import Framer, FramingLost
from operators.smpp.receipt import IdFormat, ReceiptSettings, parse_receipt
from operators.smpp.session import BindAsked, Ended, Event, Request, Role, Session, SessionSettings, State
from operators.smpp.session.held import LIMIT as HELD_LIMIT

FRAME_LIMIT: Final = 65_536
QUIET: Final = SessionSettings(window=8, inbound=100, enquire_link_s=None, long_password=True)
RECEIPTS: Final = tuple(
    ReceiptSettings(id_format=form, recognise_by_text=by_text) for form in IdFormat for by_text in (True, False)
)
LARGEST_ANSWER: Final = 16 + 16 + 5
"""A bind response with our system_id and one TLV."""


def pdu(octets: bytes) -> None:
    """A frame is read or refused; what is read is written and read again as the same."""
    if len(octets) < p.HEADER_OCTETS:
        octets = octets.ljust(p.HEADER_OCTETS, b"\0")
    try:
        read = p.decode(octets, long_password=True)
    except p.PduError as error:
        assert 0 < error.status < 0x400
        assert error.sequence_number == int.from_bytes(octets[12:16], "big")
        return
    assert read.command_id == int.from_bytes(octets[4:8], "big")
    if isinstance(read, p.Bind | p.Outbind) and len(read.password) > 8:
        return  # we read what we would not write
    if isinstance(read, p.SubmitMulti | p.SubmitMultiResp | p.MessageIdResp | p.ShortMessagePdu | p.DataSm):
        written = written_again(read)
    else:
        written = p.encode(read)
    assert int.from_bytes(written[:4], "big") == len(written)
    if not (read.status and read.command_id & p.RESPONSE):  # an error is written without its body
        assert p.decode(written) == read


def written_again(read: p.Pdu) -> bytes:
    if isinstance(read, p.WithText):
        p.has_two_texts(read)
        assert isinstance(p.user_data(read), bytes)
    assert len(repr(read)) < 100
    return p.encode(read)


def frames(octets: bytes) -> None:
    """Any cut of a stream gives the same frames, and never more is kept than a frame."""
    whole = cut_up(octets, len(octets) or 1)
    for step in (1, 7, 1_000):
        if len(octets) // step < 5_000:
            assert cut_up(octets, step) == whole


def cut_up(octets: bytes, step: int) -> tuple[list[bytes], bool]:
    framer, found = Framer(FRAME_LIMIT), []
    for at in range(0, len(octets), step):
        try:
            found += framer.feed(octets[at : at + step])
        except FramingLost:
            break
        assert framer.waiting_octets < FRAME_LIMIT
    return found, framer.lost


def session(octets: bytes, cuts: Sequence[int] = (), binds: int = 0) -> None:
    """A session of either side takes the stream, in any pieces: it answers at most as much as it was asked, counts what
    is with the host, and goes on until it says that it ended.

    cuts: sizes of the reads, used in turn. binds: which of the ways to begin.
    """
    peer = BEGINNINGS[binds % len(BEGINNINGS)]()
    at = turn = answered = 0
    while at < len(octets):
        size = cuts[turn % len(cuts)] if cuts else len(octets)
        events = peer.receive(octets[at : at + size], float(turn))
        answered += len(peer.data_to_send())
        answered += host(peer, events)
        at += size
        turn += 1
        assert 0 <= peer.inbound <= QUIET.inbound
        assert len(peer.window) <= QUIET.window
        if peer.state is State.CLOSED:
            break
    assert answered <= LARGEST_ANSWER * (len(octets) // p.HEADER_OCTETS + HELD_LIMIT + 2)
    peer.tick(1e6)
    peer.connection_lost()
    assert peer.state is State.CLOSED
    assert len(peer.window) == 0


def host(peer: Session, events: Sequence[Event]) -> int:
    """A host that binds everybody and answers every other request; the octets that leave."""
    while events:
        for event in events:
            if isinstance(event, Request):
                if event.pdu.sequence_number % 2:
                    peer.refuse(event.pdu, 0x08)
            elif isinstance(event, BindAsked):
                if event.pdu.sequence_number % 3:
                    peer.accept_bind(event.pdu, "smsc")
                else:
                    peer.refuse_bind(event.pdu, 0x0E)
            elif isinstance(event, Ended):
                assert peer.state is State.CLOSED
        events = peer.take_events()
    return len(peer.data_to_send())


def smsc() -> Session:
    return Session(Role.SMSC, QUIET, 0.0)


def bound_smsc() -> Session:
    made = smsc()
    made.receive(p.encode(p.BindTransceiver(1)), 0.0)
    made.accept_bind(p.BindTransceiver(1), "smsc")
    for _ in range(4):
        made.request(p.DeliverSm(), None, 0.0)
    made.data_to_send()
    return made


def esme() -> Session:
    made = Session(Role.ESME, QUIET, 0.0)
    made.bind(p.BindTransceiver(), 0.0)
    made.data_to_send()
    return made


def bound_esme() -> Session:
    made = esme()
    made.receive(p.encode(p.BindTransceiverResp(1)), 0.0)
    for _ in range(6):
        made.request(p.SubmitSm(), None, 0.0)
    made.data_to_send()
    return made


BEGINNINGS: Final[tuple[Callable[[], Session], ...]] = (bound_smsc, bound_esme, smsc, esme)


def receipt(octets: bytes) -> None:
    """Any text, with or without the bits and the TLVs, is a receipt or is not; ids and codes stay within bounds."""
    first = octets[0] if octets else 0
    settings = RECEIPTS[first % len(RECEIPTS)]
    tlvs = ((p.TAG_RECEIPTED_MESSAGE_ID, octets[1:40]), (p.TAG_MESSAGE_STATE, octets[1:2])) if first & 0x80 else ()
    found = parse_receipt(octets, tlvs, first & 0x7C, settings)
    if found is None:
        return
    assert len(found.candidates) <= 4
    assert all(0 < len(candidate) <= 64 for candidate in found.candidates)
    assert found.error_code is None or (len(found.error_code) <= 8 and found.error_code.isascii())


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "pdu": pdu,
    "frames": frames,
    "session": session,
    "receipt": receipt,
}

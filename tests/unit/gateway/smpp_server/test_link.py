"""When a customer's connection is read, and when it is not."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from gateway.accounts.customers import Esme
from gateway.smpp_server.link import Link
from operators.smpp import pdu as p
from operators.smpp.connection import Connection
from operators.smpp.session import BindAsked, Event, Request, SessionSettings
from operators.turns import Turns
from tests.integration.smpp_stage import submit
from tests.unit.gateway.road import an_api_key
from tests.unit.gateway.smpp_server.seat import a_seat

WINDOW = 10
ESME = Esme(id=1, system_id="bank", password="", key=an_api_key(), max_binds=None, window=None)


class Transport(asyncio.Transport):
    """Takes everything, and remembers whether it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True
        self.closed = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed


class Host:
    """Accepts every bind and answers nothing by itself."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.drains = 0

    def made(self, connection: Connection) -> None: ...

    def take(self, connection: Connection, events: Sequence[Event]) -> None:
        assert isinstance(connection, Link)
        for event in events:
            if isinstance(event, BindAsked):
                connection.session.accept_bind(event.pdu, "us")
                connection.bound_to(ESME, WINDOW)
            elif isinstance(event, Request):
                self.asked.append(event.pdu)

    def drained(self, link: Link) -> None:
        self.drains += 1

    def lost(self, connection: Connection) -> None: ...


@pytest.fixture
async def link() -> AsyncIterator[tuple[Link, Host, Transport]]:
    host, transport = Host(), Transport()
    link = Link(SessionSettings(), host, a_seat())
    link.connection_made(transport)
    link.data_received(p.encode(p.BindTransceiver(system_id="bank", sequence_number=1)))
    yield link, host, transport
    link.connection_lost(None)


def send(link: Link, count: int) -> None:
    pdus = [submit() for _ in range(count)]
    for number, pdu in enumerate(pdus, 2):
        pdu.sequence_number = number
    link.data_received(b"".join(map(p.encode, pdus)))


@pytest.mark.smpp("S-20")
async def test_beyond_its_window_a_peer_is_not_read_until_half_of_it_is_answered(
    link: tuple[Link, Host, Transport],
) -> None:
    peer, host, transport = link
    send(peer, WINDOW)
    assert transport.reading
    send(peer, 15)
    assert not transport.reading
    assert len(host.asked) == 25  # what one read brought is taken
    for pdu in host.asked[: 25 - WINDOW // 2 - 1]:
        peer.session.refuse(pdu, 8)
        peer.answered()
    assert not transport.reading
    peer.session.refuse(host.asked[-1], 8)
    peer.answered()
    assert transport.reading


@pytest.mark.smpp("S-26")
async def test_a_peer_that_does_not_read_is_not_read_and_gets_no_news(link: tuple[Link, Host, Transport]) -> None:
    peer, host, transport = link
    assert peer.receives()
    peer.pause_writing()
    assert not transport.reading
    assert not peer.receives()
    peer.resume_writing()
    assert transport.reading
    assert host.drains == 1


async def test_reading_resumes_only_when_both_reasons_are_gone(link: tuple[Link, Host, Transport]) -> None:
    peer, host, transport = link
    send(peer, 2 * WINDOW)
    peer.pause_writing()
    peer.resume_writing()
    assert not transport.reading
    for pdu in host.asked:
        peer.session.refuse(pdu, 8)
    peer.answered()
    assert transport.reading


def enquiries(octets: int) -> bytes:
    return p.encode(p.EnquireLink(sequence_number=1)) * (octets // p.HEADER_OCTETS)


FLOODS: dict[str, bytes] = {
    "enquire_link": enquiries(256_000),
    "of no known kind": p.HEADER.pack(16, 0x777, 0, 1) * 16_000,
    "responses": p.encode(p.EnquireLinkResp(sequence_number=1)) * 16_000,
    "query_sm": p.encode(p.QuerySm(sequence_number=1, message_id="ab" * 16)) * 4_000,
    "in a state that takes none": p.encode(p.SubmitSm(sequence_number=1)) * 4_000,
}


@pytest.mark.case("security-4")
@pytest.mark.parametrize("octets", FLOODS.values(), ids=FLOODS)
async def test_a_quiet_link_comes_between_the_slices_of_a_flood_and_the_flood_is_taken_whole(octets: bytes) -> None:
    turns, quiet_host, transport = Turns(), Host(), Transport()
    floods = [(Link(SessionSettings(), Host(), a_seat(), turns), Transport()) for _ in range(8)]
    quiet = Link(SessionSettings(), quiet_host, a_seat(), turns)
    for link, at in [*floods, (quiet, transport)]:
        link.connection_made(at)
    for link, at in floods:
        link.data_received(octets)
        assert not at.reading
    quiet.data_received(p.encode(p.BindTransceiver(system_id="bank", sequence_number=1)))
    quiet.data_received(p.encode(submit()))
    while not quiet_host.asked:
        await asyncio.sleep(0)
    assert all(link.unread_octets > len(octets) / 2 for link, _ in floods)
    while turns.busy:
        await asyncio.sleep(0)
    assert all(at.reading and not link.unread_octets for link, at in floods)
    for link, _ in [*floods, (quiet, transport)]:
        link.connection_lost(None)


@pytest.mark.case("security-4")
async def test_what_a_lost_customer_sent_last_is_not_worked_through() -> None:
    link, host, transport = Link(SessionSettings(), Host(), a_seat()), Host(), Transport()
    link.connection_made(transport)
    link.data_received(enquiries(256_000))
    link.connection_lost(None)
    assert (link.unread_octets, host.asked) == (0, [])

"""Peers that mean harm, or are broken: the other side answers as the standard says, holds little, and goes on.

Bounds are asserted on what is held (octets, entries, resident memory), never on time.
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import psutil
import pytest

from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.connection import Connection
from operators.smpp.session import Event, Role, Session, Unanswered
from tests.bounds import LIMIT_S
from tests.faults.stations import HASTY, SETTINGS, STATIONS, Peer, Station, bind, connected

GROWTH_MB = 32.0
UNSENT_LIMIT = 4 << 20
MESSAGE: dict[str, Any] = {
    "source_addr_ton": 5,
    "source_addr": "INTERKEY",
    "dest_addr_ton": 1,
    "dest_addr_npi": 1,
    "destination_addr": "966512345678",
    "short_message": b"x" * 100,
}
REFUSALS = {None, st.RINVPASWD, st.RINVSYSID, st.RBINDFAIL, st.RSYSERR}
"""None: turned away unheard. Otherwise wrong; too often wrong; too many at once."""


@pytest.fixture(params=STATIONS)
async def station(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Station]:
    async with STATIONS[request.param](tmp_path, SETTINGS) as prepared:
        yield prepared


@pytest.fixture(params=STATIONS)
async def hasty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Station]:
    """A station that cuts off who says nothing."""
    async with STATIONS[request.param](tmp_path, HASTY) as prepared:
        yield prepared


def rss_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


def submit(sequence_number: int) -> p.SubmitSm:
    return p.SubmitSm(sequence_number, **MESSAGE)


async def is_sound(station: Station) -> bool:
    """A well-behaved peer is served."""
    async with connected(station.port) as peer:
        answer = await peer.bind(station.account)
        await peer.send(submit(2))
        return answer.status == st.OK and (await peer.read(1))[0].status == st.OK


async def gone(station: Station) -> None:
    """Wait until no session is left; what ends them is their own timers and sockets."""
    async with asyncio.timeout(LIMIT_S):
        while station.sessions():
            await asyncio.sleep(0)


# ---------------------------------------------------------------------------------------------------------- binds


@pytest.mark.smpp("S-13")
async def test_a_flood_of_binds_on_one_connection_binds_once(station: Station) -> None:
    before = rss_mb()
    async with connected(station.port) as peer:
        sending = asyncio.ensure_future(peer.send(*(bind(number, station.account) for number in range(1, 20_001))))
        answers = await peer.read(20_000)
        await sending
        assert Counter(answer.status for answer in answers) == {st.OK: 1, st.RALYBND: 19_999}
        assert len(station.sessions()) == 1
    assert rss_mb() - before < station.growth_mb


@pytest.mark.smpp("S-16")
async def test_a_flood_of_connections_with_a_wrong_password_leaves_nothing(station: Station) -> None:
    before = rss_mb()

    async def guess() -> int | None:
        async with connected(station.port) as peer:
            await peer.send(bind(1, ("stranger", "wrong")))
            answers = await peer.read_to_the_end()
            return answers[0].status if answers else None

    for _ in range(5):
        assert set(await asyncio.gather(*(guess() for _ in range(60)))) <= REFUSALS
    await gone(station)
    assert await is_sound(station)
    assert rss_mb() - before < station.growth_mb


@pytest.mark.smpp("S-17")
async def test_a_bind_that_never_ends_is_cut_off(hasty: Station) -> None:
    octets = p.encode(bind(1, hasty.account))

    async def trickle(count: int) -> list[p.Pdu]:
        async with connected(hasty.port) as peer:
            for at in range(count):
                await peer.write(octets[at : at + 1])
            return await peer.read_to_the_end()

    for answers in await asyncio.gather(*(trickle(count % len(octets)) for count in range(60))):
        assert answers == []
    await gone(hasty)
    assert await is_sound(hasty)


# -------------------------------------------------------------------------------------------------------- framing


@pytest.mark.smpp("S-03")
@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x80000000, SETTINGS.max_pdu_octets + 1, 15, 0])
async def test_an_impossible_length_ends_the_connection_and_reserves_nothing(station: Station, length: int) -> None:
    before = rss_mb()
    async with connected(station.port) as peer:
        await peer.bind(station.account)
        with contextlib.suppress(ConnectionError):
            await peer.write(length.to_bytes(4, "big") + p.SubmitSm.command_id.to_bytes(4, "big") + bytes(4 << 20))
        answers = await peer.read_to_the_end()
    assert answers[:1] in ([p.GenericNack(status=st.RINVCMDLEN)], [])  # a reset may overtake it
    await gone(station)
    assert rss_mb() - before < station.growth_mb


@pytest.mark.smpp("S-03")
async def test_a_pdu_of_the_largest_size_that_never_ends_is_kept_once(hasty: Station) -> None:
    async with connected(hasty.port) as peer:
        await peer.bind(hasty.account)
        length = SETTINGS.max_pdu_octets
        await peer.write(length.to_bytes(4, "big") + bytes(12))
        for _ in range(2_000):
            await peer.write(b"xxxxxxx")
        await peer.read_to_the_end()  # the enquire_links go unanswered
    await gone(hasty)


@pytest.mark.smpp("S-01")
async def test_pdus_split_at_every_byte_are_the_same_pdus(station: Station) -> None:
    async with connected(station.port) as peer:
        await peer.bind(station.account)
        octets = p.encode(submit(7))
        for at in range(1, len(octets)):
            await peer.write(octets[:at])
            await asyncio.sleep(0)
            await peer.write(octets[at:])
        answers = await peer.read(len(octets) - 1)
        for at in range(len(octets)):
            await peer.write(octets[at : at + 1])
            await asyncio.sleep(0)
        answers += await peer.read(1)
    assert {(type(answer), answer.status, answer.sequence_number) for answer in answers} == {(p.SubmitSmResp, 0, 7)}
    assert len(answers) == len(octets)


@pytest.mark.smpp("S-01")
async def test_hundreds_of_pdus_in_one_write_are_all_answered(station: Station) -> None:
    async with connected(station.port) as peer:
        await peer.send(bind(1, station.account), *(submit(number) for number in range(2, 902)))
        answers = await peer.read(901)
    assert answers[0].sequence_number == 1
    assert sorted(answer.sequence_number for answer in answers) == list(range(1, 902))
    assert {answer.status for answer in answers} == {st.OK}


# --------------------------------------------------------------------------------------------- numbers and answers


@pytest.mark.smpp("S-06")
@pytest.mark.parametrize("sequence_number", [0, 0x80000000, 0xFFFFFFFF])
async def test_sequence_numbers_outside_the_standard_are_echoed(station: Station, sequence_number: int) -> None:
    async with connected(station.port) as peer:
        await peer.bind(station.account)
        await peer.send(submit(sequence_number), p.EnquireLink(sequence_number))
        answers = await peer.read(2)
    assert {type(answer) for answer in answers} == {p.SubmitSmResp, p.EnquireLinkResp}
    assert {(answer.status, answer.sequence_number) for answer in answers} == {(st.OK, sequence_number)}


@pytest.mark.smpp("S-21")
async def test_answers_that_nobody_asked_for_are_counted_and_leave_nothing(station: Station) -> None:
    before = rss_mb()
    async with connected(station.port) as peer:
        await peer.bind(station.account)
        answers: tuple[p.Pdu, ...] = tuple(
            kind(number)
            for number in range(1, 10_001)
            for kind in (p.SubmitSmResp, p.DeliverSmResp, p.GenericNack, p.UnbindResp, p.BindTransceiverResp)
        )
        await peer.send(*answers, p.EnquireLink(5))
        assert await peer.read(1) == [p.EnquireLinkResp(5)]
        (session,) = station.sessions()
        assert session.unexpected_responses >= len(answers) - 2  # two may have answered an enquire_link
        assert len(session.window) == 0
        del answers
    assert rss_mb() - before < station.growth_mb


# ---------------------------------------------------------------------------------------------- a peer that is deaf


async def press(peer: Peer, station: Station, octets: bytes) -> int:
    """Write for ever and never read, until the other side has had enough; the most that waited for us."""
    worst = 0
    with contextlib.suppress(ConnectionError):
        while True:
            await peer.write(octets)
            worst = max(worst, station.unsent_octets())
            await asyncio.sleep(0)
    return worst


@pytest.mark.smpp("S-26")
@pytest.mark.parametrize("kind", [pytest.param(submit, id="submit_sm"), pytest.param(p.EnquireLink, id="enquire_link")])
async def test_a_peer_that_never_reads_is_cut_off_and_memory_stays_flat(
    hasty: Station, kind: Callable[[int], p.Pdu]
) -> None:
    octets = b"".join(p.encode(kind(number)) for number in range(200))
    before = rss_mb()
    async with connected(hasty.port, receive_bytes=4_096) as peer:
        await peer.bind(hasty.account)
        cast(asyncio.ReadTransport, peer.writer.transport).pause_reading()  # the stream would read for us
        async with asyncio.timeout(LIMIT_S):
            worst = await press(peer, hasty, octets)
    assert worst < UNSENT_LIMIT
    await gone(hasty)
    assert rss_mb() - before < hasty.growth_mb
    assert await is_sound(hasty)


@pytest.mark.smpp("S-24")
@pytest.mark.smpp("S-26")
async def test_an_operator_that_stops_reading_is_given_up_and_every_message_comes_back() -> None:
    before = rss_mb()
    async with deaf_operator() as port:
        loop = asyncio.get_running_loop()
        told: list[Event] = []
        settings = msgspec.structs.replace(HASTY, window=50_000, response_timeout_s=2.0)
        esme = Connection(
            lambda now: Session(Role.ESME, settings, now), lambda _, events: told.extend(events), lambda _: None
        )
        transport, _ = await loop.create_connection(lambda: esme, "127.0.0.1", port)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)  # soon full
        esme.session.bind(bind(1), esme.now())
        esme.flush_soon()
        sent = 0
        async with asyncio.timeout(LIMIT_S):
            while esme.writable:
                if esme.session.can_send():
                    sent += 1
                    esme.session.request(submit(0), sent, esme.now())
                if not sent % 100:
                    esme.flush_soon()
                    await asyncio.sleep(0)
            assert esme.unsent_octets() < UNSENT_LIMIT
            await esme.closed
    back = [event.context for event in told if isinstance(event, Unanswered)]
    assert back == list(range(1, sent + 1))
    assert len(esme.session.window) == 0
    assert rss_mb() - before < GROWTH_MB


@contextlib.asynccontextmanager
async def deaf_operator() -> AsyncIterator[int]:
    """Answers a bind, and never reads again."""
    loop, listener = asyncio.get_running_loop(), socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    listener.setblocking(False)

    async def serve() -> socket.socket:
        peer, _ = await loop.sock_accept(listener)
        await loop.sock_recv(peer, 4_096)
        await loop.sock_sendall(peer, p.encode(p.BindTransceiverResp(1, system_id="deaf")))
        return peer

    serving = asyncio.ensure_future(serve())
    try:
        yield listener.getsockname()[1]
        (await serving).close()
    finally:
        serving.cancel()
        listener.close()

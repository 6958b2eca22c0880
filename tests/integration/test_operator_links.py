"""The links of one operator over real sockets: several binds, throughput, slow start, outbind, questions."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Any

import pytest

from config.operators import OperatorRegister, OutbindSettings, SmppOperatorSettings
from gateway.process.clock import SystemClock
from gateway.process.containment import Containment
from operators.base import (
    Accepted,
    Deferred,
    DeliveryReceipt,
    Down,
    MtMessage,
    OperatorEvent,
    Query,
    Ready,
    ReceiptState,
    Submitted,
    Unknown,
    UnknownReason,
)
from operators.smpp import pdu as p
from operators.smpp.client import SmppOperator
from operators.smpp.connection import Connection
from operators.smpp.session import BindAsked, Event, Request, Role, Session, SessionSettings
from redaction.personal import MessageText, Msisdn, Secret
from tests.bounds import LIMIT_S


class Smsc:
    """Takes binds; keeps each submit_sm with the connection that it came over, and answers at once or when told."""

    def __init__(self, *, answers: bool = True) -> None:
        self.answers = answers
        self.port = 0
        self.connections: list[Connection] = []
        self.taken: list[tuple[Connection, p.SubmitSm]] = []
        self.queries: list[p.QuerySm] = []
        self._changed = asyncio.Event()

    def connection(self) -> Connection:
        made = Connection(lambda now: Session(Role.SMSC, SessionSettings(), now), self._handle, self._lost)
        self.connections.append(made)
        return made

    def _lost(self, connection: Connection) -> None:
        self.connections.remove(connection)

    def _handle(self, connection: Connection, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case BindAsked(asked):
                    connection.session.accept_bind(asked, "smsc")
                case Request(p.SubmitSm() as asked):
                    self.taken.append((connection, asked))
                    if self.answers:
                        self.answer(connection, asked)
                case Request(p.QuerySm() as asked):
                    self.queries.append(asked)
                    connection.session.respond(
                        p.QuerySmResp(
                            sequence_number=asked.sequence_number,
                            message_id=asked.message_id,
                            final_date="260115081500000+",
                            message_state=2,
                        )
                    )
                case _:
                    pass
        connection.flush_soon()
        self._changed.set()

    def answer(self, connection: Connection, asked: p.SubmitSm) -> None:
        number = asked.sequence_number
        connection.session.respond(p.SubmitSmResp(sequence_number=number, message_id=f"{number:x}"))
        connection.flush_soon()

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


@contextlib.asynccontextmanager
async def an_smsc(**options: Any) -> AsyncIterator[Smsc]:
    smsc = Smsc(**options)
    server = await asyncio.get_running_loop().create_server(smsc.connection, "127.0.0.1", 0)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        for connection in list(smsc.connections):
            connection.abort()


class Link:
    def __init__(self, operator: SmppOperator) -> None:
        self.operator = operator
        self.events: list[OperatorEvent] = []
        self._changed = asyncio.Event()

    def sink(self, events: Sequence[OperatorEvent]) -> None:
        self.events.extend(events)
        self._changed.set()

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def up(self, binds: int = 1) -> None:
        await self.until(lambda: self.operator.health().binds_up == binds)

    def of(self, kind: type) -> list[Any]:
        return [each for each in self.events if isinstance(each, kind)]

    def submit(self, token: object = None, text: str = "hello") -> None:
        message = MtMessage(
            token=token, source="INTERKEY", destination=Msisdn("966500000078", 966), text=MessageText(text)
        )
        self.operator.submit(message)


class Hand:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@contextlib.asynccontextmanager
async def linked(
    port: int, *, monotonic: Callable[[], float] | None = None, outbind_password: str = "", **settings: Any
) -> AsyncIterator[Link]:
    clock = SystemClock()
    fields: dict[str, Any] = {"name": "north", "host": "127.0.0.1", "port": port, "system_id": "gateway"}
    operator = SmppOperator(
        SmppOperatorSettings(**(fields | {"reconnect_first_s": 0.02, "reconnect_limit_s": 0.1} | settings)),
        Secret("secret"),
        monotonic=monotonic or clock.monotonic,
        now_ms=clock.now_ms,
        today=lambda: date(2026, 1, 1),
        salt=b"salt",
        outbind_password=Secret(outbind_password),
    )
    link = Link(operator)
    await operator.start(link.sink)
    try:
        yield link
    finally:
        await operator.stop(1)


# --------------------------------------------------------------------------------------------------- several binds


@pytest.mark.smpp("S-29")
async def test_messages_go_to_the_bind_with_the_most_room() -> None:
    async with an_smsc(answers=False) as smsc, linked(smsc.port, binds=3, window=4) as link:
        await link.up(3)
        for _ in range(9):
            link.submit()
        await smsc.until(lambda: len(smsc.taken) == 9)
        per_bind = [sum(1 for taken, _ in smsc.taken if taken is each) for each in smsc.connections]
        assert per_bind == [3, 3, 3]
        slow, *others = smsc.connections
        for connection, asked in smsc.taken:
            if connection is not slow:
                smsc.answer(connection, asked)
        await link.until(lambda: len(link.of(Submitted)) == 6)
        for _ in range(6):
            link.submit()
        await smsc.until(lambda: len(smsc.taken) == 15)
        assert slow not in [taken for taken, _ in smsc.taken[9:]]
        assert link.operator.room() == 3
        for connection, asked in smsc.taken:
            smsc.answer(connection, asked)
        assert len(others) == 2


@pytest.mark.smpp("S-29")
async def test_a_receipt_may_come_over_any_bind() -> None:
    async with an_smsc() as smsc, linked(smsc.port, binds=2) as link:
        await link.up(2)
        link.submit()
        await smsc.until(lambda: smsc.taken)
        (used, _), *_rest = smsc.taken
        (other,) = [each for each in smsc.connections if each is not used]
        receipt = p.DeliverSm(esm_class=4, short_message=b"id:1 stat:DELIVRD")
        other.session.request(receipt, None, other.now())
        other.flush_soon()
        await link.until(lambda: link.of(DeliveryReceipt))
        link.operator.acknowledge([each.handle for each in link.of(DeliveryReceipt)], True)


# ------------------------------------------------------------------------------------------------- answers in doubt

LONG = "x" * 400
"""Three segments."""


@pytest.mark.case("faults-1")
async def test_an_answer_in_doubt_is_told_at_once_and_late_when_it_comes() -> None:
    async with an_smsc(answers=False) as smsc, linked(smsc.port, window=4) as link:
        await link.up()
        link.submit("code")
        link.submit("other")
        await smsc.until(lambda: len(smsc.taken) == 2)
        assert link.operator.doubt(lambda token: token == "code", 60.0) == 0
        assert link.operator.doubt(lambda token: token == "code", 0.0) == 1
        assert not link.of(Submitted)
        for connection, asked in smsc.taken:
            smsc.answer(connection, asked)
        await link.until(lambda: len(link.of(Submitted)) == 3)
        told = [(each.token, type(each.result), each.late) for each in link.of(Submitted)]
        assert told == [("code", Unknown, False), ("code", Accepted, True), ("other", Accepted, False)]
        assert link.operator.room() == 4


@pytest.mark.case("faults-1")
async def test_segments_in_doubt_that_have_not_left_come_back_unsent() -> None:
    """Of each it is asked once whether it is meant: what is true of it may end meanwhile."""
    asked_of: list[object] = []
    async with an_smsc(answers=False) as smsc, linked(smsc.port, window=2) as link:
        await link.up()
        link.submit("code", LONG)
        await smsc.until(lambda: len(smsc.taken) == 2)

        def is_meant(token: object) -> bool:
            asked_of.append(token)
            return len(asked_of) <= 3

        assert link.operator.doubt(is_meant, 0.0) == 2
        assert asked_of == ["code"] * 3
        await link.until(lambda: len(link.of(Submitted)) == 3)
        assert link.operator.room() == 2
        assert [type(each.result) for each in link.of(Submitted)] == [Unknown, Unknown, Deferred]
        for connection, asked in smsc.taken:
            smsc.answer(connection, asked)
        await link.until(lambda: len(link.of(Submitted)) == 5)
        assert len(smsc.taken) == 2


@pytest.mark.case("faults-1")
async def test_a_lost_link_does_not_tell_of_what_is_in_doubt_again() -> None:
    async with an_smsc(answers=False) as smsc, linked(smsc.port) as link:
        await link.up()
        link.submit("code")
        await smsc.until(lambda: smsc.taken)
        assert link.operator.doubt(lambda _: True, 0.0) == 1
        smsc.connections[0].abort()
        await link.until(lambda: link.of(Down))
        assert [each.result for each in link.of(Submitted)] == [Unknown(UnknownReason.TIMEOUT)]


async def test_the_others_carry_on_when_one_bind_is_lost() -> None:
    async with an_smsc() as smsc, linked(smsc.port, binds=2, reconnect_first_s=30, reconnect_limit_s=60) as link:
        await link.up(2)
        smsc.connections[0].abort()
        async with asyncio.timeout(LIMIT_S):
            while link.operator.health().binds_up > 1:  # a lost bind beside others is no event
                await asyncio.sleep(0)
        link.submit()
        await link.until(lambda: link.of(Submitted))
        assert link.of(Down) == []


# ------------------------------------------------------------------------------------------------------ throughput


async def test_each_bind_has_its_own_throughput() -> None:
    hand = Hand()
    async with (
        an_smsc() as smsc,
        linked(smsc.port, binds=2, throughput_per_bind_per_s=5, monotonic=hand) as link,
    ):
        await link.up(2)
        assert link.operator.room() == 10
        for _ in range(10):
            link.submit()
        await link.until(lambda: len(link.of(Submitted)) == 10)
        assert link.operator.room() == 0
        hand.now += 0.4
        assert link.operator.room() == 4


async def test_the_operator_says_when_throughput_gives_room_again() -> None:
    async with an_smsc() as smsc, linked(smsc.port, throughput_per_bind_per_s=50) as link:
        await link.up()
        while link.operator.room():
            link.submit()
        await link.until(lambda: link.of(Submitted))
        before = len(link.of(Ready))
        assert link.operator.room() < 50  # as whoever has more to send asks after each answer
        while link.operator.room():
            link.submit()
            await asyncio.sleep(0)
        await link.until(lambda: len(link.of(Ready)) > before)
        assert link.operator.room() > 0


async def test_a_bind_that_came_back_opens_its_window_slowly() -> None:
    hand = Hand()
    async with an_smsc(answers=False) as smsc, linked(smsc.port, window=40, slow_start_s=4, monotonic=hand) as link:
        await link.up()
        assert link.operator.room() == 40
        smsc.connections[0].abort()
        await link.until(lambda: link.of(Down))
        await link.until(lambda: len(link.of(Ready)) == 2)
        assert link.operator.room() == 1
        link.submit()
        assert link.operator.room() == 0
        hand.now += 1
        assert link.operator.room() == 9
        hand.now += 3
        assert link.operator.room() == 39


@pytest.mark.smpp("S-66")
async def test_small_writes_are_gathered_and_not_held_back() -> None:
    async with an_smsc() as smsc, linked(smsc.port, binds=2) as link:
        await link.up(2)
        ends = [*smsc.connections, *link.operator._links.binds]
        for connection in ends:
            assert connection._transport is not None
            raw = connection._transport.get_extra_info("socket")
            assert raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# ------------------------------------------------------------------------------------------------------- questions


async def test_what_became_of_a_message_can_be_asked() -> None:
    async with an_smsc() as smsc, linked(smsc.port, query_after_s=60, receipt_id="as_is") as link:
        await link.up()
        assert link.operator.query(Query(operator_message_id="00Ab", source="INTERKEY"))
        await link.until(lambda: link.of(DeliveryReceipt))
        (receipt,) = link.of(DeliveryReceipt)
        (asked,) = smsc.queries
        assert (asked.message_id, asked.source_addr_ton, asked.source_addr) == ("00Ab", 5, "INTERKEY")
        assert (receipt.candidates, receipt.state, receipt.handle) == (("00Ab",), ReceiptState.DELIVERED, None)
        assert receipt.done_at_ms == 1_768_464_900_000
        link.operator.acknowledge((receipt.handle,), True)


async def test_an_operator_that_answers_no_questions_is_not_asked() -> None:
    async with an_smsc() as smsc, linked(smsc.port) as link:
        await link.up()
        assert not link.operator.query(Query(operator_message_id="1"))
        assert smsc.queries == []


# --------------------------------------------------------------------------------------------------------- outbind


NOBODY = 9
"""A port that refuses connections."""


def outbound(**fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"port": 0, "peers": ("127.0.0.1",), "system_id": "smsc"}
    return {"outbind": OutbindSettings(**(base | fields)), "reconnect_first_s": 30, "reconnect_limit_s": 60}


async def calling(link: Link, asked: p.Outbind) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.operator._links.outbind_port)
    writer.write(p.encode(asked))
    return reader, writer


async def next_pdu(reader: asyncio.StreamReader) -> p.Pdu:
    async with asyncio.timeout(LIMIT_S):
        head = await reader.readexactly(4)
        return p.decode(head + await reader.readexactly(struct.unpack(">I", head)[0] - 4))


@pytest.mark.smpp("S-28")
@pytest.mark.parametrize(("bind", "kind"), [("receiver", p.BindReceiver), ("transceiver", p.BindTransceiver)])
async def test_an_outbind_is_answered_with_a_bind(bind: str, kind: type[p.Bind]) -> None:
    async with linked(NOBODY, outbind_password="knock", **outbound(bind=bind)) as link:
        reader, writer = await calling(link, p.Outbind(system_id="smsc", password="knock"))
        asked = await next_pdu(reader)
        assert type(asked) is kind
        assert isinstance(asked, p.Bind)
        assert (asked.system_id, asked.password) == ("gateway", "secret")
        writer.write(p.encode(p.TYPES[asked.command_id | p.RESPONSE](sequence_number=asked.sequence_number)))
        await link.up()
        writer.write(p.encode(p.DeliverSm(sequence_number=7, esm_class=4, short_message=b"id:1 stat:DELIVRD")))
        await link.until(lambda: link.of(DeliveryReceipt))
        link.operator.acknowledge([each.handle for each in link.of(DeliveryReceipt)], True)
        answer = await next_pdu(reader)
        assert (type(answer), answer.sequence_number, answer.status) == (p.DeliverSmResp, 7, 0)
        writer.close()


@pytest.mark.smpp("S-28")
@pytest.mark.parametrize(
    ("system_id", "password", "peers"),
    [
        ("smsc", "wrong", ("127.0.0.1",)),
        ("stranger", "knock", ("127.0.0.1",)),
        ("smsc", "knock", ("192.0.2.0/24",)),
        ("smsc", "knock", ()),
    ],
)
async def test_an_outbind_of_anybody_else_is_cut_off(system_id: str, password: str, peers: tuple[str, ...]) -> None:
    async with linked(NOBODY, outbind_password="knock", **outbound(peers=peers)) as link:
        reader, writer = await calling(link, p.Outbind(system_id=system_id, password=password))
        async with asyncio.timeout(LIMIT_S):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()


@pytest.mark.smpp("S-28")
@pytest.mark.policy("P-17")
async def test_an_outbind_is_not_answered_after_the_contract() -> None:
    expired = OperatorRegister(contract_expires=date(2025, 12, 31))
    async with linked(NOBODY, outbind_password="knock", register=expired, **outbound()) as link:
        reader, writer = await calling(link, p.Outbind(system_id="smsc", password="knock"))
        async with asyncio.timeout(LIMIT_S):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.smpp("S-28")
@pytest.mark.case("security-11")
async def test_no_more_connections_are_let_in_than_there_could_be_binds_and_idle_ones_go_first() -> None:
    async with linked(NOBODY, outbind_password="knock", **outbound()) as link:
        port = link.operator._links.outbind_port
        idle, other = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        reader, writer = await calling(link, p.Outbind(system_id="smsc", password="knock"))
        assert isinstance(await next_pdu(reader), p.BindReceiver)
        async with asyncio.timeout(LIMIT_S):
            with contextlib.suppress(ConnectionError):
                assert await idle[0].read() == b""
        for _, each in (idle, other, (reader, writer)):
            each.close()


@pytest.mark.case("security-11")
async def test_strangers_take_no_seat_of_the_operator() -> None:
    async with linked(NOBODY, outbind_password="knock", **outbound()) as link:
        port = link.operator._links.outbind_port
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        stranger, knocking = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
        async with asyncio.timeout(LIMIT_S):
            with contextlib.suppress(ConnectionError):
                assert await stranger.read() == b""
        for _, writer in idle:
            assert not writer.transport.is_closing()
            writer.write(p.encode(p.Outbind(system_id="smsc", password="knock")))
        for reader, writer in idle:
            assert isinstance(await next_pdu(reader), p.BindReceiver)
            writer.close()
        knocking.close()


@pytest.mark.case("security-2")
async def test_a_link_that_cannot_be_made_in_an_unforeseen_way_is_tried_again() -> None:
    contained = Containment()
    unwatch = contained.watch()
    async with linked(NOBODY, host="two..dots"):  # no name that is looked up, but an error that is none of the system's
        async with asyncio.timeout(LIMIT_S):
            while contained.counts["link"] < 3:
                await asyncio.sleep(0.01)
    unwatch()

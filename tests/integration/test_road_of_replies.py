"""Messages from people as SMSCs send them, from the socket to the record and the customer's bind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.settings import CustomerSettings, NumberSettings
from gateway.model.message import Message, Status
from operators.smpp import status as st
from redaction.personal import Purpose
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Front, Peer, running_front
from tests.integration.test_road_of_receipts import answered, deliver, settings
from tests.scripted_smsc import ScriptedSmsc, scripted_smsc

_HEAD = 'len 00000005 00000000 own 00 0101 "966500000078" 00 0300 "1234" 00'


def reply(octets: bytes, esm_class: int = 0, data_coding: int = 0, tail: str = "") -> str:
    """A deliver_sm from a person in the words of a script."""
    return f"{_HEAD} {esm_class:02x} {'00' * 6} {data_coding:02x} 00 {len(octets):02x} {octets.hex()} {tail}"


def part(number: int, of: int, octets: bytes, reference: int = 7) -> str:
    return reply(bytes((5, 0, 3, reference, of, number)) + octets, 0x40)


@asynccontextmanager
async def between(folder: Path, *keywords: str, **more: Any) -> AsyncIterator[tuple[Front, ScriptedSmsc, Peer]]:
    """keywords: those that alone lead to the customer."""
    owner = CustomerSettings(senders={"INTERKEY": ()}, numbers={"1234": NumberSettings(keywords=keywords)})
    async with scripted_smsc() as smsc, running_front(folder, settings(smsc.port, **more), customer=owner) as front:
        await front.node.stores.directory.refresh()
        peer = await front.peer(await front.account())
        await smsc.until(lambda: smsc.count("bind_transceiver"))
        yield front, smsc, peer


async def stored(front: Front, count: int, status: Status = Status.RECEIVED) -> list[Message]:
    """The records with this status, oldest first, once there are so many."""
    messages = front.node.stores.ledger.messages
    async with asyncio.timeout(LIMIT_S):
        while True:
            page = await messages.list_messages(front.customer, status=status, since_ms=None, cursor=None, limit=9)
            if len(page.messages) >= count:
                return list(reversed(page.messages))
            await asyncio.sleep(0.01)


def text_of(front: Front, message: Message) -> str:
    return front.node.stores.vault.open_received(message).text.reveal(Purpose.INFORM_CUSTOMER)


@pytest.mark.case("smpp-10")
@pytest.mark.smpp("S-49")
@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
async def test_each_part_is_durable_and_answered_before_the_next_comes(tmp_path: Path, order: tuple[int, ...]) -> None:
    said = {1: b"one ", 2: b"two ", 3: b"three"}
    async with between(tmp_path) as (front, smsc, peer):
        for number in order[:-1]:
            assert await answered(smsc, part(number, 3, said[number])) == st.OK
        (begun,) = await stored(front, 1, Status.ACCEPTED)
        assert text_of(front, begun) == "".join(said[n].decode() for n in sorted(order[:-1]))
        assert await answered(smsc, part(order[-1], 3, said[order[-1]])) == st.OK
        (message,) = await stored(front, 1)
        assert (message.id, text_of(front, message), message.segments) == (begun.id, "one two three", 3)
        assert (message.operator, message.error, message.due_ms) == ("north", None, None)
        (told,) = await peer.receipts(1)
        assert told.short_message == b"one two three"


@pytest.mark.case("smpp-10")
async def test_unfinished_parts_hold_up_no_receipt(tmp_path: Path) -> None:
    async with between(tmp_path, mo_wait_s=600.0) as (front, smsc, _):
        for reference in range(3):
            assert await answered(smsc, part(1, 2, b"half", reference)) == st.OK
        assert await answered(smsc, deliver(b"id:R1 stat:XYZZY")) == st.OK
        assert len(await stored(front, 3, Status.ACCEPTED)) == 3


@pytest.mark.case("smpp-10")
async def test_what_never_comes_is_reported_and_nothing_waits_for_it(tmp_path: Path) -> None:
    async with between(tmp_path, mo_wait_s=0.1) as (front, smsc, peer):
        assert await answered(smsc, part(2, 2, b"second half")) == st.OK
        (message,) = await stored(front, 1)
        assert (text_of(front, message), message.error) == ("second half", "incomplete")
        assert len(await peer.receipts(1)) == 1
        assert front.node.road.incoming.waiting() == 0


@pytest.mark.case("smpp-10")
async def test_parts_outlive_the_node_that_took_them(tmp_path: Path) -> None:
    async with between(tmp_path, mo_wait_s=0.5) as (front, smsc, _):
        customer = front.customer
        assert await answered(smsc, part(1, 2, b"first half")) == st.OK
        (begun,) = await stored(front, 1, Status.ACCEPTED)
    async with running_front(tmp_path, settings(smsc.port)) as again:
        again.customer = customer
        (message,) = await stored(again, 1)
        assert (message.id, message.error, message.operator) == (begun.id, "incomplete", "north")
        assert text_of(again, message) == "first half"


@pytest.mark.case("smpp-11")
async def test_a_part_sent_again_after_the_end_is_no_message(tmp_path: Path) -> None:
    async with between(tmp_path) as (front, smsc, peer):
        for number in (1, 2, 2, 1, 2):
            assert await answered(smsc, part(number, 2, b"part %d" % number)) == st.OK
        for number in (1, 2):
            assert await answered(smsc, part(number, 2, b"other %d" % number)) == st.OK
        assert [text_of(front, each) for each in await stored(front, 2)] == ["part 1part 2", "other 1other 2"]
        assert len(await stored(front, 0, Status.ACCEPTED)) == 0
        assert len(await peer.receipts(2)) == 2


@pytest.mark.case("smpp-10")
async def test_on_a_number_with_keywords_the_first_part_comes_first(tmp_path: Path) -> None:
    async with between(tmp_path, "BANK") as (front, smsc, _):
        assert await answered(smsc, part(2, 2, b" is closed")) == st.RMSGQFUL
        assert await answered(smsc, part(1, 2, b"BANK is")) == st.OK
        assert await answered(smsc, part(2, 2, b" is closed")) == st.OK
        assert await answered(smsc, part(1, 2, b"SHOP is", 8)) == st.RX_R_APPN
        assert [text_of(front, each) for each in await stored(front, 1)] == ["BANK is is closed"]


# ----------------------------------------------------------------------------------------------- what the octets say


@pytest.mark.case("smpp-17")
async def test_ports_reach_the_customers_bind(tmp_path: Path) -> None:
    header = bytes.fromhex("0605040b8423f0")
    async with between(tmp_path) as (front, smsc, peer):
        assert await answered(smsc, reply(header + b"\x01\x06", 0x40, 0xF5)) == st.OK
        (told,) = await peer.receipts(1)
        assert (told.esm_class, told.data_coding, told.short_message) == (0x40, 4, header + b"\x01\x06")
        (message,) = await stored(front, 1)
        assert front.node.stores.vault.open_received(message).header == header


@pytest.mark.case("smpp-17")
@pytest.mark.case("smpp-20")
@pytest.mark.parametrize(
    ("octets", "data_coding"),
    [
        ("stóp".encode("latin-1"), 0),
        ("\ufeffSTOP".encode("utf-16-be"), 8),
        ("\ufeffSTOP".encode("utf-16-le"), 8),
        ("\u200fSTOP".encode("utf-16-be"), 8),
        ("\u200f STOP".encode("utf-16-be"), 8),
        ("\u202bSTOP\u202c now".encode("utf-16-be"), 8),
        ("STOP\0".encode("utf-16-be"), 8),
        (b"STOP\0", 0),
        (b"stop\0\0\0", 1),
    ],
)
async def test_a_keyword_is_known_behind_what_phones_put_around_it(
    tmp_path: Path, octets: bytes, data_coding: int
) -> None:
    async with between(tmp_path, "STOP") as (front, smsc, _):
        assert await answered(smsc, reply(octets, data_coding=data_coding)) == st.OK
        assert len(await stored(front, 1)) == 1


# ------------------------------------------------------------------------------------------------------ what is none


@pytest.mark.case("smpp-21")
@pytest.mark.parametrize("esm_class", [0x08, 0x10, 0x18, 0x48])
async def test_an_acknowledgement_of_a_phone_is_no_message(tmp_path: Path, esm_class: int) -> None:
    async with between(tmp_path) as (front, smsc, _):
        assert await answered(smsc, reply(b"read", esm_class)) == st.OK
        assert await answered(smsc, reply(b"hello")) == st.OK
        assert [text_of(front, each) for each in await stored(front, 1)] == ["hello"]

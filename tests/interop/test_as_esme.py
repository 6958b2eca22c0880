"""We as an ESME, in front of SMSCs built on three libraries that nobody here wrote."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Any

import pytest

from config.operators import SmppOperatorSettings, TlsSettings
from gateway.process.clock import SystemClock
from operators.base import (
    Accepted,
    DeliveryReceipt,
    Down,
    MoMessage,
    MtMessage,
    OperatorEvent,
    ReceiptState,
    Submitted,
)
from operators.smpp.client import SmppOperator
from redaction.personal import MessageText, Msisdn, Purpose, Secret
from tests.bounds import LIMIT_S
from tests.interop.certificates import Certificates
from tests.interop.conftest import Start
from tests.interop.smscs import Seen, Smsc, relayed

ARABIC = "عزيزي العميل، رصيد حسابك ١٢٬٣٤٥٫٦٧ ر.س. شكرًا لتعاملكم \u200fABC-12\u200f مع بنك الرياض. " * 4


class Link:
    """Our operator in front of an SMSC, and what it said."""

    def __init__(self, operator: SmppOperator) -> None:
        self.operator = operator
        self.events: list[OperatorEvent] = []
        self._changed = asyncio.Event()

    def sink(self, events: Sequence[OperatorEvent]) -> None:
        self.events.extend(events)
        self._changed.set()

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait for an event after which `holds`."""
        async with asyncio.timeout(LIMIT_S):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def of(self, kind: type) -> list[Any]:
        return [each for each in self.events if isinstance(each, kind)]

    async def next(self, kind: type, number: int = 1) -> Any:
        """The `number`th event of a kind."""
        await self.until(lambda: len(self.of(kind)) >= number)
        return self.of(kind)[number - 1]

    async def up(self, binds: int = 1) -> None:
        await self.until(lambda: self.operator.health().binds_up == binds)

    def submit(self, text: str = "hello", **fields: Any) -> None:
        message = MtMessage(
            token="token",
            source="INTERKEY",
            destination=Msisdn("966500000078", 966),
            text=MessageText(text),
            concat_ref=0x1234,
            **fields,
        )
        self.operator.submit(message)


@contextlib.asynccontextmanager
async def linked(smsc: Smsc, *, password: str = "secret", **settings: Any) -> AsyncIterator[Link]:
    clock = SystemClock()
    fields: dict[str, Any] = {
        "name": "peer",
        "host": "127.0.0.1",
        "port": smsc.port,
        "system_id": "gateway",
        "reconnect_first_s": 0.05,
    }
    operator = SmppOperator(
        SmppOperatorSettings(**(fields | settings)),
        Secret(password),
        monotonic=clock.monotonic,
        now_ms=clock.now_ms,
        today=lambda: date(2026, 1, 1),
        salt=b"salt",
    )
    link = Link(operator)
    await operator.start(link.sink)
    try:
        yield link
    finally:
        await operator.stop(5)


async def seen(smsc: Smsc, count: int) -> list[Seen]:
    async with asyncio.timeout(LIMIT_S):
        return [await smsc.submits.get() for _ in range(count)]


@pytest.mark.parametrize(("bind", "binds"), [("transceiver", 1), ("transmitter_receiver", 2)])
async def test_binds_of_either_kind_carry_messages_both_ways(start: Start, bind: str, binds: int) -> None:
    async with start() as smsc, linked(smsc, bind=bind) as link:
        await link.up(binds)
        link.submit()
        (message,) = await seen(smsc, 1)
        assert (message.source, message.destination, message.text) == ("INTERKEY", "966500000078", "hello")
        assert (message.data_coding, message.registered_delivery, message.part) == (0, 1, None)
        answer: Submitted = await link.next(Submitted)
        assert isinstance(answer.result, Accepted)
        assert answer.result.operator_message_id == message.identifier.lower().lstrip("0")
        delivering = asyncio.create_task(smsc.deliver(b"from a person"))
        incoming: MoMessage = await link.next(MoMessage)
        link.operator.acknowledge((incoming.handle,), True)
        if bind == "transceiver" or smsc.hears_receivers:
            assert await delivering == 0
        else:  # nor does this library hear its own client there
            delivering.cancel()


async def test_a_wrong_password_is_refused_and_asked_about_again_later(start: Start) -> None:
    async with start() as smsc:
        if not smsc.checks_passwords:
            pytest.skip("this library's server takes any password")
        async with linked(smsc, password="wrong") as link:
            await link.next(Down)
            assert not link.operator.is_up()
            assert smsc.binds == []


@pytest.mark.smpp("S-59")
@pytest.mark.smpp("S-38")
@pytest.mark.parametrize("concatenation", ["udh8", "udh16"])
async def test_a_long_arabic_message_arrives_to_the_letter(start: Start, concatenation: str) -> None:
    async with start() as smsc, linked(smsc, concatenation=concatenation) as link:
        await link.up()
        link.submit(ARABIC)
        messages = sorted(await seen(smsc, 5), key=lambda message: message.part or (0, 0, 0))
        parts = [message.part for message in messages]
        assert None not in parts
        assert len({part[0] for part in parts if part}) == 1
        assert [part[1:] for part in parts if part] == [(5, number) for number in range(1, 6)]
        assert "".join(message.text for message in messages) == ARABIC
        assert {message.data_coding for message in messages} == {8}


@pytest.mark.smpp("S-47")
@pytest.mark.parametrize(
    ("word", "state"), [("DELIVRD", ReceiptState.DELIVERED), ("UNDELIV", ReceiptState.UNDELIVERABLE)]
)
async def test_a_receipt_finds_its_message_and_is_answered_when_we_say_so(
    start: Start, word: str, state: ReceiptState
) -> None:
    async with start() as smsc, linked(smsc) as link:
        await link.up()
        link.submit()
        (message,) = await seen(smsc, 1)
        accepted: Submitted = await link.next(Submitted)
        assert isinstance(accepted.result, Accepted)
        text = (
            f"id:{message.identifier} sub:001 dlvrd:001 submit date:2601010800 done date:2601010801 "
            f"stat:{word} err:007 text:hello"
        )
        delivering = asyncio.create_task(smsc.deliver(text.encode(), esm_class=4))
        receipt: DeliveryReceipt = await link.next(DeliveryReceipt)
        assert accepted.result.operator_message_id in receipt.candidates
        assert (receipt.state, receipt.error_code) == (state, "007")
        assert not delivering.done()
        link.operator.acknowledge((receipt.handle,), True)
        assert await delivering == 0


@pytest.mark.smpp("S-47")
async def test_an_overloaded_gateway_asks_for_the_receipt_again(start: Start) -> None:
    async with start() as smsc, linked(smsc) as link:
        await link.up()
        delivering = asyncio.create_task(smsc.deliver(b"id:1 stat:DELIVRD", esm_class=4))
        receipt: DeliveryReceipt = await link.next(DeliveryReceipt)
        link.operator.acknowledge((receipt.handle,), False)
        assert await delivering == 0x14


@pytest.mark.smpp("S-49")
async def test_each_part_of_a_long_message_from_a_person_is_answered_by_itself(start: Start) -> None:
    text = "أريد إلغاء الاشتراك رقم ٤٢ من فضلكم، وشكرًا جزيلًا لكم على حسن تعاونكم الدائم معنا في كل وقت"
    octets = text.encode("utf-16-be")
    async with start() as smsc, linked(smsc) as link:
        await link.up()
        for turn, (number, part) in enumerate(((2, octets[134:]), (1, octets[:134])), 1):
            udh = bytes((5, 0, 3, 9, 2, number))
            delivering = asyncio.create_task(smsc.deliver(udh + part, esm_class=0x40, data_coding=8))
            incoming: MoMessage = await link.next(MoMessage, turn)
            assert (incoming.source.reveal(Purpose.ACCEPT), incoming.destination) == ("966500000078", "90909")
            assert incoming.encoding == "ucs2"
            assert (incoming.segments, incoming.missing) == (2, () if incoming.is_last else (1,))
            assert not delivering.done()
            link.operator.acknowledge((incoming.handle,), True)
            assert await delivering == 0
        assert incoming.is_last
        assert incoming.text.reveal(Purpose.ACCEPT) == text


@pytest.mark.smpp("S-49")
async def test_a_message_that_nobody_takes_is_refused(start: Start) -> None:
    async with start() as smsc, linked(smsc) as link:
        await link.up()
        delivering = asyncio.create_task(smsc.deliver(b"hello"))
        incoming: MoMessage = await link.next(MoMessage)
        link.operator.reject((incoming.handle,))
        assert await delivering == 0x66


@pytest.mark.smpp("S-27")
async def test_messages_go_over_tls_with_a_private_authority(start: Start, certificates: Certificates) -> None:
    tls = TlsSettings(
        enabled=True,
        ca_file=str(certificates.ca),
        certificate=str(certificates.client),
        key=str(certificates.client_key),
        verify_host="localhost",
    )
    async with start(certificates) as smsc, linked(smsc, tls=tls) as link:
        await link.up()
        link.submit()
        assert (await seen(smsc, 1))[0].text == "hello"


@pytest.mark.smpp("S-27")
@pytest.mark.parametrize("wrong", [{"ca_file": "stranger"}, {"verify_host": "elsewhere.test"}])
async def test_a_stranger_is_not_bound_to(start: Start, certificates: Certificates, wrong: dict[str, str]) -> None:
    fields = {"ca_file": str(certificates.ca), "verify_host": "localhost"} | wrong
    if wrong.get("ca_file"):
        fields["ca_file"] = str(certificates.stranger_ca)
    own = {"certificate": str(certificates.client), "key": str(certificates.client_key)}
    tls = TlsSettings(enabled=True, **fields, **own)
    async with start(certificates) as smsc, relayed(smsc.port) as relay:
        async with linked(smsc, port=relay.port, tls=tls) as link, asyncio.timeout(LIMIT_S):
            while relay.connections < 2:  # the first was given up
                relay.came.clear()
                await relay.came.wait()
            assert not link.operator.is_up()
        assert smsc.binds == []


@pytest.mark.smpp("S-19")
async def test_an_smsc_that_unbinds_is_bound_to_again(start: Start) -> None:
    async with start() as smsc, linked(smsc) as link:
        await link.up()
        await smsc.unbind()
        await link.next(Down)
        await link.up()
        link.submit()
        assert len(await seen(smsc, 1)) == 1
        assert len(smsc.binds) == 2


@pytest.mark.smpp("S-25")
async def test_a_lost_connection_is_made_again(start: Start) -> None:
    async with start() as smsc, linked(smsc) as link:
        await link.up()
        await smsc.drop()
        await link.next(Down)
        await link.up()
        link.submit()
        await link.next(Submitted)


@pytest.mark.smpp("S-19")
async def test_we_say_goodbye(start: Start) -> None:
    async with start() as smsc:
        async with linked(smsc) as link:
            await link.up()
        async with asyncio.timeout(LIMIT_S):
            while not smsc.unbinds:
                await asyncio.sleep(0)

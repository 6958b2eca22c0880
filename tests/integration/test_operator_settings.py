"""What the settings of an operator's link change at the wire, as a scripted SMSC gets it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.operators import SmppOperatorSettings
from gateway.accounts.customers import CustomerSettings
from gateway.process.clock import SystemClock
from operators.base import MtMessage, OperatorEvent, Submitted, Unknown
from operators.smpp import pdu as p
from operators.smpp.client import SmppOperator
from redaction.personal import MessageText, Msisdn, Secret
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import running_front, submit
from tests.scripted_smsc import ScriptedSmsc, scripted_smsc

TO = Msisdn("966512345678", 966)


class Heard:
    """What a link reports."""

    def __init__(self) -> None:
        self.events: list[OperatorEvent] = []
        self._changed = asyncio.Event()

    def __call__(self, events: Sequence[OperatorEvent]) -> None:
        self.events += events
        self._changed.set()

    async def until(self, claim: Any) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not claim():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def link(smsc: ScriptedSmsc, **settings: Any) -> AsyncIterator[tuple[SmppOperator, Heard]]:
    clock, heard = SystemClock(), Heard()
    operator = SmppOperator(
        SmppOperatorSettings(
            name="north", host="127.0.0.1", port=smsc.port, system_id="gw", reconnect_first_s=0.05, **settings
        ),
        Secret("secret"),
        monotonic=clock.monotonic,
        now_ms=clock.now_ms,
        today=lambda: date(2026, 1, 1),
        salt=bytes(16),
    )
    await operator.start(heard)
    try:
        yield operator, heard
    finally:
        await operator.stop(1.0)


def message(text: str = "hello", **changes: Any) -> MtMessage:
    base: dict[str, Any] = {"token": 1, "source": "BP", "destination": TO, "text": MessageText(text)}
    return MtMessage(**(base | changes))


def read(smsc: ScriptedSmsc, command: str) -> list[Any]:
    """PDUs of this kind that came."""
    kind = next(each for each in p.TYPES.values() if p.name_of(each.command_id) == command)
    found = [each for each in smsc.taken if each.command == command]
    head = [p.HEADER.pack(p.HEADER_OCTETS + len(each.body), kind.command_id, 0, 1) for each in found]
    return [p.decode(first + each.body) for first, each in zip(head, found, strict=True)]


SETTINGS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"service_type": "VMA"}, {}, {"service_type": "VMA", "source_addr": "BP", "destination_addr": "966512345678"}),
    ({"destination_ton": 2, "destination_npi": 8}, {}, {"dest_addr_ton": 2, "dest_addr_npi": 8}),
    ({"alphanumeric_ton": 0, "alphanumeric_npi": 1}, {}, {"source_addr_ton": 0, "source_addr_npi": 1}),
    ({}, {"source": "AT&T"}, {"source_addr_ton": 5, "source_addr_npi": 0, "source_addr": "AT&T"}),
    ({"international_ton": 2}, {"source": "966500000001"}, {"source_addr_ton": 2, "dest_addr_ton": 1}),
    ({"international_npi": 9}, {"source": "+966500000001"}, {"source_addr_npi": 9, "source_addr": "966500000001"}),
    ({"destination_ton": 2}, {"source": Msisdn("966500000001", 966)}, {"source_addr_ton": 1, "dest_addr_ton": 2}),
    ({"short_code_ton": 6, "short_code_npi": 6}, {"source": "90001"}, {"source_addr_ton": 6, "source_addr_npi": 6}),
    ({"esm_class_mode": "datagram"}, {}, {"esm_class": 0x01}),
    ({"esm_class_mode": "forward"}, {}, {"esm_class": 0x02}),
    ({"esm_class_mode": "store_and_forward"}, {"reply_path": True}, {"esm_class": 0x83}),
    ({"protocol_id": 0x40, "priority": 2}, {}, {"protocol_id": 0x40, "priority_flag": 2}),
    (
        {"protocol_id": 0x40, "priority": 2},
        {"protocol_id": 0x41, "priority": 3},
        {"protocol_id": 0x41, "priority_flag": 3},
    ),
    ({}, {"flash": True}, {"data_coding": 0x10}),
    ({"flash_coding": "0xF0"}, {"flash": True}, {"data_coding": 0xF0}),
    ({"flash_coding": "0xF0"}, {"flash": True, "text": "نعم"}, {"data_coding": 0x18}),
    ({"flash_coding": "0xF0"}, {}, {"data_coding": 0}),
    ({"tlvs": ("0x1401=6162", "0x1402=")}, {}, {"tlvs": ((0x1401, b"ab"), (0x1402, b""))}),
    ({"privacy_indicator": 3}, {}, {"tlvs": ((p.TAG_PRIVACY_INDICATOR, b"\3"),)}),
    ({"more_messages_to_send": True}, {}, {"tlvs": ((p.TAG_MORE_MESSAGES_TO_SEND, b"\0"),)}),
    ({"tlvs": ("0x1401=6162",), "privacy_indicator": 1, "interface_version": 0x33}, {}, {"tlvs": ()}),
]


@pytest.mark.parametrize(("settings", "said", "expected"), SETTINGS)
async def test_a_setting_shows_in_every_submit_sm(
    settings: dict[str, Any], said: dict[str, Any], expected: dict[str, Any]
) -> None:
    async with scripted_smsc() as smsc, link(smsc, **settings) as (operator, heard):
        await heard.until(operator.is_up)
        for _ in range(2):  # the second one finds what the first one left
            operator.submit(message(**said))
        await smsc.until(lambda: smsc.count("submit_sm") == 2)
        for sent in read(smsc, "submit_sm"):
            assert {name: getattr(sent, name) for name in expected} == expected
            assert p.user_data(sent) in (b"hello", "نعم".encode("utf-16-be"))


async def test_more_messages_to_send_is_said_of_every_part_but_the_last() -> None:
    settings: dict[str, Any] = {"more_messages_to_send": True, "concatenation": "sar", "tlvs": ("0x1401=61",)}
    async with scripted_smsc() as smsc, link(smsc, **settings) as (operator, heard):
        await heard.until(operator.is_up)
        operator.submit(message("x" * 400))
        await smsc.until(lambda: smsc.count("submit_sm") == 3)
        tlvs = [dict(sent.tlvs) for sent in read(smsc, "submit_sm")]
        assert [each[p.TAG_MORE_MESSAGES_TO_SEND] for each in tlvs] == [b"\1", b"\1", b"\0"]
        assert [each[p.TAG_SAR_SEGMENT_SEQNUM] for each in tlvs] == [b"\1", b"\2", b"\3"]
        assert {each[0x1401] for each in tlvs} == {b"a"}


@pytest.mark.parametrize(
    ("bind", "commands"),
    [
        ("transceiver", ["bind_transceiver"]),
        ("transmitter", ["bind_transmitter"]),
        ("receiver", ["bind_receiver"]),
        ("transmitter_receiver", ["bind_receiver", "bind_transmitter"]),
    ],
)
async def test_a_bind_of_each_kind_tells_what_it_serves(bind: Any, commands: list[str]) -> None:
    asked: dict[str, Any] = {"bind_ton": 1, "bind_npi": 1, "address_range": "^9665", "system_type": "SMS"}
    async with scripted_smsc() as smsc, link(smsc, bind=bind, **asked) as (operator, _):
        await smsc.until(lambda: len(smsc.taken) == len(commands))
        assert sorted(each.command for each in smsc.taken) == commands
        for command in commands:
            (pdu,) = read(smsc, command)
            assert (pdu.addr_ton, pdu.addr_npi, pdu.address_range, pdu.system_type) == (1, 1, "^9665", "SMS")
        async with asyncio.timeout(LIMIT_S):
            while operator.health().state != "up":
                await asyncio.sleep(0.01)
        assert operator.is_up() is (bind != "receiver")


async def test_a_link_that_answers_enquire_link_and_no_submit_sm_is_bound_anew() -> None:
    settings = {"response_timeout_s": 0.2, "enquire_link_s": 0.1, "rebind_after_s": 0.1}
    async with scripted_smsc("on submit_sm:") as smsc, link(smsc, **settings) as (operator, heard):
        await heard.until(operator.is_up)
        operator.submit(message())
        await smsc.until(lambda: smsc.count("bind_transceiver") >= 2)
        assert any(isinstance(each, Submitted) and isinstance(each.result, Unknown) for each in heard.events)


@pytest.mark.parametrize(
    ("in_doubt", "promotional", "otp"), [("by_class", False, True), ("resend", True, True), ("fail", False, False)]
)
async def test_what_is_in_doubt_is_sent_again_as_its_route_says(
    tmp_path: Path, in_doubt: Any, promotional: bool, otp: bool
) -> None:
    owner = CustomerSettings(senders={"INTERKEY": ()}, default_class="promotional")
    async with (
        scripted_smsc() as smsc,
        running_front(tmp_path, smsc.port, customer=owner, in_doubt=in_doubt) as front,
    ):
        peer = await front.peer(await front.account(classes=("promotional", "otp")))
        for text, resend in ((b"Your code is 1234", otp), (b"Everything must go", promotional)):
            record = await front.record((await peer.ask(submit(text))).message_id)
            assert record.retry_unknown is resend

"""The simulated SMSC, driven over TCP by an independent client (smpplib)."""

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvloop
from smpplib import client as smpplib_client
from smpplib import exceptions

from operators.simulator import Faults, IdForm, Simulator, SimulatorSettings, run, write_id
from operators.smpp.receipt import parse_receipt

NOON = 1_700_000_000.0
QUICK = SimulatorSettings(receipt_retry_s=0.01, refused_bind_pause_s=0.01, clock=lambda: NOON)
NO_RECEIPTS = 0
logging.getLogger("smpp").setLevel(logging.CRITICAL)


class Peer:
    """An smpplib client whose every PDU is kept in order. receipt_status: what it answers to a deliver_sm."""

    def __init__(self, port: int) -> None:
        self.client = smpplib_client.Client("127.0.0.1", port, timeout=10, allow_unknown_opt_params=True)
        self.told: list[Any] = []
        self.receipt_status = 0
        self.client.set_message_sent_handler(self._keep)
        self.client.set_error_pdu_handler(lambda _pdu: None)  # it tells the other handler as well
        self.client.set_message_received_handler(self._take_receipt)
        self.client.connect()

    def bind(self, kind: str = "transceiver", password: str = "secret", system_id: str = "gateway") -> Any:
        return getattr(self.client, f"bind_{kind}")(system_id=system_id, password=password)

    def submit(self, count: int = 1, registered_delivery: int = 1, text: bytes = b"Your code is 1234567") -> None:
        for _ in range(count):
            self.client.send_message(
                source_addr_ton=5,
                source_addr="ACME",
                dest_addr_ton=1,
                dest_addr_npi=1,
                destination_addr="966500000001",
                short_message=text,
                registered_delivery=registered_delivery,
            )

    def read(self, count: int) -> list[Any]:
        """The next `count` PDUs that matter."""
        start = len(self.told)
        while len(self.told) < start + count:
            self.client.read_once(auto_send_enquire_link=False)
        return self.told[start:]

    def close(self) -> None:
        if self.client._socket is not None:
            self.client._socket.close()
            self.client._socket = None

    def _keep(self, pdu: Any) -> None:
        if pdu.command in ("submit_sm_resp", "generic_nack"):
            self.told.append(pdu)

    def _take_receipt(self, pdu: Any) -> int:
        self.told.append(pdu)
        return self.receipt_status


@contextmanager
def peer_at(port: int) -> Iterator[Peer]:
    peer = Peer(port)
    try:
        yield peer
    finally:
        peer.close()


@asynccontextmanager
async def simulating(faults: Faults | None = None, **options: Any) -> AsyncIterator[Simulator]:
    settings = replace(QUICK, seed=options.pop("seed", 0))
    simulator = Simulator(faults=faults, settings=settings, **options)
    await simulator.start()
    try:
        yield simulator
    finally:
        await simulator.stop()


async def with_peer(simulator: Simulator, work: Callable[[Peer], Any], **bind: str) -> Any:
    """What `work` returns, in a thread, with a bound peer."""

    def job() -> Any:
        with peer_at(simulator.port) as peer:
            peer.bind(**bind)
            return work(peer)

    return await asyncio.to_thread(job)


def exchange(messages: int, pdus: int, registered_delivery: int = 1) -> Callable[[Peer], list[Any]]:
    """Submit that many, and read that many PDUs back."""

    def work(peer: Peer) -> list[Any]:
        peer.submit(messages, registered_delivery)
        return peer.read(pdus)

    return work


def commands(pdus: list[Any]) -> list[str]:
    return [pdu.command for pdu in pdus]


def only(pdus: list[Any], command: str) -> list[Any]:
    return [pdu for pdu in pdus if pdu.command == command]


def id_in(receipt: Any) -> str:
    found = re.match(rb"id:(\S+) ", receipt.short_message)
    assert found is not None
    return found[1].decode()


def id_of(response: Any) -> str:
    return bytes(response.message_id).decode()


# ----------------------------------------------------------------------------------------------------- good manners


async def test_a_message_is_answered_and_brings_a_receipt() -> None:
    async with simulating() as simulator:
        response, receipt = await with_peer(simulator, exchange(1, 2))
        await simulator.until(lambda tally: tally.receipts_acknowledged == 1)
    assert (response.command, response.status) == ("submit_sm_resp", 0)
    assert receipt.esm_class == 0x04
    assert receipt.short_message == (
        b"id:%b sub:001 dlvrd:001 submit date:2311142213 done date:2311142213 "
        b"stat:DELIVRD err:000 text:Your code is 1234567" % id_of(response).encode()
    )
    assert receipt.source_addr == b"966500000001"
    assert receipt.destination_addr == b"ACME"


async def test_a_message_that_asks_for_no_receipt_gets_none() -> None:
    async with simulating() as simulator:
        await with_peer(simulator, exchange(3, 3, registered_delivery=NO_RECEIPTS))
        assert simulator.tally.receipts_sent == 0
        assert simulator.receipts_waiting == 0


async def test_ids_are_unique_across_connections() -> None:
    async with simulating() as simulator:
        told = [await with_peer(simulator, exchange(50, 50, registered_delivery=NO_RECEIPTS)) for _ in range(2)]
    assert len({id_of(each) for one in told for each in one}) == 100


@pytest.mark.smpp("S-16")
@pytest.mark.parametrize(("credentials", "status"), [({"password": "wrong"}, 0x0E), ({"system_id": "other"}, 0x0F)])
async def test_wrong_credentials_are_refused_and_the_connection_closed(
    credentials: dict[str, str], status: int
) -> None:
    def ask(port: int) -> int:
        with peer_at(port) as peer:
            with pytest.raises(exceptions.PDUError) as refused:
                peer.bind(**credentials)
            with pytest.raises(exceptions.ConnectionError):
                peer.client.read_pdu()
            return int(refused.value.args[1])

    async with simulating() as simulator:
        assert await asyncio.to_thread(ask, simulator.port) == status
        assert (simulator.tally.binds, simulator.tally.binds_refused) == (0, 1)


@pytest.mark.smpp("S-19")
async def test_unbind_is_answered() -> None:
    async with simulating() as simulator:
        answer = await with_peer(simulator, lambda peer: peer.client.unbind())
    assert answer.command == "unbind_resp"


@pytest.mark.smpp("S-29")
async def test_receipts_go_to_a_receiver_when_a_transmitter_submitted() -> None:
    def job(port: int) -> list[Any]:
        with peer_at(port) as receiver, peer_at(port) as transmitter:
            receiver.bind("receiver")
            transmitter.bind("transmitter")
            transmitter.submit(3)
            return commands(transmitter.read(3)) + commands(receiver.read(3))

    async with simulating() as simulator:
        assert await asyncio.to_thread(job, simulator.port) == ["submit_sm_resp"] * 3 + ["deliver_sm"] * 3


async def test_receipts_wait_until_somebody_is_bound_to_receive() -> None:
    async with simulating() as simulator:
        await with_peer(simulator, exchange(3, 3), kind="transmitter")
        assert simulator.receipts_waiting == 3
        assert commands(await with_peer(simulator, lambda peer: peer.read(3), kind="receiver")) == ["deliver_sm"] * 3


async def test_receipts_that_wait_are_bounded() -> None:
    settings = SimulatorSettings(receipts_waiting=2)
    simulator = Simulator(settings=settings)
    await simulator.start()
    try:
        await with_peer(simulator, exchange(5, 5), kind="transmitter")
        await simulator.until(lambda tally: tally.receipts_lost == 3)
        assert simulator.receipts_waiting == 2
    finally:
        await simulator.stop()


@pytest.mark.smpp("S-47")
async def test_a_receipt_refused_comes_again() -> None:
    def work(peer: Peer) -> list[Any]:
        peer.submit()
        peer.receipt_status = 0x14
        first = peer.read(2)
        peer.receipt_status = 0
        return [*only(first, "deliver_sm"), *peer.read(1)]

    async with simulating() as simulator:
        first, second = await with_peer(simulator, work)
        await simulator.until(lambda tally: tally.receipts_acknowledged == 1)
        assert first.short_message == second.short_message
        assert (simulator.tally.receipts_refused, simulator.tally.receipts_lost) == (1, 0)


async def test_a_receipt_refused_for_ever_is_given_up() -> None:
    def work(peer: Peer) -> None:
        peer.receipt_status = 0x14
        peer.submit()
        peer.read(1 + QUICK.receipt_tries)

    async with simulating() as simulator:
        await with_peer(simulator, work)
        await simulator.until(lambda tally: tally.receipts_lost == 1)
        assert simulator.tally.receipts_refused == QUICK.receipt_tries


@pytest.mark.smpp("S-24")
async def test_a_receipt_unacknowledged_when_the_link_dies_comes_again_on_the_next() -> None:
    def leave_unacknowledged(peer: Peer) -> None:
        peer.submit()
        assert [peer.client.read_pdu().command for _ in range(2)] == ["submit_sm_resp", "deliver_sm"]

    async with simulating() as simulator:
        await with_peer(simulator, leave_unacknowledged)
        assert commands(await with_peer(simulator, lambda peer: peer.read(1))) == ["deliver_sm"]
        assert simulator.tally.receipts_sent == 2


async def test_what_was_received_is_recorded_when_asked() -> None:
    async with simulating(record=True) as simulator:
        await with_peer(simulator, exchange(1, 2))
    assert [(each.destination_addr, each.short_message) for each in simulator.received] == [
        ("966500000001", b"Your code is 1234567")
    ]


async def test_nothing_is_recorded_unasked() -> None:
    async with simulating() as simulator:
        await with_peer(simulator, exchange(1, 2))
    assert simulator.received == []


async def test_messages_taken_twice_are_counted_when_tracked() -> None:
    def work(peer: Peer) -> None:
        for text in (b"one", b"two", b"one"):
            peer.submit(text=text, registered_delivery=NO_RECEIPTS)
        peer.read(3)

    async with simulating(track=True) as simulator:
        await with_peer(simulator, work)
        assert simulator.tally.duplicates == 1


# ----------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        (Faults(error_rate=1.0), 0x08),
        (Faults(error_rate=1.0, error_status=0x400), 0x400),
        (Faults(throttle_rate=1.0), 0x58),
        (Faults(queue_full_rate=1.0), 0x14),
    ],
)
async def test_messages_are_refused_to_order(faults: Faults, status: int) -> None:
    async with simulating(faults) as simulator:
        told = await with_peer(simulator, exchange(3, 3))
        assert [pdu.status for pdu in told] == [status] * 3
        assert (simulator.tally.accepted, simulator.tally.refused) == (0, 3)
        assert simulator.tally.receipts_sent == 0


async def test_a_rate_between_refuses_some() -> None:
    async with simulating(Faults(error_rate=0.5), seed=7) as simulator:
        told = await with_peer(simulator, exchange(200, 200, registered_delivery=NO_RECEIPTS))
    assert 60 < sum(pdu.status == 0x08 for pdu in told) < 140


async def test_the_same_seed_refuses_the_same_messages() -> None:
    async def statuses() -> list[int]:
        async with simulating(Faults(error_rate=0.5), seed=7) as simulator:
            told = await with_peer(simulator, exchange(30, 30, registered_delivery=NO_RECEIPTS))
        return [pdu.status for pdu in told]

    assert await statuses() == await statuses()


async def test_messages_above_the_limit_of_a_second_are_throttled() -> None:
    async with simulating(Faults(throttle_above_per_s=0)) as simulator:
        assert [pdu.status for pdu in await with_peer(simulator, exchange(2, 2))] == [0x58, 0x58]


async def test_messages_below_the_limit_of_a_second_are_taken() -> None:
    async with simulating(Faults(throttle_above_per_s=1000)) as simulator:
        await with_peer(simulator, exchange(5, 5, registered_delivery=NO_RECEIPTS))
        assert simulator.tally.accepted == 5


@pytest.mark.smpp("S-23")
async def test_a_silent_smsc_answers_other_things_only() -> None:
    def work(peer: Peer) -> str:
        peer.submit(3)
        return str(peer.client.unbind().command)

    async with simulating(Faults(silent_rate=1.0)) as simulator:
        assert await with_peer(simulator, work) == "unbind_resp"
        assert (simulator.tally.silent, simulator.tally.accepted) == (3, 0)


async def test_the_connection_is_cut_at_the_nth_message() -> None:
    def work(peer: Peer) -> None:
        peer.submit(2, registered_delivery=NO_RECEIPTS)
        peer.read(2)
        peer.submit()
        with pytest.raises(exceptions.ConnectionError):
            peer.client.read_pdu()

    async with simulating(Faults(drop_every=3)) as simulator:
        await with_peer(simulator, work)
        assert (simulator.tally.accepted, simulator.tally.dropped, simulator.bound) == (2, 1, 0)


async def test_a_delayed_receipt_follows_its_delayed_answer() -> None:
    async with simulating(Faults(answer_delay_s=0.02, receipt_delay_s=0.02)) as simulator:
        told = await with_peer(simulator, exchange(3, 6))
    answered = [id_of(pdu) for pdu in only(told, "submit_sm_resp")]
    assert [id_in(pdu) for pdu in only(told, "deliver_sm")] == answered
    for response, receipt in zip(only(told, "submit_sm_resp"), only(told, "deliver_sm"), strict=True):
        assert told.index(response) < told.index(receipt)


async def test_answers_after_very_different_times_overtake_each_other() -> None:
    async with simulating(Faults(answers=((0.5, 0.0), (0.5, 0.05)), receipt_rate=0.0)) as simulator:
        told = await with_peer(simulator, exchange(40, 40, registered_delivery=NO_RECEIPTS))
    numbers = [pdu.sequence for pdu in only(told, "submit_sm_resp")]
    assert len(set(numbers)) == 40
    assert numbers != sorted(numbers)


async def test_an_answer_that_is_due_after_the_link_is_gone_is_dropped() -> None:
    def work(peer: Peer) -> None:
        peer.submit(registered_delivery=NO_RECEIPTS)

    async with simulating(Faults(answer_delay_s=0.02)) as simulator:
        await with_peer(simulator, work)
        told = await with_peer(simulator, exchange(1, 1, registered_delivery=NO_RECEIPTS))
        assert commands(told) == ["submit_sm_resp"]


@pytest.mark.smpp("S-45")
async def test_a_receipt_overtakes_its_response_to_order() -> None:
    async with simulating(Faults(receipt_before_response=True, receipt_delay_s=5)) as simulator:
        assert commands(await with_peer(simulator, exchange(1, 2))) == ["deliver_sm", "submit_sm_resp"]


async def test_no_receipts_to_order() -> None:
    async with simulating(Faults(receipt_rate=0.0)) as simulator:
        await with_peer(simulator, exchange(3, 3))
        assert (simulator.tally.receipts_sent, simulator.receipts_waiting) == (0, 0)


@pytest.mark.smpp("S-45")
async def test_receipts_come_twice_to_order() -> None:
    async with simulating(Faults(receipt_twice_rate=1.0)) as simulator:
        told = await with_peer(simulator, exchange(1, 3))
    first, second = only(told, "deliver_sm")
    assert first.short_message == second.short_message


async def test_receipts_tell_of_failure_to_order() -> None:
    async with simulating(Faults(receipt_state_failed_rate=1.0, receipt_form="both")) as simulator:
        _, receipt = await with_peer(simulator, exchange(1, 2))
    assert b" dlvrd:000 " in receipt.short_message
    assert b" stat:UNDELIV err:001 " in receipt.short_message
    assert receipt.message_state == 5


@pytest.mark.smpp("S-42")
async def test_a_receipt_may_speak_by_tlvs_alone() -> None:
    async with simulating(Faults(receipt_form="tlv")) as simulator:
        response, receipt = await with_peer(simulator, exchange(1, 2))
    assert not receipt.short_message
    assert receipt.receipted_message_id.rstrip(b"\0") == response.message_id
    assert receipt.message_state == 2


@pytest.mark.smpp("S-45")
async def test_receipts_for_unknown_ids_come_to_order() -> None:
    async with simulating(Faults(unknown_receipts=1.0)) as simulator:
        told = await with_peer(simulator, exchange(2, 6))
    given = {id_of(pdu) for pdu in only(told, "submit_sm_resp")}
    assert len([pdu for pdu in only(told, "deliver_sm") if id_in(pdu) not in given]) == 2


@pytest.mark.smpp("S-44")
@pytest.mark.parametrize(
    ("form", "receipt_form", "pattern"),
    [
        ("hex", "decimal", r"[0-9a-f]{10}"),
        ("decimal", "hex_padded", r"[0-9]{11,12}"),
        ("uuid", None, r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("hex_padded", "hex", r"0{6}[0-9a-f]{10}"),
    ],
)
async def test_the_id_has_the_form_ordered(form: IdForm, receipt_form: IdForm | None, pattern: str) -> None:
    async with simulating(Faults(id_form=form, receipt_id_form=receipt_form)) as simulator:
        response, receipt = await with_peer(simulator, exchange(1, 2))
    identifier = id_of(response)
    assert re.fullmatch(pattern, identifier)
    number = int(identifier) if form == "decimal" else int(identifier.replace("-", ""), 16)
    assert id_in(receipt) == write_id(number, receipt_form or form)


async def test_the_gateway_reads_the_receipts() -> None:
    async with simulating() as simulator:
        response, receipt = await with_peer(simulator, exchange(1, 2))
    parsed = parse_receipt(receipt.short_message, (), receipt.esm_class)
    assert parsed is not None
    assert parsed.candidates[0] == id_of(response)


async def test_faults_can_change_while_it_runs() -> None:
    async with simulating(Faults(error_rate=1.0)) as simulator:
        refused = await with_peer(simulator, exchange(1, 1))
        simulator.faults = Faults()
        taken = await with_peer(simulator, exchange(1, 1, registered_delivery=NO_RECEIPTS))
    assert (refused[0].status, taken[0].status) == (8, 0)


# ------------------------------------------------------------------------------------------------------ going down


async def test_down_refuses_connections_and_up_takes_them_on_the_same_port() -> None:
    async with simulating() as simulator:
        port = simulator.port
        await simulator.go_down()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await simulator.come_up()
        assert simulator.port == port
        assert commands(await with_peer(simulator, exchange(1, 1))) == ["submit_sm_resp"]


async def test_dropped_connections_can_be_made_again() -> None:
    def bind_and_wait(port: int, bound: Callable[[], object]) -> None:
        with peer_at(port) as peer:
            peer.bind()
            bound()
            with pytest.raises(exceptions.ConnectionError):
                peer.client.read_pdu()

    async with simulating() as simulator:
        loop, bound = asyncio.get_running_loop(), asyncio.Event()
        job = asyncio.create_task(
            asyncio.to_thread(bind_and_wait, simulator.port, lambda: loop.call_soon_threadsafe(bound.set))
        )
        await bound.wait()
        assert simulator.bound == 1
        await simulator.drop_connections()
        await job
        assert simulator.bound == 0
        assert commands(await with_peer(simulator, exchange(1, 1))) == ["submit_sm_resp"]


@pytest.mark.smpp("S-26")
async def test_a_peer_that_reads_nothing_is_cut_off() -> None:
    def flood(port: int) -> bool:
        with peer_at(port) as peer:
            peer.bind()
            raw = peer.client._socket
            assert raw is not None
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            try:
                while True:
                    raw.sendall(ENQUIRE_LINK * 1000)
            except OSError:
                return True

    ENQUIRE_LINK = bytes.fromhex("00000010000000150000000000000001")  # noqa: N806
    async with simulating() as simulator:
        assert await asyncio.to_thread(flood, simulator.port)


async def test_run_serves_until_cancelled() -> None:
    started: asyncio.Future[Simulator] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(run(0, Faults(), started=started.set_result))
    simulator = await started
    assert commands(await with_peer(simulator, exchange(1, 2))) == ["submit_sm_resp", "deliver_sm"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", simulator.port)


def test_it_runs_on_uvloop() -> None:
    async def job() -> list[str]:
        async with simulating() as simulator:
            return commands(await with_peer(simulator, exchange(1, 2)))

    assert uvloop.run(job()) == ["submit_sm_resp", "deliver_sm"]


async def test_stop_without_start_does_nothing() -> None:
    await Simulator().stop()

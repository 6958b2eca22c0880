"""What the gateway's two SMPP ends cost a message, step by step, without sockets, store or seals; all in one process.

The operator's end writes submit_sm, reads its answers and receipts, and acknowledges. The customer's end reads
submit_sm, asks a door that takes everything, answers, and tells of the receipt. Each step handles `BATCH` messages at
once, as one read or one commit does; the figure is the median. Run it with `python -m benchmarks.links`.
"""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace
from typing import Any, Final

import uvloop

from benchmarks.codec import reference
from config.operators import SmppOperatorSettings
from config.secret import SecretRef
from config.smpp_server import SmppServerSettings
from gateway.accounts.esme_profile import USUAL
from gateway.model.message import Message, MessageClass, OutboxEvent, Status
from gateway.model.submission import ReturnPath
from gateway.process.clock import SystemClock
from gateway.process.logs import configure
from gateway.smpp_server.intake import Intake
from gateway.smpp_server.server import SmppServer
from gateway.smpp_server.telling import Telling
from gateway.smpp_server.wording import receipt
from operators.base import DeliveryReceipt, MtMessage, OperatorEvent, Submitted
from operators.seats import Seats
from operators.smpp import pdu as p
from operators.smpp.client import SmppOperator
from redaction.personal import MessageText, Msisdn, Secret
from redaction.retention import TRANSACTIONAL
from redaction.sealed import Pseudonym

BATCH: Final = 100
ROUNDS: Final = 300
TURNS: Final = 8
ACCOUNT: Final = 7
NOW_MS: Final = 1_800_000_000_000
TO: Final = "966512345678"
TEXT: Final = "Your order has been shipped and arrives on Thursday. Thank you for shopping with us."
RECEIPT: Final = b"id:%b sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:"
PATH: Final = ReturnPath(5, 0, "INTERKEY", 1, 1, TO)


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._written.append(bytes(data))

    def take(self) -> list[bytes]:
        """The frames that were written."""
        data, self._written = b"".join(self._written), []
        frames, at = [], 0
        while at < len(data):
            length = p.HEADER.unpack_from(data, at)[0]
            frames.append(data[at : at + length])
            at += length
        return frames

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Steps:
    """Microseconds per message of each step."""

    def __init__(self) -> None:
        self._costs: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._costs[name].append((time.perf_counter() - start) / BATCH * 1e6)

    def report(self, end: str) -> None:
        medians = {name: statistics.median(costs) for name, costs in self._costs.items()}
        for name, cost in medians.items():
            print(f"{end}: {name:<52}{cost:>6.2f} µs")
        print(f"{end}: {'in all':<52}{sum(medians.values()):>6.2f} µs", flush=True)


async def turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


def number_of(frame: bytes) -> int:
    return int(p.HEADER.unpack_from(frame)[3])


async def operator_end(steps: Steps) -> None:
    events: list[OperatorEvent] = []
    settings = SmppOperatorSettings(name="smsc", host="", port=1, system_id="us", password=SecretRef(), window=256)
    operator = SmppOperator(
        settings, Secret(""), monotonic=time.monotonic, now_ms=lambda: NOW_MS, today=lambda: date(2026, 1, 1), salt=b"s"
    )
    operator._sink = events.extend
    connection, wire = operator._links._make_connection(), Wire()
    connection.connection_made(wire)
    operator._links._ask_to_bind(connection, p.BindTransceiver, again=False)
    connection.data_received(p.encode(p.BindTransceiverResp(1)))
    await turns()
    wire.take()
    for place in range(ROUNDS):
        await operator_round(steps, operator, wire, events, place * BATCH)
    connection.connection_lost(None)


async def operator_round(
    steps: Steps, operator: SmppOperator, wire: Wire, events: list[OperatorEvent], first: int
) -> None:
    (connection,) = operator._links.binds
    to, text = Msisdn(TO, 966), MessageText(TEXT)
    messages = [
        MtMessage(token=None, source="INTERKEY", destination=to, text=text, validity_s=86_400) for _ in range(BATCH)
    ]
    with steps.step("submit, written"):
        for message in messages:
            operator.submit(message)
    with steps.step("window, gathered, one write"):
        await turns()
    numbers = [number_of(frame) for frame in wire.take()]
    ids = [f"{0x1234500000 + first + place:x}" for place in range(BATCH)]
    answers = [p.encode(p.SubmitSmResp(number, message_id=given)) for number, given in zip(numbers, ids, strict=True)]
    news = [
        p.encode(p.DeliverSm(1, esm_class=4, source_addr=TO, short_message=RECEIPT % each.encode())) for each in ids
    ]
    events.clear()
    with steps.step("submit_sm_resp read, told to dispatch"):
        connection.data_received(b"".join(answers))
    assert sum(isinstance(event, Submitted) for event in events) == BATCH
    events.clear()
    with steps.step("receipt read, told to outcomes"):
        connection.data_received(b"".join(news))
    handles = [event.handle for event in events if isinstance(event, DeliveryReceipt)]
    with steps.step("acknowledged one by one, one write"):
        for handle in handles:
            operator.acknowledge((handle,), True)
        await turns()
    assert len(wire.take()) == BATCH


class Taken:
    """Stands for door, admission and journal: takes everything and remembers whom to call."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Any, Any]] = []

    def offer(self, _key: object, _request: object, _form: object, done: object) -> None:
        self.waiting.append((None, done))

    def post(self, op: object, done: object) -> None:
        self.waiting.append((op, done))

    def admit(self, *_: object) -> None: ...
    def settle(self, *_: object) -> None: ...
    def commit(self, result: object) -> None:
        waiting, self.waiting = self.waiting, []
        for op, done in waiting:
            done(op, result)


async def customer_end(steps: Steps) -> None:
    taken: Any = Taken()
    nobody: Any = SimpleNamespace()
    clock = SystemClock()
    telling = Telling(
        outbox=nobody, messages=nobody, journal=taken, word=lambda event, of: receipt(event, of, PATH), clock=clock
    )
    server = SmppServer(
        settings=SmppServerSettings(),
        directory=nobody,
        clock=clock,
        intake=Intake(taken, taken, clock),
        errands=nobody,
        telling=telling,
    )
    seat = Seats(1).take("", nobody)
    assert seat is not None
    link, wire = server._make_link(seat), Wire()
    link.connection_made(wire)
    bind = p.BindTransceiver(1, system_id="bank")
    link.session.receive(p.encode(bind), link.now())
    customer = SimpleNamespace(public_id="", settings=SimpleNamespace(senders={"INTERKEY": ()}))
    key = SimpleNamespace(customer=customer)
    server._accept(
        link, bind, SimpleNamespace(id=ACCOUNT, window=256, profile=USUAL, key=key)  # type: ignore[arg-type]
    )  # fmt: skip
    outlet = telling._outlets[ACCOUNT]
    outlet.left = outlet.again = False  # as after the first look into the ledger
    await turns()
    wire.take()
    for place in range(ROUNDS):
        await customer_round(steps, telling, (link, wire), taken, place * BATCH)
    link.connection_lost(None)


async def customer_round(steps: Steps, telling: Telling, peer: tuple[Any, Wire], taken: Taken, first: int) -> None:
    link, wire = peer
    frames = [
        p.encode(
            p.SubmitSm(
                number,
                source_addr_ton=5,
                source_addr="INTERKEY",
                dest_addr_ton=1,
                dest_addr_npi=1,
                destination_addr=TO,
                registered_delivery=1,
                short_message=TEXT.encode(),
            )
        )
        for number in range(2, 2 + BATCH)
    ]
    with steps.step("submit_sm read"):
        link.data_received(b"".join(frames))
    with steps.step("turns of the intake, up to the door"):
        await turns()
    assert len(taken.waiting) == BATCH
    with steps.step("answered, one write"):
        taken.commit(bytes(16))
        await turns()
    assert len(wire.take()) == BATCH
    ended = [an_end(first + place) for place in range(1, 1 + BATCH)]
    with steps.step("news offered, worded, one write"):
        telling.offer(ended)
        await turns()
    answers = [p.encode(p.DeliverSmResp(number_of(frame))) for frame in wire.take()]
    assert len(answers) == BATCH
    with steps.step("deliver_sm_resp read, forgotten"):
        link.data_received(b"".join(answers))
        taken.commit(True)
    await turns()


def an_end(number: int) -> tuple[OutboxEvent, Message]:
    """A message that was delivered, and its event."""
    identifier = number.to_bytes(16, "big")
    message = Message(
        id=identifier,
        customer=1,
        key_id=-ACCOUNT,
        subject=Pseudonym(identifier),
        country=966,
        last_two=78,
        message_class=MessageClass.TRANSACTIONAL,
        tag=TRANSACTIONAL,
        status=Status.DELIVERED,
        segments=1,
        encoding="gsm7",
        operator="smsc",
        accepted_ms=NOW_MS,
        due_ms=None,
        expires_ms=NOW_MS,
        content_until_ms=NOW_MS,
        record_until_ms=NOW_MS,
        content=None,
        notify=1,
    )
    event = OutboxEvent(
        seq=number, customer=1, message=identifier, status=Status.DELIVERED, at_ms=NOW_MS, next_ms=0, esme=ACCOUNT
    )
    return event, message


def main() -> None:
    configure("error", "json")
    reference()
    ends: Sequence[tuple[str, Any]] = (("operator", operator_end), ("customer", customer_end))
    for name, end in ends:
        uvloop.run(end(Steps()))  # warm
        steps = Steps()
        uvloop.run(end(steps))
        steps.report(name)


if __name__ == "__main__":
    main()

"""What erasing many people costs: `python -m benchmarks.erasing [MESSAGES] [PEOPLE]`.

A SQLite ledger of messages to as many people, sealed as the door seals them, is read from end to end; then some of
these people are erased in one run. The bar is two such readings. Afterwards the key store is opened anew and one more
person is erased.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from config.settings import Settings
from gateway.audit.actor import COMMAND_LINE
from gateway.keystore.keyring import Keyring
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.contract import Accept
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.content import Packed
from gateway.model.message import Message, MessageClass, OutboxEvent, Status, message_id
from gateway.process.clock import SystemClock
from gateway.retention.policies import RetentionPolicies
from gateway.rights.building import Stands, eraser, tracer
from gateway.rights.erasing import Erasure, Purpose
from gateway.rights.subjects import DataSubject
from redaction.personal import Msisdn
from redaction.retention import DEFAULT_RULES, TRANSACTIONAL
from redaction.seal import Sealer
from redaction.sealed import SealContext

CUSTOMER = 1
STEP = 2_000
TEXT = "Your order has been shipped and arrives on Thursday."


def person(index: int) -> Msisdn:
    return Msisdn(f"9665{10_000_000 + index}", 966)


class Stage:
    """Stores of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SystemClock()
        self.store = Keystore(folder / "keys.db", FileRootSlot(folder / "root.key"), self.clock)
        self.store.open()
        self.keyring = Keyring(self.store, DEFAULT_RULES.values(), self.clock, lambda: 0)
        self.keyring.ensure_customer(CUSTOMER)
        self.keyring.ensure_present()
        self.sealer = Sealer(self.store.state, self.clock.random)
        self.ledger = SqliteLedger(folder / "ledger.db", self.clock)

    @property
    def on(self) -> Stands:
        return Stands(
            settings=Settings(),
            ledger=self.ledger,
            keystore=self.store,
            keyring=self.keyring,
            policies=RetentionPolicies(DEFAULT_RULES),
            clock=self.clock,
            installation=1,
            public_id=lambda _: "cus_0000000000000001",
        )

    async def fill(self, messages: int) -> None:
        for first in range(0, messages, STEP):
            await self.ledger.apply([Accept(self.message(each)) for each in range(first, first + STEP)])

    def message(self, index: int) -> Message:
        now_ms, number = self.clock.now_ms(), person(index)
        subject = self.keyring.pseudonymise(CUSTOMER, number, TRANSACTIONAL, now_ms)
        identifier = message_id(now_ms, index & 0xFFFF, self.clock.random(8))
        packed = Packed(f"9665{10_000_000 + index}", 966, "INTERKEY", False, TEXT, False, True)
        content = self.sealer.seal(
            msgspec.msgpack.encode(packed),
            SealContext(
                customer=CUSTOMER,
                message_id=identifier,
                field="content",
                tag=TRANSACTIONAL,
                period=self.keyring.period_at(TRANSACTIONAL, now_ms),
                leaf=subject.leaf,
            ),
        )
        return Message(
            id=identifier,
            customer=CUSTOMER,
            key_id=1,
            subject=subject.pseudonym,
            country=966,
            last_two=index % 100,
            message_class=MessageClass.TRANSACTIONAL,
            tag=TRANSACTIONAL,
            status=Status.DELIVERED,
            segments=1,
            encoding="gsm7",
            operator="stc",
            accepted_ms=now_ms,
            due_ms=None,
            expires_ms=now_ms + 3_600_000,
            content_until_ms=now_ms + 86_400_000,
            record_until_ms=now_ms + 90 * 86_400_000,
            content=content,
            final_ms=now_ms,
            submitted_ms=now_ms,
            disclosure=7,
        )


async def walk(ledger: SqliteLedger) -> int:
    cursor, count = None, 0
    while True:
        found, cursor = await ledger.copies.messages(cursor, STEP)
        count += len(found)
        if cursor is None:
            return count


async def nothing(_events: Sequence[OutboxEvent]) -> None:
    """Nobody is told."""


async def erase(stage: Stage, people: range) -> Erasure:
    began = time.perf_counter()
    traces = await tracer(stage.on).trace([DataSubject(CUSTOMER, person(each)) for each in people])
    print(f"{'  of that, finding them':<52}{time.perf_counter() - began:>10.1f} s")
    return await eraser(stage.on, COMMAND_LINE, nothing).erase(traces, Purpose())


async def measure(folder: Path, messages: int, people: int) -> None:
    stage = Stage(folder)
    await stage.ledger.open()
    await stage.fill(messages)
    await stage.ledger.retention.checkpoint()
    began, cpu_s = time.perf_counter(), time.process_time()
    count = await walk(stage.ledger)
    walked_s, walked_cpu_s = time.perf_counter() - began, time.process_time() - cpu_s
    print(f"{f'one walk of {count:,} messages':<52}{walked_s:>10.1f} s   {walked_cpu_s:.1f} s of CPU")
    version, began, cpu_s = stage.store.version, time.perf_counter(), time.process_time()
    done = await erase(stage, range(people))
    took_s, took_cpu_s = time.perf_counter() - began, time.process_time() - cpu_s
    rolls = stage.store.version - version
    said = f"{people:,} people erased, {done.messages:,} messages"
    print(f"{said:<52}{took_s:>10.1f} s   {took_cpu_s:.1f} s of CPU; {took_s / walked_s:.1f} walks")
    print(f"{'roots':<52}{rolls:>10}     one for {people // max(1, rolls):,} people")
    print(f"{'key store':<52}{(folder / 'keys.db').stat().st_size >> 20:>10} MB")
    stage.store.close()
    began = time.perf_counter()
    stage.store = Keystore(folder / "keys.db", FileRootSlot(folder / "root.key"), stage.clock)
    stage.store.open()
    print(f"{'key store opened anew':<52}{(time.perf_counter() - began) * 1000:>10.0f} ms   wanted ≤ 2,000")
    stage.keyring = Keyring(stage.store, DEFAULT_RULES.values(), stage.clock, lambda: 0)
    (trace,) = await tracer(stage.on).trace([DataSubject(CUSTOMER, person(people))])
    began = time.perf_counter()
    await stage.keyring.forget(lambda _: trace.places)
    print(f"{'one more erasure in it':<52}{(time.perf_counter() - began) * 1000:>10.0f} ms   wanted ≤ 50")
    await stage.ledger.close()
    stage.store.close()


def main() -> None:
    messages, people = (int(each) for each in (*sys.argv[1:3], "200000", "100000")[:2])
    with TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), messages, people))


if __name__ == "__main__":
    main()

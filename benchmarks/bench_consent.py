"""What consent costs a message: nothing to speak of where it needs none, and what a look-up takes where it does."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from gateway.consent.following import Following
from gateway.consent.gate import Gate, Question
from gateway.consent.guard import Guard
from gateway.consent.rows import Consent, Proof, consent_row
from gateway.keystore.keyring import Keyring
from gateway.keystore.permission_keys import PermissionKeys
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.permissions import put
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.consent_mode import ConsentMode
from gateway.model.content import Content
from gateway.model.message import Message, MessageClass, Status
from gateway.model.verdict import Counts, Verdict
from gateway.process.clock import SystemClock
from gateway.process.tasks import TaskOwner
from redaction.personal import MessageText, Msisdn
from redaction.retention import DEFAULT_RULES, PROMOTIONAL
from redaction.sealed import Pseudonym

CUSTOMER, PEOPLE, BATCH = 1, 20_000, 500
ROUNDS, CALLS = 20, 2_000


class Stage:
    """A guard on a ledger with consents of many people. mode: of the customer."""

    def __init__(self, ledger: SqliteLedger, keyring: Keyring, clock: SystemClock) -> None:
        self.mode = ConsentMode.ENFORCE
        self.keys = PermissionKeys(keyring)
        self.ledger = ledger
        self.following = Following(ledger.acts, ledger.permissions, clock)
        self.gate = Gate(ledger.permissions, clock, TaskOwner().contain)
        self.guard = Guard(self.gate, self.following, self.keys.tokens, lambda _: self.mode, Counts(), clock)

    async def fill(self, now_ms: int) -> None:
        for first in range(0, PEOPLE, 1_000):
            rows = [
                consent_row(
                    CUSTOMER,
                    self.keys.tokens(CUSTOMER, person(index))[0],
                    Consent(purpose="promotional", proof=Proof(given_ms=now_ms, withdrawn_ms=now_ms * (index % 2))),
                )
                for index in range(first, first + 1_000)
            ]
            await self.ledger.permissions.change([put(each) for each in rows])
        await self.following.refresh()


def person(index: int) -> Msisdn:
    return Msisdn(f"9665{index:08d}", 966)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner) -> Iterator[Stage]:
    folder, clock = tmp_path_factory.mktemp("consent"), SystemClock()
    store = Keystore(folder / "keys" / "keys.db", FileRootSlot(folder / "root" / "root.key"), clock)
    store.open()
    keyring = Keyring(store, DEFAULT_RULES.values(), clock)
    keyring.ensure_customer(CUSTOMER)
    keyring.ensure_present()
    yield runner.run(_built(folder, keyring, clock))
    store.close()


async def _built(folder: Path, keyring: Keyring, clock: SystemClock) -> Stage:
    ledger = SqliteLedger(folder / "ledger.db", clock)
    await ledger.open()
    stage = Stage(ledger, keyring, clock)
    await stage.fill(clock.now_ms())
    return stage


def _message(message_class: MessageClass) -> Message:
    return Message(
        id=bytes(16),
        customer=CUSTOMER,
        key_id=1,
        subject=Pseudonym(bytes(16)),
        country=966,
        last_two=78,
        message_class=message_class,
        tag=PROMOTIONAL,
        status=Status.QUEUED,
        segments=1,
        encoding="gsm7",
        operator="loop",
        accepted_ms=0,
        due_ms=0,
        expires_ms=0,
        content_until_ms=0,
        record_until_ms=0,
        content=None,
    )


CASES = {
    "one_time_code": (MessageClass.OTP, ConsentMode.ENFORCE),
    "promotional_off": (MessageClass.PROMOTIONAL, ConsentMode.OFF),
    "promotional_not_in_filter": (MessageClass.PROMOTIONAL, ConsentMode.ENFORCE),
}


@pytest.mark.parametrize("case", CASES)
def bench_recheck(benchmark: BenchmarkFixture, stage: Stage, case: str) -> None:
    """In front of the operator. Who is not in the filter is made sure of first."""
    message_class, stage.mode = CASES[case]
    message = _message(message_class)
    free = next(index for index in range(PEOPLE, 2 * PEOPLE) if not _may_stop(stage, index))
    content = Content(person(free), "INTERKEY", MessageText("x"), False, True)
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        stage.guard.recheck, args=(message, content, "loop", 0), rounds=ROUNDS, iterations=CALLS
    )


@pytest.mark.parametrize("case", CASES)
def bench_question(benchmark: BenchmarkFixture, stage: Stage, case: str) -> None:
    """At the door, up to the look-up."""
    message_class, mode = CASES[case]
    benchmark.pedantic(  # type: ignore[no-untyped-call]
        stage.guard.question,
        args=(CUSTOMER, mode, message_class, person(1), "INTERKEY"),
        rounds=ROUNDS,
        iterations=CALLS,
    )


def bench_look_up(benchmark: BenchmarkFixture, stage: Stage, runner: asyncio.Runner) -> None:
    """A batch of so many questions; the time is that of the batch."""
    questions = [
        Question(CUSTOMER, *stage.keys.tokens(CUSTOMER, person(index * 7)), "promotional", "INTERKEY")
        for index in range(BATCH)
    ]
    benchmark.extra_info["messages"] = BATCH
    benchmark.pedantic(lambda: runner.run(_asked(stage, questions)), rounds=ROUNDS)  # type: ignore[no-untyped-call]


async def _asked(stage: Stage, questions: list[Question]) -> None:
    last: asyncio.Future[Verdict | None] = asyncio.get_running_loop().create_future()
    for question in questions[:-1]:
        stage.gate.ask(question, lambda _: None)
    stage.gate.ask(questions[-1], last.set_result)
    await last


def _may_stop(stage: Stage, index: int) -> bool:
    return stage.following.may_stop(*stage.keys.tokens(CUSTOMER, person(index)))

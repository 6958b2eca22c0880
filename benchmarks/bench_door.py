"""The door: validate, minimise, name, seal, and hand to the journal, without its commit."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.messages import MIXES, SENDER, number_of
from config.settings import MessageSettings
from gateway.accept.choosing import Choice
from gateway.accept.door import Door
from gateway.accept.judging import Judge
from gateway.accept.request import MessageRequest
from gateway.accept.validation import Validator
from gateway.accounts.customers import ApiKey, Customer, CustomerSettings
from gateway.delivery.routing import Router
from gateway.keystore.keyring import Keyring
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.contract import WriteOp, WriteResult
from gateway.ledger.journal import Journal
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.limits.till import Till
from gateway.model.message import MessageClass
from gateway.model.route import Route
from gateway.model.submission import NO_FORM
from gateway.process.clock import SystemClock
from gateway.process.tasks import TaskOwner
from gateway.retention.minimise import Minimiser
from gateway.retention.policies import RetentionPolicies
from gateway.vault.vault import Vault
from operators.smpp.segments import plan
from redaction.retention import DEFAULT_RULES
from redaction.seal import Sealer

CUSTOMER = 1
ROUNDS = 30
CALLS = 500
KEY = ApiKey(
    id=1,
    customer=Customer(id=CUSTOMER, public_id="cus_1", settings=CustomerSettings(senders={SENDER: ()}), disabled=False),
    prefix="00000001",
    scopes=frozenset({"send"}),
    classes=frozenset(MessageClass),
    networks=(),
    throughput_per_s=None,
    burst=1,
    daily_quota=None,
    expires_ms=None,
)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    clock = SystemClock()
    store = Keystore(tmp_path / "keys" / "keys.db", FileRootSlot(tmp_path / "root" / "root.key"), clock)
    store.open()
    keyring = Keyring(store, DEFAULT_RULES.values(), clock)
    keyring.ensure_customer(CUSTOMER)
    keyring.ensure_present()
    vault = Vault(Sealer(store.state, clock.random), DEFAULT_RULES, clock.now_ms, SimpleNamespace(masks_covered=True))
    with asyncio.Runner() as runner:
        yield runner.run(build(clock, keyring, vault, tmp_path))
    store.close()


async def build(clock: SystemClock, keyring: Keyring, vault: Vault, folder: Path) -> Door:
    """A door in front of a journal that never runs: what is handed over stays in its queue."""
    ledger = SqliteLedger(folder / "ledger.db", clock)
    return Door(
        validator=Validator(MessageSettings(), plan, lambda _: False),
        judge=Judge(),
        minimiser=Minimiser(
            vault=vault,
            policies=RetentionPolicies(DEFAULT_RULES),
            clock=clock,
            keyring=keyring,
            contain=TaskOwner().contain,
        ),
        choice=Choice(
            Router([Route(prefix="", classes=frozenset(), operators=("loop",))]), lambda candidates, _: candidates[0]
        ),
        till=Till(
            Journal(ledger, stored=lambda _: None, queue_limit=10_000_000),
            ledger.acts,
            ledger.balances,
            ledger.messages,
            clock,
            TaskOwner().contain,
        ),
        clock=clock,
        digests=keyring.idempotency_digests,
    )


def requests(mix: str) -> Iterator[MessageRequest]:
    for index in range(10_000_000):
        form = MIXES[mix].form(index)
        yield MessageRequest(to=f"+{number_of(index)}", source=SENDER, text=form.text, message_class=form.message_class)


@pytest.mark.parametrize("mix", MIXES)
def bench_offer(benchmark: BenchmarkFixture, door: Door, mix: str) -> None:

    offer = partial(_offer, door, requests(mix))
    benchmark.pedantic(offer, rounds=ROUNDS, iterations=CALLS)  # type: ignore[no-untyped-call]


def _offer(door: Door, coming: Iterator[MessageRequest]) -> None:
    door.offer(KEY, next(coming), NO_FORM, done)


def done(_op: WriteOp | None, _result: WriteResult) -> None:
    """Nobody waits."""

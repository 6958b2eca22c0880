"""Sealing and opening the content of a message, and the recipient's pseudonym."""

import itertools

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.privacy import BODY, CUSTOMER, key_state, strangers
from redaction.personal import Msisdn, Purpose
from redaction.pseudonymise import pseudonymise
from redaction.retention import OTP
from redaction.seal import Sealer


def bench_seal_for_somebody_new(benchmark: BenchmarkFixture) -> None:
    state, clock = key_state()
    sealer, people = Sealer(state, clock.random), itertools.cycle(strangers())
    benchmark(lambda: sealer.seal(BODY, next(people)))


def bench_open_soon_after(benchmark: BenchmarkFixture) -> None:
    state, clock = key_state()
    sealer = Sealer(state, clock.random)
    context = strangers()[0]
    sealed = sealer.seal(BODY, context)

    def open_it() -> bytes:
        return sealer.open(
            sealed, customer=CUSTOMER, message_id=context.message_id, field="content", tag=OTP, purpose=Purpose.DELIVER
        )

    assert benchmark(open_it) == BODY


def bench_pseudonym(benchmark: BenchmarkFixture) -> None:
    state, _ = key_state()
    benchmark(pseudonymise, state, CUSTOMER, Msisdn("966512345678", 966), 0)

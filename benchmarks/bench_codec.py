"""PDUs of the hot path: write and read."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.codec import FIELDS, MESSAGE_ID, RECEIPT
from operators.smpp import pdu as p

PDUS: dict[str, p.Pdu] = {
    "submit_sm": p.SubmitSm(1, **FIELDS),
    "submit_sm_resp": p.SubmitSmResp(1, message_id=MESSAGE_ID),
    "deliver_sm": p.DeliverSm(1, **(FIELDS | {"esm_class": 4, "short_message": RECEIPT})),
    "deliver_sm_resp": p.DeliverSmResp(1),
}


@pytest.mark.parametrize("name", PDUS)
def bench_encode(benchmark: BenchmarkFixture, name: str) -> None:
    benchmark(p.encode, PDUS[name])


@pytest.mark.parametrize("name", PDUS)
def bench_decode(benchmark: BenchmarkFixture, name: str) -> None:
    frame = p.encode(PDUS[name])
    assert benchmark(p.decode, frame) == PDUS[name]

"""Signing a webhook."""

from pytest_benchmark.fixture import BenchmarkFixture

from gateway.process.clock import SystemClock
from gateway.webhooks.signing import Signer, new_secret

BODY = b'{"type":"message.delivered","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":"' + b"0" * 300 + b'"}}'
WEBHOOK = b"0123456789abcdef0123456789abcdef-2"


def bench_headers(benchmark: BenchmarkFixture) -> None:
    signer = Signer((new_secret(SystemClock().random),))
    assert benchmark(signer.headers, WEBHOOK, 1_767_225_600, BODY).count(b"\r\n") == 3


def bench_headers_while_secrets_are_rotated(benchmark: BenchmarkFixture) -> None:
    random = SystemClock().random
    signer = Signer((new_secret(random), new_secret(random)))
    assert benchmark(signer.headers, WEBHOOK, 1_767_225_600, BODY).count(b"v1,") == 2

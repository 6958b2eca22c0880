"""Texts: how many segments, and their octets."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from operators.smpp.segments import encode_segments, plan

TEXTS = {
    "GSM, 1 segment": "Your order has been shipped and arrives on Thursday. Thank you for shopping with us.",
    "UCS-2, 1 segment": "رمز التحقق الخاص بك هو 482913 لا تشاركه مع أحد",
    "GSM, 3 segments": "credited and debited as agreed; details are in the app. " * 7,
    "UCS-2, 3 segments": "تمت إضافة المبلغ إلى حسابكم وفق الاتفاق، والتفاصيل في التطبيق. " * 3,
}


@pytest.mark.parametrize("name", TEXTS)
def bench_plan(benchmark: BenchmarkFixture, name: str) -> None:
    assert str(benchmark(plan, TEXTS[name]).segments) in name


@pytest.mark.parametrize("name", TEXTS)
def bench_encode_segments(benchmark: BenchmarkFixture, name: str) -> None:
    planned = plan(TEXTS[name])
    assert len(benchmark(encode_segments, TEXTS[name], planned, reference=7)) == planned.segments

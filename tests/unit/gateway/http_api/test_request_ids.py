"""Which ids of requests are taken from whoever asks, and that those made differ."""

import pytest

from gateway.http_api.request_ids import RequestIds
from gateway.process.clock import SystemClock


@pytest.mark.parametrize(
    "given",
    ["0123456789abcdef0123456789ABCDEF", "018f6f5e-0000-7000-8000-000000000000", "01ARZ3NDEKTSV4RRFFQ69G5FAV"],
)
def test_a_random_form_is_taken(given: str) -> None:
    assert RequestIds(SystemClock()).of(given) == given


@pytest.mark.policy("P-26")
@pytest.mark.parametrize("given", [None, "", "+966500000078", "966500000078", "sara@example.com", "a" * 33, "a\r\nb"])
def test_anything_else_is_not(given: str | None) -> None:
    assert len(RequestIds(SystemClock()).of(given)) == 24


def test_no_two_are_alike() -> None:
    ids = RequestIds(SystemClock())
    assert len({ids.of(None) for _ in range(1_000)}) == 1_000

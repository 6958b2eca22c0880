"""What beside a flood counts as missed."""

import math
from typing import Any

import msgspec
import pytest

from benchmarks.fairness import NOTHING, Outcome, all_attacks

HELD = Outcome("none", sent=10, refused=0, lost=0, p50_ms=1, p99_ms=99, max_ms=500, health_ms=249, drain_s=1)


def test_what_holds_is_not_missed() -> None:
    assert HELD.missed == []


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("refused", {"refused": 1}),
        ("lost", {"lost": 1}),
        ("p99", {"p99_ms": 100.1}),
        ("healthz", {"health_ms": math.inf}),
        ("drain", {"drain_s": math.inf}),
    ],
)
def test_each_bar_is_missed_by_its_name(name: str, changes: dict[str, Any]) -> None:
    assert msgspec.structs.replace(HELD, **changes).missed == [name]


@pytest.mark.parametrize("row", [1, 4, 5, 6, 7, 8, 10, 11])
def test_every_attack_on_availability_has_a_row(row: int) -> None:
    assert all_attacks()[0] == NOTHING
    assert any(each.split()[0] == str(row) for each in all_attacks())

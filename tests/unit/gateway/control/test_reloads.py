"""What a process says to a reload fits into a document, whatever it has to say."""

import msgspec
import pytest

from config.changes import Change
from config.problems import Problem, Severity
from gateway.control.reloads import MOST, Said, State, answer
from gateway.ledger.contract import MAX_OCTETS


def problem(number: int, octets: int) -> Problem:
    return Problem(
        code="wrong_type", key=f"operators[{number}].name", message="x" * octets, file="a.toml", line=number,
        severity=Severity.ERROR,
    )  # fmt: skip


@pytest.mark.parametrize(("count", "octets"), [(0, 0), (3, 20), (MOST, 300), (3 * MOST, 10), (50, 5_000), (1, 100_000)])
def test_what_finds_no_room_is_counted(count: int, octets: int) -> None:
    changes = tuple(Change(setting=f"log.level{each}", what="changed", live=True) for each in range(count))
    problems = tuple(problem(each, octets) for each in range(count))
    said = Said(number="1", state=State.REFUSED, changes=changes, problems=problems)
    write = answer("process", said)
    assert write.octets is not None
    assert len(write.octets) <= MAX_OCTETS
    kept = msgspec.json.decode(write.octets, type=Said)
    assert kept.left_off == 2 * count - len(kept.changes) - len(kept.problems)
    assert kept.problems == problems[: len(kept.problems)]
    assert (kept.left_off == 0) is (count <= MOST and count * octets < 1_000)

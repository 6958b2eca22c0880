"""A run with one message missing, doubled or strange is no measurement."""

from typing import Any

import msgspec
import pytest

from benchmarks.truth import Evidence, Wrong, demand, verify

IDS = ("a", "b", "c")


def evidence(**changes: Any) -> Evidence:
    whole = Evidence(
        sent=3,
        statuses={"202": 3},
        good_status="202",
        ids=IDS,
        submitted=3,
        recorded=dict.fromkeys(IDS, "delivered"),
        told=dict.fromkeys(IDS, 1),
    )
    return msgspec.structs.replace(whole, **changes)


def test_a_whole_run_has_no_complaints() -> None:
    assert verify(evidence()) == []
    demand(evidence())


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"statuses": {"202": 2, "503": 1}}, "503"),
        ({"ids": ("a", "b", "b"), "recorded": None, "told": None}, "2 different ids"),
        ({"submitted": 2, "broken": (7,)}, "2 of 3 messages reached the operator once and whole; not: 7"),
        ({"broken": (7,)}, "once and whole; not: 7"),
        ({"flaws": {"messages reached the operator with another text": 2}}, "2 messages reached"),
        ({"synced": 2, "commits": 3}, "do not wait for the disk"),
        ({"recorded": {"a": "delivered", "b": "delivered"}}, "1 accepted messages are not recorded: c"),
        ({"recorded": dict.fromkeys("abcd", "delivered")}, "recorded that nobody sent: d"),
        ({"recorded": {"a": "delivered", "b": "submitted", "c": "delivered"}}, "{'submitted': 1}"),
        ({"told": {"a": 1, "b": 1}}, "1 messages were not told of: c"),
        ({"told": {"a": 1, "b": 2, "c": 1}}, "1 messages were told of twice: b"),
        ({"told": dict.fromkeys("abcd", 1)}, "told of that nobody sent: d"),
    ],
)
def test_every_fault_is_complained_of(changes: dict[str, Any], complaint: str) -> None:
    (found,) = verify(evidence(**changes))
    assert complaint in found


def test_demand_names_every_complaint() -> None:
    with pytest.raises(Wrong, match=r"not recorded: c; .* not told of: c"):
        demand(evidence(recorded=dict.fromkeys("ab", "delivered"), told=dict.fromkeys("ab", 1)))


def test_a_target_without_records_and_ids_is_held_to_the_rest() -> None:
    assert verify(evidence(ids=(), recorded=None, told=None)) == []
    assert verify(evidence(ids=(), recorded=None, told=None, submitted=2)) != []

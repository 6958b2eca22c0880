"""What a message costs on several nodes, as the table and its line say it."""

import pytest
import typer

from benchmarks.__main__ import counts_of
from benchmarks.nodes import Load, by_nodes
from tests.unit.benchmarks.test_tables import shown
from tests.unit.benchmarks.windows import report, result, window


def test_one_line_compares_the_nodes_with_the_first() -> None:
    results = [
        result(closed=[], nodes=count, open=[window(rate_per_s=2000.0, cpu_us={"gateway": cost, "Redis": 80.0})])
        for count, cost in ((1, 200.0), (2, 210.0), (4, 250.0))
    ]
    lines = [
        "CPU a message from 1 to 4 nodes, 2,000/s in all: 1 200 µs (1.00), 2 210 µs (1.05), 4 250 µs (1.25)",
        "with the server's from 1 to 4 nodes, 2,000/s in all: 1 280 µs (1.00), 2 290 µs (1.04), 4 330 µs (1.18)",
    ]
    assert by_nodes(results) == lines
    text = shown(report(*results))
    assert all(line in text for line in lines)
    assert "ledger's server" in text


def test_the_line_says_the_rate_of_each_where_that_is_the_same() -> None:
    results = [
        result(
            closed=[], nodes=count, open=[window(rate_per_s=500.0 * count, cpu_us={"gateway": 500.0, "Redis": 80.0})]
        )
        for count in (1, 4)
    ]
    assert by_nodes(results)[0] == "CPU a message from 1 to 4 nodes, 500/s each: 1 500 µs (1.00), 4 500 µs (1.00)"


def test_closed_loops_are_compared_too() -> None:
    results = [
        result(nodes=count, closed=[window(cpu_us={"gateway": cost, "Redis": 40.0})])
        for count, cost in ((1, 100), (2, 104))
    ]
    line = "CPU a message from 1 to 2 nodes, closed loop: 1 100 µs (1.00), 2 104 µs (1.04)"
    assert by_nodes(results)[0] == line
    text = shown(report(*results))
    assert line in text
    assert "ledger's server" in text
    assert "gateway 1.00 :" not in text


def test_other_results_are_not_compared_by_nodes() -> None:
    assert by_nodes([result(), result(open=[window(rate_per_s=2000.0)])]) == []
    assert "ledger's server" not in shown(report(result()))


def test_numbers_of_nodes_are_given_with_commas() -> None:
    assert counts_of("1,2,4") == [1, 2, 4]
    for wrong in ("", "1,x", "0", "2,-1"):
        with pytest.raises(typer.BadParameter):
            counts_of(wrong)


def test_a_load_is_of_each_node_or_of_all_together() -> None:
    assert Load(500.0).of_all(4) == 2000
    assert Load(32, is_closed=True, is_shared=True).of_all(4) == 32

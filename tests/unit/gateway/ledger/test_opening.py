"""Who writes the file of a node's ledger."""

import pytest

from config.settings import LedgerSettings
from gateway.clock import ManualClock
from gateway.ledger.opening import node_ledger, usable_cores


@pytest.mark.parametrize(
    ("writer", "many_at_once", "cores", "apart"),
    [
        ("auto", True, 2, True),
        ("auto", True, 1, False),
        ("auto", False, 8, False),
        ("process", False, 1, True),
        ("loop", True, 8, False),
    ],
)
def test_a_process_writes_where_it_is_asked_for_or_pays(
    writer: str, many_at_once: bool, cores: int, apart: bool
) -> None:
    settings = LedgerSettings(writer=writer)  # type: ignore[arg-type]
    ledger = node_ledger(settings, ManualClock(), many_at_once=many_at_once, cores=cores)
    assert ledger.works_beside is apart


def test_this_process_has_a_core() -> None:
    assert usable_cores() >= 1

"""Who writes the file of a node's ledger."""

import pytest

from config.settings import LedgerSettings
from gateway.ledger.opening import node_ledger, usable_cores
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.ledger.sqlite.writer import FileWriter
from gateway.ledger.sqlite.writer_client import ApartWriter
from gateway.ledger.sqlite.writer_moving import MovingWriter
from gateway.process.clock import ManualClock


@pytest.mark.parametrize(
    ("writer", "many_at_once", "cores", "kind"),
    [
        ("auto", True, 2, ApartWriter),
        ("auto", True, 1, FileWriter),
        ("auto", False, 8, MovingWriter),
        ("auto", False, 1, FileWriter),
        ("process", False, 1, ApartWriter),
        ("loop", True, 8, FileWriter),
        ("loop", False, 8, FileWriter),
    ],
)
def test_a_process_writes_where_it_is_asked_for_or_pays_or_may_come_to_pay(
    writer: str, many_at_once: bool, cores: int, kind: type
) -> None:
    settings = LedgerSettings(writer=writer)  # type: ignore[arg-type]
    ledger = node_ledger(settings, ManualClock(), many_at_once=many_at_once, cores=cores)
    assert isinstance(ledger, SqliteLedger)
    assert type(ledger._writer) is kind
    assert ledger.works_beside is (kind is ApartWriter)


def test_this_process_has_a_core() -> None:
    assert usable_cores() >= 1

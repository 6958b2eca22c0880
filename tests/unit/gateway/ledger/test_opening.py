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
    ("writer", "cores", "kind"),
    [
        ("auto", 2, MovingWriter),
        ("auto", 8, MovingWriter),
        ("auto", 1, FileWriter),
        ("process", 1, ApartWriter),
        ("loop", 8, FileWriter),
    ],
)
def test_a_process_writes_where_it_is_asked_for_or_may_come_to_pay(writer: str, cores: int, kind: type) -> None:
    settings = LedgerSettings(writer=writer)  # type: ignore[arg-type]
    ledger = node_ledger(settings, ManualClock(), cores=cores)
    assert isinstance(ledger, SqliteLedger)
    assert type(ledger._writer) is kind
    assert ledger.works_beside is (kind is ApartWriter)


def test_this_process_has_a_core() -> None:
    assert usable_cores() >= 1

"""An engine that this build lacks is refused before anything starts."""

import pytest

from benchmarks.engines import EngineMissing, engine, known


def test_sqlite_is_there() -> None:
    assert engine("sqlite").name == "sqlite"
    assert "sqlite" in known()


def test_an_unknown_engine_is_refused_by_name() -> None:
    with pytest.raises(EngineMissing, match="no engine 'oracle'; it has: sqlite"):
        engine("oracle")


def test_a_sqlite_ledger_has_one_worker() -> None:
    with pytest.raises(EngineMissing, match="--workers must be 1"):
        engine("sqlite", workers=2)

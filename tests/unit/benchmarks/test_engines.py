"""An engine that this build lacks is refused before anything starts."""

import socket
from pathlib import Path

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


def test_workers_are_refused_where_the_build_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.engines.known", lambda: ("sqlite", "redis"))
    with pytest.raises(EngineMissing, match="takes no --workers"):
        engine("redis", workers=2, able=lambda: False)


def test_a_shared_ledger_is_a_server_that_syncs_every_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.engines.known", lambda: ("sqlite", "redis"))
    chosen = engine("redis", workers=2, able=lambda: True)
    try:
        chosen.start(tmp_path)
        assert set(chosen.pids()) == {"Redis", "Redis of the keys"}
        said = chosen.environ()
        port = int(said["CONNECT_GATEWAY__LEDGER__REDIS__URL"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as it:
            it.sendall(b"CONFIG GET appendfsync\r\n")
            assert b"always" in it.recv(100)
    finally:
        chosen.stop()
    assert said["CONNECT_GATEWAY__OPERATORS__SIMULATOR__BINDS"] == "2"

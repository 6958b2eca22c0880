from pathlib import Path

from gateway.keystore.aside import put_aside


def test_a_database_goes_with_all_that_is_named_after_it_and_nothing_else(tmp_path: Path) -> None:
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock", "other.db"):
        (tmp_path / name).write_text(name, "utf-8")
    put = put_aside([tmp_path / "ledger.db", tmp_path / "missing.db"], "NOW")
    assert [each.name for each in put] == [f"ledger.db.before-NOW{end}" for end in ("", "-wal", "-shm")]
    assert [each.read_text("utf-8") for each in put] == ["ledger.db", "ledger.db-wal", "ledger.db-shm"]
    assert {each.name for each in tmp_path.iterdir()} - {each.name for each in put} == {"ledger.db.lock", "other.db"}

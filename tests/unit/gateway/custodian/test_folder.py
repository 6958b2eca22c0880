"""The custodian's folder: one key at a time, former ones as long as they are needed, and nothing for others to read."""

import stat
from pathlib import Path

import pytest

from gateway.custodian.folder import KEYS, PUBLIC, CustodianThere, CustodianUnreadable, Folder, NoCustodian
from redaction.custodian import public_key

DAY_MS = 24 * 3_600_000


def test_a_custodian_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "custodian")
    with pytest.raises(NoCustodian):
        folder.read()
    key = folder.begin(7)
    assert public_key((folder.path / PUBLIC).read_text()) == key
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / KEYS).stat().st_mode) == 0o600
    with pytest.raises(CustodianThere):
        folder.begin(8)
    assert list(folder.read().by_id()) == [key.id]


def test_a_key_that_was_turned_opens_for_its_time(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    first = folder.begin(0)
    second = folder.turn(DAY_MS, 10)
    third = folder.turn(10 * DAY_MS, 10)
    assert list(folder.read().by_id()) == [first.id, second.id, third.id]
    fourth = folder.turn(11 * DAY_MS, 10)
    assert list(folder.read().by_id()) == [second.id, third.id, fourth.id]
    assert public_key((folder.path / PUBLIC).read_text()) == fourth


def test_of_a_token_only_a_digest_is_kept(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.begin(0)
    token = folder.new_token()
    assert token != folder.new_token()
    assert all(token.encode() not in each.read_bytes() for each in tmp_path.iterdir())


def test_keys_that_were_changed_are_not_used(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.begin(0)
    for octets in (b"", b"{}", b'{"version":1,"keys":[],"book_key":""}'):
        (tmp_path / KEYS).write_bytes(octets)
        with pytest.raises(CustodianUnreadable):
            folder.read()

"""A file of a verb is there before its work, for its owner alone, never over another, and gone where the work fails."""

from pathlib import Path

import pytest

from gateway.cli.new_file import new_file
from gateway.cli.output import Failed


def test_it_is_there_before_the_work_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "given"
    with new_file(path) as file:
        assert path.stat().st_mode & 0o777 == 0o600
        file.write(b"octets")
    assert path.read_bytes() == b"octets"


def test_it_is_gone_where_the_work_fails(tmp_path: Path) -> None:
    path = tmp_path / "given"
    with pytest.raises(Failed, match="no such message"), new_file(path):
        raise Failed("no such message", "unknown_message")
    assert not path.exists()


def test_no_other_file_and_no_link_is_written_over(tmp_path: Path) -> None:
    there, link = tmp_path / "there", tmp_path / "link"
    there.write_bytes(b"before")
    link.symlink_to(tmp_path / "elsewhere")
    for path in (there, link):
        with pytest.raises(Failed, match="exists"), new_file(path):
            pytest.fail("the work was begun")
    assert there.read_bytes() == b"before"


def test_where_no_file_can_be_no_work_is_begun(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), new_file(tmp_path / "no folder" / "given"):
        pytest.fail("the work was begun")

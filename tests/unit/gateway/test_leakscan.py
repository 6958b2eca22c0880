"""The search for personal values in files."""

from pathlib import Path

import pytest

from gateway import leakscan
from gateway.leakscan import scan

CANARY = "canary of a message 4711"
NUMBER = "+966500000078"


def test_a_clean_folder_is_clean_and_the_scan_proves_that_it_can_find(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"nothing here")
    report = scan([tmp_path], [CANARY])
    assert report.clean
    assert report.control_found
    assert (report.files, report.bytes) == (1, 12)


@pytest.mark.parametrize(
    "written", [CANARY.encode(), CANARY.encode("utf-16-le"), CANARY.encode().hex().encode(), CANARY[::-1].encode()]
)
def test_a_value_is_found_in_whatever_form_it_lies_there(tmp_path: Path, written: bytes) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "file.wal").write_bytes(b"-" * 100 + written + b"-" * 100)
    report = scan([tmp_path], [NUMBER, CANARY])
    assert not report.clean
    leak = report.leaks[0]
    assert (Path(leak.path).name, leak.offset, leak.canary) == ("file.wal", 100, 1)


def test_a_single_file_can_be_searched(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(f"sent to {NUMBER}", encoding="utf-8")
    assert scan([path], [NUMBER]).leaks


@pytest.mark.parametrize("offset", [-12, -1, 0, 1])
def test_a_value_on_the_seam_of_two_windows_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offset: int
) -> None:
    monkeypatch.setattr(leakscan, "WINDOW_BYTES", 4_096)
    monkeypatch.setattr(leakscan, "OVERLAP_BYTES", 1_024)
    (tmp_path / "a").write_bytes(bytes(4_096 + offset) + CANARY.encode() + bytes(5_000))
    offsets = {leak.offset for leak in scan([tmp_path], [CANARY]).leaks if leak.form == "utf-8"}
    assert offsets == {4_096 + offset}


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text(CANARY, encoding="utf-8")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "link").symlink_to(tmp_path / "outside")
    assert scan([tmp_path / "inside"], [CANARY]).files == 0


def test_leaks_are_noted_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CANARY.encode() * 50)
    assert len(scan([tmp_path], [CANARY], limit=10).leaks) == 10


def test_a_scan_for_nothing_proves_nothing(tmp_path: Path) -> None:
    assert not scan([tmp_path], []).clean


@pytest.mark.policy("P-05")
def test_a_report_names_places_and_never_the_value(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(CANARY, encoding="utf-8")
    assert CANARY not in repr(scan([tmp_path], [CANARY]))

"""The search for personal values in files."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.tools import leakscan
from gateway.tools.leakscan import scan

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
    report = scan([tmp_path], [CANARY])
    assert [leak.offset for leak in report.leaks if leak.form == "utf-8"] == [4_096 + offset]
    assert report.bytes == 4_096 + offset + len(CANARY) + 5_000


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files_are_searched_unpacked(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "log.1").write_bytes(pack(b"-" * 300 + CANARY.encode() + b"-" * 300))
    leaks = scan([tmp_path], [CANARY]).leaks
    assert [(leak.path, leak.offset, leak.form) for leak in leaks if leak.form == "utf-8"] == [
        (f"{tmp_path / 'log.1'} (unpacked)", 300, "utf-8")
    ]


def test_what_only_looks_compressed_is_searched_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x1f\x8b" + CANARY.encode())
    report = scan([tmp_path], [CANARY])
    assert report.leaks[0].offset == 2
    assert report.unread == 0


def test_names_of_files_are_searched(tmp_path: Path) -> None:
    (tmp_path / CANARY).touch()
    leaks = scan([tmp_path], [CANARY]).leaks
    assert leaks
    assert all(leak.path.startswith("name of ") and CANARY not in leak.path for leak in leaks)


def test_a_canary_too_long_for_the_overlap_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="4096"):
        scan([tmp_path], ["x" * 4_097])


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

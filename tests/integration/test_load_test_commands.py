"""`python -m benchmarks` as people and build servers run it: exit codes, files, and one line for what is wrong."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from benchmarks import following
from benchmarks.__main__ import app
from benchmarks.bench import Bench, Plan, standing
from benchmarks.checkout import HERE, alone
from benchmarks.engines import engine
from benchmarks.figures import Report
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong
from tests.unit.benchmarks.windows import report, result, window


def at_once(folder: Path, *words: str) -> Result:
    """A command that starts nothing, without a process of its own."""
    ends = signal.getsignal(signal.SIGTERM)
    try:
        with contextlib.chdir(folder):
            return CliRunner().invoke(app, words)
    finally:
        signal.signal(signal.SIGTERM, ends)


def benchmarks(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.case("loadtest-4")
@pytest.mark.case("loadtest-6")
def test_a_run_beside_a_busy_operator_is_judged_written_and_drawn(tmp_path: Path) -> None:
    done = benchmarks(
        tmp_path,
        *("throughput", "--messages", "64", "--runs", "1", "--rate", "40", "--seconds", "1", "--no-profile"),
        *("--operator", "throttle=0.1", "--operator", "receipts-twice=0.5", "--operator", "strangers=0.1"),
        *("--slo", "cpu < 0.001us", "--slo", "answer p50 < 60s"),
        *("--json", "run.json", "--html", "run.html", "--junit", "run.xml"),
    )
    assert done.returncode == 3, done.stderr
    assert "none lost, none twice" in done.stdout
    assert "closed loop 1: 64 messages" in done.stderr
    found = msgspec.json.decode((tmp_path / "run.json").read_bytes(), type=Report)
    assert [each.met for each in found.thresholds] == [False, True]
    failed = ET.fromstring((tmp_path / "run.xml").read_bytes()).findall("testcase/failure")
    assert len(failed) == 1
    assert 'class="missed"' in (tmp_path / "run.html").read_text(encoding="utf-8")


@pytest.mark.case("loadtest-4")
@pytest.mark.case("loadtest-5")
def test_two_files_are_compared_with_a_code(tmp_path: Path) -> None:
    fast, slow = report(), report(result(closed=[window(per_s=1000.0)] * 3))
    elsewhere = msgspec.structs.replace(slow, machine=msgspec.structs.replace(slow.machine, cores=64))
    for name, each in (("fast", fast), ("slow", slow), ("elsewhere", elsewhere)):
        (tmp_path / name).write_bytes(msgspec.json.encode(each))
    codes = {
        words: at_once(tmp_path, "compare", *words.split()).exit_code
        for words in (
            "fast slow",
            "fast slow --fail-on worse",
            "slow fast --fail-on worse",
            "fast elsewhere",
            "fast elsewhere --anyway",
        )
    }
    assert list(codes.values()) == [0, 3, 0, 2, 0]


@pytest.mark.case("loadtest-7")
@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("throughput --rate 0", "0 is no number above 0"),
        ("throughput --rate -5", "-5 is no number above 0"),
        ("throughput --seconds nan", "nan is no number above 0"),
        ("throughput --share 2", "2 is no share"),
        ("throughput --json nowhere/run.json", "cannot be written"),
        ("throughput --slo soon", "is no threshold"),
        ("throughput --operator lazy=1", "no habit 'lazy'"),
        ("throughput --build other", "no build 'other'"),
        ("retention --rate nan", "nan is no number above 0"),
        ("nodes --rate inf", "inf is no number above 0"),
        ("fairness --seconds nan", "nan is no number above 0"),
        ("find-max --slo soon", "is no threshold"),
        ("find-max --slo 'webhooks: told p99 < 1s'", "speaks of another scenario than http"),
        ("memory --rate 5", "No such option: --rate"),
        ("suite --operator throttle=0.1", "No such option: --operator"),
        ("backlog --seconds 5", "No such option: --seconds"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused_at_once(tmp_path: Path, words: str, what: str) -> None:
    done = at_once(tmp_path, *shlex.split(words))
    assert done.exit_code == 2
    assert what in " ".join(done.output.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


def test_a_page_is_drawn_of_files_that_are_there_and_what_moved_since(tmp_path: Path) -> None:
    for name, each in (("fast", report()), ("slow", report(result(closed=[window(per_s=1000.0)] * 3)))):
        (tmp_path / name).write_bytes(msgspec.json.encode(each))
    assert at_once(tmp_path, "report", "slow", "page.html", "--compare", "fast").exit_code == 0
    assert '<td class="worse">' in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.case("loadtest-7")
def test_a_second_run_in_a_folder_is_refused(tmp_path: Path) -> None:
    with alone(tmp_path / "benchmark-data"):
        done = at_once(tmp_path, "throughput", "--messages", "10")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: another load test runs")


@pytest.mark.case("loadtest-7")
def test_what_is_lost_is_named_once_nothing_comes_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "QUIET_S", 1.0)
    target = GatewayTarget(tmp_path, engine("sqlite"))
    with standing(Bench(target, Plan(), lambda *_: None, tmp_path / "run")) as bench:
        bench.window(4)
        bench.smsc.ask({"receipts": 0.0})
        with pytest.raises(Wrong, match=r"not every message was delivered: \{'submitted': 8\}: [0-9a-f]{32}, "):
            bench.window(8)


@pytest.mark.case("loadtest-7")
def test_a_child_that_fails_says_why_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"], input='{"lot": 5}\n', capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout)["failed"]
    assert (done.returncode, done.stderr) == (1, "")

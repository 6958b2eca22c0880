"""Signals to a gateway that starts, and to one that runs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.test_mistakes import PLACES
from tests.bounds import LIMIT_S

STARTING = """
import os, signal, sys
from gateway.__main__ import main
sys.argv[1:] = ["serve"]
class Importer:
    def find_spec(self, name, *_):
        if name == "gateway.cli.main":
            for each in sys.stdin.readline().split():
                os.kill(os.getpid(), getattr(signal, each))
            print("alive", flush=True)
sys.meta_path.insert(0, Importer())
main()
"""


@pytest.mark.case("faults-16")
@pytest.mark.case("interfaces-17")
@pytest.mark.parametrize(
    ("signals", "says"),
    [("SIGTERM", ""), ("SIGINT", ""), ("SIGHUP SIGUSR1 SIGUSR2 SIGQUIT SIGTERM", "")],
)
def test_what_is_told_to_end_before_it_has_begun_ends_well(tmp_path: Path, signals: str, says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STARTING],
        input=signals + "\n",
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, says, "")


@pytest.mark.case("faults-16")
@pytest.mark.case("interfaces-17")
def test_no_signal_but_those_that_end_it_kills_a_gateway(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(PLACES.format(tmp_path), encoding="utf-8")
    words = [sys.executable, "-m", "gateway", "serve", "--config", str(tmp_path / "gateway.toml")]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as gateway:
        assert gateway.stderr is not None
        try:
            lines = gateway.stderr
            assert any('"started"' in line for line in iter(lines.readline, ""))
            for number, event in (
                (signal.SIGUSR1, "signal_ignored"),
                (signal.SIGUSR2, "signal_ignored"),
                (signal.SIGQUIT, "signal_ignored"),
                (signal.SIGHUP, "reloaded"),
            ):
                gateway.send_signal(number)
                line = next(line for line in iter(lines.readline, "") if number.name in line)
                assert event in line
            gateway.send_signal(signal.SIGTERM)
            lines.read()
            assert gateway.wait(LIMIT_S) == 0
        finally:
            gateway.kill()

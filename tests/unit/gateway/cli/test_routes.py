"""The route table, as people read it in a terminal of 80 columns."""

import re
from pathlib import Path

import pytest
from rich.console import Console
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.cli.main import app

CONFIG = """
[[operators]]
name = "north-main"
kind = "loopback"
[[operators]]
name = "south-main"
kind = "loopback"
[[routes]]
prefix = "9665"
label = "numbers that were ported"
classes = ["otp", "transactional"]
customers = ["cus_0123456789abcdef"]
senders = ["BANK"]
networks = ["north"]
operators = ["north-main", "south-main"]
[[routes]]
operators = ["south-main"]
"""


def test_words_of_a_route_stand_whole_whatever_it_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(Console, "is_terminal", True)
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG, "utf-8")
    with capture_logs():
        done = CliRunner().invoke(app, ["route", "list", "--config", str(path)])
    shown = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    assert max(map(len, shown.splitlines())) <= 80, shown
    for word in ("ported", "transactional", "cus_0123456789abcdef", "BANK", "north-main", "south-main", "networks:"):
        assert any(word in line for line in shown.splitlines()), shown

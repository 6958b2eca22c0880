"""`connect-gateway route`: which way a message would go, without sending it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.verbs import run_verb

SETTINGS = """
[[operators]]
name = "north"
kind = "loopback"

[[operators]]
name = "south"
kind = "loopback"

[[routes]]
operators = ["north", "south"]

[[routes]]
label = "codes by day"
prefix = "966"
classes = ["otp"]
hours = ["08:00-20:00"]
operators = ["south"]
"""


def explained(folder: Path, *words: str) -> dict[str, Any]:
    (folder / "gateway.toml").write_text(SETTINGS, "utf-8")
    environ = {**os.environ, "CONNECT_GATEWAY_CONFIG": str(folder / "gateway.toml")}
    done = run_verb(("route", "explain", "--json", *words), environ)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("words", "operators", "why"),
    [
        (("--to", "+966500000078", "--class", "otp", "--at", "2026-11-30T12:00:00+03:00"), ["south"], "later"),
        (("--to", "966", "--class", "otp", "--at", "2026-11-30T21:00:00+03:00"), ["north", "south"], "hours"),
        (("--to", "966"), ["north", "south"], "class"),
        (("--to", "447700900123", "--class", "otp"), ["north", "south"], "prefix"),
    ],
)
def test_explain_says_the_operators_and_why_the_other_route_was_passed(
    tmp_path: Path, words: tuple[str, ...], operators: list[str], why: str
) -> None:
    found = explained(tmp_path, *words)
    assert (found["operators"], [each["why"] for each in found["passed"]]) == (operators, [why])
    assert not [each for each in tmp_path.iterdir() if each.name != "gateway.toml"]


@pytest.mark.parametrize("number", ["", "+", "96650x0000078", "9665000000781234", "٩٦٦٥٠٠٠٠٠٠٧٨"])
def test_what_is_no_number_is_refused_without_being_repeated(tmp_path: Path, number: str) -> None:
    (tmp_path / "gateway.toml").write_text(SETTINGS, "utf-8")
    environ = {**os.environ, "CONNECT_GATEWAY_CONFIG": str(tmp_path / "gateway.toml")}
    done = run_verb(("route", "explain", "--to", number), environ)
    assert (done.returncode, done.stdout) == (1, "")
    assert "invalid_value" in done.stderr
    assert len(number) < 2 or number not in done.stderr

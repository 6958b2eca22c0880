"""Lines of the route table are steered from the command line, without a node and for those to come."""

import re
from pathlib import Path

import pytest
from rich.console import Console

from tests.integration.file_places import FILES
from tests.integration.test_account_verbs import Verbs

TABLE = """
[[operators]]
name = "north"
kind = "loopback"
[[operators]]
name = "south"
kind = "loopback"
[[routes]]
prefix = "9665"
label = "mobile numbers of here"
order = "weighted"
operators = ["north", "south"]
weights = [2, 1]
[[routes]]
operators = ["south"]
"""
WHY = ("--reason", "ticket 4711")


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    made = Verbs(tmp_path)
    (tmp_path / "gateway.toml").write_text(FILES.format(tmp_path) + TABLE, encoding="utf-8")
    return made


def test_a_line_is_disabled_weighed_and_enabled_by_its_id_and_shown_with_why(verbs: Verbs) -> None:
    first, other = (each["id"] for each in verbs.run("route", "list"))
    assert verbs.run("route", "disable", first, *WHY)["enabled"] is False
    weighed = verbs.run("route", "weigh", first, "north=1", "south=3", *WHY)
    assert (weighed["weights"], weighed["enabled"], weighed["version"]) == ({"north": 1, "south": 3}, False, 2)
    rows = {each["id"]: each for each in verbs.run("route", "show")}
    assert (rows[first]["enabled"], rows[first]["weights"]) == (False, ["north=1", "south=3"])
    assert (rows[other]["enabled"], rows[other]["weights"], rows[other]["version"]) == (True, [], 0)
    shown = verbs.run("route", "show", first)
    assert (shown["reason"], shown["by"], shown["applied"]) == ("ticket 4711", "command_line", [])
    assert verbs.run("route", "weigh", first, *WHY)["weights"] == {}
    assert verbs.run("route", "enable", first, "--if-version", "3", *WHY)["enabled"] is True
    assert "[changed_meanwhile]" in verbs.says("route", "disable", first, "--if-version", "3", *WHY)


NO_WEIGHTS = [
    *("north", "north=", "=3", "north=0", "north=-1", "north=1.5", "north=٣", "north=1001", "north=" + "9" * 5000),
    *("east=1", "north=1 north=2"),
]


@pytest.mark.parametrize("words", NO_WEIGHTS)
def test_weights_that_are_none_are_refused_and_not_repeated(verbs: Verbs, words: str) -> None:
    first = verbs.run("route", "list")[0]["id"]
    assert "[invalid_value]" in verbs.says("route", "weigh", first, *WHY, *words.split())
    assert verbs.run("route", "show", first)["version"] == 0


@pytest.mark.parametrize("name", ["", "0", "route_0000000000000000", "route_" + "f" * 5000])
def test_a_line_that_is_not_there_is_said_to_be_none(verbs: Verbs, name: str) -> None:
    for verb in ("show", "disable", "enable", "weigh"):
        why = () if verb == "show" else WHY
        assert "[unknown_route]" in verbs.says("route", verb, name, *why)


def test_what_is_wanted_of_all_lines_fits_in_80_columns(verbs: Verbs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(Console, "is_terminal", True)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", verbs.plain("route", "show"))
    assert max(map(len, shown.splitlines())) <= 80, shown
    assert len(re.findall(r"route_[0-9a-f]{16}", shown)) == 2, shown

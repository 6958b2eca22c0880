"""The verbs of the register of senders and of the rules, on real files."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from config.rules import DIRECTORY
from gateway.cli.main import app
from tests.integration.test_account_verbs import Verbs, verbs

__all__ = ["verbs"]
TEXT = "See https://other.example.com/x1"
NUMBER = "+966500000078"


def test_a_sender_is_added_changed_listed_and_removed(verbs: Verbs) -> None:
    added = verbs.run(
        "sender", "add", "1", "SHOP-AD", "--class", "promotional", "--operator", "stc=active/2027-12-31",
        "--document", "CST-17", "--host", "Example.SA",
    )  # fmt: skip
    assert added["operators"] == ["stc=active/2027-12-31"]
    assert (added["hosts"], added["documents"], added["classes"]) == (["example.sa"], ["CST-17"], ["promotional"])
    changed = verbs.run(
        "sender", "set", "1", "SHOP-AD", "--operator", "mobily=requested", "--basis", "consent", "--sensitive"
    )
    assert changed["operators"] == ["mobily=requested", "stc=active/2027-12-31"]
    assert (changed["basis"], changed["sensitive"], changed["hosts"]) == ("consent", True, ["example.sa"])
    assert verbs.run("sender", "set", "1", "SHOP-AD", "--operator", "stc=none")["operators"] == ["mobily=requested"]
    assert [each["sender"] for each in verbs.run("sender", "list", "--customer", "1")] == ["SHOP-AD"]
    assert verbs.run("sender", "remove", "1", "SHOP-AD") == {"removed": "SHOP-AD"}
    assert verbs.run("sender", "list") == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("set", "1", "NONE"), "unknown_sender"),
        (("remove", "1", "NONE"), "unknown_sender"),
        (("add", "2", "SHOP"), "unknown_customer"),
        (("add", "1", "a"), "invalid_value"),
        (("add", "1", "SHOP", "--operator", "stc=maybe"), "invalid_value"),
        (("add", "1", "SHOP", "--operator", "stc=active/soon"), "invalid_value"),
        (("add", "1", "SHOP", "--host", "http://a b"), "invalid_value"),
        (("add", "1", "SHOP", "--class", "spam"), "invalid_value"),
        (("add", "1", "SHOP", "--sensitive"), "invalid_value"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(verbs: Verbs, words: tuple[str, ...], code: str) -> None:
    assert verbs.says("sender", *words).endswith(f"[{code}]")


def test_a_sender_is_added_once(verbs: Verbs) -> None:
    verbs.run("sender", "add", "1", "SHOP")
    assert verbs.says("sender", "add", "1", "SHOP").endswith("[changed_meanwhile]")


def test_what_a_customer_is_and_what_holds_for_it_is_set_and_taken_away(verbs: Verbs) -> None:
    one = verbs.run("customer", "set", "1", "--kind", "private", "--rule", "hours=enforce", "--residency", "SA")
    assert (one["kind"], one["rules"], one["residency"]) == ("private", ["hours=enforce"], "SA")
    one = verbs.run("customer", "set", "1", "--kind", "none", "--rule", "hours=default", "--rule", "all=off")
    assert (one["kind"], one["rules"], one["residency"]) == (None, ["all=off"], "SA")
    for words in (("--kind", "bank"), ("--rule", "hours=maybe"), ("--rule", "weather=off"), ("--residency", "Oz")):
        assert verbs.says("customer", "set", "1", *words).endswith("[invalid_value]")


def test_a_message_is_judged_without_being_sent_and_nothing_of_it_is_repeated(verbs: Verbs) -> None:
    words = ("rules", "check", "1", "--sender", "INTERKEY", "--to", NUMBER, "--text", TEXT)
    found = verbs.run(*words)
    codes = {each["code"]: each["enforced"] for each in found["findings"]}
    assert (found["outcome"], codes) == (
        "refused",
        {"sender_not_in_register": False, "link_not_registered": False, "no_route": True},
    )
    verbs.run("customer", "set", "1", "--kind", "government")
    found = verbs.run(*words, "--class", "promotional", "--at", "2026-11-30T22:00:00+03:00")
    codes = {each["code"]: each["enforced"] for each in found["findings"]}
    assert list(codes) == [
        "class_not_for_sender",
        "sender_needs_suffix",
        "sender_not_in_register",
        "out_of_hours",
        "link_not_registered",
        "opt_out_missing",
        "no_route",
    ]
    assert all(codes.values())
    held = next(each for each in found["findings"] if each["code"] == "out_of_hours")
    assert held["until"] == "2026-12-01T06:00:00.000Z"
    said = verbs.plain(*words) + json.dumps(found)
    assert NUMBER[1:] not in said
    assert "other.example" not in said


def test_packs_are_listed_shown_and_compared(tmp_path: Path) -> None:
    text = (DIRECTORY / "2026-01.toml").read_text("utf-8")
    later = text.replace('"2026-01"', '"2027-03"').replace("2026-01-01", "2027-03-01").replace('"09:00"', '"08:00"', 1)
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "2027-03.toml").write_text(later)
    settings = tmp_path / "gateway.toml"
    settings.write_text(f'[rules]\ndirectory = "{tmp_path}/packs"\n')

    def run(*words: str) -> str:
        with capture_logs():
            return CliRunner().invoke(app, ["rules", *words, "--config", str(settings)]).stdout

    assert [(each["pack"], each["holds"]) for each in json.loads(run("list", "--json"))] == [
        ("2026-01", True),
        ("2027-03", False),
    ]
    assert json.loads(run("diff", "2026-01", "2027-03", "--json")) == [
        {"rule": "classes[promotional].window.open", "2026-01": "09:00", "2027-03": "08:00"},
        {"rule": "from", "2026-01": "2026-01-01", "2027-03": "2027-03-01"},
        {"rule": "id", "2026-01": "2026-01", "2027-03": "2027-03"},
    ]
    assert json.loads(run("show", "2027-03", "--json"))["from"] == "2027-03-01"
    assert "08:00-22:00" in run("show", "2027-03")
    assert run("diff", "2026-01", "2026-01", "--json") == "[]\n"

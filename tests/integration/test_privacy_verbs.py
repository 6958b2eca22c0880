"""`connect-gateway privacy`: what it says of an installation, and that it changes with it."""

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.cli.main import app
from tests.integration.test_account_verbs import Verbs

RESPONSIBLE = """
[privacy]
controller = "Sender LLC, Riyadh"
contact = "privacy@sender.sa"
stores.country = "SA"
"""
OTP = '[[retention]]\ntag = "otp"\nrecord_s = 172800\n'


class Site(Verbs):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    def report(self, *words: str) -> tuple[int, dict[str, dict[str, Any]]]:
        """The exit code, and the rows by their promises."""
        with capture_logs():
            done = CliRunner().invoke(app, ["privacy", "report", "--config", str(self._settings), "--json", *words])
        return done.exit_code, {each["id"]: each for each in json.loads(done.stdout)}

    def transfers(self) -> tuple[int, list[dict[str, Any]]]:
        with capture_logs():
            done = CliRunner().invoke(app, ["privacy", "transfers", "--config", str(self._settings), "--json"])
        return done.exit_code, json.loads(done.stdout)

    def write(self, more: str) -> None:
        self._settings.write_text(self._settings.read_text("utf-8") + more, "utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def states(rows: dict[str, dict[str, Any]], state: str) -> set[str]:
    return {each for each, row in rows.items() if row["state"] == state}


def test_what_is_not_kept_fails_until_it_is(site: Site) -> None:
    code, rows = site.report()
    assert (code, states(rows, "fail")) == (1, {"P-02", "P-14", "P-23", "P-38", "P-41"})
    assert "no custodian" in rows["P-23"]["seen"]
    assert rows["P-14"]["seen"].startswith("1 of 1 customers")
    place = site.folder / "custodian"
    with capture_logs():
        CliRunner().invoke(app, ["custodian", "init", "--folder", str(place)], catch_exceptions=False)
    site.run("custodian", "set", str(place / "custodian.pub"))
    site.run("customer", "set", "1", "--consent", "enforce")
    site.write(RESPONSIBLE)
    code, rows = site.report()
    assert (code, states(rows, "fail")) == (0, set())
    assert site.report("--strict")[0] == 1


def test_a_period_that_was_changed_changes_the_report(site: Site) -> None:
    before = site.report()[1]["P-21"]["seen"]
    site.write(OTP)
    after = site.report()[1]["P-21"]["seen"]
    assert "otp: content 10 min, record 90 d" in before
    assert after == before.replace("otp: content 10 min, record 90 d", "otp: content 10 min, record 2 d")


def test_a_log_that_was_changed_is_no_evidence(site: Site) -> None:
    site.run("audit", "checkpoint")
    assert site.report()[1]["P-26"]["state"] == "pass"
    (log,) = (site.folder / "data" / "audit").iterdir()
    (path,) = (log / "tile" / "entries" / "000.p").iterdir()
    path.write_bytes(path.read_bytes().replace(b"customer.add", b"customer.set"))
    code, rows = site.report()
    assert (code, rows["P-26"]["state"]) == (1, "fail")
    assert rows["P-26"]["seen"].endswith("altered")


def test_small_sums_and_plain_webhooks_are_told_of(site: Site) -> None:
    site.write("admin.small_cells = 5\nwebhooks.allow_loopback = true\n")
    rows = site.report()[1]
    assert {"P-12", "P-24"} <= states(rows, "fail")


def test_the_record_and_the_recipients_follow_the_settings(site: Site) -> None:
    rows = json.loads(site.plain("privacy", "ropa", "--format", "json"))
    assert {each["controller"] for each in rows if each["role"] == "controller"} == {"unknown"}
    assert site.transfers()[0] == 1
    site.write(RESPONSIBLE)
    assert "Sender LLC, Riyadh" in site.plain("privacy", "ropa")
    assert "غير معلوم" in site.plain("privacy", "ropa", "--format", "html", "--lang", "ar")
    code, found = site.transfers()
    assert code == 0
    assert [each["country"] for each in found if each["kind"] == "store"] == ["SA"]


def test_a_case_that_is_late_is_told_of_until_it_is_answered(site: Site) -> None:
    number = site.folder / "number.txt"
    number.write_text("+966500000078", "utf-8")
    long_ago = ("--received-at", "2026-01-01T00:00:00Z", "--number", f"@{number}")
    site.run("case", "open", "access", "--channel", "phone", *long_ago)
    rows = site.report()[1]
    assert (rows["P-37"]["state"], rows["P-37"]["seen"]) == ("fail", "past their time: 1 access")
    assert rows["P-28"]["state"] == "pass"
    site.run("case", "open", "breach", "--channel", "email", *long_ago)
    assert site.report()[1]["P-28"]["state"] == "fail"

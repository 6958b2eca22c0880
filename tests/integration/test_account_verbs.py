"""What the verbs of customers, keys, accounts and numbers take, and how they refuse the rest."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.cli.failures import lines
from gateway.cli.main import app
from tests.integration.file_places import FILES

CANARY = "canary966500000078"


class Verbs:
    """Runs verbs on a ledger with customer 1."""

    def __init__(self, folder: Path) -> None:
        self._settings = folder / "gateway.toml"
        self._settings.write_text(FILES.format(folder), encoding="utf-8")
        self.run("customer", "add", "--name", "Trial", "--sender", "INTERKEY")

    def run(self, *words: str, typed: str | None = None) -> Any:
        """Its JSON."""
        with capture_logs():  # standard output is for what was asked
            done = CliRunner().invoke(app, [*words, "--config", str(self._settings), "--json"], input=typed)
        if done.exception is not None:
            raise done.exception
        return json.loads(done.stdout)

    def plain(self, *words: str) -> str:
        """What people see."""
        with capture_logs():
            return CliRunner().invoke(app, [*words, "--config", str(self._settings)]).stdout

    def logged(self, *words: str) -> Sequence[Mapping[str, Any]]:
        with capture_logs() as logs:
            CliRunner().invoke(app, [*words, "--config", str(self._settings)])
        return logs

    def says(self, *words: str) -> str:
        """The one line with which it refuses."""
        with pytest.raises(Exception) as failed:  # noqa: PT011  whatever it is, people see its line
            self.run(*words)
        assert isinstance(failed.value, Exception)
        (line,) = lines(failed.value)
        return line


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path)


def refused(verb: str, *options: str, says: str = "") -> Any:
    return pytest.param((*verb.split(), *options), says, id=" ".join((verb, *options))[:70])


BAD = [
    refused("key add 1", "--network", "10.0.0.1/8", says="a network is"),
    refused("key add 1", "--network", "300.1.2.3", says="a network is"),
    refused("key add 1", "--network", "fe80::1%eth0", says="without a zone"),
    refused("key add 1", "--network", "10.0.0.0/8", "--network", CANARY, says="a network is"),
    refused("key add 1", "--allow-class", "promo", says="classes are otp"),
    refused("key add 1", "--allow-class", CANARY, says="classes are otp"),
    refused("key add 1", "--scope", "everything", says="scopes are send"),
    refused("key add 1", "--expires-days", "0", says="above 0"),
    refused("key add 1", "--expires-days", "-1", says="above 0"),
    refused("key add 1", "--expires-days", "nan", says="above 0"),
    refused("key add 1", "--expires-days", "inf", says="above 0"),
    refused("key add 1", "--expires-days", "1e9", says="up to 36,500"),
    refused("key add 1", "--expires-days", "0.000000001", says="future"),
    refused("esme add 1 shop", "--network", "10.0.0.1/8", says="a network is"),
    refused("esme add 1 shop", "--allow-class", "promo", says="classes are otp"),
    refused("esme add 1 shop", "--binds", "100000", says="binds"),
    refused("esme add 1 shop", "--window", "100000", says="a window"),
    refused("esme add 1 shop", "--profile", "alphabet", says="NAME=VALUE"),
    refused("esme add 1 shop", "--profile", f"alphabet={CANARY}", says="alphabet takes one of"),
    refused("esme add 1 shop", "--profile", f"{CANARY}=1", says="NAME=VALUE"),
    refused("esme add 1", "sixteen-letters-", says="a system_id has"),
    refused("esme add 1", f"{CANARY} and more", says="a system_id has"),
    refused("customer add --sender INTERKEY", "--name", "", says="1 to 200"),
    refused("customer add --sender INTERKEY", "--name", CANARY * 20, says="1 to 200"),
    refused("customer add --sender INTERKEY", "--name", f"{CANARY}\n", says="can be printed"),
    refused("customer add --sender INTERKEY --name x", "--email", CANARY, says="one @"),
    refused("customer add --name x", "--sender", CANARY, says="a sender has"),
    refused("customer add --name x", "--sender", "SHOP\n", says="a sender has"),
    refused("customer add --name x --sender INTERKEY", "--default-class", "promo", says="classes are"),
    refused("customer add --name x --sender INTERKEY", "--detect", f"iban={CANARY}", says="a rule is"),
    refused("customer set 1", "--sender", "a", says="a sender has"),
    refused("customer set 1", "--default-class", "promo", says="classes are"),
    refused("number add 1", "nine", says="digits"),
    refused("number add 1", "", says="digits"),
    refused("number add 1", "1" * 21, says="digits"),
    refused("number add 1 90909", "--keyword", "!!!", says="a keyword is"),
    refused("number add 1 90909", "--keyword", f"{CANARY} two", says="a keyword is"),
    refused("number add 1 90909", "--keyword", "w" * 65, says="a keyword is"),
    refused("number add 1 90909", "--esme", "no such", says="a system_id has"),
    refused("number add 1 90909", "--esme", "nobody", says="no account"),
    refused("webhook set 1", f"http://{CANARY}.example.com", says="https"),
    refused("retention policy 1", "none", says="tags are"),
    refused("retention policy 1 otp", "--content-limit", "0", says="above 0"),
    refused("retention policy 1 otp", "--content-limit", "-5", says="above 0"),
    refused("retention policy 1 otp", "--content-limit", "601", says="from 1 to 600"),
    refused("retention policy 1 otp", "--content-limit", "soon", says="a number"),
    refused("retention policy 1 transactional", "--record", "9" * 40, says="--record is from"),
    refused("retention policy 1 transactional", "--record", "99999999", says="--record is from"),
    refused("retention policy 1 transactional --record 60", "--content-limit", "61", says="not above 60"),
    refused("retention policy 1 transactional --content-limit 60", "--content-after-final", "61", says="not above 60"),
    refused("retention policy 1 promotional", "--content-after-final", "9" * 40, says="--content-after-final is from"),
]  # fmt: skip


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize(("words", "says"), BAD)
def test_what_makes_no_sense_is_refused_in_one_line_and_nothing_is_stored(
    verbs: Verbs, words: tuple[str, ...], says: str
) -> None:
    kinds = ("customer", "key", "esme", "number")
    before = [verbs.run(each, "list") for each in kinds]
    line = verbs.says(*words)
    assert says in line
    assert CANARY not in line
    assert line.endswith(("[invalid_value]", "[url_refused]"))
    assert [verbs.run(each, "list") for each in kinds] == before


AMOUNTS = [
    ("--throughput", "0"), ("--throughput", "-1"), ("--throughput", "nan"), ("--throughput", "inf"),
    ("--throughput", "-inf"), ("--throughput", "1e-300"), ("--throughput", "1e300"), ("--throughput", CANARY),
    ("--throughput", ""),
]  # fmt: skip
QUOTAS = [("--daily-quota", each) for each in ("0", "-1", "9" * 30, "1.5", "nan", CANARY)]
MAKERS = ("key add 1", "esme add 1 shop")


@pytest.mark.case("interfaces-3")
@pytest.mark.parametrize(
    "words",
    [
        *((*verb.split(), *option) for verb in MAKERS for option in (*AMOUNTS, *QUOTAS)),
        *(("customer", "set", "1", *option) for option in AMOUNTS),
        *(("customer", "add", "--name", "x", "--sender", "SHOP", *option) for option in AMOUNTS),
    ],
    ids=" ".join,
)
def test_a_limit_that_makes_no_sense_is_refused(verbs: Verbs, words: tuple[str, ...]) -> None:
    line = verbs.says(*words)
    assert line.endswith("[invalid_value]")
    assert CANARY not in line
    assert verbs.run("key", "list") == verbs.run("esme", "list") == []
    assert len(verbs.run("customer", "list")) == 1


@pytest.mark.case("interfaces-3")
def test_a_customers_throughput_is_set_and_lifted_again(verbs: Verbs) -> None:
    assert verbs.run("customer", "set", "1", "--throughput", "0.5")["throughput_per_s"] == 0.5
    assert verbs.run("customer", "set", "1", "--sender", "SHOP")["throughput_per_s"] == 0.5
    assert verbs.run("customer", "set", "1", "--throughput", "none")["throughput_per_s"] is None
    verbs.run("key", "add", "1", "--throughput", "none", "--daily-quota", "none")


def test_a_customer_is_disabled_once_and_enabled_again(verbs: Verbs) -> None:
    disabled = verbs.run("customer", "disable", "1")
    assert disabled["disabled"] is not None
    assert verbs.run("customer", "disable", "1") == disabled
    assert verbs.run("customer", "list")[0]["disabled"] == disabled["disabled"]
    assert verbs.run("customer", "set", "1", "--throughput", "5")["throughput_per_s"] == 5
    assert verbs.run("customer", "list")[0]["disabled"] == disabled["disabled"]
    assert verbs.run("customer", "enable", "1")["disabled"] is None
    assert verbs.says("customer", "disable", "9").endswith("[unknown_customer]")


@pytest.mark.case("interfaces-19")
def test_a_customer_has_one_id_and_a_label_everywhere(verbs: Verbs) -> None:
    (row,) = verbs.run("customer", "list")
    verbs.run("customer", "set", "1", "--label", "shop-west")
    verbs.run("key", "add", "1", "--label", "till 4")
    verbs.run("esme", "add", "1", "shop")
    verbs.run("number", "add", "1", "90909")
    assert verbs.run("customer", "list")[0]["label"] == "shop-west"
    (key,) = verbs.run("key", "list")
    assert (key["customer"], key["label"]) == (row["customer"], "till 4")
    for verb in ("key", "esme", "number"):
        assert verbs.run(verb, "list")[0]["customer"] == row["customer"]
    assert verbs.run("key", "list", row["customer"]) == [key]
    said = verbs.logged("webhook", "set", "1", "https://hooks.example.com/sms")
    assert [each["account"] for each in said if each["event"] == "account_changed"] == [row["customer"]]


@pytest.mark.case("interfaces-24")
def test_a_list_of_keys_fits_a_terminal_of_80_columns(verbs: Verbs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(Console, "is_terminal", True)
    verbs.run("key", "add", "1", "--label", "a label that is rather long", "--expires-days", "9")
    prefix = verbs.run("key", "list")[0]["prefix"]
    verbs.run("key", "revoke", prefix)
    lines_shown = re.sub(r"\x1b\[[0-9;]*m", "", verbs.plain("key", "list")).splitlines()
    assert max(map(len, lines_shown)) <= 80
    (shown,) = [line for line in lines_shown if prefix in line]
    assert "cus_" in shown


@pytest.mark.case("interfaces-24")
@pytest.mark.parametrize("place", ["-", "@"])
def test_names_need_not_stand_on_the_command_line(verbs: Verbs, tmp_path: Path, place: str) -> None:
    (tmp_path / "name").write_text("Noura\n", encoding="utf-8")
    word = "-" if place == "-" else f"@{tmp_path / 'name'}"
    added = verbs.run("customer", "add", "--sender", "SHOP", "--name", word, typed="Noura\n")
    assert added["customer"].startswith("cus_")
    assert "name is missing" in verbs.says("customer", "add", "--sender", "SHOP")


@pytest.mark.case("interfaces-24")
def test_an_unknown_id_is_named_and_what_may_be_a_name_is_not(verbs: Verbs) -> None:
    assert "cus_00ff" in verbs.says("key", "add", "cus_00ff")
    assert CANARY not in verbs.says("key", "add", CANARY)


def test_what_makes_sense_is_taken(verbs: Verbs) -> None:
    key = verbs.run("key", "add", "1", "--network", "10.0.0.0/8", "--network", "::1", "--expires-days", "0.5")
    assert key["expires"] is not None
    verbs.run("esme", "add", "1", "shop", "--binds", "2", "--window", "10", "--allow-class", "otp")
    verbs.run("customer", "add", "--name", "نورة", "--sender", "90909", "--email", "noura@example.com")
    assert verbs.run("number", "add", "1", "+90909", "--keyword", "رصيد", "--esme", "shop")["number"] == "90909"


@pytest.mark.case("interfaces-9")
@pytest.mark.parametrize("spelled", ["966500000001", "+966500000001", "00966500000001"])
def test_a_number_can_be_a_sender_in_one_spelling(verbs: Verbs, spelled: str) -> None:
    added = verbs.run("customer", "add", "--name", "Shop", "--sender", spelled, "--sender", "SHOP")
    assert added["senders"] == ["966500000001", "SHOP"]
    assert verbs.run("customer", "set", "1", "--sender", spelled)["senders"] == ["966500000001", "INTERKEY"]


@pytest.mark.case("interfaces-7")
def test_looking_at_a_retention_policy_changes_nothing_and_what_is_not_named_stays(verbs: Verbs) -> None:
    usual = verbs.run("retention", "policy", "1", "transactional")
    shorter = verbs.run("retention", "policy", "1", "transactional", "--content-limit", "60")
    assert shorter == usual | {"content_limit_s": 60}
    assert verbs.run("retention", "policy", "1", "transactional") == shorter
    assert verbs.run("retention", "policy", "1", "transactional", "--content-after-final", "9") == shorter | {
        "content_after_final_s": 9
    }
    verbs.run("retention", "policy", "1", "transactional", "--content-after-final", "none")
    both = verbs.run("retention", "policy", "1", "transactional", "--record", "3600")
    assert both == shorter | {"record_s": 3600}
    lifted = verbs.run("retention", "policy", "1", "transactional", "--content-limit", "none", "--record", "none")
    assert lifted == usual


def test_the_profile_of_an_account_is_shown_and_changed_and_the_rest_stays(verbs: Verbs) -> None:
    made = verbs.run("esme", "add", "1", "shop", "--window", "7", "--profile", "alphabet=latin1")
    assert made["system_id"] == "shop"
    shown = verbs.run("esme", "profile", "shop")
    assert (shown["alphabet"], shown["protocol_ids"], shown["receipt_retry_s"]) == ("latin1", [], None)
    changed = verbs.run("esme", "profile", "shop", "--set", "protocol_ids=0x40", "--set", "receipt_retry_s=60")
    assert changed == shown | {"protocol_ids": [0x40], "receipt_retry_s": 60}
    assert verbs.run("esme", "profile", "shop") == changed
    assert verbs.run("esme", "profile", "shop", "--set", "receipt_retry_s=none")["receipt_retry_s"] is None
    assert "alphabet takes one of" in verbs.says("esme", "profile", "shop", "--set", "alphabet=morse")
    assert verbs.says("esme", "profile", "nobody").endswith("[unknown_account]")


def test_what_is_set_for_a_customer_is_set_over_the_version_that_was_read(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path)
    (shown,) = verbs.run("customer", "list")
    customer, version = shown["customer"], str(shown["version"])
    changed = verbs.run("customer", "set", customer, "--label", "shop", "--sender", "OTHER", "--if-version", version)
    assert changed["version"] > shown["version"]
    for verb in (("set", customer, "--label", "x"), ("disable", customer), ("remove-sender", customer, "OTHER")):
        assert verbs.says("customer", *verb, "--if-version", version).endswith("[changed_meanwhile]")
    left = verbs.run("customer", "remove-sender", customer, "OTHER", "--if-version", str(changed["version"]))
    assert "OTHER" not in left["senders"]
    assert verbs.says("customer", "remove-sender", customer, "OTHER").endswith("[invalid_value]")
    prefix = verbs.run("key", "add", customer)["prefix"]
    (key,) = [each for each in verbs.run("key", "list") if each["prefix"] == prefix]
    stale = ("key", "revoke", prefix, "--if-version", str(key["version"] + 1))
    assert verbs.says(*stale).endswith("[changed_meanwhile]")
    verbs.run("key", "revoke", prefix, "--if-version", str(key["version"]))

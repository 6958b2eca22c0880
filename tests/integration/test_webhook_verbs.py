"""`connect-gateway webhook set`: what is not named stays, the signing secret too."""

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from gateway.accounts.invalid import InvalidSetting
from gateway.cli.main import app
from gateway.cli.output import Failed
from tests.integration.file_places import FILES

URL = "https://hooks.example.com/sms"

Verb = Callable[..., dict[str, Any]]


@pytest.fixture
def verb(tmp_path: Path) -> Verb:
    """Runs a verb and gives its JSON; there is customer 1."""
    settings = tmp_path / "gateway.toml"
    settings.write_text(FILES.format(tmp_path), encoding="utf-8")

    def run(*words: str, plain: bool = False) -> dict[str, Any]:
        more = ("--config", str(settings), *(() if plain else ("--json",)))
        with capture_logs():  # standard output is for what was asked
            done = CliRunner().invoke(app, [*words, *more])
        if done.exception is not None:
            raise done.exception
        return {"said": done.stdout} if plain else json.loads(done.stdout)

    run("customer", "add", "--name", "Trial", "--sender", "INTERKEY")
    return run


def test_a_secret_is_shown_once_and_stays_unless_another_is_asked_for(verb: Verb) -> None:
    first = verb("webhook", "set", "1", URL)
    assert first["secret"].startswith("whsec_")
    again = verb("webhook", "set", "1", URL + "/moved")
    assert again["secret"] is None
    assert "as it was" in verb("webhook", "set", "1", URL, plain=True)["said"]
    other = verb("webhook", "set", "1", URL, "--new-secret")
    assert other["secret"].startswith("whsec_")
    assert other["secret"] != first["secret"]


def test_what_is_not_named_stays(verb: Verb) -> None:
    assert verb("webhook", "set", "1", URL, "--batch", "50", "--submitted") | {"secret": ""} == {
        "customer": verb("customer", "list")[0]["customer"],  # type: ignore[index]
        "batch": 50,
        "submitted": True,
        "checkpoints": True,
        "dialect": "none",
        "events": ["all"],
        "secret": "",
    }
    kept = verb("webhook", "set", "1", URL + "/moved")
    assert (kept["batch"], kept["submitted"]) == (50, True)
    changed = verb("webhook", "set", "1", URL, "--batch", "1", "--no-submitted")
    assert (changed["batch"], changed["submitted"]) == (1, False)
    assert verb("webhook", "set", "1", URL, "--dialect", "kannel")["dialect"] == "kannel"
    assert verb("webhook", "set", "1", URL)["dialect"] == "kannel"
    assert verb("webhook", "set", "1", URL, "--dialect", "none")["dialect"] == "none"


@pytest.mark.parametrize("name", ["unifonic", "taqnyat", "msegat", "later"])
def test_a_dialect_is_that_of_a_facade_that_calls_back(verb: Verb, name: str) -> None:
    with pytest.raises(InvalidSetting, match="façades that call back are kannel, jasmin, twilio"):
        verb("webhook", "set", "1", URL, "--dialect", name)


def test_a_removed_endpoint_leaves_nothing_to_keep(verb: Verb) -> None:
    first = verb("webhook", "set", "1", URL, "--batch", "50")
    verb("webhook", "remove", "1")
    second = verb("webhook", "set", "1", URL)
    assert second["secret"] != first["secret"]
    assert second["batch"] == 1


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize("spoilt", ["url = x'02'", "secret = x''", "state = 'tired'", "settings = '{'"])
def test_an_endpoint_that_cannot_be_read_is_mended_by_setting_it(verb: Verb, tmp_path: Path, spoilt: str) -> None:
    first = verb("webhook", "set", "1", URL)
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "ledger.db")) as file, file:
        file.execute(f"UPDATE endpoint SET {spoilt}")
    mended = verb("webhook", "set", "1", URL)
    keeps_its_secret = spoilt.startswith("settings")
    assert (mended["secret"] is None) == keeps_its_secret
    assert mended["secret"] != first["secret"]
    assert verb("webhook", "set", "1", URL)["secret"] is None


def test_what_another_version_set_for_an_endpoint_stays(verb: Verb, tmp_path: Path) -> None:
    verb("webhook", "set", "1", URL, "--batch", "50")
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "ledger.db")) as file, file:
        file.execute("UPDATE endpoint SET settings = ?", (b'{"batch":50,"colour":"blue"}',))
    verb("webhook", "set", "1", URL, "--batch", "1", "--submitted")
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "ledger.db")) as file:
        ((stored,),) = file.execute("SELECT settings FROM endpoint")
    assert json.loads(stored) == {"colour": "blue", "submitted": True}


def test_events_are_chosen_by_type_and_stay_until_all_are_chosen_again(verb: Verb) -> None:
    assert verb("webhook", "set", "1", URL)["events"] == ["all"]
    chosen = verb("webhook", "set", "1", URL, "--event", "message.delivered", "--event", "balance.low")
    assert chosen["events"] == ["message.delivered", "balance.low"]
    assert verb("webhook", "set", "1", URL, "--batch", "2")["events"] == chosen["events"]
    with pytest.raises(InvalidSetting, match="events are "):
        verb("webhook", "set", "1", URL, "--event", "message.read")
    assert verb("webhook", "set", "1", URL, "--event", "all")["events"] == ["all"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://hooks.example.com/token", "must begin with https://"),
        ("https://user:token@hooks.example.com/", "no user or password"),
        ("https://hooks.example.com:80/token", "port must be 443"),
        ("https://hooks.example.com/#token", "no #"),
    ],
)
def test_a_url_that_may_not_be_called_is_refused_in_words_and_not_quoted(verb: Verb, url: str, says: str) -> None:
    with pytest.raises(Failed, match=says) as refused:
        verb("webhook", "set", "1", url)
    assert "token" not in str(refused.value)


@pytest.mark.case("faults-14")
def test_resume_enables_an_endpoint_and_its_row_is_another_version_each_time(verb: Verb, tmp_path: Path) -> None:
    with pytest.raises(Failed, match="no endpoint"):
        verb("webhook", "resume", "1")
    verb("webhook", "set", "1", URL)
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "ledger.db")) as file, file:
        file.execute("UPDATE endpoint SET state = 'disabled', failing_since_ms = 5, disabled_ms = 7")
    versions = []
    for was in ("disabled", "enabled"):
        assert verb("webhook", "resume", "1")["was"] == was
        with contextlib.closing(sqlite3.connect(tmp_path / "data" / "ledger.db")) as file:
            select = "SELECT version, state, failing_since_ms, disabled_ms FROM endpoint"
            ((version, *stands),) = file.execute(select)
        assert stands == ["enabled", None, None]
        versions.append(version)
    assert versions[0] < versions[1]

"""`connect-gateway webhook set`: what is not named stays, the signing secret too."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

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
        "secret": "",
    }
    kept = verb("webhook", "set", "1", URL + "/moved")
    assert (kept["batch"], kept["submitted"]) == (50, True)
    changed = verb("webhook", "set", "1", URL, "--batch", "1", "--no-submitted")
    assert (changed["batch"], changed["submitted"]) == (1, False)


def test_a_removed_endpoint_leaves_nothing_to_keep(verb: Verb) -> None:
    first = verb("webhook", "set", "1", URL, "--batch", "50")
    verb("webhook", "remove", "1")
    second = verb("webhook", "set", "1", URL)
    assert second["secret"] != first["secret"]
    assert second["batch"] == 1


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

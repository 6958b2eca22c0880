"""The list of verbs says what the verbs say, and imports none of them."""

import ast
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from gateway.cli.main import VERBS, app, verb


@pytest.mark.parametrize("name", VERBS)
def test_the_list_of_verbs_says_what_the_verb_says_of_itself(name: str) -> None:
    command = verb(name)
    assert command.name == name
    first = (command.help or "").split("\n\n")[0].strip()
    assert first.startswith(VERBS[name][1])


@pytest.mark.parametrize("name", VERBS)
def test_no_verb_offers_to_change_the_shell(name: str) -> None:
    assert not [each.name for each in verb(name).params if "completion" in str(each.name)]


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_what_names_no_verb_imports_none(word: str) -> None:
    call = f"from gateway.cli.main import app; app([{word!r}], standalone_mode=False)"
    assert not imported(call, "gateway.node.node", "gateway.cli.session", "structlog", "aiohttp", "redis")


def test_a_verb_beside_a_sqlite_ledger_imports_neither_the_node_nor_redis_nor_an_http_library() -> None:
    verbs = "from gateway.cli import api_keys, customers, esmes, keystore, numbers, retention, webhooks"
    assert not imported(verbs, "gateway.node.node", "aiohttp", "redis")


def imported(code: str, *modules: str) -> list[str]:
    """Which of the modules a fresh process has imported when it has run the code."""
    look = f"import sys; print([each for each in {modules!r} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{look}"], capture_output=True, text=True, check=True)
    found: list[str] = ast.literal_eval(done.stdout.splitlines()[-1])
    return found


def test_a_mistyped_verb_gets_the_nearest_one() -> None:
    done = CliRunner().invoke(app, ["servee"])
    assert done.exit_code == 2
    assert "Did you mean 'serve'?" in done.output

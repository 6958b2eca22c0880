"""Operators of several kinds: each has its own keys, and a key of another kind is named with the kind it belongs to."""

from pathlib import Path

import pytest

from config.loader import Examination, examine, load
from config.operators import (
    KINDS,
    LoopbackOperatorSettings,
    OperatorSettings,
    RestOperatorSettings,
    SmppOperatorSettings,
)

SMPP = '[[operators]]\nname = "north"\nhost = "127.0.0.1"\nsystem_id = "g"\npassword = { env = "P" }\n'
REST = '[[operators]]\nname = "web"\nkind = "rest"\nwindow = 9\n[operators.rest]\nurl = "http://127.0.0.1/send"\n'
LOOPBACK = '[[operators]]\nname = "memory"\nkind = "loopback"\nwindow = 7\n'
ROUTE = '[[routes]]\noperators = ["{name}"]\n'


def found_in(folder: Path, text: str) -> Examination:
    file = folder / "one.toml"
    file.write_text(text, "utf-8")
    return examine(file, {})


def told(folder: Path, text: str) -> list[tuple[int, str, str, str]]:
    return [(each.line, each.key, each.code, each.message) for each in found_in(folder, text).problems]


def test_a_table_without_a_kind_is_of_the_first_one(tmp_path: Path) -> None:
    examination = found_in(tmp_path, SMPP + ROUTE.format(name="north"))
    assert examination.settings is not None
    (operator,) = examination.settings.operators
    assert isinstance(operator, SmppOperatorSettings)
    assert (operator.kind, operator.host) == ("smpp", "127.0.0.1")


def test_each_kind_has_keys_of_its_own(tmp_path: Path) -> None:
    examination = found_in(tmp_path, SMPP + 'kind = "smpp"\n' + REST + LOOPBACK + ROUTE.format(name="web"))
    assert examination.settings is not None
    north, web, memory = examination.settings.operators
    assert isinstance(web, RestOperatorSettings)
    assert isinstance(memory, LoopbackOperatorSettings)
    assert [each.kind for each in (north, web, memory)] == ["smpp", "rest", "loopback"]
    assert (web.rest.url, web.window, memory.window) == ("http://127.0.0.1/send", 9, 7)


@pytest.mark.parametrize(
    ("text", "line", "key", "message"),
    [
        (REST.replace("window", "binds"), 4, "binds", 'is for kind "smpp", and this is of kind "rest"'),
        (SMPP + "[operators.rest]\nurl = 'x'\n", 6, "rest", 'is for kind "rest", and this is of kind "smpp"'),
        (
            LOOPBACK + "response_timeout_s = 3\n",
            5,
            "response_timeout_s",
            'is for kind "smpp" or "rest", and this is of kind "loopback"',
        ),
    ],
)
def test_a_key_of_another_kind_is_named_with_its_kind(
    tmp_path: Path, text: str, line: int, key: str, message: str
) -> None:
    assert told(tmp_path, text) == [(line, f"operators[0].{key}", "wrong_kind", message)]


def test_a_key_of_no_kind_is_unknown_and_the_nearest_of_its_own_kind_is_suggested(tmp_path: Path) -> None:
    (problem,) = told(tmp_path, LOOPBACK.replace("window", "windo"))
    assert problem == (4, "operators[0].windo", "unknown_key", 'unknown key, did you mean "window"?')
    (problem,) = told(tmp_path, LOOPBACK.replace("kind", "kin"))[:1]
    assert problem == (3, "operators[0].kin", "unknown_key", 'unknown key, did you mean "kind"?')


@pytest.mark.parametrize(
    ("kind", "code", "message"),
    [
        ('"rset"', "out_of_range", 'expected one of "loopback", "rest", "smpp", did you mean "rest"?'),
        ("3", "wrong_type", 'expected one of "loopback", "rest", "smpp"; found a whole number'),
    ],
)
def test_a_kind_that_is_none_is_named(tmp_path: Path, kind: str, code: str, message: str) -> None:
    assert told(tmp_path, REST.replace('"rest"', kind, 1)) == [(3, "operators[0].kind", code, message)]


def test_a_kind_and_its_keys_may_come_from_variables_in_any_order(tmp_path: Path) -> None:
    head = "CONNECT_GATEWAY__OPERATORS__WEB__"
    environ = {
        head + "CONNECT_TIMEOUT_S": "3",
        head + "KIND": "rest",
        head + "REST__URL": "http://127.0.0.1/send",
        "CONNECT_GATEWAY__ROUTES__0__OPERATORS": "web",
    }
    (operator,) = load(None, environ).operators
    assert isinstance(operator, RestOperatorSettings)
    assert (operator.connect_timeout_s, operator.rest.url) == (3.0, "http://127.0.0.1/send")


def test_a_variable_for_another_kind_is_refused_by_its_name() -> None:
    head = "CONNECT_GATEWAY__OPERATORS__WEB__"
    (problem,) = examine(None, {head + "KIND": "loopback", head + "HOST": "smsc"}).problems
    assert (problem.key, problem.code) == (head + "HOST", "wrong_kind")


def test_kinds_have_different_names_and_the_first_is_smpp() -> None:
    names = [kind().kind for kind in KINDS]
    assert names[0] == "smpp"
    assert len(set(names)) == len(names)
    assert all(isinstance(kind(), OperatorSettings) for kind in KINDS)

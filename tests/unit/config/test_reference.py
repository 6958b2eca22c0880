"""The page, the examples and the types say the same."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import msgspec.inspect as mi
import pytest

from config.expected import choices
from config.loader import FILES, examine, load
from config.operators import (
    INDISPENSABLE_FIELDS,
    TRANSIENT_STATUSES,
    EgressFieldName,
    RestOperatorSettings,
    RouteSettings,
    SmppOperatorSettings,
)
from config.reference import describe, render, toml_value
from config.retention import DEFAULT_RETENTION
from config.secret import SecretRef
from config.settings import Settings
from redaction.egress import INDISPENSABLE, EgressField
from redaction.retention import DEFAULT_RULES

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "config"
Key = tuple[str, ...]


def keys_of(node: mi.Type, path: Key = ()) -> Iterator[tuple[Key, mi.Field]]:
    """Every key that may be set; a table inside a table counts by its own keys."""
    for choice in choices(node):
        for inner in choices(choice.item_type) if isinstance(choice, mi.VarTupleType) else (choice,):
            if not isinstance(inner, mi.StructType) or inner.cls is SecretRef:
                continue
            for field in inner.fields:
                below = list(keys_of(field.type, (*path, field.encode_name)))
                yield from below or [((*path, field.encode_name), field)]


def written(value: object, path: Key = ()) -> Iterator[Key]:
    """Every key of a document, without positions."""
    if isinstance(value, dict) and not (path and path[-1].endswith(("password", "token"))):
        for key, inner in value.items():
            yield from written(inner, (*path, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from written(inner, path)
    else:
        yield path


def uncommented(name: str) -> str:
    return re.sub(r"^#(?=[^ \n])", "", (EXAMPLES / name).read_text("utf-8"), flags=re.MULTILINE)


KEYS = dict(keys_of(mi.type_info(Settings)))


def test_the_page_in_docs_is_the_rendered_one() -> None:
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == render()


def test_the_page_says_every_key_with_its_meaning() -> None:
    page = render()
    for path, field in KEYS.items():
        assert re.search(rf"^\| `{path[-1]}` \|.*\| {re.escape(describe(field))} \|$", page, re.MULTILINE), path


def test_every_section_has_a_line_of_meaning() -> None:
    assert "None" not in render().split()


@pytest.mark.parametrize(("path", "field"), KEYS.items(), ids=[".".join(path) for path in KEYS])
def test_every_key_has_a_default_and_one_sentence(path: Key, field: mi.Field) -> None:
    assert not field.required, path
    assert describe(field).endswith(".")
    assert "\n" not in describe(field)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unset"),
        (True, "true"),
        (5.0, "5"),
        (0.25, "0.25"),
        (1_234_567.0, "1234567"),
        ("a", '"a"'),
        ((1, "b"), '[1, "b"]'),
        (SecretRef(), "unset"),
    ],
)
def test_defaults_are_shown_as_toml(value: object, text: str) -> None:
    assert toml_value(value) == text


def test_the_example_files_hold_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)
    assert load(EXAMPLES, {}) == Settings()


def test_the_example_files_show_every_key() -> None:
    shown = {key for name in FILES for key in written(tomllib.loads(uncommented(name)))}
    assert shown - {("operators", "kind")} == set(KEYS)


def test_the_example_operators_have_the_defaults_apart_from_what_an_operator_needs(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_text(uncommented(name), "utf-8")
    examination = examine(tmp_path, {})
    assert examination.problems == ()
    assert examination.settings is not None
    (operator, web), (route,) = examination.settings.operators, examination.settings.routes
    assert isinstance(operator, SmppOperatorSettings)
    assert isinstance(web, RestOperatorSettings)
    own = {"name", "host", "system_id", "password", "throughput_per_s", "tls", "register", "egress"}
    own |= {"throughput_per_bind_per_s", "query_after_s", "privacy_indicator", "outbind"}
    assert changed(operator, SmppOperatorSettings()) == own
    assert changed(operator.tls, SmppOperatorSettings().tls) == set(operator.tls.__struct_fields__)
    assert changed(web, RestOperatorSettings()) == {"name", "password", "rest", "register"}
    assert changed(route, RouteSettings()) == {"operators", "limit_per_s"}


def changed(one: msgspec.Struct, other: msgspec.Struct) -> set[str]:
    return {name for name in one.__struct_fields__ if getattr(one, name) != getattr(other, name)}


def test_no_status_is_listed_twice() -> None:
    statuses = SmppOperatorSettings().permanent_statuses + TRANSIENT_STATUSES
    assert len(set(statuses)) == len(statuses)


def test_the_default_retention_is_that_of_the_rules_themselves() -> None:
    names = ("content_after_final_s", "content_limit_s", "record_s", "period_s", "content_after_submit")
    ours = {rule.tag: [getattr(rule, name) for name in names] for rule in DEFAULT_RETENTION}
    theirs = {str(tag): [getattr(rule, name) for name in names] for tag, rule in DEFAULT_RULES.items()}
    assert ours == theirs


@pytest.mark.policy("P-16")
def test_the_fields_that_a_contract_may_name_are_those_that_may_leave() -> None:
    assert list(get_args(EgressFieldName)) == [field.name.lower() for field in EgressField]
    assert {EgressField[name.upper()] for name in INDISPENSABLE_FIELDS} == INDISPENSABLE

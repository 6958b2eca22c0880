"""Every key is found on the line where it was written."""

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.lines import key_lines

KEYS = st.text("abcdef_-1", min_size=1, max_size=6).filter(lambda key: key.strip("-") != "")
SCALARS = st.sampled_from(
    [
        "1",
        "0x1F",
        "-3.5e2",
        "true",
        '"text # not a comment, ] }"',
        '"with \\" quote"',
        "'literal \\'",
        "1979-05-27 07:32:00",
        "07:32:00",
        '"""\nmany\n[lines]\nk = 1\n"""',
        '"""two "" quotes at the end"""""',
        "'''\nmany\n\"lines\"\n'''",
        "'''end'''''",
    ]
)
GAPS = st.sampled_from(["", " ", "\n", ' # a comment ] } "\n', "\n\n"])


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    items = draw(st.lists(inner, max_size=3))
    gaps = [draw(GAPS) + item + draw(GAPS) for item in items]
    return "[" + ",".join(gaps) + (draw(st.sampled_from(["", ","])) if items else "") + draw(GAPS) + "]"


@st.composite
def inline_tables(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    keys = draw(st.lists(KEYS, max_size=3, unique=True))
    return "{" + ", ".join(f"{key} = {draw(inner)}" for key in keys) + "}"


VALUES = st.recursive(SCALARS, lambda inner: arrays(inner) | inline_tables(inner), max_leaves=5)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[tuple[str | int, ...], int]]:
    """A document and the line of each of its own keys."""
    text, lines, counts = "", dict[tuple[str | int, ...], int](), dict[str, int]()
    for table in draw(st.lists(KEYS, max_size=4, unique=True)):
        for _ in range(draw(st.integers(1, 3))):
            text += draw(st.sampled_from(["", "\n", "# a comment [x]\n", "  "]))
            path = (table, counts.get(table, 0))
            counts[table] = path[1] + 1
            lines[path] = text.count("\n") + 1
            text += f"[[{draw(quoted(table))}]]" + draw(st.sampled_from(["\n", " # c\n"]))
            for key in draw(st.lists(KEYS, max_size=4, unique=True)):
                lines[(*path, key)] = text.count("\n") + 1
                text += f"{draw(quoted(key))} = {draw(VALUES)}{draw(st.sampled_from(['', '  # c']))}\n"
    return text, lines


def quoted(key: str) -> st.SearchStrategy[str]:
    return st.sampled_from([key, f'"{key}"', f"'{key}'", f" {key} "])


@settings(max_examples=150, deadline=None)
@given(documents())
def test_every_key_of_a_document_is_found_on_its_line(document: tuple[str, dict[tuple[str | int, ...], int]]) -> None:
    text, lines = document
    tomllib.loads(text)
    found = key_lines(text)
    assert {path: found.get(path) for path in lines} == lines


@settings(max_examples=100, deadline=None)
@given(documents())
def test_nothing_is_found_that_the_document_does_not_hold(
    document: tuple[str, dict[tuple[str | int, ...], int]],
) -> None:
    text, _ = document
    assert set(key_lines(text)) == set(paths_of(tomllib.loads(text)))


def paths_of(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths_of(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths_of(inner, (*path, index))
    return found


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1\nb = 2", ("b",), 2),
        ("\n\n[http]\n", ("http",), 3),
        ("[http]\n\nport = 1", ("http", "port"), 3),
        ("[keystore.root]\nkind = 1", ("keystore", "root", "kind"), 2),
        ("a.b . c = 1", ("a", "b", "c"), 1),
        ("x = 1\n\"a b\".'c.d' = 1", ("a b", "c.d"), 2),
        ('"\\u0061" = 1', ("a",), 1),
        ("[[o]]\n[[o]]\n[o.tls]\nkey = 1", ("o", 1, "tls", "key"), 4),
        ("[[o]]\n[[o.p]]\n[[o.p]]\nk = 1\n[[o]]\n[[o.p]]\nz = 1", ("o", 1, "p", 0, "z"), 7),
        ("l = [\n 1,\n {a = 1},\n]", ("l", 1, "a"), 3),
        ("l = [\n]\nm = {}\nn = 1", ("n",), 4),
        ('t = """\na = 1\n\\"""\n"""\nn = 1', ("n",), 5),
        ("", ("nothing",), None),
    ],
)
def test_forms_of_keys(text: str, path: tuple[str | int, ...], line: int | None) -> None:
    tomllib.loads(text)
    assert key_lines(text).get(path) == line

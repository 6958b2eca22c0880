"""How places and keys are told."""

import pytest

from config.problems import ConfigError, Origin, Origins, Path, Problem, dotted, suggestion


def problem(file: str, line: int, key: str) -> Problem:
    return Problem(file=file, line=line, key=key, message="unknown key", code="unknown_key")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("http", "port"), "http.port"),
        (("operators", 0, "tls", "enabled"), "operators[0].tls.enabled"),
        (("a b", "x.y"), '"a b"."x.y"'),
        (("two\nlines",), '"two\\nlines"'),
        (("",), '""'),
        ((), ""),
    ],
)
def test_a_path_is_written_as_a_person_would(path: Path, text: str) -> None:
    assert dotted(path) == text


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (problem("gateway.toml", 3, "http.prot"), "gateway.toml:3: http.prot: unknown key"),
        (problem("gateway.toml", 0, ""), "gateway.toml: unknown key"),
        (problem("", 0, "http.host"), "http.host: unknown key"),
    ],
)
def test_a_problem_is_one_line(told: Problem, text: str) -> None:
    assert str(told) == text


def test_an_error_tells_every_problem() -> None:
    error = ConfigError([problem("a.toml", 1, "x"), problem("a.toml", 2, "y")])
    assert str(error) == "a.toml:1: x: unknown key\na.toml:2: y: unknown key"
    assert len(error.problems) == 2


def test_a_key_nobody_wrote_is_placed_at_the_table_around_it() -> None:
    origins = Origins({("http",): Origin(file="a.toml", line=4), ("http", "port"): Origin(file="a.toml", line=5)})
    assert origins.at(("http", "port")).line == 5
    assert origins.at(("http", "host")).line == 4
    assert origins.at(("log", "level")) == Origin()


@pytest.mark.parametrize(("word", "text"), [("prot", ', did you mean "port"?'), ("zzz", "")])
def test_only_a_near_word_is_suggested(word: str, text: str) -> None:
    assert suggestion(word, ["port", "host"]) == text

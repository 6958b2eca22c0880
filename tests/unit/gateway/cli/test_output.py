"""What people read in a terminal of 80 columns: ids and words whole, and long words as they are copied."""

import re

import pytest
from rich.console import Console

from gateway.cli.output import show

PERSON = "usr_0123456789abcdef"
CUSTOMER = "cus_0123456789abcdef"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(Console, "is_terminal", True)


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


@pytest.mark.usefixtures("terminal")
def test_ids_stand_whole_in_a_table_that_is_too_wide(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "person": PERSON,
        "roles": "customer_owner customer_privacy_officer",
        "customer": CUSTOMER,
        "disabled": "2026-11-30T12:13:54.217Z",
        "more": "Some words that are there as well",
    }
    show([row, row | {"roles": "owner"}], False)
    lines = printed(capsys)
    assert max(map(len, lines)) <= 80
    assert sum(PERSON in line and CUSTOMER in line for line in lines) == 2


@pytest.mark.usefixtures("terminal")
def test_words_stand_whole_where_there_is_room_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"id": PERSON, "why": "a long sentence of many words, " * 4, "act": "customer.disable", "n": 7}], False)
    lines = printed(capsys)
    assert max(map(len, lines)) <= 80
    (first,) = [line for line in lines if PERSON in line]
    assert "customer.disable" in first


@pytest.mark.usefixtures("terminal")
def test_a_table_of_more_ids_than_a_line_holds_is_shown_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    show([{str(each): PERSON for each in range(6)}], False)
    lines = printed(capsys)
    assert max(map(len, lines)) <= 80
    assert len(lines) > 4


@pytest.mark.usefixtures("terminal")
def test_a_word_longer_than_a_line_can_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    key = "connect-gateway/audit/23f0d0e773311cb0+100d64f3+" + "A" * 44
    show({"key": key, "size": 3, "changes": ["one of them", "another one"]}, False)
    lines = printed(capsys)
    assert key in lines
    assert "size" in "".join(lines)
    (first, second) = [line for line in lines if "one" in line]
    assert "one of them" in first
    assert "another one" in second
    show({"key": key}, False)
    assert printed(capsys)[-1] == key


def test_whoever_reads_a_pipe_has_whole_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"id": PERSON, "why": "x" * 300}], False)
    assert "x" * 300 in capsys.readouterr().out

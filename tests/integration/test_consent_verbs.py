"""Consents and suppressions on the command line: taken in, shown for a number, refused; and that no number is kept."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.entries import read_entry
from gateway.cli.session import open_desk
from gateway.tools.leakscan import scan
from tests.integration.test_person_verbs import Verbs

PERSON, OTHER = "+966537319441", "+966537319442"
TEXT = "أوافق على استلام العروض"


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    return Verbs(tmp_path)


@pytest.fixture
def customer(verbs: Verbs) -> str:
    added = verbs.run("customer", "add", "--sender", "INTERKEY", "--name", "Trial")
    return str(added["customer"])


def entries(verbs: Verbs) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        async with open_desk(verbs.settings) as desk:
            return [read_entry(each.octets) for each in await desk.ledger.acts.pending(100)]

    return asyncio.run(read())


def test_a_consent_is_given_shown_with_its_wording_and_withdrawn(verbs: Verbs, customer: str) -> None:
    (wording,) = verbs.run(
        "consent", "wording", customer, "--name", "news", "--version", "1", "--arabic", TEXT, "--english", "I agree"
    )
    added = verbs.run("consent", "add", customer, PERSON, "--wording", "news:1", "--means", "paper", "--prior")
    assert added["changed"] is True
    proof = verbs.run("consent", "export", customer, PERSON)
    (given,) = proof["consents"]
    assert (given["purpose"], given["state"], given["means"]) == ("promotional", "given", "paper")
    assert given["prior_interaction"] is True
    assert proof["wordings"][given["wording"]]["arabic"] == TEXT
    assert given["wording"] == wording["wording"]
    assert verbs.run("consent", "export", customer, OTHER)["consents"] == []
    right = ("--customer", customer, "--number", PERSON, "--means", "verbal", "--given-at", "2026-01-01T00:00:00Z")
    assert verbs.run("subject", "correct", *right)["corrected"] == ["given_ms", "means"]
    assert verbs.run("subject", "correct", *right)["corrected"] == []
    (given,) = verbs.run("consent", "export", customer, PERSON)["consents"]
    assert (given["means"], given["given_at"], given["state"]) == ("verbal", "2026-01-01T00:00:00.000Z", "given")
    corrected = [each["what"] for each in entries(verbs) if each["act"] == "consent.correct"]
    assert corrected == ["given_ms", "means"]
    assert verbs.run("consent", "withdraw", customer, PERSON)["changed"] == 2
    assert {each["state"] for each in verbs.run("consent", "show", customer, PERSON)} == {"withdrawn"}
    acts = [each["act"] for each in entries(verbs)]
    assert {"consent.wording", "consent.give", "consent.show", "consent.withdraw"} <= set(acts)


def test_what_is_stopped_is_listed_by_count_and_for_a_number(verbs: Verbs, customer: str) -> None:
    assert verbs.run("suppression", "add", customer, PERSON)["changed"] is True
    verbs.run("suppression", "add", customer, OTHER, "--scope", "sender:INTERKEY")
    assert verbs.run("suppression", "list", customer) == [
        {"scope": "all", "source": "command", "people": 1},
        {"scope": "sender:interkey", "source": "command", "people": 1},
    ]
    (one,) = verbs.run("suppression", "list", customer, PERSON)
    assert (one["scope"], one["until"]) == ("all", None)
    assert verbs.run("consent", "add", customer, PERSON)["changed"] is True
    assert verbs.run("suppression", "list", customer, PERSON) == []
    assert verbs.run("suppression", "remove", customer, OTHER)["removed"] == 1
    assert verbs.run("suppression", "list", customer) == []


def test_a_file_is_taken_in_as_often_as_one_likes_and_bad_lines_are_named(
    verbs: Verbs, customer: str, tmp_path: Path
) -> None:
    verbs.run("consent", "wording", customer, "--name", "news", "--arabic", TEXT)
    file = tmp_path / "consents.csv"
    file.write_text(
        "number,purpose,time,means,wording\n"
        f"{PERSON},promotional,2026-01-01T10:00:00+03:00,paper,news\n"
        f'"{OTHER}","awareness","2026-01-01T10:00:00Z","web","","interkey"\n'
        "\n"
        "12,promotional,2026-01-01T10:00:00Z,web,\n"
        f"{OTHER},otp,2026-01-01T10:00:00Z,web,\n"
        f"{OTHER},promotional,yesterday,web,\n"
        f"{OTHER},promotional,2026-01-01T10:00:00,web,\n"
        f"{OTHER},promotional,2999-01-01T10:00:00Z,web,\n"
        f"{OTHER},promotional,2026-01-01T10:00:00Z,pigeon,\n"
        f"{OTHER},promotional,2026-01-01T10:00:00Z,web,unknown\n"
        f"{OTHER},promotional\n",
        encoding="utf-8",
    )
    expected = {
        "number": 1,
        "purpose": 1,
        "time": 3,
        "means": 1,
        "wording": 1,
        "fields": 1,
    }
    tried = verbs.run("consent", "import", customer, str(file), "--dry-run")
    assert (tried["lines"], tried["taken"], tried["refused"]) == (10, 0, expected)
    assert verbs.run("consent", "show", customer, PERSON) == []
    done = verbs.run("consent", "import", customer, str(file))
    assert (done["taken"], done["known"], done["refused"]) == (2, 0, expected)
    assert done["bad_lines"] == [
        f"{line}: {reason}"
        for line, reason in zip(
            range(5, 13), ("number", "purpose", "time", "time", "time", "means", "wording", "fields"), strict=True
        )
    ]
    again = verbs.run("consent", "import", customer, str(file))
    assert (again["taken"], again["known"]) == (0, 2)
    (row,) = verbs.run("consent", "show", customer, OTHER)
    assert (row["purpose"], row["option"], row["at"]) == ("awareness", "interkey", "2026-01-01T10:00:00.000Z")
    outcomes = [each for each in entries(verbs) if each["act"] == "consent.import" and each["res"] == "ok"]
    assert [each["n"] for each in outcomes] == [
        {"lines": 10, "taken": 2, "refused": 8},
        {"lines": 10, "taken": 0, "refused": 8},
    ]


def test_suppressions_are_taken_in_from_a_file(verbs: Verbs, customer: str, tmp_path: Path) -> None:
    file = tmp_path / "stopped.csv"
    file.write_text(f"{PERSON}\n{OTHER},purpose:awareness\n{OTHER},everything\n", encoding="utf-8")
    done = verbs.run("suppression", "import", customer, str(file))
    assert (done["taken"], done["bad_lines"]) == (2, ["3: scope"])
    assert {each["scope"] for each in verbs.run("suppression", "list", customer)} == {"all", "purpose:awareness"}


@pytest.mark.parametrize(
    "words",
    [
        ("consent", "add", "{}", "12345"),
        ("consent", "add", "{}", PERSON, "--purpose", "otp"),
        ("consent", "add", "{}", PERSON, "--means", "pigeon"),
        ("consent", "add", "{}", PERSON, "--given-at", "2999-01-01T00:00:00Z"),
        ("consent", "add", "{}", PERSON, "--wording", "nothing"),
        ("consent", "add", "{}", PERSON, "--option", "x" * 33),
        ("consent", "withdraw", "{}", PERSON, "--purpose", "otp"),
        ("consent", "wording", "{}", "--name", "empty"),
        ("consent", "import", "{}", "/does/not/exist.csv"),
        ("suppression", "add", "{}", PERSON, "--scope", "everything"),
        ("suppression", "remove", "{}", PERSON, "--scope", "sender:"),
        ("customer", "set", "{}", "--consent", "perhaps"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_one_line_without_the_number(
    verbs: Verbs, customer: str, words: tuple[str, ...]
) -> None:
    line = verbs.says(*(each.format(customer) for each in words))
    assert PERSON[4:] not in line
    assert "12345" not in line


def test_no_number_is_kept(verbs: Verbs, customer: str, tmp_path: Path) -> None:
    verbs.run("customer", "set", customer, "--consent", "enforce")
    verbs.run("consent", "add", customer, PERSON)
    verbs.run("suppression", "add", customer, OTHER)
    verbs.run("consent", "withdraw", customer, PERSON)
    verbs.run("consent", "export", customer, PERSON)
    report = scan([tmp_path], [PERSON[1:], OTHER[1:]])
    assert report.control_found
    assert report.leaks == ()

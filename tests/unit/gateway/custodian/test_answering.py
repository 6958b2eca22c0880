"""A question in, an answer out: what stands in it, and what is refused."""

import json
from os import urandom
from pathlib import Path

import pytest

from gateway.custodian.answering import answer
from gateway.custodian.book import MOST_NUMBERS, Book
from gateway.custodian.folder import CustodianFailed, CustodianKeyUnknown, Folder, QuestionUnreadable, TooManyNumbers
from redaction.custodian import PublicKey, new_private
from redaction.personal import Msisdn
from redaction.pseudonymise import pseudonymise
from tests.unit.gateway.custodian.asking import CUSTOMER, EPOCH, NUMBER, handed, sealed


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def key(folder: Folder) -> PublicKey:
    return folder.begin(0)


def test_an_answer_holds_pseudonyms_and_nothing_else(folder: Folder, key: PublicKey) -> None:
    state = handed(key)
    name = pseudonymise(state, CUSTOMER, NUMBER, EPOCH, "search", "otp").pseudonym
    secret = state.families.secrets["search", "otp", EPOCH].value
    state.hand_over("otp", EPOCH, urandom, now_ms=0)
    octets = answer(folder, sealed(state, key), 1)
    assert json.loads(octets) == {
        "version": 1,
        "case": "R-1",
        "complete": True,
        "customers": [{"customer": CUSTOMER, "pseudonyms": [name.hex()]}],
    }
    assert secret.hex() not in octets.decode()
    (line,) = Book(folder).lines()
    assert (line.case, len(line.numbers), line.customers, line.secrets, line.taken) == ("R-1", 1, 1, 1, True)


def test_a_former_key_of_the_custodian_answers_until_it_is_gone(folder: Folder, key: PublicKey) -> None:
    state = handed(key)
    state.hand_over("otp", EPOCH, urandom, now_ms=0)
    second = folder.turn(5)
    assert json.loads(answer(folder, sealed(state, second), 6))["complete"]
    third = folder.turn(10 + 24 * 3_600_000, 1)
    said = json.loads(answer(folder, sealed(state, third), 11))
    assert (said["complete"], said["customers"][0]["pseudonyms"]) == (False, [])
    with pytest.raises(CustodianKeyUnknown):
        answer(folder, sealed(state, key), 12)


def test_whoever_wants_too_much_gets_nothing(folder: Folder, key: PublicKey) -> None:
    state = handed(key)
    state.hand_over("otp", EPOCH, urandom, now_ms=0)
    many = [Msisdn(f"9665{at:08}", 966) for at in range(MOST_NUMBERS + 1)]
    with pytest.raises(TooManyNumbers):
        answer(folder, sealed(state, key, *many), 0)


@pytest.mark.parametrize("case", ["", "r-1", "R-966512345678", "R-1\n", "R 1"])
def test_a_case_is_no_place_for_a_number(folder: Folder, key: PublicKey, case: str) -> None:
    with pytest.raises(QuestionUnreadable):
        answer(folder, sealed(handed(key), key, case=case), 0)
    assert Book(folder).lines() == []


def test_what_is_no_question_is_refused(folder: Folder, key: PublicKey) -> None:
    good = sealed(handed(key), key)
    for octets in (b"", good[:-1], good + b"x", b"CGCQ\x01" + key.id):
        with pytest.raises(QuestionUnreadable):
            answer(folder, octets, 0)
    other = new_private().public()
    with pytest.raises(CustodianFailed):
        answer(folder, sealed(handed(other), other), 0)

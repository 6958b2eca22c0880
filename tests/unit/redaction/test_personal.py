import copy
import json
import pickle

import msgspec
import pytest

from redaction.personal import MessageText, Msisdn, Personal, Purpose, Secret, mask_number

CANARY = "966512345678"
VALUES = [Msisdn(CANARY, 966), MessageText(CANARY), Secret(CANARY)]


@pytest.mark.policy("P-05")
@pytest.mark.parametrize("value", VALUES, ids=lambda it: type(it).__name__)
def test_value_shows_a_mask_wherever_programs_print(value: Personal) -> None:
    shown = [repr(value), str(value), f"{value}", f"{value!r:>40}", "%s" % value, repr([value]), repr({"to": value})]  # noqa: UP031
    assert not any(CANARY[2:10] in text for text in shown)


@pytest.mark.parametrize("value", VALUES, ids=lambda it: type(it).__name__)
def test_value_is_neither_pickled_nor_hashed_nor_turned_to_json(value: Personal) -> None:
    for refuse in (pickle.dumps, hash, json.dumps, msgspec.json.encode, msgspec.msgpack.encode):
        with pytest.raises(TypeError) as raised:
            refuse(value)
        assert CANARY not in str(raised.value)


@pytest.mark.parametrize("value", VALUES, ids=lambda it: type(it).__name__)
def test_only_a_purpose_reveals(value: Personal) -> None:
    assert value.reveal(Purpose.DELIVER) == CANARY
    for purpose in ("deliver", None, True):
        with pytest.raises(TypeError):
            value.reveal(purpose)  # type: ignore[arg-type]


def test_values_are_equal_within_their_type_alone() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != MessageText("a")
    assert Secret("a") != "a"


def test_copies_are_the_value_itself() -> None:
    value = MessageText("hello")
    assert copy.copy(value) is copy.deepcopy(value) is value


def test_mask_of_a_number_shows_country_and_last_two_digits() -> None:
    assert Msisdn("966512345608", 966).masked() == "+966•••••••08" == mask_number(966, 8)
    assert mask_number(966, None) == "+966•••••••••"

"""Numbers that stand for keys, ESME accounts and customers."""

from gateway.model.owners import esme_of, key_id_of_esme, limit_of_customer, limit_of_key


def test_an_account_is_found_again_in_what_its_messages_say_they_came_with() -> None:
    assert [esme_of(key_id_of_esme(account)) for account in (1, 7)] == [1, 7]


def test_a_key_and_a_person_are_no_account() -> None:
    assert (esme_of(7), esme_of(0)) == (0, 0)


def test_no_two_have_one_limit_and_none_is_zero() -> None:
    numbers = range(1, 100)
    keys = {limit_of_key(number) for number in numbers} | {limit_of_key(key_id_of_esme(number)) for number in numbers}
    customers = {limit_of_customer(number) for number in numbers}
    assert len(keys | customers) == 3 * len(numbers)
    assert 0 not in keys | customers

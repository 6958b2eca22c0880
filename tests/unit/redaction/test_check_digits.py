import pytest

from redaction.check_digits import ACCOUNTS, is_card, is_iban, is_mobile, is_national_id, luhn


def test_check_digits_have_known_answers() -> None:
    assert luhn("79927398713")
    assert not luhn("79927398710")
    assert is_iban("SA0380000000608010167519")
    assert is_iban("GB82WEST12345698765432")
    assert not is_iban("SA0480000000608010167519")
    assert is_national_id("1000000008")
    assert not is_national_id("3000000004")


@pytest.mark.parametrize(
    ("country", "length"), [("SA", 24), ("AE", 23), ("KW", 30), ("BH", 22), ("GB", 22), ("MT", 31)]
)
def test_accounts_have_the_length_of_their_country(country: str, length: int) -> None:
    assert len(ACCOUNTS[country]) + 4 == length


@pytest.mark.parametrize(
    "digits", ["4111111111111111", "5555555555554444", "378282246310005", "2223003122003222", "6011111111111117"]
)
def test_test_numbers_of_the_schemes_are_cards(digits: str) -> None:
    assert is_card(digits)
    assert not is_card(digits[:-1] + str((int(digits[-1]) + 1) % 10))


@pytest.mark.parametrize("digits", ["0512345678", "966512345678", "00966512345678", "9660512345678"])
def test_a_mobile_number_is_dialled_in_four_ways(digits: str) -> None:
    assert is_mobile(digits)


@pytest.mark.parametrize("digits", ["0112345678", "512345678", "00512345678", "971512345678"])
def test_other_numbers_are_not_mobile(digits: str) -> None:
    assert not is_mobile(digits)

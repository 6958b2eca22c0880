import pytest

from gateway.accounts.fraud_rules import parse_countries, parse_fraud
from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.settings import CustomerSettings
from gateway.model.fraud_controls import Control, FraudMode, mode_of
from gateway.model.message import MessageClass


def test_modes_are_told_in_words_and_taken_away_again() -> None:
    modes = parse_fraud(["recipient_rate.otp=enforce", "loop=off"], {"duplicate": FraudMode.ENFORCE})
    assert modes == {"recipient_rate.otp": "enforce", "loop": "off", "duplicate": "enforce"}
    assert parse_fraud(["loop=default"], modes) == {"recipient_rate.otp": "enforce", "duplicate": "enforce"}
    assert mode_of(modes, Control.RECIPIENT_RATE, MessageClass.OTP, has_countries=False) is FraudMode.ENFORCE
    assert mode_of(modes, Control.RECIPIENT_RATE, MessageClass.PERSONAL, has_countries=False) is FraudMode.WATCH
    assert mode_of({}, Control.COUNTRY, MessageClass.OTP, has_countries=True) is FraudMode.ENFORCE


@pytest.mark.parametrize("word", ["", "loop", "loop=", "loop=hard", "shouting=watch", "loop.spam=off"])
def test_other_words_are_refused(word: str) -> None:
    with pytest.raises(InvalidSetting):
        parse_fraud([word], {})


@pytest.mark.parametrize("control", ["same_text", "new_traffic.otp"])
def test_what_waits_for_a_person_may_be_enforced(control: str) -> None:
    assert parse_fraud([f"{control}=enforce"], {}) == {control: FraudMode.ENFORCE}
    assert CustomerSettings(fraud={control: FraudMode.ENFORCE}).fraud == {control: FraudMode.ENFORCE}


def test_countries_are_told_by_their_codes() -> None:
    assert parse_countries(["sa", "AE", "KW"]) == (965, 966, 971)
    assert parse_countries(["any"]) == ()
    with pytest.raises(InvalidSetting):
        parse_countries(["Saudi"])

"""What a customer's controls against abuse are set to, in the words of whoever sets them."""

from collections.abc import Iterable
from typing import Final

import phonenumbers

from gateway.accounts.invalid import InvalidSetting
from gateway.model.fraud_controls import Control, FraudMode, FraudModes
from gateway.model.message import MessageClass
from redaction.errors import alone

DEFAULT: Final = "default"
"""A word in a mode's place that takes what was set away."""


def parse_fraud(words: Iterable[str], standing: FraudModes) -> FraudModes:
    """`standing` changed by words such as "recipient_rate.otp=enforce"; "=default" takes one away. Raises
    InvalidSetting.
    """
    modes = dict(standing)
    for word in words:
        name, _, mode = word.partition("=")
        check_control(name)
        if mode == DEFAULT:
            modes.pop(name, None)
            continue
        try:
            modes[name] = FraudMode(mode)
        except ValueError:
            raise alone(InvalidSetting("a control is off, watch or enforce; default takes it away")) from None
    check_modes(modes)
    return modes


def check_modes(modes: FraudModes) -> None:
    """Raises InvalidSetting."""
    for name in modes:
        check_control(name)


def check_control(name: str) -> None:
    """Raises InvalidSetting."""
    control, dot, message_class = name.partition(".")
    if control not in list(Control) or (dot and message_class not in list(MessageClass)):
        raise InvalidSetting(f"controls are {', '.join(Control)}; a class may follow behind a dot")


def parse_countries(words: Iterable[str]) -> tuple[int, ...]:
    """Calling codes of countries by ISO codes; "any" is an empty list, which allows all. Raises InvalidSetting."""
    names = [word.upper() for word in words]
    if names == ["ANY"]:
        return ()
    codes = [phonenumbers.country_code_for_region(name) for name in names]
    if not all(codes):
        raise InvalidSetting("a country is an ISO code of two letters, such as SA; any alone allows all")
    return tuple(sorted(set(codes)))

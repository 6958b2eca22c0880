"""The controls against abuse, what each does, and what is said where it stops a message."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gateway.model.message import MessageClass


class FraudMode(StrEnum):
    """OFF: nothing is asked. WATCH: what would be refused is counted, and sent. ENFORCE: it is refused."""

    OFF = "off"
    WATCH = "watch"
    ENFORCE = "enforce"


class Control(StrEnum):
    """In the order in which they are asked, the cheapest first."""

    COUNTRY = "country"  # of the number, against the customer's list
    NUMBER_KIND = "number_kind"  # premium rate, shared cost, landlines and the like
    LOOP = "loop"  # 30 messages to one number in 30 seconds
    RECIPIENT_RATE = "recipient_rate"  # codes: 5 in 10 minutes and 10 a day; others 20 a day
    DUPLICATE = "duplicate"  # the same text to the same number within a minute
    SAME_TEXT = "same_text"  # the same promotional text to one network, 1,000 an hour
    RANGE_BURST = "range_burst"  # many new numbers of one range in an hour
    NEW_TRAFFIC = "new_traffic"  # more than 50 an hour to a country or of a class that is new


CODES: Final[Mapping[Control, str]] = {
    Control.COUNTRY: "country_not_allowed",
    Control.NUMBER_KIND: "number_kind_not_allowed",
    Control.LOOP: "recipient_rate",
    Control.RECIPIENT_RATE: "recipient_rate",
    Control.DUPLICATE: "duplicate_message",
    Control.SAME_TEXT: "same_text",
    Control.RANGE_BURST: "traffic_suspicious",
    Control.NEW_TRAFFIC: "traffic_new",
}
REVIEWED: Final[Mapping[str, Control]] = {CODES[each]: each for each in (Control.SAME_TEXT, Control.NEW_TRAFFIC)}
"""By the code for which a message is held: the control on whose finding a person decides."""

FraudModes = Mapping[str, FraudMode]
"""By a control's name, or by its name, a dot and a class, which goes first."""


def mode_of(modes: FraudModes, control: Control, message_class: MessageClass, *, has_countries: bool) -> FraudMode:
    """What is set, and otherwise: countries are enforced where there is a list of them; texts that are the same are not
    looked at; everything else is watched.
    """
    found = modes.get(f"{control}.{message_class}") or modes.get(control.value)
    if found is not None:
        return found
    if control is Control.COUNTRY and has_countries:
        return FraudMode.ENFORCE
    return FraudMode.OFF if control is Control.SAME_TEXT else FraudMode.WATCH

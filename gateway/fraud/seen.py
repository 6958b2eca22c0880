"""What is asked of one customer's messages of one class, and one message while it is judged. Pure."""

from gateway.accounts.customers import Customer
from gateway.model.fraud_controls import Control, FraudMode, mode_of
from gateway.model.message import MessageClass
from gateway.model.submission import Submission
from redaction.personal import Purpose

MASK = (1 << 62) - 1
"""Of tokens."""


class Terms:
    """Resolved once for a customer's settings. first_ms: when a country was first seen."""

    __slots__ = ("customer", "first_ms", "is_code", "is_promotional", "modes", "settings", "watched")

    def __init__(self, customer: Customer, message_class: MessageClass, first_ms: dict[int, int]) -> None:
        settings = customer.settings
        self.customer = customer.id
        self.settings = settings
        self.is_code = message_class is MessageClass.OTP
        self.is_promotional = message_class is MessageClass.PROMOTIONAL
        self.first_ms = first_ms
        modes = {
            each: mode_of(settings.fraud, each, message_class, has_countries=bool(settings.countries))
            for each in Control
        }
        self.modes = frozenset(each for each, mode in modes.items() if mode is not FraudMode.OFF)
        self.watched = frozenset(each.value for each, mode in modes.items() if mode is FraudMode.WATCH)


class Seen:
    """One message with its tokens, which are keyed by `salt`. text: its text's, 0 where texts are not compared.
    today: messages of the customer's that its number got since midnight in Riyadh.
    """

    __slots__ = ("digits", "submission", "terms", "text", "today", "token")

    def __init__(self, submission: Submission, terms: Terms, digits: str, salt: str) -> None:
        self.submission = submission
        self.terms = terms
        self.digits = digits
        self.token = hash((terms.customer, salt + digits)) & MASK
        self.today = 0
        compares = Control.DUPLICATE in terms.modes
        self.text = hash((self.token, submission.text.reveal(Purpose.ACCEPT))) & MASK if compares else 0

"""In which operator's lane a new message waits: by its route, by who can send, and by who may have it."""

from collections.abc import Callable, Sequence
from typing import Final

from gateway.delivery.portability import Lookup, Then
from gateway.delivery.routing import Line, Permits, Router, permit_all
from gateway.limits.balance import micro_of
from gateway.model.message import MessageClass
from gateway.model.numbers import digits_of
from gateway.model.refusals import Refusal
from gateway.model.submission import Submission

Pick = Callable[[Sequence[str], MessageClass], str]


class Choice:
    """pick: of the candidates for a message of this class, the operator in whose lane it is to wait.

    lookup: of networks at which numbers are; None where nobody is asked.
    """

    def __init__(self, router: Router, pick: Pick, permits: Permits = permit_all, lookup: Lookup | None = None) -> None:
        self._lookup: Final = lookup
        self._router = router
        self._pick = pick
        self._permits: Final = permits

    @property
    def looks_up(self) -> bool:
        """Whether any message may wait for a look-up of its recipient's network."""
        return self._lookup is not None and self._router.names_networks

    def waits(self, submission: Submission, subject: bytes, then: Then) -> bool:
        """Whether it is looked up first at which network the recipient is; `then` is called once that is over."""
        return self.looks_up and self._lookup is not None and self._lookup.waits(subject, submission.to, then)

    def has_route(self, customer: int, submission: Submission, now_ms: int) -> bool:
        return self._find(customer, submission, now_ms) is not None

    def lane(self, customer: int, submission: Submission, subject: bytes, now_ms: int) -> tuple[str, bool | None]:
        """And whether its route says that what is in doubt is sent again. subject: the recipient's pseudonym.

        Raises Refusal where there is no route, or no operator of it that may have the message.
        """
        line = self._router.choose(*_asked(customer, submission, now_ms), subject)
        if line is None or not line.route.operators:
            raise Refusal("no_route", "to")
        operators = line.operators_of(subject)
        if self._permits is not permit_all:
            operators = tuple(self._permitted(customer, submission, operators, now_ms))
        return self._pick(operators, submission.message_class), line.route.resend

    def price(self, customer: int, submission: Submission, operator: str, subject: bytes, now_ms: int) -> int:
        """Of a segment by its route and this operator, in millionths. Raises Refusal where the route names none."""
        line = self._router.find(*_asked(customer, submission, now_ms), subject)
        price = None if line is None else line.price_of(operator)
        if price is None:
            raise Refusal("no_price", "to")
        return micro_of(price)

    def dearest(self, customer: int, submission: Submission, now_ms: int) -> int | None:
        """What a segment costs at the most, in millionths, for whoever asks without sending; None where one of the
        operators has no price. Raises Refusal as `lane` does.
        """
        line = self._find(customer, submission, now_ms)
        if line is None or not line.route.operators:
            raise Refusal("no_route", "to")
        permitted = self._permitted(customer, submission, line.route.operators, now_ms)
        prices = [price for price in map(line.price_of, permitted) if price is not None]
        return micro_of(max(prices)) if prices and len(prices) == len(permitted) else None

    def _permitted(self, customer: int, submission: Submission, operators: Sequence[str], now_ms: int) -> Sequence[str]:
        due_ms = submission.schedule_at_ms or now_ms
        return self._permits(customer, _source(submission), submission.message_class, operators, due_ms)

    def _find(self, customer: int, submission: Submission, now_ms: int) -> Line | None:
        return self._router.find(*_asked(customer, submission, now_ms))


def _source(submission: Submission) -> str:
    return submission.source if isinstance(submission.source, str) else digits_of(submission.source)


def _asked(customer: int, submission: Submission, now_ms: int) -> tuple[str, MessageClass, int, str, int]:
    """What the route table is asked by."""
    due_ms = submission.schedule_at_ms or now_ms
    return digits_of(submission.to), submission.message_class, customer, _source(submission), due_ms

"""Confirms to people what they asked for by a message: one service message, at most one a day to each.

It goes the way of every message, from the number that the person wrote to. That it is one a day is the idempotency
key's doing, which holds for a day on every node.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from gateway.accept.door import Door
from gateway.accept.request import MessageRequest
from gateway.accounts.customers import ApiKey, Customer
from gateway.consent.replies import Wish
from gateway.consent.wishes import Confirmation
from gateway.ledger.contract import WriteOp, WriteResult
from gateway.model.message import MessageClass
from gateway.model.numbers import digits_of
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_FORM
from gateway.process.logs import logger

log = logger("gateway.accept.confirming")

TEXTS: Final[Mapping[tuple[Wish, bool], str]] = {
    (Wish.STOP, True): "تم إيقاف الرسائل الدعائية. أرسل ابدأ لاستقبالها مجددا.",
    (Wish.STOP, False): "You will get no more promotional messages. Reply START to get them again.",
    (Wish.START, True): "ستصلك الرسائل الدعائية. أرسل قف لإيقافها.",
    (Wish.START, False): "You will get promotional messages. Reply STOP to end them.",
    (Wish.HELP, True): "أرسل قف لإيقاف الرسائل الدعائية، أو ابدأ لاستقبالها.",
    (Wish.HELP, False): "Reply STOP to end promotional messages, START to get them.",
}
"""By what was asked for, and whether in Arabic."""
_KEY: Final = "\0confirmation of a wish "
"""Before a number: no idempotency key of a customer's begins so."""


class Confirmations:
    """customers: by number."""

    def __init__(self, door: Door, customers: Callable[[int], Customer | None]) -> None:
        self._door = door
        self._customers = customers

    def send(self, said: Confirmation) -> None:
        """Raises nothing: a confirmation that cannot be sent is none."""
        customer = self._customers(said.customer)
        if customer is None or customer.disabled:
            return
        person = digits_of(said.person)
        request = MessageRequest(
            to=f"+{person}",
            source=said.number,
            text=TEXTS[said.wish, said.arabic],
            message_class=MessageClass.TRANSACTIONAL.value,
        )
        try:
            self._door.offer(_key(customer, said.number), request, NO_FORM, _untold, idempotency=_KEY + person)
        except Refusal as refusal:
            log.warning("confirmation_refused", customer=customer.public_id, reason=refusal.code)


def _key(customer: Customer, number: str) -> ApiKey:
    """What the gateway sends with on a customer's behalf: service messages from the number that was written to."""
    settings = msgspec.structs.replace(customer.settings, senders={number: ()}, content={})
    return ApiKey(
        id=0,
        customer=msgspec.structs.replace(customer, settings=settings),
        prefix="",
        scopes=frozenset({"send"}),
        classes=frozenset({MessageClass.TRANSACTIONAL}),
        networks=(),
        throughput_per_s=None,
        burst=1,
        daily_quota=None,
        expires_ms=None,
    )


def _untold(_op: WriteOp | None, _result: WriteResult) -> None:
    """Nobody waits."""

"""What operators' status codes say of subscribers: one that has adverts filtered is stopped for 90 days.

Which codes say so is set for each operator. Such a suppression is soft: it ends by itself, and with any opt-in.
"""

from collections.abc import Callable, Container
from typing import Final

from gateway.accounts.customers import Customer
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.gate import Contain
from gateway.consent.purposes import ALL, NEEDING
from gateway.consent.rows import SOFT_MS, Source
from gateway.ledger.contract import LedgerUnavailable
from gateway.model.consent_mode import ConsentMode
from gateway.model.message import Message
from gateway.process.clock import Clock
from redaction.errors import SealError
from redaction.personal import Msisdn

AT_ONCE: Final = 256
"""Suppressions that are written at once; of more than that the next messages will tell again."""


class Feedback:
    """codes: of an operator. person: to whom a message went; raises SealError where that cannot be known any more.
    desk: in the hands of the node. noted: suppressions that were written.
    """

    def __init__(
        self,
        codes: Callable[[str], Container[str]],
        person: Callable[[Message], Msisdn],
        customers: Callable[[int], Customer | None],
        desk: ConsentDesk,
        contain: Contain,
        clock: Clock,
    ) -> None:
        self._codes = codes
        self._person = person
        self._customers = customers
        self._desk = desk
        self._contain = contain
        self._clock = clock
        self._writing = 0
        self._acts = 0
        self.noted = 0

    def ended(self, message: Message) -> None:
        """A message's end is durable. Never raises."""
        if message.message_class not in NEEDING or message.error is None:
            return
        if message.error.lower() not in self._codes(message.operator) or self._writing >= AT_ONCE:
            return
        customer = self._customers(message.customer)
        if customer is None or customer.settings.consent is ConsentMode.OFF:
            return
        try:
            person = self._person(message)
        except SealError:
            return
        self._writing += 1
        self._acts += 1
        self._contain("delivery", f"filtered {self._acts}", self._note(Of(customer.id, customer.public_id), person))

    async def _note(self, of: Of, person: Msisdn) -> None:
        try:
            until_ms = self._clock.now_ms() + SOFT_MS
            self.noted += await self._desk.suppress(of, person, ALL, Source.OPERATOR, until_ms)
        except (LedgerUnavailable, SealError):
            return
        finally:
            self._writing -= 1

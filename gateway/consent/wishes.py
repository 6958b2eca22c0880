"""What people ask for by a message to a customer's number: stop, start, help. It is written down before the operator is
answered, so that a message whose wish was not written comes again.

Only for customers that watch or enforce consent: others see to such words themselves.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from gateway.accounts.customers import Customer, Owner
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.gate import Contain
from gateway.consent.replies import Said, Wish, read
from gateway.ledger.contract import LedgerUnavailable
from gateway.model.consent_mode import ConsentMode
from redaction.errors import SealError
from redaction.personal import MessageText, Msisdn, Purpose

DOUBTFUL: Final = "sentence"
"""A longer text that holds a word of stopping: nothing is done, and it is counted."""


class Confirmation(msgspec.Struct, frozen=True):
    """What a person is told who asked for something. number: that it wrote to."""

    customer: int
    person: Msisdn
    number: str
    wish: Wish
    arabic: bool

    def __repr__(self) -> str:
        return f"Confirmation({self.customer}, {self.wish})"


class Wishes(Protocol):
    """Whoever hears what people ask for. heard: how often, by kind of wish."""

    @property
    def heard(self) -> Mapping[str, int]: ...

    def hear(self, person: Msisdn, number: str, text: MessageText, owner: Owner, done: Callable[[bool], None]) -> bool:
        """Whether this asks for something. Then `done` is called later: with True once it is durable, and with False
        where that could not be.
        """


class NoWishes:
    """Nothing is heard."""

    heard: Mapping[str, int] = {}

    def hear(self, person: Msisdn, number: str, text: MessageText, owner: Owner, done: Callable[[bool], None]) -> bool:
        return False


NO_WISHES: Final = NoWishes()


class Hearing:
    """customers: by number. desk: in the hands of the node. contain: where acts run. confirm: called once a wish is
    durable, for customers that enforce consent. heard: by kind of wish.
    """

    def __init__(
        self,
        customers: Callable[[int], Customer | None],
        desk: ConsentDesk,
        contain: Contain,
        confirm: Callable[[Confirmation], None],
    ) -> None:
        self._customers = customers
        self._desk = desk
        self._contain = contain
        self._confirm = confirm
        self._acts = 0
        self.heard: Counter[str] = Counter(dict.fromkeys((*(each.value for each in Wish), DOUBTFUL), 0))

    def hear(self, person: Msisdn, number: str, text: MessageText, owner: Owner, done: Callable[[bool], None]) -> bool:
        """See `Wishes`."""
        customer = self._customers(owner.customer)
        if customer is None or customer.settings.consent is ConsentMode.OFF:
            return False
        said = read(text.reveal(Purpose.ACCEPT), _keywords(customer, number), customer.settings.senders)
        if said.wish is None:
            self.heard[DOUBTFUL] += said.holds_stop
            return False
        self.heard[said.wish.value] += 1
        self._acts += 1
        self._contain("delivery", f"wish {self._acts}", self._act(customer, person, number, said, done))
        return True

    async def _act(
        self, customer: Customer, person: Msisdn, number: str, said: Said, done: Callable[[bool], None]
    ) -> None:
        of = Of(customer.id, customer.public_id)
        try:
            if said.wish is Wish.STOP:
                await self._desk.stop(of, person, said.sender)
            elif said.wish is Wish.START:
                await self._desk.start(of, person)
        except (LedgerUnavailable, SealError):
            done(False)
            return
        done(True)
        if said.wish is not None and customer.settings.consent is ConsentMode.ENFORCE:
            self._confirm(Confirmation(customer.id, person, number, said.wish, said.arabic))


def _keywords(customer: Customer, number: str) -> tuple[str, ...]:
    found = customer.settings.numbers.get(number.removeprefix("+").removeprefix("00"))
    return () if found is None else found.keywords

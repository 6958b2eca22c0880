"""What is set of a customer that pays in advance: how much it has paid, and how far it may go below that.

A document per customer. Money is counted in millionths of the unit that prices of routes are in; what was spent lies in
the ledger (`gateway.ledger.roles.Balances`), and what is left is the difference. A top-up is one write with its entry
for the audit log, over what was read and nothing else: it is done once, or not.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry, known
from gateway.ledger.contract import ABSENT, ROW_FAULTS, ChangedMeanwhile, Document, DocumentWrite
from gateway.ledger.roles import Acts, Balances
from gateway.process.clock import Clock

KIND: Final = "balance"
MICRO: Final = 1_000_000
"""Of a unit of prices."""
MOST_MICRO: Final = 10**14
"""A hundred million units: far below what counts exactly anywhere."""
MOST_THRESHOLDS: Final = 8


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """paid_micro: all that was ever paid. margin_micro: how far below it may be spent. warn_below_micro: what is left
    when the customer is told; highest first. active: False where the customer does not pay in advance any more.
    """

    paid_micro: int = 0
    margin_micro: int = 0
    warn_below_micro: tuple[int, ...] = ()
    active: bool = True

    def __post_init__(self) -> None:
        amounts = (abs(self.paid_micro), self.margin_micro, *self.warn_below_micro)
        if not all(0 <= each <= MOST_MICRO for each in amounts) or len(self.warn_below_micro) > MOST_THRESHOLDS:
            raise InvalidSetting(f"an amount is from 0 to {MOST_MICRO // MICRO:,}, in steps of a millionth")

    @property
    def most_micro(self) -> int:
        """How much may be spent."""
        return self.paid_micro + self.margin_micro


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """spent_micro: with what is reserved for open messages. version: of what is set."""

    terms: Terms
    spent_micro: int
    version: int

    @property
    def left_micro(self) -> int:
        return self.terms.paid_micro - self.spent_micro


_decode: Final = msgspec.msgpack.Decoder(Terms).decode
_encode: Final = msgspec.msgpack.Encoder().encode


def read_terms(document: Document) -> Terms:
    """One that cannot be read lets nothing be spent."""
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return Terms()


async def left_micro(acts: Acts, balances: Balances, customer: int) -> int | None:
    """What is left to a customer, in millionths; None where it does not pay in advance. Raises LedgerUnavailable."""
    document = await acts.find(KIND, str(customer))
    terms = None if document is None else read_terms(document)
    if terms is None or not terms.active:
        return None
    return terms.paid_micro + terms.margin_micro - await balances.spent(customer)


class BalanceDesk:
    """What is done to balances, in the hands of an actor."""

    def __init__(self, acts: Acts, balances: Balances, clock: Clock, actor: Actor) -> None:
        self._acts = acts
        self._balances = balances
        self._clock = clock
        self._actor = actor

    async def show(self, customer: int) -> Standing | None:
        """None for a customer that never paid in advance. Raises LedgerUnavailable."""
        document = await self._acts.find(KIND, str(customer))
        if document is None:
            return None
        spent = await self._balances.spent(customer)
        return Standing(terms=read_terms(document), spent_micro=spent, version=document.version)

    async def change(
        self, customer: int, public_id: str, change: Callable[[Terms], Terms], read: int | None = None
    ) -> Standing:
        """read: the version that the doer saw, None for any. Raises InvalidSetting, ChangedMeanwhile and
        LedgerUnavailable.
        """
        document = await self._acts.find(KIND, str(customer))
        version = ABSENT if document is None else document.version
        if read not in (None, version):
            raise ChangedMeanwhile
        standing = Terms() if document is None else read_terms(document)
        terms = change(standing)
        added = terms.paid_micro - standing.paid_micro
        numbers = {"version": version, "margin": terms.margin_micro, "added" if added >= 0 else "taken": abs(added)}
        written = entry(
            Act.BALANCE_SET,
            self._actor,
            known("cus", public_id),
            now_ms=self._clock.now_ms(),
            what="on" if terms.active else "off",
            numbers=numbers,
        )
        await self._acts.act([DocumentWrite(KIND, str(customer), _encode(terms), version)], [written])
        found = await self.show(customer)
        assert found is not None
        return found


def top_up(micro: int) -> Callable[[Terms], Terms]:
    """Negative takes back."""

    def change(terms: Terms) -> Terms:
        return msgspec.structs.replace(terms, paid_micro=terms.paid_micro + micro)

    return change


def micro_of(price: float) -> int:
    """Of an amount in the unit of prices."""
    return round(price * MICRO)

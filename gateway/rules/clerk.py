"""Acts on the register of senders: each is written with its audit entry, over what was read and nothing else."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.ledger.contract import ABSENT, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock
from gateway.rules.register import PAGE
from gateway.rules.sender_entry import (
    KIND,
    STATES,
    SenderEntry,
    Standing,
    encode,
    hosts_of,
    read_entry,
    sender_document,
    whose,
)

NOWHERE: Final = "none"
"""The word that takes an operator out of an entry."""


class UnknownSender(LookupError):
    """No such sender is in the register of this customer."""


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """One of the register. entry: None where this version cannot read it. version: of its document."""

    customer: str
    name: str
    entry: SenderEntry | None
    version: int


class Clerk:
    """In the hands of one actor. Customers are named by their public ids."""

    def __init__(self, acts: Acts, clock: Clock, actor: Actor) -> None:
        self._acts = acts
        self._clock = clock
        self._actor = actor

    async def senders(self, customer: str = "") -> Sequence[Sender]:
        """In the order of customers and names; '' for all. Raises LedgerUnavailable."""
        found: list[Sender] = []
        after = f"{customer}/" if customer else ""
        while page := await self._acts.of_kind(KIND, after, PAGE):
            read = [_sender(each) for each in page]
            found += [each for each in read if customer in ("", each.customer)]
            after = page[-1].key
            if customer and read[-1].customer > customer:
                break
        return found

    async def find(self, customer: str, name: str) -> Sender:
        """Raises UnknownSender."""
        standing = await self._acts.find(KIND, sender_document(customer, name))
        if standing is None:
            raise UnknownSender("no such sender is in the register of this customer")
        return _sender(standing)

    async def add(self, customer: str, name: str, made: SenderEntry) -> Sender:
        """Raises InvalidSetting, and ChangedMeanwhile where it is there."""
        return await self._write(Act.SENDER_ADD, customer, name, made, ABSENT)

    async def put(self, customer: str, name: str, made: SenderEntry, read: int | None = None) -> Sender:
        """The entry as a whole, whether there is one or not. read: the version that was seen, None for any.

        Raises InvalidSetting and ChangedMeanwhile.
        """
        standing = await self._acts.find(KIND, sender_document(customer, name))
        version = ABSENT if standing is None else standing.version
        act = Act.SENDER_ADD if standing is None else Act.SENDER_SET
        return await self._write(act, customer, name, made, version if read is None else read)

    async def change(self, customer: str, name: str, changes: Mapping[str, Any]) -> Sender:
        """Other values for these fields; all others stay.

        Raises UnknownSender, InvalidSetting and ChangedMeanwhile.
        """
        standing = await self.find(customer, name)
        if standing.entry is None:
            raise InvalidSetting("a later version of the gateway wrote this sender; use that one")
        made = msgspec.structs.replace(standing.entry, **changes)
        return await self._write(Act.SENDER_SET, customer, name, made, standing.version)

    async def remove(self, customer: str, name: str, read: int | None = None) -> None:
        """Raises UnknownSender and ChangedMeanwhile."""
        standing = await self.find(customer, name)
        gone = DocumentWrite(KIND, sender_document(customer, name), None, standing.version if read is None else read)
        await self._acts.act([gone], [self._entry(Act.SENDER_REMOVE, customer)])

    async def _write(self, act: Act, customer: str, name: str, made: SenderEntry, read: int) -> Sender:
        key = sender_document(customer, name)
        await self._acts.act([DocumentWrite(KIND, key, encode(made), read)], [self._entry(act, customer)])
        return await self.find(customer, name)

    def _entry(self, act: Act, customer: str) -> bytes:
        return entry(act, self._actor, customer, now_ms=self._clock.now_ms(), customer=customer)


async def forget_senders(acts: Acts, customer: str) -> int:
    """Take all of a customer that leaves out of the register; how many there were. Its leaving is in the log, and not
    each of them. Raises LedgerUnavailable.
    """
    gone = 0
    while True:
        page = await acts.of_kind(KIND, f"{customer}/", PAGE)
        keys = [each.key for each in page if whose(each.key)[0] == customer]
        if not keys:
            return gone
        await acts.act([DocumentWrite(KIND, key, None) for key in keys])
        gone += len(keys)


def standings(words: Sequence[str], standing: Mapping[str, Standing], today: date) -> Mapping[str, Standing]:
    """`standing` changed by words such as `stc=active`, `stc=active/2026-12-31` with the last day, or `stc=none`.

    Raises InvalidSetting.
    """
    changed = dict(standing)
    for word in words:
        operator, _, said = word.partition("=")
        state, _, until = said.partition("/")
        if not operator or state not in (*STATES, NOWHERE):
            raise InvalidSetting(f"an operator is NAME={', '.join(STATES)} or {NOWHERE}, with /DAY for the last day")
        if state == NOWHERE:
            changed.pop(operator, None)
            continue
        try:
            last = date.fromisoformat(until) if until else None
        except ValueError:
            raise InvalidSetting("a day is written 2026-12-31") from None
        changed[operator] = msgspec.convert({"state": state, "since": today, "until": last}, Standing)
    return changed


def written_hosts(words: Sequence[str]) -> tuple[str, ...]:
    """Hosts as people write them, in the spelling that is kept; what is none is refused with the entry."""
    return hosts_of(tuple(words))


def _sender(document: Document) -> Sender:
    customer, name = whose(document.key)
    return Sender(customer=customer, name=name, entry=read_entry(document), version=document.version)

"""Numbers that controls against abuse never count or stop, such as a customer's own staff and monitors.

Each is a document: a keyed token under a pepper that lasts, and a label. Nothing leads from it back to the number, so
a list shows labels; whoever has the keys can ask whether a number is on it, which is what it is for.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.fraud.override_entry import Override
from gateway.ledger.contract import ROW_FAULTS, Document, DocumentWrite, LedgerUnavailable
from gateway.ledger.document_keys import customer_of
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock
from redaction.errors import KeysWithheld
from redaction.personal import Msisdn

KIND: Final = "fraud_override"
PAGE: Final = 1_000
_LABEL: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_DIGITS: Final = re.compile(r"[0-9]{5}", re.ASCII)

Token = Callable[[int, Msisdn], bytes]
"""Of a customer's number. Raises KeysWithheld and KeyDestroyed."""


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Override).decode


class Overrides:
    """What a process knows of the list; read when documents change, once a second."""

    def __init__(self, acts: Acts, token: Token) -> None:
        self._acts = acts
        self._token = token
        self._version: int | None = None
        self._known: dict[int, set[bytes]] = {}

    async def run(self, interval_s: float = 1.0) -> None:
        """Until cancelled. While the ledger cannot be read, what was last known holds."""
        while True:
            with suppress(LedgerUnavailable):
                await self.look()
            await asyncio.sleep(interval_s)

    async def look(self) -> None:
        """Raises LedgerUnavailable."""
        version = await self._acts.version()
        if version == self._version:
            return
        known: dict[int, set[bytes]] = {}
        for each in await _all(self._acts):
            owner, _, token = each.key.partition("/")
            customer = customer_of(owner)
            if customer is not None:
                with suppress(ValueError):
                    known.setdefault(customer, set()).add(bytes.fromhex(token))
        self._known, self._version = known, version

    def holds(self, customer: int, number: Msisdn) -> bool:
        """Whether a number is on the list of a customer; no token is made where there is no list."""
        own = self._known.get(customer)
        if not own:
            return False
        try:
            return self._token(customer, number) in own
        except KeysWithheld:
            return False


class OverrideDesk:
    """In the hands of one actor."""

    def __init__(self, acts: Acts, token: Token, clock: Clock, actor: Actor) -> None:
        self._acts = acts
        self._token = token
        self._clock = clock
        self._actor = actor

    async def add(self, customer: int, public_id: str, number: Msisdn, label: str) -> None:
        """One that is there gets this label. Raises InvalidSetting, LedgerUnavailable, KeysWithheld, KeyDestroyed."""
        if not _LABEL.fullmatch(label) or _DIGITS.search(label):
            raise InvalidSetting("a label has 1 to 32 small letters, digits and hyphens, and no number")
        await self._write(customer, public_id, number, _encode(Override(label)), "add")

    async def remove(self, customer: int, public_id: str, number: Msisdn) -> bool:
        """Whether it was there. Raises LedgerUnavailable, KeysWithheld and KeyDestroyed."""
        if await self._acts.find(KIND, _key(customer, self._token(customer, number))) is None:
            return False
        await self._write(customer, public_id, number, None, "remove")
        return True

    async def labels(self, customer: int) -> Sequence[str]:
        """In their order; "" for one that cannot be read. Raises LedgerUnavailable."""
        found = [each for each in await _all(self._acts) if each.key.startswith(f"{customer}/")]
        return sorted(_label(each) for each in found)

    async def _write(self, customer: int, public_id: str, number: Msisdn, octets: bytes | None, what: str) -> None:
        write = DocumentWrite(KIND, _key(customer, self._token(customer, number)), octets)
        now_ms = self._clock.now_ms()
        done = entry(Act.FRAUD_OVERRIDE, self._actor, public_id, now_ms=now_ms, customer=public_id, what=what)
        await self._acts.act([write], [done])


class ForgettingOverrides:
    """A place that knows people by tokens of its own (`gateway.rights.places`)."""

    def __init__(self, acts: Acts, token: Token) -> None:
        self._acts = acts
        self._token = token

    async def forget(self, customer: int, number: Msisdn) -> int:
        """Take a person's number off the list; how many there were. Again is harmless.

        Raises LedgerUnavailable, KeysWithheld and KeyDestroyed.
        """
        key = _key(customer, self._token(customer, number))
        if await self._acts.find(KIND, key) is None:
            return 0
        await self._acts.act([DocumentWrite(KIND, key, None)])
        return 1


async def forget_overrides(acts: Acts, customer: int) -> int:
    """Take away the list of a customer that leaves; how many there were. Raises LedgerUnavailable."""
    gone = [each.key for each in await _all(acts) if each.key.startswith(f"{customer}/")]
    for begin in range(0, len(gone), PAGE):
        await acts.act([DocumentWrite(KIND, key, None) for key in gone[begin : begin + PAGE]])
    return len(gone)


async def _all(acts: Acts) -> list[Document]:
    found: list[Document] = []
    while page := await acts.of_kind(KIND, found[-1].key if found else "", PAGE):
        found += page
    return found


def _label(document: Document) -> str:
    try:
        return _decode(document.octets).label
    except ROW_FAULTS:
        return ""


def _key(customer: int, token: bytes) -> str:
    return f"{customer}/{token.hex()}"

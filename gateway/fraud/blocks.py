"""Ranges that are blocked, as documents: a person sees them, and lets one go by taking its document away.

A document has no more of the range than all but its last digit, which is a hundred thousand numbers, and is there
while the block lasts. Which range it is only the process knows that blocked it. While the ledger cannot be written,
blocks hold all the same, and nobody sees them.
"""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.fraud.prefixes import Begun, Prefixes
from gateway.ledger.contract import (
    MAX_DOCUMENT_NAME,
    ROW_FAULTS,
    ChangedMeanwhile,
    Document,
    DocumentWrite,
    LedgerUnavailable,
)
from gateway.ledger.roles import Acts
from gateway.model.times import EpochMs
from gateway.process.clock import Clock

KIND: Final = "fraud_block"
AT_ONCE: Final = 100
"""Documents that are written in one act."""
LONGEST_LIST: Final = 1_000
_ID: Final = "block_"


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """customer: its number. range: first digits, one less than the range has. numbers: that got messages in the hour.
    watched: nothing is refused, as the control is only watched.
    """

    customer: int
    range: str
    numbers: int
    began_ms: EpochMs
    until_ms: EpochMs
    watched: bool


class UnknownBlock(LookupError):
    """There is no such block, or it is over."""


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Block).decode


class Blocks:
    """Keeps the documents of one process's blocks. own: by the id of each."""

    def __init__(self, prefixes: Prefixes, acts: Acts, clock: Clock) -> None:
        self._prefixes = prefixes
        self._acts = acts
        self._clock = clock
        self.own: dict[str, Begun] = {}
        self._version: int | None = None

    async def run(self, interval_s: float = 1.0) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(interval_s)
            with suppress(LedgerUnavailable, ChangedMeanwhile):
                await self.look()

    async def look(self) -> None:
        """Write down what was blocked, and let go what somebody let go. Raises LedgerUnavailable, ChangedMeanwhile."""
        await self._write()
        now_ms = self._clock.now_ms()
        if any(each.until_ms <= now_ms for each in self.own.values()):
            await self._drop_ended(now_ms)
        version = await self._acts.version() if self.own else None
        if version != self._version:
            self._version = version
            await self._let_go(now_ms)

    async def _write(self) -> None:
        fresh = self._prefixes.fresh
        begun = fresh[:AT_ONCE]
        if not begun:
            return
        del fresh[: len(begun)]
        made = {f"{_ID}{secrets.token_hex(8)}": each for each in begun}
        try:
            await self._acts.act([DocumentWrite(KIND, key, _encode(_block(each))) for key, each in made.items()])
        except LedgerUnavailable:
            fresh[:0] = begun
            raise
        self.own |= made

    async def _drop_ended(self, now_ms: int) -> None:
        """Those of processes that are gone as well."""
        standing = [
            each
            for each in await _documents(self._acts)
            if (block := _read(each)) is not None and block.until_ms <= now_ms
        ]
        await self._acts.act([DocumentWrite(KIND, each.key, None, each.version) for each in standing[:AT_ONCE]])
        self.own = {key: each for key, each in self.own.items() if each.until_ms > now_ms}

    async def _let_go(self, now_ms: int) -> None:
        standing = {each.key for each in await _documents(self._acts)} if self.own else set()
        for key in self.own.keys() - standing:
            self._prefixes.release(self.own.pop(key), now_ms)


async def blocks(acts: Acts, now_ms: int) -> Sequence[tuple[str, Block]]:
    """Those that hold, by id. Raises LedgerUnavailable."""
    found = [(each.key, _read(each)) for each in await _documents(acts)]
    return [(key, block) for key, block in found if block is not None and block.until_ms > now_ms]


async def customer_of(acts: Acts, key: str) -> int:
    """Whose a block is. Raises UnknownBlock and LedgerUnavailable."""
    standing = await acts.find(KIND, key) if 0 < len(key) <= MAX_DOCUMENT_NAME else None
    block = None if standing is None else _read(standing)
    if block is None:
        raise UnknownBlock("no such block holds")
    return block.customer


async def release(acts: Acts, clock: Clock, actor: Actor, key: str, customer: str) -> None:
    """Take a block away; its range is not blocked again for a day. customer: whose it is, by its public id.

    Raises UnknownBlock, ChangedMeanwhile and LedgerUnavailable.
    """
    standing = await acts.find(KIND, key)
    block = None if standing is None else _read(standing)
    if standing is None or block is None or block.until_ms <= clock.now_ms():
        raise UnknownBlock("no such block holds")
    done = entry(Act.FRAUD_RELEASE, actor, key, now_ms=clock.now_ms(), customer=customer)
    await acts.act([DocumentWrite(KIND, key, None, standing.version)], [done])


async def _documents(acts: Acts) -> Sequence[Document]:
    return await acts.of_kind(KIND, "", LONGEST_LIST)


def _block(begun: Begun) -> Block:
    return Block(
        customer=begun.customer,
        range=begun.prefix[:-1],
        numbers=begun.numbers,
        began_ms=begun.began_ms,
        until_ms=begun.until_ms,
        watched=begun.watched,
    )


def _read(document: Document) -> Block | None:
    """None for one that this version cannot read; it stays, as a later version's process may hold to it."""
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None

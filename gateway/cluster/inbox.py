"""What other nodes leave for this one: receipts of its messages, and wishes of customers whose call came to them.

Whoever has the partition settles what lies in its inbox, and takes it out once that is durable.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from gateway.cluster.notes import DONE, REFUSED, Cancel, Receipt, Replace, decode, receipt, revised
from gateway.delivery.dispatch.withdraw import Withdrawals
from gateway.delivery.receipts.outcomes import Outcomes
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.inbox import Reading
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock

INBOX_S: Final = 0.25
BUSY_S: Final = 0.05
"""How often the inboxes are looked at, and how often while the last look found something or took something out: one
look for what all other nodes left meanwhile.
"""


class Inbox:
    """Of all partitions that this node has."""

    def __init__(self, ledger: RedisLedger, clock: Clock, withdrawals: Withdrawals, outcomes: Outcomes) -> None:
        self._ledger = ledger
        self._clock = clock
        self._withdrawals = withdrawals
        self._outcomes = outcomes
        self._open: dict[int, int] = {}  # by partition: notes that are not settled yet
        self._failed: set[int] = set()
        self._settled: list[Reading] = []

    async def run(self) -> None:
        """Settle what other nodes leave for us, until cancelled. Raises what ended the leases: the node has to stop."""
        while True:
            failure = self._ledger.leases.failure()
            if failure is not None:
                raise failure
            is_busy = False
            with suppress(LedgerUnavailable):
                is_busy = await self._look_in()
            await asyncio.sleep(BUSY_S if is_busy or self._open else INBOX_S)

    async def _look_in(self) -> bool:
        """Take out what is settled, and begin with what lies there; whether anything does.

        What could not be taken out is read and settled once more, which has no second effect: had it been taken out
        before the answer was lost, taking out so many again would be others.
        """
        settled, self._settled = self._settled, []
        for partition, _, _ in settled:
            del self._open[partition]
        held = self._ledger.member.holding.partitions
        tokens = {each: lease.token for each, lease in held.items() if each not in self._open}
        found = await self._ledger.inbox.look(settled, list(tokens))
        await self._begin(found, tokens)
        return bool(found)

    async def _begin(self, readings: Mapping[int, Sequence[bytes]], tokens: Mapping[int, str]) -> None:
        for partition, notes in readings.items():
            self._open[partition] = len(notes)
            done = self._closer(partition, tokens[partition], len(notes))
            found = [decode(note) for note in notes]
            self._outcomes.on_receipts([receipt(each, done) for each in found if isinstance(each, Receipt)])
            for each in found:
                if not isinstance(each, Receipt):
                    await self._fulfil(each)
                    done(True)

    async def _fulfil(self, wish: Cancel | Replace) -> None:
        """Where the store is away, who asked hears nothing, and gives up in time."""
        if self._clock.now_ms() >= wish.until_ms or not self._ledger.member.has(wish.message):
            return
        with suppress(LedgerUnavailable):
            word = DONE if await self._is_done(wish) else REFUSED
            await self._ledger.inbox.answer(self._ledger.member.layout.partition(wish.message), wish.name, word)

    async def _is_done(self, wish: Cancel | Replace) -> bool:
        with suppress(Refusal):
            if isinstance(wish, Cancel):
                return await self._withdrawals.cancel(wish.customer, wish.message) is not None
            return await self._withdrawals.replace(wish.customer, wish.message, partial(revised, wish)) is not None
        return False

    def _closer(self, partition: int, token: str, count: int) -> Callable[[bool], None]:
        """What is called as each note of a reading is settled; the last one lets the whole reading be taken out."""

        def done(is_settled: bool) -> None:
            if not is_settled:
                self._failed.add(partition)
            self._open[partition] -= 1
            if self._open[partition]:
                return
            if partition in self._failed:  # read again
                self._failed.discard(partition)
                del self._open[partition]
            else:
                self._settled.append((partition, token, count))

        return done

"""Work that goes along with another transaction, so that it costs no sync of its own."""

import asyncio
import sqlite3
from collections.abc import Callable

from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.sqlite.schema import SQL


class Rider:
    """Work at the head of another transaction. A savepoint keeps its failure from its host."""

    def __init__(self, work: Callable[[sqlite3.Cursor], int]) -> None:
        self._work = work
        self._done: int | Exception = 0
        self.outcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def run(self, cursor: sqlite3.Cursor) -> None:
        """Do the work, or leave no trace of it. It counts once the transaction is durable."""
        cursor.execute(SQL["rider_begins"])
        try:
            self._done = self._work(cursor)
        except sqlite3.Error as error:
            cursor.execute(SQL["rider_rolls_back"])
            self._done = error
        cursor.execute(SQL["rider_ends"])

    def settle(self) -> None:
        """What it did is durable, or it did nothing."""
        if isinstance(self._done, Exception):
            self.fail(self._done)
        elif not self.outcome.done():
            self.outcome.set_result(self._done)

    def fail(self, error: Exception) -> None:
        if not self.outcome.done():
            self.outcome.set_exception(error)
            self.outcome.exception()  # whoever asked for the ride may have gone


class Aboard:
    """Those in the transaction that is open, which has no host yet."""

    def __init__(self) -> None:
        self._riders: list[Rider] = []

    def __bool__(self) -> bool:
        return bool(self._riders)

    def __contains__(self, rider: Rider) -> bool:
        return rider in self._riders

    def take(self, rider: Rider) -> None:
        self._riders.append(rider)

    def settle(self) -> None:
        """The transaction is durable."""
        riders, self._riders = self._riders, []
        for rider in riders:
            rider.settle()

    def fail(self) -> None:
        """Nothing of the transaction is kept."""
        riders, self._riders = self._riders, []
        for rider in riders:
            rider.fail(LedgerUnavailable("the transaction failed"))

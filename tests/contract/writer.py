"""A process of its own for the contract's tests: `python -m tests.contract.writer ENGINE PLACE DEED`.

`batches` applies batch after batch and prints the ids of each one once it is acknowledged; it runs until it is killed.
`spend` spends what a customer has paid. `accounts` saves customers beside a running node, and prints their numbers.
"""

import asyncio
import os
import sys
from pathlib import Path

from gateway.ledger.contract import Accept, Change, Reservation, Reserving, WriteOp
from gateway.ledger.roles import Ledger
from gateway.model.message import Message, message_id
from gateway.process import logs
from gateway.process.clock import ManualClock
from tests.contract.conftest import ENGINES
from tests.contract.records import NOW, a_customer, a_message, final, submitted

BATCH = 20
CUSTOMERS = 40
PREPAID, ARRIVALS = 4_711, 4_712
MOST = 2_000


async def batches(ledger: Ledger) -> None:
    number = 0
    while True:
        fresh: list[Message] = []
        for _ in range(BATCH):
            number += 1
            fresh.append(a_message(id=message_id(NOW, number, os.urandom(8))))
        await ledger.apply([Accept(each) for each in fresh])
        for each in fresh:
            changes: list[WriteOp] = [submitted(each, each.id.hex()), final(each, tell=True)]
            assert isinstance(changes[0], Change)
            await ledger.apply(changes)
            print(each.id.hex(), flush=True)


async def accounts(ledger: Ledger) -> None:
    for number in range(CUSTOMERS):
        print(await ledger.accounts.save_customer(a_customer(public_id=f"cus_{os.getpid()}_{number}")), flush=True)


async def spend(ledger: Ledger) -> None:
    """Once another one is there as well, and until nothing is left; prints what it spent for good."""
    here = Reservation(message_id(NOW, 0, os.urandom(8)), ARRIVALS, 1)
    await ledger.balances.reserve([Reserving(here, 2)])
    while await ledger.balances.spent(ARRIVALS) < 2:
        await asyncio.sleep(0.001)
    await ledger.balances.settle([here.message], [])
    spent = number = 0
    while True:
        asked = [
            Reservation(message_id(NOW, (number := number + 1), os.urandom(8)), PREPAID, 3 + number % 7)
            for _ in range(9)
        ]
        found = await ledger.balances.reserve([Reserving(each, MOST) for each in asked])
        taken = [each for each, so_far in zip(asked, found, strict=True) if so_far is not None]
        if not taken:
            break
        await ledger.balances.settle([each.message for each in taken[::2]], [each.message for each in taken[1::2]])
        spent += sum(each.micro for each in taken[::2])
    print(spent, flush=True)


async def main(engine: str, place: str, deed: str) -> None:
    logs.configure("warning")
    ledger = ENGINES[engine](Path(place), ManualClock(), deed == "batches")
    await ledger.open()
    await {"batches": batches, "accounts": accounts, "spend": spend}[deed](ledger)
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

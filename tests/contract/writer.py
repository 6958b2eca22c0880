"""A process of its own for the contract's tests: `python -m tests.contract.writer ENGINE PLACE DEED`.

`batches` applies batch after batch and prints the ids of each one once it is acknowledged; it runs until it is killed.
`accounts` saves customers beside a running node, and prints their numbers.
"""

import asyncio
import os
import sys
from pathlib import Path

from gateway.ledger.contract import Accept, Change, WriteOp
from gateway.ledger.roles import Ledger
from gateway.model.message import Message, message_id
from gateway.process import logs
from gateway.process.clock import ManualClock
from tests.contract.conftest import ENGINES
from tests.contract.records import NOW, a_customer, a_message, final, submitted

BATCH = 20
CUSTOMERS = 40


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


async def main(engine: str, place: str, deed: str) -> None:
    logs.configure("warning")
    ledger = ENGINES[engine](Path(place), ManualClock(), deed == "batches")
    await ledger.open()
    await {"batches": batches, "accounts": accounts}[deed](ledger)
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

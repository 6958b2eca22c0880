"""A process that acts beside others: `python -m tests.contract.acting ENGINE PLACE NAME`.

It adds one to a tally `DEEDS` times, over what it has read and nothing else, each time with an audit entry that says
who it was and what the tally is by then.
"""

import asyncio
import sys
from pathlib import Path
from typing import Final

from gateway.ledger.contract import ABSENT, ChangedMeanwhile, Document, DocumentWrite
from gateway.ledger.roles import Ledger
from gateway.process import logs
from gateway.process.clock import ManualClock
from tests.contract.conftest import ENGINES

DEEDS: Final = 40
KIND: Final = "tally"


def tally(document: Document | None) -> int:
    return 0 if document is None else int(document.octets)


async def add_one(ledger: Ledger, name: str) -> None:
    while True:
        read = await ledger.acts.find(KIND, "tally")
        number = tally(read) + 1
        version = ABSENT if read is None else read.version
        try:
            await ledger.acts.act(
                [DocumentWrite(KIND, "tally", b"%d" % number, read=version)], [f"{name} {number}".encode()]
            )
        except ChangedMeanwhile:
            continue
        return


async def main(engine: str, place: str, name: str) -> None:
    logs.configure("error")
    ledger = ENGINES[engine](Path(place), ManualClock(), False)
    await ledger.open()
    for _ in range(DEEDS):
        await add_one(ledger, name)
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

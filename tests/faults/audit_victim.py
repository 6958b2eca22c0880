"""A process that acts and dies: `python -m tests.faults.audit_victim PLACE FIRST WRITES`.

It writes `ACTS` acts, the numbers of which begin with FIRST, says each of them once the ledger has it, and has them put
into the log after every third. It is gone, with SIGKILL and no clean-up, just before its WRITES-th write; with 0 it
comes to its end and prints how many writes there were. See `tests.faults.destruction_victim`.
"""

import asyncio
import sys
from pathlib import Path
from typing import Final

from gateway.audit.actor import NODE
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.audit.sequencer import Sequencer
from gateway.audit.signing import LogSigner
from gateway.audit.writing import LogWriter
from gateway.keystore.keyring import Keyring
from gateway.keystore.store import Keystore
from gateway.ledger.sqlite.engine import SqliteLedger
from redaction.retention import DEFAULT_RULES
from tests.faults.destruction_victim import Clock, Deadline, keys_of, watch

ACTS: Final = 10
ORIGIN: Final = "gateway.example/audit/1"


def act(number: int, clock: Clock) -> bytes:
    return entry(Act.DISPATCH, NODE, "", now_ms=clock.now_ms(), numbers={"version": number})


def writer_of(place: Path, store: Keystore, clock: Clock) -> LogWriter:
    keyring = Keyring(store, DEFAULT_RULES.values(), clock)
    keyring.ensure_present()
    return LogWriter(place / "audit", LogSigner(ORIGIN, store, keyring, clock), store)


async def live(place: Path, first: int, deadline: Deadline) -> None:
    clock = Clock()
    store = keys_of(place, "", "", clock)
    store.open()
    ledger = SqliteLedger(place / "ledger.db", clock)
    await ledger.open()
    sequencer = Sequencer(ledger.acts, writer_of(place, store, clock), clock)
    deadline.armed = True
    await sequencer.round()
    for number in range(first, first + ACTS):
        await ledger.acts.act((), [act(number, clock)])
        print(number, flush=True)
        if number % 3 == 0:
            await sequencer.round()
    await sequencer.round()
    deadline.armed = False
    await ledger.close()
    store.close()


def main(place: Path, first: int, writes: int) -> None:
    deadline = Deadline(writes)
    watch(deadline)
    asyncio.run(live(place, first, deadline))
    print("writes", deadline.count)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

"""A process that erases a person and dies: `python -m tests.faults.erasure_victim PLACE URL PREFIX STEP`.

It is gone, with SIGKILL and no clean-up, at its STEP-th step: before and after everything that the erasure has stores
do. With 0 it comes to its end and prints how many steps there were. URL is that of the ledger's server, '' for a ledger
in a file; keys lie in a file.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from config.redis_address import parse_address
from config.settings import Settings
from gateway.audit.actor import COMMAND_LINE
from gateway.keystore.keyring import Keyring
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Role, Terms
from gateway.ledger.redis.server import Access
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.retention.policies import RetentionPolicies
from gateway.rights.building import Stands, eraser, publisher, tracer
from gateway.rights.erasing import Purpose
from gateway.rights.subjects import DataSubject
from redaction.personal import Msisdn
from redaction.retention import DEFAULT_RULES
from tests.bounds import LIMIT_S
from tests.faults.destruction_victim import Clock, keys_of

CUSTOMER: Final = 1
ERASED: Final = Msisdn("966500000001", 966)
STEPS: Final = frozenset({"act", "forget", "forget_these", "checkpoint", "change", "apply"})
"""What changes something."""
ROLES: Final = frozenset({"acts", "retention", "permissions"})


class Deadline:
    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0

    def passes(self) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


class Counted:
    """Stands in front of a ledger, one of its roles or a keyring, and counts what changes something."""

    def __init__(self, real: Any, deadline: Deadline) -> None:
        self._real = real
        self._deadline = deadline

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if name in ROLES:
            return Counted(found, self._deadline)
        if name not in STEPS:
            return found

        async def step(*values: Any, **options: Any) -> Any:
            self._deadline.passes()
            done = await found(*values, **options)
            self._deadline.passes()
            return done

        return step


@asynccontextmanager
async def opened(place: Path, url: str, prefix: str) -> AsyncIterator[Stands]:
    """What the rights desk stands on, of a process of its own."""
    clock = Clock()
    store = keys_of(place, "", "", clock)
    store.open()
    ledger: SqliteLedger | RedisLedger = SqliteLedger(place / "ledger.db", clock)
    if url:
        access = Access(address=parse_address(url), timeout_s=LIMIT_S)
        ledger = RedisLedger(access, clock, Terms(prefix=prefix, lease_s=4.0), role=Role.BESIDE)
    await ledger.open()
    try:
        yield Stands(
            settings=Settings(),
            ledger=ledger,
            keystore=store,
            keyring=Keyring(store, DEFAULT_RULES.values(), clock),
            policies=RetentionPolicies(DEFAULT_RULES),
            clock=clock,
            installation=7,
            public_id=lambda customer: f"cus_{customer:016x}",
        )
    finally:
        await ledger.close()
        store.close()


async def erase(on: Stands, deadline: Deadline) -> int:
    """How many messages it were."""
    counted = Stands(
        settings=on.settings,
        ledger=Counted(on.ledger, deadline),
        keystore=on.keystore,
        keyring=Counted(on.keyring, deadline),  # type: ignore[arg-type]
        policies=on.policies,
        clock=on.clock,
        installation=on.installation,
        public_id=on.public_id,
    )
    traces = await tracer(on).trace([DataSubject(CUSTOMER, ERASED)])
    publish = publisher(counted.ledger, {CUSTOMER: None})
    return (await eraser(counted, COMMAND_LINE, publish).erase(traces, Purpose())).messages


async def main(place: Path, url: str, prefix: str, step: int) -> None:
    deadline = Deadline(step)
    async with opened(place, url, prefix) as on:
        await erase(on, deadline)
    print(deadline.count)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))

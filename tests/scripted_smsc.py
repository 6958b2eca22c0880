"""The scripted SMSC of `connect-gateway simulate smsc --script`, which remembers what came and can be waited for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from operators.simulator.script import Script, Taken
from operators.simulator.scripted import ScriptedSmsc as Smsc
from tests.bounds import LIMIT_S

TAKES = '\non submit_sm: len 80000004 00000000 seq "R1" 00'


class ScriptedSmsc(Smsc):
    """taken: every PDU that came, in order, over all connections. A submit_sm has the id R1 unless the script says."""

    def __init__(self, script: str = "") -> None:
        super().__init__(Script(script if "on submit_sm:" in script else script + TAKES), seen=self._take)
        self.taken: list[Taken] = []
        self._changed = asyncio.Event()

    def _take(self, pdu: Taken) -> None:
        self.taken.append(pdu)

    def changed(self) -> None:
        self._changed.set()

    def count(self, command: str) -> int:
        return sum(each.command == command for each in self.taken)

    async def until(self, claim: Callable[[], object]) -> None:
        """Wait until `claim` holds, which is asked whenever something comes."""
        async with asyncio.timeout(LIMIT_S):
            while not claim():
                self._changed.clear()
                await self._changed.wait()


@contextlib.asynccontextmanager
async def scripted_smsc(script: str = "") -> AsyncIterator[ScriptedSmsc]:
    smsc = ScriptedSmsc(script)
    await smsc.start()
    try:
        yield smsc
    finally:
        await smsc.stop()

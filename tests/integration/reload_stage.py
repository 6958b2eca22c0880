"""A node on a settings file that tests rewrite, and simulated SMSCs behind it, all in this process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from config.reading import Source
from gateway.model.message import Message, Status
from gateway.node.node import Node, Origin
from operators.simulator import Faults, Simulator, SimulatorSettings
from tests.bounds import LIMIT_S
from tests.unit.gateway.road import CUSTOMER, EVERY_CLASS, a_request, offered

LOOK_S = 0.005
PREFIXES = {"steady": "966500", "turned": "966501", "guest": "966502"}
"""Of the numbers that go over an operator, where a route says so."""


class ReloadStage:
    """smscs: by the name of their operator. text: of the settings file, as it was written last."""

    def __init__(self, folder: Path, smscs: dict[str, Simulator]) -> None:
        self.folder = folder
        self.smscs = smscs
        self.file = folder / "gateway.toml"
        self.text = ""
        self.node: Node
        self.sent: dict[bytes, str] = {}
        self._number = 0

    def write(
        self, names: Sequence[str], *, routes: str | None = None, more: str = "", http: str = "", **operators: str
    ) -> None:
        """Settings with these operators, each on a route of its own unless `routes` says otherwise.

        more: TOML of other sections. http: more keys of that one. operators: more keys of an operator, by its name.
        """
        self.text = SECTIONS.format(folder=self.folder) + http + more
        for name in names:
            self.text += OPERATOR.format(name=name, port=self.smscs[name].port) + operators.get(name, "") + "\n"
        own = "".join(f'[[routes]]\nprefix = "{PREFIXES[name]}"\noperators = ["{name}"]\n' for name in names)
        self.text += own if routes is None else routes
        self.file.write_text(self.text, encoding="utf-8")

    async def reload(self) -> list[str]:
        """Names of what was taken over. Raises ConfigError."""
        return [each.setting for each in await self.node.reload.reload()]

    async def send(self, count: int, prefix: str) -> None:
        """Accepted and durable, each to a number of its own."""
        pending = []
        for _ in range(count):
            self._number += 1
            request = a_request(to=f"+{prefix}{self._number:06d}", message_class="transactional", text="Good morning")
            pending.append(offered(self.node.road.door, EVERY_CLASS, request))
        for message, durable in pending:
            assert await durable
            self.sent[message.id] = prefix

    async def record(self, identifier: bytes) -> Message:
        found = await self.node.stores.ledger.messages.find(CUSTOMER, identifier)
        assert found is not None
        return found

    async def until_all(self, status: Status) -> list[Message]:
        """Until every message that was sent has this status."""
        found = []
        async with asyncio.timeout(LIMIT_S):
            for identifier in self.sent:
                while (record := await self.record(identifier)).status is not status:
                    await asyncio.sleep(LOOK_S)  # the ledger sets no event
                found.append(record)
        return found

    async def until_used(self, names: Sequence[str]) -> None:
        """Until each of these SMSCs has taken a message more."""
        async with asyncio.timeout(LIMIT_S):
            for name in names:
                before = self.smscs[name].tally.accepted
                await self.smscs[name].until(lambda tally, before=before: tally.accepted > before)  # type: ignore[misc]

    async def until_bound(self, *names: str, times: int = 1) -> None:
        """These SMSCs have been bound to so often."""
        async with asyncio.timeout(LIMIT_S):
            for name in names:
                await self.smscs[name].until(lambda tally: tally.binds >= times)


@asynccontextmanager
async def reload_stage(
    folder: Path,
    names: Sequence[str],
    *,
    faults: Faults | None = None,
    start: Sequence[str] = (),
    password: str = "",
    **more: Any,
) -> AsyncIterator[ReloadStage]:
    """names: of the SMSCs. start: of the operators that the node begins with; all where none is named. password: of
    all SMSCs. more: see `ReloadStage.write`.
    """
    level = logging.getLogger().level
    async with AsyncExitStack() as stack:
        smscs = {}
        for seed, name in enumerate(names):
            smscs[name] = Simulator(
                password=password, record=True, track=True, faults=faults, settings=SimulatorSettings(seed=seed)
            )
            await smscs[name].start()
            stack.push_async_callback(smscs[name].stop)
        stage = ReloadStage(folder, smscs)
        stage.write(start or names, **more)
        source = Source(path=stage.file)
        reading = source.read()
        stage.node = Node(reading.own, origin=Origin(source=source, said=reading.said))
        stack.callback(logging.getLogger().setLevel, level)
        await stage.node.start()
        stack.push_async_callback(stage.node.stop)
        stage.node.stores.keyring.ensure_customer(CUSTOMER)
        await stage.until_bound(*(start or names))
        yield stage
        assert not stage.node.tasks.failed.done(), repr(stage.node.tasks.failed.result())
        assert not any(stage.node.contained.counts.values()), stage.node.contained.counts


SECTIONS = """
[ledger]
path = "{folder}/data/ledger.db"
[keystore]
path = "{folder}/keys/keys.db"
[keystore.root]
path = "{folder}/root/root.key"
[shutdown]
deadline_s = 8
[metrics]
enabled = false
[http]
port = 0
"""
OPERATOR = """
[[operators]]
name = "{name}"
host = "127.0.0.1"
port = {port}
system_id = "gateway"
reconnect_first_s = 0.1
"""

"""Messaging rules on a node whose time is moved: what leaves at 21:59:59, and what waits from 22:00:00 on."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from config.reading import Source
from config.rules import DIRECTORY
from gateway.accounts.administration import Accounts, Profile
from gateway.accounts.customers import ApiKey
from gateway.accounts.settings import CustomerSettings
from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.contract import DocumentWrite
from gateway.model.message import Message, Status
from gateway.model.refusals import Refusal
from gateway.model.verdict import OUT_OF_HOURS
from gateway.node.node import Node, Origin
from gateway.process.clock import SystemClock
from gateway.rules.sender_entry import KIND, SenderEntry, Standing, encode
from operators.simulator import Simulator, SimulatorSettings
from redaction.personal import MessageText
from tests.bounds import LIMIT_S
from tests.integration.reload_stage import OPERATOR, SECTIONS
from tests.unit.gateway.road import EVERY_CLASS, a_request, offered
from tests.unit.gateway.rules.stage import WAY_OUT, at

EVENING = at("2026-11-30T21:59:59+03:00")
NIGHT = at("2026-11-30T22:00:00+03:00")
MORNING = at("2026-12-01T09:00:00+03:00")


class HandClock(SystemClock):
    """Of a machine whose time stands until somebody moves it; what is waited for in seconds goes on."""

    def __init__(self, now_ms: int) -> None:
        self._at_ms = now_ms
        super().__init__()

    def move_to(self, now_ms: int) -> None:
        self._at_ms = now_ms

    def now_ms(self) -> int:
        return self._at_ms

    def wall_ms(self) -> int:
        return self._at_ms

    def steady_ms(self) -> int:
        return self._at_ms


class Site:
    """A node with two operators, and a private customer of it with one flat sender, `SHOP-AD`."""

    def __init__(self, folder: Path, node: Node, clock: HandClock, smscs: dict[str, Simulator], key: ApiKey) -> None:
        self.folder = folder
        self.node = node
        self.clock = clock
        self.smscs = smscs
        self.key = key

    async def send(self, **changes: object) -> Message:
        """Durable."""
        fields = {"source": "SHOP-AD", "text": WAY_OUT, "message_class": "promotional", **changes}
        message, durable = offered(self.node.road.door, self.key, a_request(**fields))
        assert await durable == message.id
        return message

    async def stored(self, message: Message) -> Message:
        found = await self.node.stores.ledger.messages.find(message.customer, message.id)
        assert found is not None
        return found

    async def becomes(self, message: Message, holds: Callable[[Message], bool]) -> Message:
        async with asyncio.timeout(LIMIT_S):
            while not holds(found := await self.stored(message)):
                await asyncio.sleep(0.01)  # the ledger sets no event
        return found

    async def put(self, name: str, entry: SenderEntry) -> None:
        """Into the register, and known to the node."""
        stores = self.node.stores
        await stores.ledger.acts.act([DocumentWrite(KIND, f"{self.key.customer.public_id}/{name}", encode(entry))])
        await until(lambda: _is(stores.messaging.senders.of(self.key.customer.public_id, name) == entry))

    def taken(self) -> dict[str, int]:
        return {name: smsc.tally.accepted for name, smsc in self.smscs.items()}


async def _is(value: bool) -> bool:
    return value


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not await holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def site(folder: Path, more: str = "") -> AsyncIterator[Site]:
    level = logging.getLogger().level
    async with AsyncExitStack() as stack:
        smscs = {
            name: Simulator(password="", settings=SimulatorSettings(seed=seed))
            for seed, name in enumerate(("one", "two"))
        }
        text = SECTIONS.format(folder=folder) + more
        for name, smsc in smscs.items():
            await smsc.start()
            stack.push_async_callback(smsc.stop)
            text += OPERATOR.format(name=name, port=smsc.port) + "\n"
        file = folder / "gateway.toml"
        file.write_text(text + '[[routes]]\noperators = ["one", "two"]\n', "utf-8")
        source = Source(path=file)
        reading = source.read()
        clock = HandClock(EVENING)
        node = Node(reading.own, clock, origin=Origin(source=source, said=reading.said))
        stack.callback(logging.getLogger().setLevel, level)
        await node.start()
        stack.push_async_callback(node.stop)
        key = await _customer(node)
        for smsc in smscs.values():
            await smsc.until(lambda tally: tally.binds >= 1)
        yield Site(folder, node, clock, smscs, key)
        assert not any(node.contained.counts.values()), node.contained.counts


async def _customer(node: Node) -> ApiKey:
    stores = node.stores
    accounts = Accounts(
        stores.ledger.accounts,
        node.clock,
        COMMAND_LINE,
        sealer=stores.sealer,
        ensure_keys=stores.keyring.ensure_customer,
        digest=stores.keyring.credential_digest,
    )
    settings = CustomerSettings(senders={"SHOP-AD": ()}, kind="private")
    stored = await accounts.add_customer(Profile(name=MessageText("Shop")), settings)
    await stores.directory.refresh()
    customer = stores.directory.customer(stored.id)
    assert customer is not None
    return msgspec.structs.replace(EVERY_CLASS, customer=customer)


async def test_an_advert_leaves_at_21_59_59_and_waits_from_22_00_00_until_09_00_00(tmp_path: Path) -> None:
    async with site(tmp_path) as stage:
        first = await stage.send()
        await stage.becomes(first, lambda found: found.status is not Status.ACCEPTED)
        dispatch = stage.node.road.dispatch
        dispatch.sender.hold(held=True)
        waiting = await stage.send()  # accepted in time, and not sent in time
        stage.clock.move_to(NIGHT)
        late, brief = await stage.send(), await stage.send(validity=3_600)
        code = await stage.send(source="SHOP-AD", message_class="promotional", schedule_at="2026-12-01T10:00:00+03:00")
        assert first.warnings == ("sender_not_in_register",)
        assert late.warnings == ("sender_not_in_register", OUT_OF_HOURS)
        assert code.warnings == ("sender_not_in_register",)
        dispatch.sender.hold(held=False)
        held = await stage.becomes(waiting, lambda found: found.error == OUT_OF_HOURS)
        for each in (held, await stage.stored(late)):
            assert (each.status, each.due_ms, each.error) == (Status.ACCEPTED, MORNING, OUT_OF_HOURS)
        stage.clock.move_to(MORNING - 1)
        over = await stage.becomes(brief, lambda found: found.status is Status.EXPIRED)
        assert over.error == "held_out_of_hours"
        assert sum(stage.taken().values()) == 1
        stage.clock.move_to(MORNING)
        for each in (waiting, late):
            sent = await stage.becomes(each, lambda found: found.status not in (Status.ACCEPTED, Status.QUEUED))
            assert sent.error is None
        assert sum(stage.taken().values()) == 3
        counts = dispatch.verdicts.given
        assert counts["out_of_hours", "hold"] >= 3


async def test_a_sender_goes_where_it_is_active_and_elsewhere_when_it_is_no_more(tmp_path: Path) -> None:
    async with site(tmp_path) as stage:
        active = Standing(state="active")
        await stage.put("SHOP-AD", SenderEntry(operators={"two": active}))
        message = await stage.send()
        sent = await stage.becomes(message, lambda found: found.status is not Status.ACCEPTED)
        assert sent.operator == "two"
        stage.node.road.dispatch.sender.hold(held=True)
        waits = await stage.send()
        await stage.put("SHOP-AD", SenderEntry(operators={"one": active}))
        stage.node.road.dispatch.sender.hold(held=False)
        moved = await stage.becomes(waits, lambda found: found.status is not Status.ACCEPTED)
        assert moved.operator == "one"
        await stage.put("SHOP-AD", SenderEntry())
        with pytest.raises(Refusal, match="sender_not_registered_there"):
            await stage.send()
        assert stage.taken() == {"one": 1, "two": 1}


async def test_a_reload_reads_packs_again_and_says_which_are_other_ones(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    async with site(tmp_path, f'[rules]\ndirectory = "{tmp_path}/packs"\n') as stage:
        text = (DIRECTORY / "2026-01.toml").read_text("utf-8").replace('"22:00"', '"23:00"')
        (tmp_path / "packs" / "2026-01.toml").write_text(text)
        stage.clock.move_to(NIGHT)
        assert OUT_OF_HOURS in (await stage.send()).warnings
        assert [each.setting for each in await stage.node.reload.reload()] == ["rules[2026-01]"]
        assert OUT_OF_HOURS not in (await stage.send()).warnings

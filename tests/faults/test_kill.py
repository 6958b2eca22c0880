"""kill -9 of the gateway under load: what was acknowledged is there, and what may come twice is counted (Law 2, Law 3).

Eight clients send, and repeat with the same idempotency key what was not answered. The moment of each kill is a number
of answers drawn from a seeded generator. The simulated SMSC lives in the test, so that it is known what it took, which
ids it gave and which receipts were acknowledged to it.
"""

import asyncio
import contextlib
import random
import shutil
import sqlite3
import zlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.delivery.operator_ids import OperatorIds
from gateway.keystore.keyring import Keyring
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.process.clock import SystemClock
from gateway.tools.trial_site import Stage
from gateway.vault.vault import Vault
from operators.simulator import Faults, Onlooker, Receipt, Simulator
from operators.smpp import pdu as p
from redaction.keys import KeyState
from redaction.seal import Sealer
from tests.acceptance.client import LOOK_S, Customer, customer_of, message, until
from tests.bounds import LIMIT_S
from tests.unit.gateway.vault.formats import AS_WRITTEN_NOW
from tests.verbs import QuickStage

CLIENTS = 8
WINDOW = 64


class Watched(Onlooker):
    """Keeps the ids that an SMSC gave, and those whose receipts were acknowledged."""

    def __init__(self) -> None:
        self.given: set[str] = set()
        self.taken: set[str] = set()

    def answered(self, response: p.SubmitSmResp) -> None:
        self.given.add(response.message_id)

    def acknowledged(self, receipt: Receipt) -> None:
        self.taken.add(receipt.message_id)


class WatchedSmsc(Simulator):
    """given: the ids that it gave. acknowledged: those whose receipts the gateway acknowledged."""

    def __init__(self, **settings: Any) -> None:
        watched = Watched()
        super().__init__(**settings, onlooker=watched)
        self.given = watched.given
        self.acknowledged = watched.taken


class Load:
    """Clients that send until told to stop. taken: text to id, for every 202 that came."""

    def __init__(self, customer: Customer) -> None:
        self._customer = customer
        self.taken: dict[str, str] = {}
        self.repeated = 0
        self.serving = asyncio.Event()
        self.stopped = False
        self._goal = 0
        self._reached = asyncio.Event()

    async def answers(self, count: int) -> None:
        """Return after so many more answers."""
        self._reached.clear()
        self._goal = len(self.taken) + count
        await self._reached.wait()

    async def client(self, number: int) -> None:
        index = 0
        while not self.stopped:
            index += 1
            await self._send_once(f"Message {index} of client {number}")

    async def _send_once(self, text: str) -> None:
        for attempt in range(1000):
            await self.serving.wait()
            self.repeated += attempt > 0
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                headers = {"Idempotency-Key": text}
                body = message(text, to=f"+9665{50_000_000 + zlib.crc32(text.encode()) % 50_000_000}")
                status, answer, _ = await self._customer.ask("POST", "/v1/messages", json=body, headers=headers)
                if status == 202:
                    self._note(text, answer["id"])
                    return
                assert status in (429, 503), answer
            await asyncio.sleep(LOOK_S)

    def _note(self, text: str, identifier: str) -> None:
        assert self.taken.setdefault(text, identifier) == identifier
        if len(self.taken) >= self._goal:
            self._reached.set()


@contextlib.asynccontextmanager
async def smsc_and_stage(folder: Path) -> AsyncIterator[tuple[WatchedSmsc, Stage]]:
    smsc = WatchedSmsc(track=True, record=True, faults=Faults(answer_delay_s=0.01, receipt_delay_s=0.05))
    await smsc.start()
    stage = QuickStage(folder, smsc_port=smsc.port, window=WINDOW)
    try:
        await asyncio.to_thread(stage.prepare)
        yield smsc, stage
    finally:
        await asyncio.to_thread(stage.stop)
        await smsc.stop()


def operator_ids(stage: Stage) -> OperatorIds:
    """As the gateway of this stage keeps them."""
    clock = SystemClock()
    store = Keystore(stage.folder / "keys" / "keys.db", FileRootSlot(stage.folder / "root" / "root.key"), clock)
    store.open(create=False)
    with contextlib.closing(store):
        key, since_ms = Keyring(store, (), clock).correlation_key()
        vault = Vault(Sealer(KeyState(), clock.random), {}, clock.now_ms, AS_WRITTEN_NOW)
        return OperatorIds(key, vault, clock.now_ms, since_ms)


class Wreck:
    """What a kill left on the disk, read from a copy so that the next start finds it untouched."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        folder.mkdir()
        for path in stage.ledger.parent.glob(f"{stage.ledger.name}*"):
            shutil.copy(path, folder)
        self._database = sqlite3.connect(folder / stage.ledger.name)
        self._ids = operator_ids(stage)

    def is_sound(self) -> bool:
        return self._database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def linked(self, given: Iterable[str]) -> set[str]:
        """Those of these ids that lead to a message."""
        return self._among(given, "SELECT operator_message_id FROM correlation")

    def final(self, given: Iterable[str]) -> set[str]:
        """Those of these ids whose messages have ended."""
        query = "SELECT operator_message_id FROM correlation JOIN message ON id = message WHERE final_ms IS NOT NULL"
        return self._among(given, query)

    def _among(self, given: Iterable[str], query: str) -> set[str]:
        kept = {row[0] for row in self._database.execute(query)}
        return {each for each in given if self._ids.kept("simulator", each) in kept}

    def close(self) -> None:
        self._database.close()


async def kill_again_and_again(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill, look at the wreck, restart, go on; at the end every promise is kept. Returns the figures."""
    generator = random.Random(seed)
    exposed: set[str] = set()
    worst = 0
    async with smsc_and_stage(folder / "stage") as (smsc, stage), customer_of(stage) as customer:
        load = Load(customer)
        clients = [asyncio.create_task(load.client(number)) for number in range(CLIENTS)]
        load.serving.set()
        for number in range(kills):
            await load.answers(generator.randrange(20, 300))
            load.serving.clear()
            await asyncio.to_thread(stage.kill_gateway)
            async with asyncio.timeout(LIMIT_S):
                await until(lambda: not smsc.bound)
            wreck = Wreck(stage, folder / f"wreck-{number}")
            assert wreck.is_sound()
            assert smsc.acknowledged <= wreck.final(smsc.given), "a receipt was acknowledged before it was durable"
            fresh = smsc.given - wreck.linked(smsc.given) - exposed
            wreck.close()
            shutil.rmtree(folder / f"wreck-{number}")
            worst = max(worst, len(fresh))
            exposed |= fresh
            await asyncio.to_thread(stage.start_gateway)
            load.serving.set()
        await load.answers(50)
        load.stopped = True
        await asyncio.gather(*clients)
        records = await customer.reach_all(load.taken.values(), limit_s=60)
    assert {record["status"] for record in records} == {"delivered"}
    assert len({record["id"] for record in records}) == len(load.taken)
    assert len({(each.destination_addr, each.short_message) for each in smsc.received}) == len(load.taken)
    assert smsc.tally.duplicates <= len(exposed)
    return {
        "kills": kills,
        "accepted": len(load.taken),
        "requests repeated": load.repeated,
        "in a window at a kill": len(exposed),
        "most at one kill": worst,
        "duplicates": smsc.tally.duplicates,
        "receipts acknowledged": len(smsc.acknowledged),
    }


async def test_three_kills_under_load_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    figures = await kill_again_and_again(tmp_path, 3, seed=1)
    print(figures)
    assert figures["in a window at a kill"] > 0


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_fifty_kills_under_load_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    figures = await kill_again_and_again(tmp_path, 50, seed=50)
    print(figures)
    assert figures["most at one kill"] > 0

"""The memory horizon: what is over is out of the memory of the process, as root reads it from outside.

A real gateway with a horizon of 20 s. Texts, numbers, references and callback URLs come in by every way and end; then a
person is erased, a customer leaves and a period key dies in its time. Old copies of data and key store, and their root,
say which secrets are dead. Later than the horizon none of them, and nothing of the finished messages, is found.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.keystore.followers import OneNode
from gateway.keystore.keyring import Keyring
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.process.clock import SystemClock
from operators.simulator import Faults, Simulator
from operators.smpp import pdu as p
from redaction.personal import Msisdn
from redaction.pseudonymise import leaf_of_pseudonym
from redaction.retention import DEFAULT_RULES
from redaction.traces import traces
from tests.acceptance.client import (
    Customer,
    Receiver,
    customer_of,
    message,
    receiver,
    until_answered,
    until_endpoint_known,
)
from tests.bounds import LIMIT_S
from tests.faults.test_smpp_kill import bound
from tests.integration.smpp_stage import Peer, submit
from tests.privacy.memory_attack import WORD_BYTES, Copies, dead_secrets, found_in
from tests.verbs import QuickStage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory of other processes is read from /proc")

HORIZON_S: Final = 20
SHORT_CODE: Final = "90909"
SETTINGS: Final = f"""
[memory]
horizon_s = {HORIZON_S}
[smpp_server]
port = 0
[sweeper]
interval_s = 0.5
[[retention]]
tag = "transactional"
content_after_final_s = 0
[[retention]]
tag = "discard"
content_limit_s = 2
record_s = 86400
period_s = 60
"""
"""Promotional content stays, so that erasing and leaving destroy what would live; a period of `discard` ends soon."""

CLASSES: Final = ("otp", "transactional", "promotional")


class Canaries:
    """Values that are looked for later, each of its own."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def text(self, kind: str) -> str:
        return self._new(f"{kind} text", "{} sings for Maryam at the seventh hour")

    def number(self, kind: str) -> str:
        number = f"96653{int(sha256(b'%d' % len(self.values)).hexdigest(), 16) % 10**7:07d}"
        return self._new(f"{kind} number", number)

    def word(self, kind: str) -> str:
        return self._new(kind, "canary-{}")

    def _new(self, name: str, form: str) -> str:
        count = len(self.values)
        value = self.values[f"{name} {count}"] = form.format(sha256(b"%d" % count).hexdigest()[:12])
        return value

    def needles(self) -> Mapping[str, bytes]:
        """In every form that is long enough not to be met by chance."""
        forms: dict[bytes, str] = {}
        for name, value in self.values.items():
            for form, octets in traces(value).items():
                if len(octets) >= WORD_BYTES:
                    forms.setdefault(octets, f"{name} {form}")
        return {name: octets for octets, name in forms.items()}


class Scene:
    """A gateway with all around it that brings values in or takes them out."""

    def __init__(self, stage: QuickStage, smsc: Simulator) -> None:
        self.stage = stage
        self.smsc = smsc
        self.canaries = Canaries()
        self.ids: list[str] = []
        self.heard: Receiver
        self.customer: Customer
        self.leaver: Customer
        self.peer: Peer
        self.leaving = ""

    async def command(self, *words: str) -> Mapping[str, Any]:
        return await asyncio.to_thread(self.stage.command, *words)

    async def set_up(self) -> None:
        """Accounts, and what a running gateway learns of them within a second."""
        other = await self.command("customer", "add", "--name", "Leaver", "--sender", "INTERKEY")
        self.leaving = other["customer"]
        allowed = [word for each in CLASSES for word in ("--allow-class", each)]
        self.leaver.key = (await self.command("key", "add", self.leaving, *allowed))["key"]
        await self.command("webhook", "set", self.stage.customer, f"{self.heard.url}/endpoint")
        await self.command("number", "add", self.stage.customer, SHORT_CODE)
        account = await self.command("esme", "add", self.stage.customer, "bank")
        self.customer.key = (await self.command("key", "add", self.stage.customer, *allowed))["key"]
        self.peer = await bound(self.stage, (account["system_id"], account["password"]))
        for each in (self.customer, self.leaver):
            await until_answered(each, 200)
        await until_endpoint_known(self.customer, self.heard, "nothing of note")

    # ---------------------------------------------------------------------------------------- what comes in and goes

    async def send(self, kind: str, **more: Any) -> None:
        callback = f"{self.heard.url}/{self.canaries.word('callback')}"
        self.ids.append(
            await self.customer.send(
                self.canaries.text(kind),
                to=f"+{self.canaries.number(kind)}",
                reference=self.canaries.word("reference"),
                callback_url=callback,
                **more,
            )
        )

    async def send_everything(self) -> None:
        for each in CLASSES:
            for _ in range(3):
                await self.send(each, **{"class": each})
        await self.send("discard", retention="discard")
        await self.send_batch()
        await self.send_refused()
        for _ in range(3):
            text, to = self.canaries.text("smpp"), self.canaries.number("smpp")
            assert (await self.peer.ask(submit(text.encode(), to, registered_delivery=1))).status == 0
        for _ in range(3):
            await self.leaver.send(
                self.canaries.text("leaver"), to=f"+{self.canaries.number('leaver')}", **{"class": "promotional"}
            )

    async def send_batch(self) -> None:
        taken = [message(self.canaries.text("batch"), to=f"+{self.canaries.number('batch')}") for _ in range(20)]
        bad = [message(self.canaries.text("bad item"), to=f"+{self.canaries.number('bad item')}9999999")]
        status, answer, _ = await self.customer.ask("POST", "/v1/messages/batch", json={"messages": taken + bad})
        assert (status, answer["accepted"], answer["refused"]) == (202, len(taken), 1)
        self.ids += [each["message"]["id"] for each in answer["items"] if "message" in each]

    async def send_refused(self) -> None:
        """What is refused in each stage of reading it, and what a careless caller puts into paths and headers."""
        text, number, word = self.canaries.text, self.canaries.number, self.canaries.word
        cut = f'{{"to": "+{number("cut")}", "text": "{text("cut")}'.encode()
        for body in (
            {"json": message(text("unknown field"), to=f"+{number('unknown field')}", campaign=word("campaign"))},
            {"json": message(text("long") * 100, to=f"+{number('long')}")},
            {"json": message(text("no number"), to=word("no number"))},
            {"data": cut, "headers": {"Content-Type": "application/json"}},
        ):
            assert (await self.customer.ask("POST", "/v1/messages", **body))[0] == 400
        keyed = {"Idempotency-Key": word("idempotency"), "User-Agent": word("agent")}
        once = message(text("keyed"), to=f"+{number('keyed')}")
        assert (await self.customer.ask("POST", "/v1/messages", json=once, headers=keyed))[0] == 202
        for path in (f"/v1/messages/{number('path')}", f"/{word('path')}?text={word('query')}"):
            assert (await self.customer.ask("GET", path))[0] in (400, 404)

    async def hear_people(self) -> None:
        """A short message from a person, and a long one in parts."""
        link = self.smsc.receivers[0]
        for _ in range(3):
            self._say(link, self.canaries.text("mo").encode(), self.canaries.number("mo"))
        told = len([each for each in self.heard.events() if each["type"] == "message.received"]) + 3
        async with asyncio.timeout(LIMIT_S):
            while len([each for each in self.heard.events() if each["type"] == "message.received"]) < told:
                await asyncio.sleep(0.05)

    def _say(self, link: Any, octets: bytes, number: str) -> None:
        written = p.DeliverSm(source_addr_ton=1, source_addr=number, destination_addr=SHORT_CODE, short_message=octets)
        link.session.request(written, None, asyncio.get_running_loop().time())
        link.flush_soon()

    async def finish(self) -> None:
        """Everything has its final status and is told; the list has shown it once more."""
        await self.customer.reach_all(self.ids)
        await self.heard.until_told(self.ids)
        await self.peer.receipts(3)
        assert (await self.customer.ask("GET", "/v1/messages"))[0] == 200

    # ------------------------------------------------------------------------------------------- what is destroyed

    def copies(self, name: str) -> Copies:
        return Copies(self.stage.folder, self.stage.folder.parent / name)

    def destroy(self) -> None:
        """One person of the first customer is erased, and the second customer leaves: as another process does it."""
        folder, clock = self.stage.folder, SystemClock()
        keystore = Keystore(
            folder / "keys" / "keys.db", FileRootSlot(folder / "root" / "root.key"), clock, OneNode(is_node=False)
        )
        keystore.open(create=False)
        try:
            keyring = Keyring(keystore, DEFAULT_RULES.values(), clock)
            customer, leaver = sorted(keystore.state.customers())[-2:]
            number = next(
                value for name, value in self.canaries.values.items() if name.startswith("promotional number")
            )
            leaves = [leaf_of_pseudonym(each) for each in keyring.former_leaves(customer, Msisdn(number, 966))]
            places = [(tag, period, leaf) for tag, period in keystore.state.periods() for leaf in leaves]
            assert keystore.update(lambda state: state.forget(places), destroys=True) > 0
            assert keyring.forget_customer(leaver)
        finally:
            keystore.close()

    async def until_period_died(self, before: Copies) -> Copies:
        """The gateway destroys the key itself; copies of what is alive then."""
        dying = {name for name in before.state().periods() if name[0] == "discard"}
        first, count = min(dying), 0
        async with asyncio.timeout(3 * LIMIT_S):
            while True:
                await asyncio.sleep(1)
                count += 1
                with contextlib.suppress(AssertionError):  # copied while the root rolled
                    after = self.copies(f"after-{count}")
                    if first not in after.state().periods():
                        return after

    async def keep_busy(self) -> None:
        """Others' messages, none of which is looked for."""
        count = 0
        while True:
            count += 1
            await self.customer.send(f"words of others {count}", to=f"+96650{count % 10**7:07d}")
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def scene_in(folder: Path, *serve: str) -> AsyncIterator[Scene]:
    smsc = Simulator(faults=Faults(receipt_delay_s=1.0))  # so that content is there when it is copied
    await smsc.start()
    stage = QuickStage(folder, smsc_port=smsc.port, more=SETTINGS, log_level="info", serve=serve)
    scene = Scene(stage, smsc)
    try:
        await asyncio.to_thread(stage.prepare)
        async with receiver() as scene.heard, customer_of(stage) as scene.customer, customer_of(stage) as scene.leaver:
            await scene.set_up()
            yield scene
            scene.peer.close()
    finally:
        await asyncio.to_thread(stage.stop)
        await smsc.stop()


@contextlib.contextmanager
def background(work: Any) -> Iterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()


@pytest.mark.case("privacy-1")
@pytest.mark.policy("P-23")
@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "under traffic"])
async def test_what_is_over_is_out_of_memory_after_the_horizon(tmp_path: Path, is_busy: bool) -> None:
    async with scene_in(tmp_path / "stage") as scene:
        await scene.send_everything()
        before = scene.copies("before")
        await scene.hear_people()
        await scene.finish()
        with background(scene.keep_busy()) if is_busy else contextlib.nullcontext():
            await asyncio.to_thread(scene.destroy)
            after = await scene.until_period_died(before)
            dead, alive = dead_secrets(before, after), after.secrets(before.rows())
            await asyncio.sleep(HORIZON_S)
            for pid in family(scene.stage.gateway.pid):
                assert await asyncio.to_thread(found_in, pid, dead) == {}
                assert await asyncio.to_thread(found_in, pid, scene.canaries.needles()) == {}
            assert {"customer 1"} <= set(await asyncio.to_thread(found_in, scene.stage.gateway.pid, alive))
    kinds = {name.split()[0] for name in dead}
    assert kinds >= {"root", "segment", "customer", "period", "node", "message", "pepper"}
    assert {"period discard", "period promotional"} <= {" ".join(name.split()[:2]) for name in dead}


def family(pid: int) -> list[int]:
    """A process and those that it started."""
    found = [pid]
    for each in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(each.read_text().rpartition(")")[2].split()[1]) in found:
                found.append(int(each.parent.name))
    return found


def test_the_reader_finds_what_a_process_holds() -> None:
    held = {"aligned": bytes(range(32, 64)), "shifted": os.urandom(32)}
    kept = bytearray(held["aligned"] + b"-----" + held["shifted"])
    assert set(found_in(os.getpid(), held)) == set(held)
    kept.clear()

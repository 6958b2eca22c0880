"""Several gateways on one shared ledger, as processes, with clients, an SMSC and a webhook endpoint around them.

Clients send to any node and repeat with the same idempotency key, to another node, what was not answered. The SMSC
sends each receipt over whichever bind has its turn, so most receipts come to a node that did not submit the message.
"""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp

from gateway.tools.trial_site import PASSWORD, PASSWORD_VARIABLE
from operators.simulator import Faults, SimulatorSettings
from operators.smpp.session import SessionSettings
from tests.acceptance.client import FINAL, LOOK_S, message, receiver
from tests.bounds import LIMIT_S
from tests.faults.scribe import Scribe
from tests.faults.test_kill import WatchedSmsc
from tests.forked import start_forked
from tests.verbs import run_verb

DURABLE: Final = ("--appendonly", "yes", "--appendfsync", "always")
LEASE_S: Final = 3.0
CLIENTS: Final = 6
PAUSE_S: Final = 0.02
OFFER: Final = "Offer"
_LINK: Final = SessionSettings(window=1000, inbound=100_000, response_timeout_s=3.0)

_SETTINGS: Final = """
[http]
port = 0
[smpp_server]
port = 0
[metrics]
enabled = false
[log]
level = "debug"
format = "json"
[webhooks]
allow_loopback = true
retry_schedule_s = [0.5, 1]
[shutdown]
deadline_s = 10.0
[ledger]
engine = "redis"
path = "{folder}/data/ledger.db"
[ledger.redis]
url = "{url}"
lease_s = {lease_s}
patience_s = 3.0
timeout_s = 2.0
replicas = {replicas}
[keystore]
path = "{folder}/keys/keys.db"
[keystore.root]
path = "{folder}/root/root.key"
[dispatch]
retry_first_s = 0.5
retry_limit_s = 2.0
[[operators]]
name = "simulator"
host = "127.0.0.1"
port = {smsc_port}
system_id = "gateway"
password = {{ env = "{password}" }}
window = 64
reconnect_first_s = 0.2
reconnect_limit_s = 1.0
response_timeout_s = 3.0
session_init_s = 3.0
enquire_link_s = 1.0
[[routes]]
operators = ["simulator"]
"""


class Node:
    """One gateway process. port: of its HTTP API."""

    def __init__(self, number: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.number = number
        self.process = process
        self.log = log
        self.port = 0
        self.paused = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def smpp_port(self) -> int:
        """Where customers bind."""
        return int(self.said("smpp_listening")[0]["port"])

    @property
    def is_serving(self) -> bool:
        return self.process.poll() is None and not self.paused

    def said(self, event: str) -> list[dict[str, Any]]:
        """The lines of its log about an event."""
        with self.log.open("rb") as file:
            return [json.loads(line) for line in file if f'"{event}"'.encode() in line]

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait()

    def pause(self) -> None:
        self.paused = True
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.paused = False

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self.kill()


class Cluster:
    """Nodes on one server. url: of the server. smsc_port: of the SMSC they bind to."""

    def __init__(self, folder: Path, url: str, smsc_port: int, replicas: int, lease_s: float) -> None:
        self.folder = folder
        self.nodes: list[Node] = []
        self._numbers = itertools.count(1)
        self._environ = {
            **os.environ,
            PASSWORD_VARIABLE: PASSWORD,
            "CONNECT_GATEWAY_CONFIG": str(folder / "gateway.toml"),
        }
        self._values = {
            "folder": folder,
            "url": url,
            "lease_s": lease_s,
            "password": PASSWORD_VARIABLE,
            "replicas": replicas,
        }
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        self._write("gateway.toml", smsc_port)

    def _write(self, name: str, smsc_port: int) -> str:
        file = self.folder / name
        file.write_text(_SETTINGS.format(**self._values, smsc_port=smsc_port), encoding="utf-8")
        return str(file)

    def prepare(self, hook: str, *wishes: str) -> None:
        """A customer with a webhook and two keys, the second for promotional messages. wishes: of the webhook."""
        self.customer = self.command("customer", "add", "--name", "Trial", "--sender", "INTERKEY")["customer"]
        self.key = self.command("key", "add", self.customer)["key"]
        self.promoter = self.command("key", "add", self.customer, "--allow-class", "promotional")["key"]
        self.command("webhook", "set", self.customer, hook, *wishes)

    def command(self, *words: str) -> dict[str, Any]:
        done = run_verb((*words, "--json"), self._environ)
        assert not done.returncode, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def start(self, url: str | None = None, smsc_port: int | None = None) -> Node:
        """One more node; waits until it listens. url, smsc_port: other ways to the server and to the SMSC."""
        number = next(self._numbers)
        log = self.folder / f"node-{number}.log"
        environ = self._environ if url is None else {**self._environ, "CONNECT_GATEWAY__LEDGER__REDIS__URL": url}
        if smsc_port is not None:
            environ = {**environ, "CONNECT_GATEWAY_CONFIG": self._write(f"node-{number}.toml", smsc_port)}
        with log.open("ab") as file:
            command = [sys.executable, "-m", "gateway", "serve"]
            process = start_forked(command, env=environ, stderr=file, start_new_session=True)
        node = Node(number, process, log)
        self.nodes.append(node)
        deadline = time.monotonic() + LIMIT_S
        while not node.port:
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < deadline, "the node did not start"
            node.port = next((int(line["port"]) for line in node.said("started")), 0)
            time.sleep(LOOK_S)
        return node

    def serving(self) -> list[Node]:
        return [node for node in self.nodes if node.is_serving]

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()


class Traffic:
    """Clients that send until told to stop. taken: text to id, for every 202 that came. ends: id to final status.

    promotional_every: one in so many messages is promotional, which must never be sent twice; 0 for none.
    """

    def __init__(self, cluster: Cluster, session: aiohttp.ClientSession) -> None:
        self._cluster = cluster
        self._session = session
        self._turn = itertools.count()
        self.taken: dict[str, str] = {}
        self.ends: dict[str, str] = {}
        self.promotional_every = 0
        self.refused: Counter[int] = Counter()
        self.repeated = 0
        self.stopped = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, clients: int = CLIENTS) -> None:
        self._tasks = [asyncio.create_task(self._client(number)) for number in range(clients)]

    async def stop(self) -> None:
        self.stopped = True
        await asyncio.gather(*self._tasks)

    async def answers(self, count: int, limit_s: float = LIMIT_S) -> None:
        """Return after so many more answers."""
        goal = len(self.taken) + count
        async with asyncio.timeout(limit_s):
            while len(self.taken) < goal:
                await asyncio.sleep(LOOK_S)

    async def _client(self, number: int) -> None:
        index = 0
        while not self.stopped:
            index += 1
            if self.promotional_every and index % self.promotional_every == 0:
                await self._send(f"{OFFER} {index} of client {number}", "promotional")
            else:
                await self._send(f"Message {index} of client {number}")
            await asyncio.sleep(PAUSE_S)

    async def _send(self, text: str, message_class: str = "transactional") -> None:
        body = message(text, to=f"+9665{50_000_000 + zlib.crc32(text.encode()) % 50_000_000}")
        body["class"] = message_class
        key = self._cluster.promoter if message_class == "promotional" else self._cluster.key
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": text}
        for attempt in range(2000):
            self.repeated += attempt > 0
            status, answer = await self.ask("POST", "/v1/messages", json=body, headers=headers)
            if status == 202:
                assert self.taken.setdefault(text, answer["id"]) == answer["id"]
                return
            self.refused[status] += 1
            assert status in (0, 429, 503), answer
            await asyncio.sleep(0.1)

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and JSON of any node's answer; status 0 when none came."""
        nodes = self._cluster.serving()
        if not nodes:
            return 0, None
        node = nodes[next(self._turn) % len(nodes)]
        headers = {"Authorization": f"Bearer {self._cluster.key}", **more.pop("headers", {})}
        try:
            async with self._session.request(method, node.url + path, headers=headers, **more) as answer:
                return answer.status, await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError):
            return 0, None

    async def all_final(self, limit_s: float) -> Counter[str]:
        """How the messages that were taken ended, once all have."""
        async with asyncio.timeout(limit_s):
            for identifier in self.taken.values():
                self.ends[identifier] = await self.final(identifier)
        return Counter(self.ends.values())

    async def final(self, identifier: str) -> str:
        while True:
            status, record = await self.ask("GET", f"/v1/messages/{identifier}")
            assert status in (0, 200, 503), record
            if status == 200 and record["status"] in FINAL:
                return str(record["status"])
            await asyncio.sleep(LOOK_S)


class Scene:
    """What a fault test works with."""

    def __init__(self, cluster: Cluster, smsc: WatchedSmsc, hook: Scribe, traffic: Traffic) -> None:
        self.cluster = cluster
        self.smsc = smsc
        self.hook = hook
        self.traffic = traffic

    async def start(self, nodes: int = 3, url: str | None = None, smsc_port: int | None = None) -> None:
        for _ in range(nodes):
            await asyncio.to_thread(self.cluster.start, url, smsc_port)

    async def settle(self, limit_s: float = 90.0) -> dict[str, Any]:
        """End the traffic, wait until everything is final and told; the figures."""
        await self.traffic.stop()
        ends = await self.traffic.all_final(limit_s)
        ids = set(self.traffic.taken.values())
        async with asyncio.timeout(limit_s):
            while not all(self.hook.has_told_end(each) for each in ids):
                await asyncio.sleep(0.2)
        return self.figures(ends)

    def figures(self, ends: Counter[str]) -> dict[str, Any]:
        return {
            "accepted": len(self.traffic.taken),
            "ends": dict(ends),
            "repeated requests": self.traffic.repeated,
            "refused": dict(self.traffic.refused),
            "submitted": len(self.smsc.received),
            "submitted twice": self.smsc.tally.duplicates,
            "receipts lost": self.smsc.tally.receipts_lost,
            "told": dict(self.hook.kinds()),
            "told twice": self.hook.repeated,
            "out of order": len(self.hook.late) + len(self.hook.early),
        }

    def assert_nothing_lost(self, figures: dict[str, Any], twice_at_most: int) -> None:
        """Everything acknowledged was delivered, once but for what was under way when a link or a node was lost."""
        assert figures["ends"] == {"delivered": figures["accepted"]}
        sent = {(each.destination_addr, each.short_message) for each in self.smsc.received}
        assert len(sent) >= figures["accepted"]
        self.assert_nothing_forgotten(figures, twice_at_most)

    def assert_nothing_forgotten(self, figures: dict[str, Any], twice_at_most: int) -> None:
        """As above, but for the messages' ends."""
        assert figures["receipts lost"] == 0
        assert figures["out of order"] == 0
        assert len(set(self.traffic.taken.values())) == figures["accepted"]
        assert figures["submitted twice"] <= twice_at_most


@contextlib.asynccontextmanager
async def scene(
    folder: Path,
    url: str,
    *,
    replicas: int = 0,
    lease_s: float = LEASE_S,
    hook: Scribe | None = None,
    wishes: tuple[str, ...] = (),
) -> AsyncIterator[Scene]:
    """An SMSC, a webhook endpoint and clients; no node yet. wishes: of the endpoint."""
    hook = hook or Scribe()
    smsc = WatchedSmsc(
        settings=SimulatorSettings(session=_LINK, receipt_tries=200),
        track=True,
        record=True,
        faults=Faults(answer_delay_s=0.01, receipt_delay_s=0.05),
    )
    await smsc.start()
    cluster = Cluster(folder, url, smsc.port, replicas, lease_s)
    timeout = aiohttp.ClientTimeout(total=10)
    connector = aiohttp.TCPConnector(limit=32)
    try:
        async with receiver(hook), aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            await asyncio.to_thread(cluster.prepare, hook.url, *wishes)
            yield Scene(cluster, smsc, hook, Traffic(cluster, session))
    finally:
        await asyncio.to_thread(cluster.stop)
        await smsc.stop()

"""`python -m benchmarks fairness`: a quiet customer beside each flood that one peer or one customer can make.

The quiet one posts messages at a fixed rate, over connections that stay open, from when each is due; what counts is the
time to its 202. Every message must be delivered and its webhook must come. Somebody asks for /healthz ten times a
second, each time over a new connection. At the end SIGTERM comes while the flood goes on, and the process must end by
itself within its deadline. Each attack has a gateway of its own; the first row is without one, and shows the machine.
Beside handshakes both listeners speak TLS, by a certificate of RSA with 2,048 bits, which is the dearest that is usual
(`openssl` makes it).
"""

import asyncio
import contextlib
import math
import os
import sqlite3
import ssl
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec
from aiohttp import web

from benchmarks.child import Child
from benchmarks.floods import ATTACKS, HANGING
from benchmarks.machine import reference_us
from benchmarks.ports import free_ports
from gateway.accounts.passwords import hashed, new_password
from gateway.tools.trial_site import Code, Stage
from redaction.personal import Purpose

NOTHING: Final = "none"
SHAKING: Final = frozenset(name for name in ATTACKS if name.startswith("12 "))
"""Attacks by TLS."""
WANTED_MS: Final = 100.0
HEALTH_MS: Final = 250.0
DEADLINE_S: Final = 20.0
"""`shutdown.deadline_s` as it is by default."""
SPARE_S: Final = 2.0
"""What the process may take beyond its deadline to be gone."""
AHEAD_S: Final = 1.0
"""The flood is there before the quiet customer's messages count."""
ARRIVE_S: Final = 60.0
"""How long the last webhook may take before a message counts as lost."""
HEALTH_S: Final = 0.1
MANY: Final = 1_000
"""Accounts of security 8; the other attacks need one."""
_HANGS: Final = f"""import socket, time
_really = socket.getaddrinfo
def getaddrinfo(host, *rest, **more):
    if str(host).endswith({HANGING!r}):
        time.sleep(60)
        raise socket.gaierror("no answer")
    return _really(host, *rest, **more)
socket.getaddrinfo = getaddrinfo
"""
"""A resolver that hangs, for names of the attack: a `sitecustomize` of the gateway's process."""
_SETTINGS: Final = """
[smpp_server]
port = 0
max_connections = 6000
max_unbound = 5000
[[operators]]
name = "pushing"
kind = "rest"
[operators.rest]
url = "http://127.0.0.1:9/"
[operators.rest.callback]
port = {port}
password = {{ env = "FAIRNESS_CALLBACK" }}
"""


class Outcome(msgspec.Struct, frozen=True):
    """refused: answers other than 202. lost: messages with a 202 of whose delivery no webhook told. drain_s: from
    SIGTERM to the end; infinite when the process had to be killed.
    """

    attack: str
    sent: int
    refused: int
    lost: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    health_ms: float
    drain_s: float

    @property
    def missed(self) -> list[str]:
        """What does not hold."""
        faults = {
            "refused": self.refused,
            "lost": self.lost,
            "p99": self.p99_ms > WANTED_MS,
            "healthz": self.health_ms > HEALTH_MS,
            "drain": self.drain_s > DEADLINE_S + SPARE_S,
        }
        return [name for name, fault in faults.items() if fault]


class Quiet:
    """The quiet customer: sends, and hears of deliveries. key: its own."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {key}"}
        self._trusting = _trusting_anybody()
        self.taken: dict[str, float] = {}
        self.refused = 0
        self.health: list[float] = []
        self._session: aiohttp.ClientSession

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator["Quiet"]:
        async with self._asking() as self._session:
            await self._until_known()
            yield self

    def _asking(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self._trusting)
        return aiohttp.ClientSession(self._url, headers=self._headers, connector=connector)

    async def _until_known(self) -> None:
        """The node reads new keys now and then."""
        async with asyncio.timeout(ARRIVE_S):
            while (await self._session.get("/v1/messages")).status != 200:  # noqa: ASYNC110  another process
                await asyncio.sleep(0.05)

    async def post_all(self, rate_per_s: float, seconds: float) -> list[float]:
        """Milliseconds from when each message was due to its answer."""
        began, count = time.monotonic(), round(rate_per_s * seconds)
        async with asyncio.TaskGroup() as group:
            for index in range(count):
                due = began + index / rate_per_s
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                group.create_task(self._post(index, due))
        return sorted(self.taken.values())

    async def _post(self, index: int, due: float) -> None:
        fields = {"to": f"+9665{index:08d}", "from": "INTERKEY", "text": "Your code is 482913"}
        try:
            async with self._session.post("/v1/messages", json=fields) as answer:
                said = await answer.json() if answer.status == 202 else {}
        except aiohttp.ClientError:
            said = {}
        if said:
            self.taken[said["id"]] = (time.monotonic() - due) * 1000
        else:
            self.refused += 1

    async def ask_for_health(self) -> None:
        """Ten times a second, each over a new connection; until cancelled."""
        while True:
            began = time.monotonic()
            try:
                async with (
                    asyncio.timeout(10),
                    self._asking() as session,
                    session.get("/healthz") as answer,
                ):
                    took = time.monotonic() - began if answer.status == 200 else math.inf
            except (aiohttp.ClientError, TimeoutError):
                took = math.inf
            self.health.append(took * 1000)
            await asyncio.sleep(HEALTH_S)


class Heard:
    """The quiet customer's endpoint: ids of delivered messages."""

    def __init__(self) -> None:
        self.delivered: set[str] = set()
        self.port = 0

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Heard"]:
        runner = web.ServerRunner(web.Server(self._take, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = int(runner.addresses[0][1])
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _take(self, request: web.BaseRequest) -> web.Response:
        event: dict[str, Any] = await request.json()
        if event["type"] == "message.delivered":
            self.delivered.add(event["data"]["id"])
        return web.Response()

    async def until(self, wanted: set[str]) -> int:
        """How many of these messages never came."""
        deadline = time.monotonic() + ARRIVE_S
        while not wanted <= self.delivered and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        return len(wanted - self.delivered)


def run(attacks: Sequence[str], rate_per_s: float, seconds: float, python: Path | None) -> Iterator[Outcome]:
    """Each attack on a gateway of its own. python: of the environment whose gateway runs; None is this one's."""
    print(f"100 additions in a loop: {reference_us():.2f} µs; load {os.getloadavg()[0]:.1f}")
    for attack in attacks:
        with tempfile.TemporaryDirectory(prefix="fairness-") as folder:
            yield asyncio.run(_beside(attack, Path(folder), rate_per_s, seconds, python))


async def _beside(attack: str, folder: Path, rate_per_s: float, seconds: float, python: Path | None) -> Outcome:
    (folder / "hanging").mkdir()
    (folder / "hanging" / "sitecustomize.py").write_text(_HANGS)
    environ = {"PYTHONPATH": str(folder / "hanging"), "FAIRNESS_CALLBACK": "secret-of-the-callback"}
    if attack in SHAKING:
        environ |= _certified(folder)
    port = free_ports(1)[0]
    stage = Stage(
        folder / "stage",
        more=_SETTINGS.format(port=port),
        log_level="info",
        code=Code(python=python, environ=environ),
    )
    flood: Child | None = None
    heard = Heard()
    try:
        await asyncio.to_thread(stage.prepare)
        async with heard.listening():
            job = await asyncio.to_thread(_prepared, stage, heard.port, attack) | {"callback_port": port}
            url = stage.url.replace("http:", "https:") if attack in SHAKING else stage.url
            async with Quiet(url, stage.key).opened() as quiet:
                asking = asyncio.create_task(quiet.ask_for_health())
                if attack != NOTHING:
                    flood = await asyncio.to_thread(Child, "benchmarks.floods", job)
                await asyncio.sleep(AHEAD_S)
                took = await quiet.post_all(rate_per_s, seconds) or [math.inf]
                asking.cancel()
                lost = await heard.until(set(quiet.taken))
                drain_s = await asyncio.to_thread(_drained_s, stage)
    finally:
        if flood is not None:
            await asyncio.to_thread(flood.stop)
        await asyncio.to_thread(stage.stop)
    return Outcome(
        attack,
        sent=round(rate_per_s * seconds),
        refused=quiet.refused,
        lost=lost,
        p50_ms=took[len(took) // 2],
        p99_ms=took[math.ceil(len(took) * 0.99) - 1],
        max_ms=took[-1],
        health_ms=max(quiet.health, default=math.inf),
        drain_s=drain_s,
    )


def _trusting_anybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _certified(folder: Path) -> dict[str, str]:
    """Settings by which both listeners speak TLS."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    words = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost")
    subprocess.run(["openssl", *words, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return {
        f"CONNECT_GATEWAY__{section}__TLS_{what}": str(path)
        for section in ("HTTP", "SMPP_SERVER")
        for what, path in (("CERTIFICATE", certificate), ("KEY", key))
    }


def _prepared(stage: Stage, hooks_port: int, attack: str) -> dict[str, Any]:
    """Both customers; what the attacker knows. The gateway starts anew with them."""
    stage.command("webhook", "set", stage.customer, f"http://127.0.0.1:{hooks_port}/")
    loud = stage.command("customer", "add", "--name", "Loud", "--sender", "INTERKEY")["customer"]
    stage.command("webhook", "set", loud, f"https://loud{HANGING}/")
    key = stage.command("key", "add", loud)["key"]
    limited = stage.command("key", "add", loud, "--throughput", "1")["key"]
    account = stage.command("esme", "add", loud, "loud")
    accounts = [("loud", account["password"])]
    stage.stop_gateway()
    if attack.startswith("8 "):
        accounts = _more_accounts(stage)
    stage.start_gateway()
    return {
        "attack": attack,
        "port": stage.port,
        "smpp_port": stage.smpp_port,
        "key": key,
        "limited_key": limited,
        "accounts": accounts,
    }


def _more_accounts(stage: Stage) -> list[tuple[str, str]]:
    """Copies of the one that is there, under other names and with passwords of their own, behind the gateway's back."""
    named = [(f"many{number}", new_password(os.urandom)) for number in range(MANY)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        stored = list(pool.map(hashed, [password for _, password in named]))
    database = sqlite3.connect(stage.ledger)
    with contextlib.closing(database), database:
        database.executemany(
            "INSERT INTO esme (customer, system_id, password, settings, created_ms) "
            "SELECT customer, ?, ?, settings, created_ms FROM esme WHERE system_id = 'loud'",
            [(name, text) for (name, _), text in zip(named, stored, strict=True)],
        )
    return [(name, password.reveal(Purpose.CREDENTIAL)) for name, password in named]


def _drained_s(stage: Stage) -> float:
    began = time.monotonic()
    try:
        code = stage.stop_gateway()
    except Exception:
        return math.inf
    return time.monotonic() - began if code == 0 else math.inf


def shown(outcomes: Iterator[Outcome]) -> bool:
    """A line each, as they come; whether all hold."""
    held = True
    print(f"{'beside':<22}{'202':>10}{'lost':>6}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'healthz':>9}{'drain s':>9}")
    for each in outcomes:
        held = held and not each.missed
        print(
            f"{each.attack:<22}{f'{each.sent - each.refused}/{each.sent}':>10}{each.lost:>6}{each.p50_ms:>9.1f}"
            f"{each.p99_ms:>9.1f}{each.max_ms:>9.1f}{each.health_ms:>9.1f}{each.drain_s:>9.1f}"
            f"  {' '.join(each.missed)}",
            flush=True,
        )
    return held


def all_attacks() -> list[str]:
    """In the order of their rows, after nothing at all."""
    return [NOTHING, *ATTACKS]

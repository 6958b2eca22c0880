"""What is put under load: the gateway, the bare proxy beneath it, and peers. All take the same messages from the same
generators and send to the same SMSC.
"""

import http.client
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

import msgspec

from benchmarks.child import Child
from benchmarks.engines import Engine
from benchmarks.meter import family
from benchmarks.syncs import Syncs
from benchmarks.truth import Wrong
from gateway.tools.trial_site import Code, Stage

PAGE: Final = 200
WORKERS_LIMIT_S: Final = 30.0
KNOWN_S: Final = 1.5
"""A running node hears of a changed account within a second."""


class Hook(msgspec.Struct, frozen=True):
    """A customer's endpoint on this machine. events: that it takes in one request."""

    port: int
    events: int = 1


class Target(Protocol):
    """One thing that takes messages over HTTP (or SMPP) and submits them.

    name: for reports. shape: of its requests. good_status: of what it accepts.
    build: of a gateway, compiled or interpreted. records: whether it can say afterwards what became of each message.
    numbers_for_ids: it gives no ids; its messages are known by their recipients.
    """

    name: str
    shape: str
    good_status: str
    records: bool
    numbers_for_ids: bool

    @property
    def build(self) -> str:
        """What it says of itself; '' of what has but one."""

    def start(self, smsc_port: int, hook: Hook | None) -> None:
        """Start it, bound to the SMSC. hook: the endpoint that is to be told; None tells nobody."""

    def stop(self) -> None:
        """End its processes, however far `start` came."""

    @property
    def secret(self) -> str:
        """The key or password of its requests."""

    @property
    def port(self) -> int:
        """Where it takes HTTP."""

    def pids(self) -> Mapping[str, Sequence[int]]:
        """Its processes by role; its own stand under `name`."""

    def recorded(self) -> dict[str, str]:
        """The status of each message by id."""


class GatewayTarget:
    """The gateway on an engine. settings: more of them, as TOML. batched: take the batch API. sources: another
    checkout, whose gateway runs instead of this one's. python: of the environment whose gateway runs, instead. environ:
    settings that override those of any file.
    """

    good_status = "202"
    records = True
    numbers_for_ids = False

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        *,
        settings: str = "",
        batched: bool = False,
        name: str = "gateway",
        sources: Path | None = None,
        python: Path | None = None,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self._environ = environ
        self._sources = sources
        self._python = python
        self.shape = "batch" if batched else "message"
        self.engine = engine
        self._folder = folder
        self._settings = settings
        self._syncs: Syncs | None = None
        self.hook_secret = ""
        self.stage: Stage

    def start(self, smsc_port: int, hook: Hook | None) -> None:
        self.engine.start(self._folder)
        self._syncs = Syncs(self._folder)
        self.stage = Stage(
            self._folder / "gateway",
            smsc_port=smsc_port,
            more=self._settings,
            log_level="info",
            serve=("--workers", str(self.engine.workers)) if self.engine.workers > 1 else (),
            code=Code(
                sources=self._sources,
                python=self._python,
                environ={**self._syncs.environ(), **self.engine.environ(), **self._environ},
            ),
        )
        self.stage.prepare()
        self._await_workers(0)
        if hook is not None:
            words = ("--batch", str(hook.events)) if hook.events > 1 else ()
            url = f"http://127.0.0.1:{hook.port}/"
            self.hook_secret = self.changed("webhook", "set", self.stage.customer, url, *words)["secret"]

    def stop(self) -> None:
        if hasattr(self, "stage"):
            self.stage.stop()
        self.engine.stop()

    def renew(self) -> None:
        """Another process instead of the one that runs, on the same data."""
        begin = self.stage.log.stat().st_size
        self.stage.stop_gateway()
        self.stage.start_gateway()
        self._await_workers(begin)

    def _await_workers(self, begin: int) -> None:
        """Connections are dealt out as they come, so all workers must listen before the first. begin: in the log."""
        deadline = time.monotonic() + WORKERS_LIMIT_S
        while self.engine.workers > 1 and b'"workers_up"' not in self.stage.log.read_bytes()[begin:]:
            if time.monotonic() > deadline:
                raise Wrong("the workers did not come up; see gateway.log")
            time.sleep(0.05)

    @property
    def port(self) -> int:
        return self.stage.port

    @property
    def secret(self) -> str:
        return self.stage.key

    @property
    def build(self) -> str:
        """What the process says of itself: compiled, interpreted, or nothing."""
        return self.stage.build

    def pids(self) -> Mapping[str, Sequence[int]]:
        return {self.name: list(family(self.stage.gateway.pid)), **self.engine.pids()}

    def recorded(self) -> dict[str, str]:
        return {each["id"]: each["status"] for each in listed(self.port, self.stage.key)}

    def syncs(self) -> int | None:
        """How often its processes forced something to disk; None where that is not counted, or another process does."""
        return None if self._syncs is None or self.engine.name != "sqlite" else self._syncs.count()

    def add_account(self, binds: int, window: int, name: str = "bench") -> Mapping[str, Any]:
        """An ESME account; known to the running node when this returns."""
        words = ("--binds", str(binds), "--window", str(window))
        return self.changed("esme", "add", self.stage.customer, name, *words)

    def changed(self, *words: str) -> Mapping[str, Any]:
        """What a verb answers that changes accounts; known to the running node when this returns."""
        answer = self.stage.command(*words)
        time.sleep(KNOWN_S)
        return answer


class ProxyTarget:
    """The floor: aiohttp, one submit_sm, its answer. Nothing is kept, sealed or told."""

    name = "proxy"
    shape = "message"
    secret = "none"
    good_status = "202"
    records = False
    numbers_for_ids = False
    build = ""

    def start(self, smsc_port: int, hook: Hook | None) -> None:
        self._child = Child("benchmarks.proxy", {"smsc_port": smsc_port})

    def stop(self) -> None:
        if hasattr(self, "_child"):
            self._child.stop()

    @property
    def port(self) -> int:
        return int(self._child.ready["port"])

    def pids(self) -> Mapping[str, Sequence[int]]:
        return {self.name: [self._child.pid]}

    def recorded(self) -> dict[str, str]:
        return {}  # it keeps none, and is not asked


def listed(port: int, key: str) -> Iterator[dict[str, Any]]:
    """Every message of the customer, read through the API: the same for every engine, and what a customer would see."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    cursor = ""
    while True:
        connection.request("GET", f"/v1/messages?limit={PAGE}{cursor}", headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        if answer.status != 200:
            raise Wrong(f"the list of messages was answered {answer.status}")
        yield from body["messages"]
        if not body["cursor"]:
            connection.close()
            return
        cursor = f"&cursor={body['cursor']}"


def fresh(folder: Path) -> Path:
    """The folder, emptied."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder

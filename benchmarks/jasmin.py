"""Jasmin as a peer, with the RabbitMQ and the Redis that it needs, bound to the same SMSC and driven through /send.

Used only where all three are installed. Jasmin may live in an environment of its own: `JASMIN` in the environment is
then the path of its jasmind.py. Every process is ours, in the folder of the run, and ends with it. Settings are as they
come, but for the connector's throughput, whose limit is taken off. Delivery reports are not asked for.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.kannel import PLACES
from benchmarks.meter import family
from benchmarks.ports import await_port, free_ports
from benchmarks.targets import Hook
from benchmarks.truth import Wrong
from gateway.process.children import start_mortal

START_LIMIT_S: Final = 60.0
STOP_LIMIT_S: Final = 20.0
TAIL_BYTES: Final = 24
OWN: Final = "/usr/lib/rabbitmq/bin"
"""Debian's program in the usual place becomes another user first; the one here is RabbitMQ's own."""
CONFIGURATION: Final = """
[amqp-broker]
host = 127.0.0.1
port = {amqp}
spec = {spec}
[redis-client]
host = 127.0.0.1
port = {redis}
[http-api]
bind = 127.0.0.1
port = {http}
[jcli]
bind = 127.0.0.1
port = {jcli}
authentication = False
[client-management]
bind = 127.0.0.1
port = {clients}
[router]
bind = 127.0.0.1
port = {router}
[smpp-server]
bind = 127.0.0.1
port = {smpp}
[smpp-server-pb]
bind = 127.0.0.1
port = {smpp_pb}
"""
COMMANDS: Final = (
    ("group -a", "gid bench", "ok"),
    ("user -a", "username bench", "password bench", "gid bench", "uid bench", "ok"),
    (
        *("smppccm -a", "cid simulator", "host 127.0.0.1", "port {smsc}", "username gateway", "password secret"),
        *("submit_throughput 0", "src_ton 5", "dst_ton 1", "dst_npi 1", "ok"),
    ),
    ("smppccm -1 simulator",),
    ("mtrouter -a", "type DefaultRoute", "connector smppc(simulator)", "rate 0.0", "ok"),
)


class JasminMissing(Exception):
    """Jasmin, or something that it needs, is not installed; one line for people."""


class JasminTarget:
    """One jasmind with RabbitMQ and Redis. Its 200 comes when the message is queued."""

    name = "Jasmin"
    shape = "jasmin"
    secret = "bench"
    good_status = "200"
    records = False
    numbers_for_ids = True
    build = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve() / "jasmin"
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.port = 0

    def start(self, smsc_port: int, hook: Hook | None) -> None:
        """Raises JasminMissing, or Wrong when something does not come up."""
        found = programs()
        for name in ("etc/jasmin/store", "var/log/jasmin", "rabbit", "redis"):
            (self._folder / name).mkdir(parents=True)
        ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
        self.port = ports["http"]
        self._start_queues(found, ports)
        path = self._folder / "jasmin.cfg"
        path.write_text(CONFIGURATION.format(spec=spec_of(found["jasmind"]), **ports), encoding="ascii")
        python = Path(found["jasmind"]).with_name("python")
        words = [found["jasmind"], "-c", str(path)]
        self._spawn("Jasmin", [str(python), *words] if python.exists() else words, ROOT_PATH=str(self._folder))
        await_port(ports["http"], START_LIMIT_S)
        await_port(ports["jcli"], START_LIMIT_S)
        configure(ports["jcli"], smsc_port)

    def stop(self) -> None:
        for each in reversed(self._children.values()):
            each.terminate()
            try:
                each.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()
        self._children.clear()

    def pids(self) -> Mapping[str, Sequence[int]]:
        """RabbitMQ runs behind a script: its roles are the processes below it."""
        return {name: list(family(child.pid)) for name, child in self._children.items() if name != "epmd"}

    def recorded(self) -> dict[str, str]:
        return {}  # it keeps none, and is not asked

    def _start_queues(self, found: Mapping[str, str], ports: Mapping[str, int]) -> None:
        self._spawn("epmd", [found["epmd"], "-port", str(ports["epmd"])])
        folder = self._folder / "rabbit"
        self._spawn(
            "RabbitMQ",
            [found["rabbitmq-server"]],
            HOME=str(folder),
            ERL_EPMD_PORT=str(ports["epmd"]),
            RABBITMQ_NODENAME="bench@localhost",
            RABBITMQ_NODE_IP_ADDRESS="127.0.0.1",
            RABBITMQ_NODE_PORT=str(ports["amqp"]),
            RABBITMQ_DIST_PORT=str(ports["dist"]),
            RABBITMQ_MNESIA_BASE=str(folder),
            RABBITMQ_LOG_BASE=str(folder),
            RABBITMQ_ENABLED_PLUGINS_FILE=str(folder / "plugins"),
        )
        self._spawn(
            "Redis", [found["redis-server"], "--port", str(ports["redis"]), "--dir", str(self._folder / "redis")]
        )
        await_port(ports["redis"])
        await_port(ports["amqp"], START_LIMIT_S)

    def _spawn(self, name: str, words: Sequence[str], **more: str) -> None:
        with (self._folder / f"{name}.log").open("wb") as log:
            self._children[name] = start_mortal(words, env={**os.environ, **more}, stdout=log, stderr=subprocess.STDOUT)


_PORTS: Final = (*("amqp", "dist", "epmd", "redis", "http", "jcli", "clients", "router", "smpp", "smpp_pb"),)


def programs() -> dict[str, str]:
    """Where everything is installed. Raises JasminMissing."""
    found = {"jasmind": os.environ.get("JASMIN") or shutil.which("jasmind.py")}
    for name in ("rabbitmq-server", "redis-server", "epmd"):
        found[name] = shutil.which(name, path=OWN) or shutil.which(name) or shutil.which(name, path=PLACES)
    missing = [name for name, path in found.items() if path is None]
    if missing:
        raise JasminMissing(f"Jasmin is left out: not installed: {', '.join(missing)}")
    return {name: path for name, path in found.items() if path is not None}


def spec_of(jasmind: str) -> Path:
    """The description of AMQP 0-9-1 that comes with txamqp, in Jasmin's own environment. Raises JasminMissing."""
    root = Path(jasmind).resolve().parents[1]
    for path in root.glob("lib/python*/site-packages/txamqp/specs/standard/amqp0-9-1.stripped.xml"):
        return path
    raise JasminMissing("Jasmin is left out: txamqp's description of AMQP is not beside it")


def configure(port: int, smsc_port: int) -> None:
    """A user, the connector and the route, typed into Jasmin's console. Raises Wrong."""
    with socket.create_connection(("127.0.0.1", port), 10.0) as console:
        _until(console, (b"Session ref",))
        for words in COMMANDS:
            for word in words:
                console.sendall(word.format(smsc=smsc_port).encode() + b"\r\n")
                answer = _until(console, (b"> ", b"jcli : "))
            if b"Successfully" not in answer:
                raise Wrong(f"Jasmin did not take {words[0]!r}: {answer[-200:]!r}")


def _until(console: socket.socket, words: Sequence[bytes]) -> bytes:
    """What the console says until it ends with one of the words, more or less."""
    said = b""
    while not any(word in said[-TAIL_BYTES:] for word in words):
        data = console.recv(4096)
        if not data:
            raise Wrong("Jasmin's console ended")
        said += data
    return said

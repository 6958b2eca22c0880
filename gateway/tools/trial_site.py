"""A gateway and its surroundings as separate processes in one folder: for the demo, the benchmarks and the fault tests.

Everything listens on loopback, on ports that the system gives. `stop` ends the children whatever happened; when this
process is killed, they are too.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from gateway.process.children import start_mortal

START_LIMIT_S: Final = 60.0
STOP_LIMIT_S: Final = 60.0
PASSWORD_VARIABLE: Final = "STAGE_SMSC_PASSWORD"  # noqa: S105  the name of a variable
PASSWORD: Final = "secret"  # noqa: S105  of a simulator on this machine

Child = subprocess.Popen[bytes]


class StageFailed(Exception):
    """A process did not start or a command failed; one line for people."""


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """Which code runs. sources: the folder of its packages, where it is not this one's. python: of the environment
    whose packages run, instead. environ: of all children, besides the present one.
    """

    sources: Path | None = None
    python: Path | None = None
    environ: Mapping[str, str] = MappingProxyType({})


class Stage:
    """folder: emptied first, unless `reuse`. smsc_port: of a simulator that runs already; None starts one with `smsc`
    as its options. more: further settings, as TOML. log_level: of the gateway. serve: its options.
    """

    def __init__(
        self,
        folder: Path,
        *,
        smsc: tuple[str, ...] = (),
        smsc_port: int | None = None,
        more: str = "",
        window: int = 256,
        log_level: str = "debug",
        serve: tuple[str, ...] = (),
        code: Code = Code(),  # noqa: B008  frozen
    ) -> None:
        self.folder = folder.resolve()
        self._smsc = smsc
        self._given_port = smsc_port
        self._more = more
        self._window = window
        self._log_level = log_level
        self._serve = serve
        self._sources = code.sources  # what Python imports first is below the working directory
        self._python = sys.executable if code.python is None else str(code.python)
        self._children: list[Child] = []
        self.port = 0
        self.smpp_port = 0
        self.admin_port = 0
        self.key = ""
        self.customer = ""
        self.smsc_port = 0
        self.build = ""
        self.gateway: Child
        self._environ = {
            **os.environ,
            PASSWORD_VARIABLE: PASSWORD,
            **({} if code.python is None else {"PYTHONSAFEPATH": "1"}),  # and not what lies in the working directory
            "CONNECT_GATEWAY_CONFIG": str(self.folder / "gateway.toml"),
            **code.environ,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "gateway.log"

    @property
    def ledger(self) -> Path:
        return self.folder / "data" / "ledger.db"

    def prepare(self) -> None:
        """A fresh folder, the SMSC, a customer with a key, the gateway."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700, parents=True)
        self.smsc_port = self._given_port or self.start_smsc()
        settings = _settings(self.folder, self.smsc_port, self._window, self._log_level) + self._more
        (self.folder / "gateway.toml").write_text(settings, encoding="utf-8")
        self.customer = self.command("customer", "add", "--name", "Trial", "--sender", "INTERKEY")["customer"]
        self.key = self.command("key", "add", self.customer)["key"]
        self.start_gateway()

    def start_smsc(self, port: int = 0) -> int:
        """The simulated SMSC; its port."""
        child = self._spawn("simulate", "smsc", "--port", str(port), "--json", *self._smsc, stdout=subprocess.PIPE)
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            raise StageFailed("the simulated SMSC did not start")
        return int(json.loads(line)["port"])

    def start_gateway(self) -> None:
        """Start the gateway and wait until it listens; `port`, `smpp_port` and `admin_port` (0: none), `build` ('' if
        it does not say) and `gateway` are the new process's.
        """
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as file:
            self.gateway = self._spawn("serve", *self._serve, stderr=file)
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self.gateway.poll() is None:
            started = self._announced(begin, b'"started"')
            if started:
                self.port = int(started["port"])
                self.build = str(started.get("build", ""))
                self.smpp_port = int(self._announced(begin, b'"smpp_listening"').get("port", 0))
                self.admin_port = int(self._announced(begin, b'"admin_listening"').get("port", 0))
                return
            time.sleep(0.02)
        raise StageFailed("the gateway did not start; see gateway.log")

    def _announced(self, begin: int, event: bytes) -> dict[str, Any]:
        """What the log says with an event; nothing when it has not happened."""
        with self.log.open("rb") as file:
            file.seek(begin)
            for line in file.read().splitlines():
                if event in line:
                    said: dict[str, Any] = json.loads(line)
                    return said
        return {}

    def kill_gateway(self) -> None:
        """As a power cut would: no warning, no goodbye."""
        self.gateway.kill()
        self.gateway.wait()
        self._children.remove(self.gateway)

    def stop_gateway(self) -> int:
        """SIGTERM, and the exit code."""
        self.gateway.send_signal(signal.SIGTERM)
        code = self.gateway.wait(STOP_LIMIT_S)
        self._children.remove(self.gateway)
        return code

    def command(self, *words: str) -> Mapping[str, Any]:
        """Run a verb of the command line; its JSON. Raises StageFailed."""
        done = subprocess.run(  # noqa: S603  our own program
            [self._python, "-m", "gateway", *words, "--json"],
            env=self._environ,
            cwd=self._sources,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise StageFailed(done.stderr.decode(errors="replace").strip())
        answer: Mapping[str, Any] = json.loads(done.stdout)
        return answer

    def stop(self) -> None:
        """End the children, last started first."""
        for child in reversed(self._children):
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children.clear()

    def _spawn(self, *words: str, **streams: Any) -> Child:
        child = start_mortal(
            [self._python, "-m", "gateway", *words],
            env=self._environ,
            cwd=self._sources,
            start_new_session=True,
            **streams,
        )
        self._children.append(child)
        return child


@contextlib.contextmanager
def staged(stage: Stage) -> Iterator[Stage]:
    """The stage, prepared, and stopped at the end."""
    try:
        stage.prepare()
        yield stage
    finally:
        stage.stop()


def _settings(folder: Path, smsc_port: int, window: int, log_level: str) -> str:
    return f"""
[http]
port = 0
[metrics]
port = 0
[log]
level = "{log_level}"
format = "json"
[webhooks]
allow_loopback = true
[ledger]
path = "{folder}/data/ledger.db"
[keystore]
path = "{folder}/keys/keys.db"
[keystore.root]
path = "{folder}/root/root.key"
[[operators]]
name = "simulator"
host = "127.0.0.1"
port = {smsc_port}
system_id = "gateway"
password = {{ env = "{PASSWORD_VARIABLE}" }}
window = {window}
reconnect_first_s = 0.2
reconnect_limit_s = 1.0
response_timeout_s = 3.0
[[routes]]
operators = ["simulator"]
"""

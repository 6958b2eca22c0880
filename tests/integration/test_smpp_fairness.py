"""Beside whoever floods the SMPP listener, a quiet customer binds and has every message taken."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from operators.proxy_header import SIGNATURE
from operators.smpp import pdu as p
from operators.smpp import status as st
from operators.smpp.framing import Framer
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Peer, Stage, running_gateway, submit

ELSEWHERE = "127.0.0.2"
QUIET = 50


async def all_taken(peer: Peer) -> None:
    """One after the other, as a quiet customer sends."""
    for _ in range(QUIET):
        assert (await peer.ask(submit())).status == st.OK


@asynccontextmanager
async def beside(flood: Callable[[], Coroutine[Any, Any, None]], count: int = 8) -> AsyncIterator[None]:
    """While so many flood."""
    tasks = [asyncio.create_task(flood()) for _ in range(count)]
    await asyncio.sleep(0)
    yield
    assert not any(task.done() for task in tasks), "a flood ended by itself"
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, octets: bytes) -> None:
    """Write on and on, and take what comes back."""

    async def drop() -> None:
        with contextlib.suppress(ConnectionError):
            while await reader.read(1 << 16):
                pass

    dropping = asyncio.create_task(drop())
    try:
        while True:
            writer.write(octets)
            await writer.drain()
    finally:
        dropping.cancel()
        writer.close()


@pytest.mark.case("security-4")
async def test_beside_unbound_enquire_links_a_quiet_customer_is_served(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, session_init_s=LIMIT_S) as stage:

        async def flood() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            await pour(reader, writer, p.encode(p.EnquireLink(sequence_number=1)) * 4_000)

        quiet = await stage.peer(await stage.account())
        async with beside(flood):
            await all_taken(quiet)
            await all_taken(await stage.peer(await stage.account("late")))
        assert len(await stage.arrived(2 * QUIET)) == 2 * QUIET


@pytest.mark.case("security-4")
@pytest.mark.parametrize("asked", [p.QuerySm, p.CancelSm, p.ReplaceSm])
async def test_beside_bound_queries_a_quiet_customer_is_served(tmp_path: Path, asked: type[p.Pdu]) -> None:
    async with running_gateway(tmp_path) as stage:
        loud = await stage.account("loud")
        bind = p.encode(p.BindTransceiver(1, system_id=loud[0], password=loud[1]))
        octets = p.encode(asked(sequence_number=2, message_id="ab" * 16)) * 500  # type: ignore[call-arg]

        async def flood() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            writer.write(bind)
            await reader.readexactly(16)
            await pour(reader, writer, octets)

        quiet = await stage.peer(await stage.account())
        async with beside(flood, 3):
            await all_taken(quiet)
            assert (await quiet.ask(p.QuerySm(message_id=next(iter(quiet.answers.values())).message_id))).status == 0
        assert len(await stage.arrived(QUIET)) == QUIET


@pytest.mark.case("security-6")
@pytest.mark.parametrize("local", ["127.0.0.1", ELSEWHERE])
async def test_idle_connections_of_one_address_keep_nobody_from_binding(tmp_path: Path, local: str) -> None:
    async with running_gateway(tmp_path) as stage:
        held = [await asyncio.open_connection("127.0.0.1", stage.port) for _ in range(150)]
        quiet = await stage.peer(await stage.account(), local=local)
        await all_taken(quiet)
        for _, writer in held:
            writer.close()


async def guess(stage: Stage, name: str) -> int | None:
    peer = Peer(stage.port)
    stage.peers.append(peer)
    return (await peer.bind((name, "guessed1"))).refused


@pytest.mark.case("security-6")
async def test_wrong_names_cost_whoever_guesses_and_not_the_owners(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        account, other = await stage.account("bank"), await stage.account("shop")
        assert (await stage.peer(account)).bound
        await asyncio.gather(*(guess(stage, f"name{each}") for each in range(45)))
        await asyncio.gather(*(guess(stage, f"more{each}") for each in range(45)))
        denied = stage.node.fronts.smpp_server.denied
        assert denied["system_id"] + denied["locked_out"] + denied["busy"] == 90
        assert denied["locked_out"] >= 45
        assert (await stage.peer(account)).bound, "its password was right before"
        assert (await stage.peer(other, local=ELSEWHERE)).bound
        assert (await stage.peer(other)).bound, "and now it has been, too"


@pytest.mark.case("security-14")
async def test_an_owner_is_taken_at_once_whoever_guesses_at_his_account_from_his_address(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, lockout_failures=2) as stage:
        account = await stage.account()
        assert (await stage.peer(account)).bound
        for each in range(4):
            wrong = Peer(stage.port)
            stage.peers.append(wrong)
            await wrong.bind((account[0], f"wrong{each}"))
        assert stage.node.fronts.smpp_server.denied["locked_out"] == 2
        assert (await stage.peer(account)).bound


@pytest.mark.case("security-8")
async def test_parallel_binds_of_an_account_are_one_comparison_and_later_ones_none(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, max_binds=64) as stage:
        account = await stage.account()
        checks = stage.node.fronts.smpp_server.comparisons
        assert all(each.bound for each in await asyncio.gather(*(stage.peer(account) for _ in range(30))))
        assert stage.node.fronts.smpp_server.comparisons - checks == 1
        assert (await stage.peer(account)).bound
        assert stage.node.fronts.smpp_server.comparisons - checks == 1


@pytest.mark.case("security-8")
async def test_a_password_that_was_right_is_not_any_more_when_the_account_has_another(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        account = await stage.account()
        peer = await stage.peer(account)
        await stage.accounts.revoke_esme(account[0])
        await stage.node.stores.directory.refresh()
        await peer.until(lambda: peer.ended)
        assert (await stage.peer(account)).refused == st.RBINDFAIL


@pytest.mark.case("security-14")
async def test_through_a_trusted_proxy_accounts_are_locked_for_whom_it_names(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, lockout_failures=1, trusted_proxies=("127.0.0.0/8",)) as stage:
        account = await stage.account(allowed_networks=("192.0.2.0/24",))
        assert await through_proxy(stage, 1, (account[0], "wrong")) == st.RBINDFAIL
        assert await through_proxy(stage, 1, account) == st.RBINDFAIL
        assert stage.node.fronts.smpp_server.denied["locked_out"] == 1
        assert await through_proxy(stage, 2, account) == st.OK


async def through_proxy(stage: Stage, host: int, account: tuple[str, str]) -> int:
    """Bind as 192.0.2.`host`; the status of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(SIGNATURE + b"\x21\x11\0\x0c" + bytes((192, 0, 2, host, 127, 0, 0, 1)) + b"\x9c\x40\x0a\xd7")
    writer.write(p.encode(p.BindTransceiver(1, system_id=account[0], password=account[1])))
    async with asyncio.timeout(LIMIT_S):
        head = await reader.readexactly(16)
    writer.close()
    return int.from_bytes(head[8:12], "big")


@pytest.mark.case("security-2")
async def test_a_bind_a_message_and_an_unbind_in_one_write_are_all_answered(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        account, message = await stage.account(), submit()
        message.sequence_number = 2
        for _ in range(2):  # the password is compared, and remembered
            reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
            bind = p.BindTransceiver(1, system_id=account[0], password=account[1])
            writer.write(p.encode(bind) + p.encode(message) + p.encode(p.Unbind(sequence_number=3)))
            async with asyncio.timeout(LIMIT_S):
                answers = Framer(1 << 16).feed(await reader.read())
            assert sorted((p.decode(each).sequence_number, p.decode(each).status) for each in answers) == [
                (1, st.OK),
                (2, st.OK),
                (3, st.OK),
            ]
            writer.close()

"""Binding: modes, passwords, addresses, lock-out, timers, floods; a node in the loop and real sockets."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvloop
from structlog.testing import capture_logs

from gateway.process.logs import DECLARED
from gateway.smpp_server import checks
from operators.smpp import pdu as p
from operators.smpp import status as st
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import Peer, Stage, running_gateway, submit


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with running_gateway(tmp_path) as running:
        yield running


@pytest.mark.smpp("S-15")
@pytest.mark.parametrize("kind", [p.BindTransmitter, p.BindReceiver, p.BindTransceiver])
async def test_an_account_binds_in_every_mode(stage: Stage, kind: type[p.Bind]) -> None:
    peer = await stage.peer(await stage.account(), kind)
    assert peer.bound.system_id == "connect-gateway"
    assert dict(peer.bound.tlvs) == {p.TAG_SC_INTERFACE_VERSION: b"\x34"}
    assert len(stage.node.fronts.smpp_server.binds) == 1


@pytest.mark.smpp("S-15")
async def test_a_peer_of_version_3_3_gets_no_tlvs(stage: Stage) -> None:
    peer = await stage.peer(await stage.account(), interface_version=0x33)
    assert peer.bound.tlvs == ()


@pytest.mark.smpp("S-14")
async def test_a_receiver_may_not_submit(stage: Stage) -> None:
    peer = await stage.peer(await stage.account(), p.BindReceiver)
    peer.connection.session.may_submit = True  # as an ESME that does not know better
    answer = await peer.ask(submit())
    assert answer.status == st.RINVBNDSTS
    assert stage.smsc.tally.submits == 0


@pytest.mark.smpp("S-16")
@pytest.mark.policy("P-25")
@pytest.mark.case("security-15")
async def test_what_was_wrong_is_counted_and_not_told_and_the_connection_closed(stage: Stage) -> None:
    name, _ = await stage.account()
    for account in ((name, "wrong"), ("nobody", "wrong")):
        peer = await stage.peer(account)
        assert (peer.bound, peer.refused) == (None, st.RBINDFAIL)
        await peer.until(lambda peer=peer: peer.ended)  # type: ignore[misc]
    assert stage.node.fronts.smpp_server.denied["password"] == stage.node.fronts.smpp_server.denied["system_id"] == 1


async def test_more_binds_than_can_be_compared_are_one_line_for_their_network(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "PER_ADDRESS", 0)
    with capture_logs() as lines:
        for account in (await stage.account("bank"), await stage.account("shop")):
            assert (await stage.peer(account)).refused == st.RSYSERR
    (told,) = [each for each in lines if each["event"] == "bind_refused"]
    assert (told["reason"], told["account"], told["address"]) == ("busy", "", "127.0.0.0/24")


@pytest.mark.case("privacy-12")
@pytest.mark.policy("P-26")
async def test_binds_are_told_of_by_account_and_network_and_strangers_by_no_name(stage: Stage) -> None:
    name, password = await stage.account()
    with capture_logs() as lines:
        for account in ((name, "wrong966"), ("stranger-966", "wrong966"), ("stranger-966", "wrong967")):
            peer = await stage.peer(account)
            await peer.until(lambda peer=peer: peer.ended)  # type: ignore[misc]
        await stage.peer((name, password))
    told = [each for each in lines if each["event"] in {"bind_refused", "bound"}]
    assert [(each["event"], each.get("reason"), each["account"] != "", each["address"]) for each in told] == [
        ("bind_refused", "password", True, "127.0.0.0/24"),
        ("bind_refused", "system_id", False, "127.0.0.0/24"),
        ("bound", None, True, "127.0.0.0/24"),
    ]
    assert {key for each in told for key in each} - {"log_level"} <= DECLARED
    assert "966" not in str(told)
    assert name not in str(told)


@pytest.mark.smpp("S-16")
async def test_what_was_wrong_can_be_told(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, conceal_bind_faults=False) as stage:
        name, _ = await stage.account()
        assert (await stage.peer((name, "wrong"))).refused == st.RINVPASWD
        assert (await stage.peer(("nobody", "wrong"))).refused == st.RINVSYSID


@pytest.mark.policy("P-25")
async def test_repeated_failures_lock_the_account_out_for_that_address(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, lockout_failures=3, conceal_bind_faults=False) as stage:
        account = await stage.account()
        for _ in range(3):
            assert (await stage.peer((account[0], "wrong"))).refused == st.RINVPASWD
        assert (await stage.peer(account)).refused == st.RBINDFAIL
        assert stage.node.fronts.smpp_server.denied["locked_out"] == 1
        other = await stage.account("other")
        assert (await stage.peer(other)).bound


async def test_guesses_that_wait_when_the_account_is_locked_are_not_compared(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, lockout_failures=2, conceal_bind_faults=False) as stage:
        account = await stage.account()
        peers = await asyncio.gather(*(stage.peer((account[0], f"wrong{each}")) for each in range(12)))
        refusals = Counter(peer.refused for peer in peers)
        assert 2 <= refusals[st.RINVPASWD] <= 8  # two lock; those that a thread has by then are compared as well
        assert refusals[st.RINVPASWD] + refusals[st.RBINDFAIL] == 12


@pytest.mark.policy("P-25")
async def test_an_account_binds_from_its_networks_only(stage: Stage) -> None:
    far = await stage.account("far", allowed_networks=("192.0.2.0/24",))
    near = await stage.account("near", allowed_networks=("127.0.0.0/8",))
    assert (await stage.peer(far)).refused == st.RBINDFAIL
    assert (await stage.peer(near)).bound


async def test_an_account_has_its_number_of_binds_and_gets_them_back(stage: Stage) -> None:
    account = await stage.account(max_binds=2)
    first, _ = await stage.peer(account), await stage.peer(account)
    assert (await stage.peer(account)).refused == st.RBINDFAIL
    first.connection.session.unbind(first.connection.now())
    first.connection.flush_soon()
    await first.until(lambda: first.ended)
    async with asyncio.timeout(LIMIT_S):
        while not (await stage.peer(account)).bound:
            pass


async def test_a_long_password_needs_the_setting(tmp_path: Path) -> None:
    async with running_gateway(tmp_path / "short", conceal_bind_faults=False) as stage:
        assert await _bind_by_hand(stage, await stage.account(length=20)) == st.RINVPASWD
    async with running_gateway(tmp_path / "long", long_passwords=True) as stage:
        assert await _bind_by_hand(stage, await stage.account(length=20)) == st.OK


@pytest.mark.smpp("S-13")
async def test_a_second_bind_on_a_bound_session_is_refused_and_the_first_stands(stage: Stage) -> None:
    account = await stage.account()
    peer = await stage.peer(account)
    again = p.BindTransceiver(system_id=account[0], password=account[1], sequence_number=77)
    peer.connection.session._out.append(p.encode(again))
    peer.connection.flush_soon()
    assert (await peer.ask(submit())).status == st.OK


@pytest.mark.smpp("S-12")
async def test_nothing_but_a_bind_is_taken_before_a_bind(stage: Stage) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    pdu = submit()
    pdu.sequence_number = 9
    writer.write(p.encode(pdu) + p.encode(p.EnquireLink(sequence_number=10)))
    answers = [p.decode(await _frame(reader)) for _ in range(2)]
    writer.close()
    assert [(type(each), each.status, each.sequence_number) for each in answers] == [
        (p.SubmitSmResp, st.RINVBNDSTS, 9),
        (p.EnquireLinkResp, st.OK, 10),
    ]


@pytest.mark.smpp("S-17")
async def test_connections_that_never_bind_are_closed_and_bounded(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, session_init_s=1.0, max_unbound=5) as stage:
        opened = [await asyncio.open_connection("127.0.0.1", stage.port) for _ in range(12)]
        for _, writer in opened[:5]:
            writer.write(b"\0\0\0")  # a slow-loris: the beginning of a length
        async with asyncio.timeout(LIMIT_S):
            assert [await reader.read() for reader, _ in opened] == [b""] * 12
        for _, writer in opened:
            writer.close()
        assert stage.node.fronts.smpp_server.turned_away >= 7
        assert (await stage.peer(await stage.account())).bound


async def test_a_flood_of_binds_is_answered_and_others_still_bind(tmp_path: Path) -> None:
    async with running_gateway(
        tmp_path, session_init_s=LIMIT_S, lockout_failures=1_000, max_unbound=300, conceal_bind_faults=False
    ) as stage:
        account = await stage.account()
        flood = [Peer(stage.port) for _ in range(120)]
        stage.peers += flood
        work = [asyncio.create_task(peer.bind((account[0], f"{each:08}"))) for each, peer in enumerate(flood)]
        await asyncio.gather(*work)
        assert {peer.refused for peer in flood} <= {st.RINVPASWD, st.RSYSERR}
        assert st.RSYSERR in {peer.refused for peer in flood}
        assert (await stage.peer(account)).bound


@pytest.mark.policy("P-25")
async def test_a_revoked_account_loses_its_binds(stage: Stage) -> None:
    account = await stage.account()
    peer = await stage.peer(account)
    await stage.accounts.revoke_esme(account[0])
    await peer.until(lambda: peer.ended)
    assert peer.ended == "peer_unbound"
    assert (await stage.peer(account)).refused == st.RBINDFAIL


@pytest.mark.smpp("S-03")
async def test_an_impossible_length_ends_the_connection(stage: Stage) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(b"\xff\xff\xff\xff" + bytes(12))
    nack = p.decode(await _frame(reader))
    assert (type(nack), nack.status) == (p.GenericNack, st.RINVCMDLEN)
    assert await reader.read() == b""
    writer.close()


@pytest.mark.smpp("S-02")
async def test_what_comes_behind_the_bind_in_one_write_is_taken(stage: Stage) -> None:
    account = await stage.account()
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    bind = p.BindTransmitter(system_id=account[0], password=account[1], sequence_number=1)
    pdus = [submit(b"%d" % number) for number in range(2, 30)]
    for number, pdu in enumerate(pdus, 2):
        pdu.sequence_number = number
    writer.write(p.encode(bind) + b"".join(map(p.encode, pdus)))
    answers = [p.decode(await _frame(reader)) for _ in range(29)]
    writer.close()
    assert [each.sequence_number for each in answers] == list(range(1, 30))
    assert {each.status for each in answers} == {st.OK}


async def _frame(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(LIMIT_S):
        length = await reader.readexactly(4)
        return length + await reader.readexactly(int.from_bytes(length, "big") - 4)


async def _bind_by_hand(stage: Stage, account: tuple[str, str]) -> int:
    """The status of a bind whose password our own encoder rightly refuses."""
    body = b"%b\0%b\0\0\x34\0\0\0" % (account[0].encode(), account[1].encode())
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    writer.write(p.HEADER.pack(16 + len(body), p.BindTransceiver.command_id, 0, 1) + body)
    status = p.decode(await _frame(reader)).status
    writer.close()
    return status


def test_binds_are_taken_on_the_loop_that_nodes_run_on(tmp_path: Path) -> None:
    async def job() -> str:
        async with running_gateway(tmp_path) as stage:
            peer = await stage.peer(await stage.account())
            return str(peer.bound.system_id)

    assert uvloop.run(job()) == "connect-gateway"

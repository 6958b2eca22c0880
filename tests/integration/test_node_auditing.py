"""What a node writes into the audit log of itself, from its start to its stop."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from structlog.testing import capture_logs

from config.settings import LedgerSettings, RedisSettings, SmppServerSettings
from gateway.audit.tiles import TileReader
from gateway.audit.verify import verify
from gateway.node.node import Node
from gateway.webhooks.checkpoints import KEY, SENT
from redaction.notes import is_signed_by, read_note
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import running_gateway, settings_of, submit
from tests.integration.test_shared_nodes import two_nodes


def entries_of(folder: Path) -> list[dict[str, Any]]:
    (place,) = folder.iterdir()
    size = int((place / "checkpoint").read_bytes().split(b"\n")[1])
    return [msgspec.json.decode(each) for _, each in TileReader(place, size).entries()]


async def test_a_node_says_that_it_began_what_it_opened_and_that_it_ended(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        peer = await stage.peer(await stage.account())
        await peer.ask(submit())
        async with asyncio.timeout(LIMIT_S):
            while not stage.node.stores.sealer.opened:
                await asyncio.sleep(0.01)
        node = stage.node
        await node.auditing.write_totals()
        await node.auditing.write_totals()
        key = node.stores.audit.writer.key if node.stores.audit.writer else None
    assert key is not None
    entries = entries_of(tmp_path / "data" / "audit")
    assert [each["act"] for each in entries[:2]] == ["installation.begin", "node.start"]
    assert entries[-1]["act"] == "node.stop"
    assert {each["actor"]["id"] for each in entries if each["actor"]["kind"] == "node"} == {node.auditing.node}
    opened = Counter[str]()
    for each in entries:
        if each["act"] == "openings.minute":
            opened[each["what"]] += each["n"]["opened"]
    assert opened["deliver"] >= 1
    (place,) = (tmp_path / "data" / "audit").iterdir()
    assert verify(place, read_note((place / "checkpoint").read_bytes()), key) is None


async def test_entries_that_cannot_be_read_keep_nothing_else_from_being_done_for_the_log(tmp_path: Path) -> None:
    async with running_gateway(tmp_path) as stage:
        node = stage.node
        writer = node.stores.audit.writer
        assert writer is not None
        await node.stores.audit.round()
        bundles = [each for each in (writer.folder / "tile" / "entries").rglob("*") if each.is_file()]
        assert bundles
        for each in bundles:
            each.write_bytes(each.read_bytes().replace(b'"t":', b'"u":'))
        with capture_logs() as logs:
            await node._audit_upkeep().look()
        assert "audit_not_kept_up" in [each["event"] for each in logs]


async def test_a_node_destroys_keys_whose_overlap_is_over_and_notes_the_day_of_what_customers_are_sent(
    tmp_path: Path,
) -> None:
    async with running_gateway(tmp_path) as stage:
        stores, upkeep = stage.node.stores, stage.node._audit_upkeep()
        writer, acts = stores.audit.writer, stores.ledger.acts
        assert writer is not None
        await stores.audit.round()
        former = writer.key
        writer.signer.rotate()
        await upkeep.look()
        assert writer.signer.current[1:] == [former]
        writer.signer._overlap_ms = 0
        await upkeep.look()
        assert (writer.signer.current[1:], writer.signer.former()) == ([], [former])
        (destroyed,) = [
            entry
            for each in await acts.pending(100)
            if (entry := msgspec.json.decode(each.octets))["act"] == "keys.destroy"
        ]
        assert (destroyed["what"], destroyed["n"]) == ("pepper", {"keys": 1})
        assert destroyed["actor"] == {"kind": "node", "id": stage.node.auditing.node}
        assert await acts.find(SENT, KEY) is not None
        await stores.audit.round()
        assert is_signed_by(read_note(stores.audit.checkpoint() or b""), writer.key)


async def test_nodes_on_one_ledger_and_folder_write_one_log(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        settings = pair.nodes[0]._settings
        own = msgspec.structs.replace(settings.audit, dir=str(tmp_path / "audit"), interval_s=0.1)
        third, fourth = (Node(msgspec.structs.replace(settings, audit=own)) for _ in range(2))
        await third.start()
        await fourth.start()
        waits = pair.nodes[0].stores.ledger.acts
        async with asyncio.timeout(LIMIT_S):
            while await waits.pending(1):
                await asyncio.sleep(0.02)
        await third.stop()
        await fourth.stop()
        entries = entries_of(tmp_path / "audit")
    assert Counter(each["act"] for each in entries)["node.start"] == 4
    assert not third.stores.audit.forked
    assert not fourth.stores.audit.forked


def test_settings_of_a_shared_ledger_leave_the_log_to_others(tmp_path: Path) -> None:
    from gateway.audit.building import folder_of

    alone = settings_of(tmp_path, 1, SmppServerSettings())
    assert folder_of(alone) == tmp_path / "data" / "audit"
    shared = msgspec.structs.replace(alone, ledger=LedgerSettings(engine="redis", redis=RedisSettings()))
    assert folder_of(shared) is None

"""Documents that acts write, and audit entries that are kept with an act or not at all."""

import asyncio
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

import gateway
from gateway.ledger.contract import (
    ABSENT,
    MAX_OCTETS,
    ChangedMeanwhile,
    Document,
    DocumentWrite,
    NameTaken,
    PendingEntry,
)
from gateway.ledger.roles import Ledger
from tests.bounds import LIMIT_S
from tests.contract.acting import DEEDS, KIND, tally
from tests.contract.conftest import Engine
from tests.contract.records import a_customer, a_key, a_message, accepts, an_endpoint, an_esme

ROOT = Path(gateway.__file__).parent.parent


async def found(ledger: Ledger, kind: str, key: str) -> Document:
    document = await ledger.acts.find(kind, key)
    assert document is not None
    return document


async def kept(ledger: Ledger) -> list[bytes]:
    return [each.octets for each in await ledger.acts.pending(100)]


async def test_a_document_is_what_was_last_written_and_every_write_gives_it_another_version(ledger: Ledger) -> None:
    assert await ledger.acts.find("wanted", "a") is None
    await ledger.acts.act([DocumentWrite("wanted", "a", b"\x00\xff")])
    first = await found(ledger, "wanted", "a")
    assert first == Document("wanted", "a", b"\x00\xff", first.version)
    assert first.version >= 1
    await ledger.acts.act([DocumentWrite("wanted", "a", b"")])
    second = await found(ledger, "wanted", "a")
    assert second.octets == b""
    assert second.version > first.version
    await ledger.acts.act([DocumentWrite("wanted", "a", None), DocumentWrite("wanted", "never", None)])
    assert await ledger.acts.find("wanted", "a") is None
    await ledger.acts.act([DocumentWrite("wanted", "a", b"again")])
    assert (await found(ledger, "wanted", "a")).version > second.version


async def test_documents_of_a_kind_come_in_the_order_of_their_keys_page_by_page(ledger: Ledger) -> None:
    keys = sorted(("b", "a", "ab", "é", "z", "Z", "10", "9", "k" * 64), key=str.encode)
    await ledger.acts.act([DocumentWrite("wanted", key, key.encode()) for key in reversed(keys)])
    await ledger.acts.act([DocumentWrite("applied", "b", b"other")])
    assert [each.key for each in await ledger.acts.of_kind("wanted")] == keys
    assert [each.octets for each in await ledger.acts.of_kind("applied")] == [b"other"]
    assert await ledger.acts.of_kind("none") == []
    read: list[str] = []
    while page := await ledger.acts.of_kind("wanted", read[-1] if read else "", 2):
        assert len(page) <= 2
        read += [each.key for each in page]
    assert read == keys


async def test_a_write_stands_only_over_the_version_that_was_read(ledger: Ledger) -> None:
    await ledger.acts.act([DocumentWrite("wanted", "a", b"1", read=ABSENT)])
    first = await found(ledger, "wanted", "a")
    await ledger.acts.act([DocumentWrite("wanted", "a", b"2", read=first.version)])
    second = await found(ledger, "wanted", "a")
    for stale in (first.version, ABSENT):
        for octets in (b"3", None):
            with pytest.raises(ChangedMeanwhile):
                await ledger.acts.act([DocumentWrite("wanted", "a", octets, read=stale)])
    with pytest.raises(ChangedMeanwhile):
        await ledger.acts.act([DocumentWrite("wanted", "b", b"3", read=second.version)])
    assert await ledger.acts.of_kind("wanted") == [second]
    await ledger.acts.act([DocumentWrite("wanted", "a", None, read=second.version)])
    assert await ledger.acts.of_kind("wanted") == []


async def test_an_act_is_done_with_its_entries_or_not_at_all(ledger: Ledger) -> None:
    await ledger.acts.act([DocumentWrite("wanted", "a", b"1")], [b"entry 1", b"\x00"])
    before = await ledger.acts.version()
    with pytest.raises(ChangedMeanwhile):
        await ledger.acts.act(
            [DocumentWrite("wanted", "b", b"1", read=ABSENT), DocumentWrite("wanted", "a", b"2", read=ABSENT)],
            [b"entry 2"],
        )
    assert await ledger.acts.find("wanted", "b") is None
    assert await ledger.acts.version() == before
    assert await kept(ledger) == [b"entry 1", b"\x00"]


async def test_an_entry_may_be_kept_without_a_document(ledger: Ledger) -> None:
    before = await ledger.acts.version()
    await ledger.acts.act([], [b"entry"])
    await ledger.acts.act([])
    assert await kept(ledger) == [b"entry"]
    assert await ledger.acts.version() == before


async def test_entries_are_numbered_upwards_and_no_number_comes_again(ledger: Ledger) -> None:
    assert await ledger.acts.pending(10) == []
    await ledger.acts.act([], [b"1", b"2"])
    await ledger.acts.act([], [b"3"])
    entries = await ledger.acts.pending(10)
    assert [each.octets for each in entries] == [b"1", b"2", b"3"]
    numbers = [each.number for each in entries]
    assert numbers == sorted(set(numbers))
    assert await ledger.acts.pending(2) == entries[:2]
    assert await ledger.acts.pending(2, after=numbers[0]) == entries[1:]
    await ledger.acts.settle(numbers[1])
    assert await ledger.acts.pending(10) == entries[2:]
    await ledger.acts.settle(numbers[2])
    assert await ledger.acts.pending(10) == []
    await ledger.acts.act([], [b"4"])
    (last,) = await ledger.acts.pending(10)
    assert last.number > numbers[-1]


async def test_accounts_keep_entries_with_what_they_write(ledger: Ledger) -> None:
    await ledger.accounts.save_customer(a_customer(), entries=[b"customer"])
    await ledger.accounts.save_key(a_key(), entries=[b"key"])
    await ledger.accounts.save_esme(an_esme(), entries=[b"esme"])
    await ledger.accounts.save_endpoint(an_endpoint(), entries=[b"endpoint", b"and more"])
    await ledger.accounts.delete_endpoint(1, entries=[b"no endpoint"])
    assert await kept(ledger) == [b"customer", b"key", b"esme", b"endpoint", b"and more", b"no endpoint"]


async def test_a_change_of_an_account_that_is_not_done_keeps_no_entry(ledger: Ledger) -> None:
    key = a_key()
    number = await ledger.accounts.save_key(key)
    with pytest.raises(NameTaken):
        await ledger.accounts.save_key(replace(key, digest=bytes(32)), entries=[b"taken"])
    with pytest.raises(ChangedMeanwhile):
        await ledger.accounts.save_key(replace(key, id=number), read=77, entries=[b"changed"])
    assert await kept(ledger) == []


async def test_neither_accounts_nor_messages_move_the_version_of_documents(ledger: Ledger) -> None:
    documents, accounts = await ledger.acts.version(), await ledger.accounts.version()
    await ledger.accounts.save_key(a_key(), entries=[b"key"])
    await ledger.apply(accepts(a_message()))
    assert await ledger.acts.version() == documents
    changed = await ledger.accounts.version()
    assert changed != accounts
    await ledger.acts.act([DocumentWrite("wanted", "a", b"1")])
    assert await ledger.acts.version() != documents
    assert await ledger.accounts.version() == changed


async def test_the_largest_octets_are_kept_and_larger_ones_are_refused(ledger: Ledger) -> None:
    largest = (bytes(range(256)) * 300)[:MAX_OCTETS]
    await ledger.acts.act([DocumentWrite("wanted", "a", largest)], [largest])
    assert (await found(ledger, "wanted", "a")).octets == largest
    assert await kept(ledger) == [largest]
    with pytest.raises(ValueError, match="octets"):
        DocumentWrite("wanted", "a", bytes(MAX_OCTETS + 1))
    for refused in (
        ledger.acts.act([], [bytes(MAX_OCTETS + 1)]),
        ledger.accounts.save_key(a_key(), entries=[bytes(MAX_OCTETS + 1)]),
        ledger.accounts.delete_endpoint(1, entries=[bytes(MAX_OCTETS + 1)]),
    ):
        with pytest.raises(ValueError, match="octets"):
            await refused
    with pytest.raises(ValueError, match="characters"):
        DocumentWrite("wanted", "k" * 65, b"")


async def test_what_was_acknowledged_is_there_when_the_ledger_is_opened_again(engine: Engine) -> None:
    ledger = await engine.open()
    await ledger.acts.act([DocumentWrite("wanted", "a", b"1")], [b"entry"])
    document, entries = await ledger.acts.find("wanted", "a"), await ledger.acts.pending(10)
    await ledger.close()
    again = await engine.open()
    assert await again.acts.find("wanted", "a") == document
    assert await again.acts.pending(10) == entries
    assert (await again.look()).holds_sealed


async def test_a_node_sees_what_another_opener_wrote(engine: Engine) -> None:
    node = await engine.open()
    command = await engine.open(exclusive=False)
    before = await node.acts.version()
    await command.acts.act([DocumentWrite("wanted", "a", b"1")], [b"entry"])
    assert await node.acts.version() != before
    assert (await found(node, "wanted", "a")).octets == b"1"
    assert await kept(node) == [b"entry"]


async def test_processes_that_write_at_once_lose_no_update_and_keep_an_entry_for_each(engine: Engine) -> None:
    ledger = await engine.open(exclusive=False)
    async with asyncio.timeout(LIMIT_S):
        ended = await asyncio.gather(*(acting(engine, name) for name in ("one", "two", "three")))
    assert ended == [0, 0, 0]
    assert tally(await found(ledger, KIND, "tally")) == 3 * DEEDS
    entries: list[PendingEntry] = []
    while page := await ledger.acts.pending(50, entries[-1].number if entries else 0):
        entries += page
    said = [each.octets.decode().split() for each in entries]
    assert [int(number) for _, number in said] == list(range(1, 3 * DEEDS + 1))
    assert {name for name, _ in said} == {"one", "two", "three"}


async def acting(engine: Engine, name: str) -> int:
    words = ("-m", "tests.contract.acting", engine.name, str(engine.place), name)
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT)
    return await process.wait()

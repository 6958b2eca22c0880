"""Rows of accounts that cannot be read: each is left out and named, and the others stand."""

from typing import Any

import pytest

from gateway.accounts.directory import Directory
from gateway.ledger.contract import MAX_MS, StoredAccounts, Unreadable
from gateway.ledger.roles import Ledger
from tests.contract.conftest import Engine
from tests.contract.records import a_customer, a_key, an_endpoint, an_esme
from tests.contract.spoiling import TABLES, Spoiler
from tests.unit.gateway.stage import digest

KINDS = ("customer", "key", "esme", "endpoint")


async def filled(ledger: Ledger) -> None:
    """Two accounts of each kind."""
    for number in (1, 2):
        await ledger.accounts.save_customer(a_customer(public_id=f"cus_{number}"))
        await ledger.accounts.save_key(a_key(number, prefix=f"key{number}"))
        await ledger.accounts.save_esme(an_esme(number, system_id=f"esme{number}"))
        await ledger.accounts.save_endpoint(an_endpoint(number))


def standing(stored: StoredAccounts) -> dict[str, list[int]]:
    """Numbers of the rows that were read, by kind."""
    return {
        "customer": [each.id for each in stored.customers],
        "key": [each.id for each in stored.keys],
        "esme": [each.id for each in stored.esmes],
        "endpoint": [each.customer for each in stored.endpoints],
    }


def without(kind: str, *numbers: int) -> dict[str, list[int]]:
    return {each: [number for number in (1, 2) if each != kind or number not in numbers] for each in KINDS}


NAMES = {"customer": "cus_1", "key": "key1", "esme": "esme1", "endpoint": ""}

SPOILT: list[tuple[str, dict[str, Any]]] = [
    ("customer", {"created_ms": "yesterday"}),
    ("customer", {"created_ms": -1}),
    ("customer", {"disabled_ms": MAX_MS + 1}),
    ("customer", {"account": 17}),
    ("customer", {"settings": 17}),
    ("key", {"customer": "one"}),
    ("key", {"customer": 2**40}),
    ("key", {"digest": b"short"}),
    ("key", {"scopes": b"\xff\xfe"}),
    ("key", {"created_ms": 1.5}),
    ("key", {"expires_ms": 10**18}),
    ("key", {"revoked_ms": "no"}),
    ("esme", {"password": b"\xff\xfe"}),
    ("esme", {"customer": -1}),
    ("esme", {"revoked_ms": "no"}),
    ("endpoint", {"url": 17}),
    ("endpoint", {"secret": 17}),
    ("endpoint", {"state": "tired"}),
    ("endpoint", {"failing_since_ms": "long"}),
    ("endpoint", {"disabled_ms": -5}),
]


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize(("kind", "columns"), SPOILT, ids=lambda it: it if isinstance(it, str) else next(iter(it)))
async def test_a_row_with_a_value_of_another_kind_is_left_out_and_named(
    engine: Engine, kind: str, columns: dict[str, Any]
) -> None:
    ledger = await engine.open()
    await filled(ledger)
    before = await ledger.accounts.version()
    Spoiler(engine.name, engine.place).set(kind, 1, **columns)
    assert await ledger.accounts.version() != before
    stored = await ledger.accounts.read()
    assert standing(stored) == without(kind, 1)
    (column,) = columns
    (row,) = stored.unreadable
    assert row.version
    assert row == Unreadable(kind, 1, NAMES[kind], f"{column} cannot be read", row.version)
    book = ledger.accounts
    lists = {"customer": book.customers, "key": book.keys, "esme": book.esmes, "endpoint": book.endpoints}
    assert len(await lists[kind]()) == 1


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize("kind", KINDS)
async def test_octets_that_are_no_row_or_no_text_are_left_out(engine: Engine, kind: str) -> None:
    ledger = await engine.open()
    await filled(ledger)
    spoiler = Spoiler(engine.name, engine.place)
    if spoiler.is_redis:
        for number, octets in ((1, spoiler.octets(kind, 1)[:-9]), (2, b"\xc1\xff")):
            spoiler.replace(kind, number, octets)
        spoiler.replace(kind, "none", b"")
        spoiler.replace(kind, 3, b"\x81\xa1z" + b"\x91" * 100_000)
        expected = {1, 2, 3, 0}
    else:
        column = {"customer": "public_id", "key": "prefix", "esme": "system_id", "endpoint": "state"}[kind]
        for number in (1, 2):
            spoiler.write(f"UPDATE {TABLES[kind]} SET {column} = CAST(x'ff0{number}' AS TEXT) WHERE rowid = {number}")
        expected = {1, 2}
    stored = await ledger.accounts.read()
    assert standing(stored) == without(kind, 1, 2)
    assert {each.id for each in stored.unreadable} == expected
    assert {each.kind for each in stored.unreadable} == {kind}


async def test_fields_of_another_version_are_passed_over_in_the_shared_engine(engine: Engine) -> None:
    ledger = await engine.open()
    await filled(ledger)
    spoiler = Spoiler(engine.name, engine.place)
    if spoiler.is_redis:
        for kind in KINDS:
            spoiler.set(kind, 1, colour="blue")
    stored = await ledger.accounts.read()
    assert standing(stored) == without("")
    assert stored.unreadable == ()


async def test_one_reading_has_what_the_lists_have(ledger: Ledger) -> None:
    assert await ledger.accounts.read() == StoredAccounts()
    await filled(ledger)
    stored = await ledger.accounts.read()
    assert list(stored.customers) == list(await ledger.accounts.customers())
    assert list(stored.keys) == list(await ledger.accounts.keys())
    assert list(stored.esmes) == list(await ledger.accounts.esmes())
    assert list(stored.endpoints) == list(await ledger.accounts.endpoints())


@pytest.mark.case("interfaces-1")
async def test_a_node_reads_the_accounts_whatever_a_hand_wrote_into_one(engine: Engine) -> None:
    ledger = await engine.open()
    await filled(ledger)
    directory = Directory(ledger.accounts, digest)
    await directory.refresh()
    spoiler = Spoiler(engine.name, engine.place)
    spoiler.set("key", 1, settings=b'{"allowed_networks":["10.0.0.1/8"]}')
    spoiler.set("esme", 1, settings=b'{"classes":["promo"]}')
    spoiler.set("customer", 1, settings=b'{"numbers":{"1":{},"two":{}}}')
    spoiler.set("endpoint", 1, settings=b'{"batch":0}')
    spoiler.set("key", 2, settings=b"{")
    spoiler.set("esme", 2, created_ms="yesterday")
    for reading in (directory, Directory(ledger.accounts, digest)):
        await reading.refresh()
        assert reading.unreadable() == {"key": 2, "esme": 2, "number": 1, "endpoint": 1}
        assert (reading.customer(1) is None, reading.customer(2) is None) == (False, False)
        assert reading.esme("esme1") is reading.esme("esme2") is None
        assert reading.owner("1", "") is not None
    spoiler.set("key", 1, settings=b"{}")
    await directory.refresh()
    assert directory.unreadable()["key"] == 1

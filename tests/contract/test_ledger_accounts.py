"""Customers, keys and endpoints, and the version that tells of their changes."""

import pytest
from msgspec.structs import replace

from gateway.ledger.contract import Ledger
from redaction.sealed import Sealed
from tests.contract.conftest import Engine
from tests.contract.records import NOW, a_customer, a_key, a_message, accepts, an_endpoint, an_esme


async def test_the_ledger_numbers_new_customers(ledger: Ledger) -> None:
    first, second = a_customer(), a_customer()
    numbers = [await ledger.save_customer(first), await ledger.save_customer(second)]
    assert numbers == [1, 2]
    assert await ledger.customers() == [replace(first, id=1), replace(second, id=2)]


async def test_a_customer_is_replaced_by_its_number(ledger: Ledger) -> None:
    number = await ledger.save_customer(a_customer())
    changed = a_customer(id=number, account=Sealed(b"\x02other"), settings=b'{"a":1}', disabled_ms=NOW)
    assert await ledger.save_customer(changed) == number
    assert await ledger.customers() == [changed]


async def test_a_key_is_stored_and_replaced(ledger: Ledger) -> None:
    key = a_key(expires_ms=NOW + 5)
    number = await ledger.save_key(key)
    assert await ledger.keys() == [replace(key, id=number)]
    revoked = replace(key, id=number, scopes=(), revoked_ms=NOW)
    assert await ledger.save_key(revoked) == number
    assert await ledger.keys() == [revoked]


async def test_an_esme_account_is_stored_and_replaced(ledger: Ledger) -> None:
    esme = an_esme(3)
    number = await ledger.save_esme(esme)
    assert await ledger.esmes() == [replace(esme, id=number)]
    revoked = replace(esme, id=number, password="$argon2id$other", revoked_ms=NOW)
    assert await ledger.save_esme(revoked) == number
    assert await ledger.esmes() == [revoked]


async def test_an_endpoint_is_its_customers_only_one(ledger: Ledger) -> None:
    await ledger.save_endpoint(an_endpoint(1))
    await ledger.save_endpoint(an_endpoint(2))
    failing = an_endpoint(1, state="disabled", failing_since_ms=NOW, disabled_ms=NOW + 1)
    await ledger.save_endpoint(failing)
    assert await ledger.endpoints() == [failing, an_endpoint(2)]
    await ledger.delete_endpoint(1)
    await ledger.delete_endpoint(1)
    assert await ledger.endpoints() == [an_endpoint(2)]


async def test_every_account_write_changes_the_version(ledger: Ledger) -> None:
    seen = [await ledger.accounts_version()]
    await ledger.save_customer(a_customer())
    seen.append(await ledger.accounts_version())
    await ledger.save_key(a_key())
    seen.append(await ledger.accounts_version())
    await ledger.save_esme(an_esme())
    seen.append(await ledger.accounts_version())
    await ledger.save_endpoint(an_endpoint())
    seen.append(await ledger.accounts_version())
    await ledger.delete_endpoint(1)
    seen.append(await ledger.accounts_version())
    assert len(set(seen)) == 6


async def test_messages_do_not_change_the_version(ledger: Ledger) -> None:
    before = await ledger.accounts_version()
    await ledger.apply(accepts(a_message()))
    assert await ledger.accounts_version() == before


@pytest.mark.policy("P-25")
async def test_a_node_sees_what_another_opener_changed(engine: Engine) -> None:
    node = await engine.open()
    command = await engine.open(exclusive=False)
    before = await node.accounts_version()
    await command.save_key(a_key())
    assert await node.accounts_version() != before
    assert len(await node.keys()) == 1

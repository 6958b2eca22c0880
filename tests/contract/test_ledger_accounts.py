"""Customers, keys and endpoints, and the versions by which no write undoes another."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from gateway.ledger.contract import ChangedMeanwhile, NameTaken, StoredCustomer, StoredEndpoint, StoredEsme, StoredKey
from gateway.ledger.roles import Ledger
from redaction.sealed import Sealed
from tests.contract.conftest import Engine
from tests.contract.records import NOW, a_customer, a_key, a_message, accepts, an_endpoint, an_esme

S = TypeVar("S", StoredCustomer, StoredKey, StoredEsme, StoredEndpoint)


def plain(rows: Sequence[S]) -> list[S]:
    """Without the versions, which are the ledger's own."""
    return [replace(each, version=0) for each in rows]


async def test_the_ledger_numbers_new_customers(ledger: Ledger) -> None:
    first, second = a_customer(), a_customer()
    numbers = [await ledger.accounts.save_customer(first), await ledger.accounts.save_customer(second)]
    assert numbers == [1, 2]
    assert plain(await ledger.accounts.customers()) == [replace(first, id=1), replace(second, id=2)]


async def test_a_customer_is_replaced_by_its_number(ledger: Ledger) -> None:
    number = await ledger.accounts.save_customer(a_customer())
    changed = a_customer(id=number, account=Sealed(b"\x02other"), settings=b'{"a":1}', disabled_ms=NOW)
    assert await ledger.accounts.save_customer(changed) == number
    assert plain(await ledger.accounts.customers()) == [changed]


async def test_a_key_is_stored_and_replaced(ledger: Ledger) -> None:
    key = a_key(expires_ms=NOW + 5)
    number = await ledger.accounts.save_key(key)
    assert plain(await ledger.accounts.keys()) == [replace(key, id=number)]
    revoked = replace(key, id=number, scopes=(), revoked_ms=NOW)
    assert await ledger.accounts.save_key(revoked) == number
    assert plain(await ledger.accounts.keys()) == [revoked]


async def test_an_esme_account_is_stored_and_replaced(ledger: Ledger) -> None:
    esme = an_esme(3)
    number = await ledger.accounts.save_esme(esme)
    assert plain(await ledger.accounts.esmes()) == [replace(esme, id=number)]
    revoked = replace(esme, id=number, password="$argon2id$other", revoked_ms=NOW)
    assert await ledger.accounts.save_esme(revoked) == number
    assert plain(await ledger.accounts.esmes()) == [revoked]


async def test_an_endpoint_is_its_customers_only_one(ledger: Ledger) -> None:
    await ledger.accounts.save_endpoint(an_endpoint(1))
    await ledger.accounts.save_endpoint(an_endpoint(2))
    failing = an_endpoint(1, state="disabled", failing_since_ms=NOW, disabled_ms=NOW + 1)
    await ledger.accounts.save_endpoint(failing)
    assert plain(await ledger.accounts.endpoints()) == [failing, an_endpoint(2)]
    await ledger.accounts.delete_endpoint(1)
    await ledger.accounts.delete_endpoint(1)
    assert plain(await ledger.accounts.endpoints()) == [an_endpoint(2)]


async def test_every_account_write_changes_the_version(ledger: Ledger) -> None:
    seen = [await ledger.accounts.version()]
    await ledger.accounts.save_customer(a_customer())
    seen.append(await ledger.accounts.version())
    await ledger.accounts.save_key(a_key())
    seen.append(await ledger.accounts.version())
    await ledger.accounts.save_esme(an_esme())
    seen.append(await ledger.accounts.version())
    await ledger.accounts.save_endpoint(an_endpoint())
    seen.append(await ledger.accounts.version())
    await ledger.accounts.delete_endpoint(1)
    seen.append(await ledger.accounts.version())
    assert len(set(seen)) == 6


async def test_messages_do_not_change_the_version(ledger: Ledger) -> None:
    before = await ledger.accounts.version()
    await ledger.apply(accepts(a_message()))
    assert await ledger.accounts.version() == before


@pytest.mark.policy("P-25")
async def test_a_node_sees_what_another_opener_changed(engine: Engine) -> None:
    node = await engine.open()
    command = await engine.open(exclusive=False)
    before = await node.accounts.version()
    await command.accounts.save_key(a_key())
    assert await node.accounts.version() != before
    assert len(await node.accounts.keys()) == 1


Save = Callable[..., Awaitable[Any]]


def kinds(ledger: Ledger) -> list[tuple[Any, Save, Callable[[], Awaitable[Sequence[Any]]], dict[str, Any]]]:
    """Of each kind a row that is stored, how it is saved and read, and another value of a column."""
    return [
        (a_customer(), ledger.accounts.save_customer, ledger.accounts.customers, {"settings": b'{"a":1}'}),
        (a_key(), ledger.accounts.save_key, ledger.accounts.keys, {"revoked_ms": NOW}),
        (an_esme(), ledger.accounts.save_esme, ledger.accounts.esmes, {"revoked_ms": NOW}),
        (an_endpoint(), ledger.accounts.save_endpoint, ledger.accounts.endpoints, {"settings": b'{"batch":2}'}),
    ]


async def test_a_row_is_written_over_what_was_read_and_over_nothing_else(ledger: Ledger) -> None:
    for fresh, save, read, change in kinds(ledger):
        await save(fresh, read=0)
        (first,) = await read()
        assert first.version
        await save(replace(first, **change), read=first.version)
        (second,) = await read()
        assert second.version not in (0, first.version)
        before = await ledger.accounts.version()
        for stale in (first.version, 0):
            with pytest.raises(ChangedMeanwhile):
                await save(first, read=stale)
        assert await read() == [second]
        assert await ledger.accounts.version() == before
        await save(replace(second, **change), read=second.version)


async def test_what_is_gone_is_not_written_and_comes_back_as_another(ledger: Ledger) -> None:
    await ledger.accounts.save_endpoint(an_endpoint(), read=0)
    (first,) = await ledger.accounts.endpoints()
    await ledger.accounts.delete_endpoint(1)
    with pytest.raises(ChangedMeanwhile):
        await ledger.accounts.save_endpoint(first, read=first.version)
    assert await ledger.accounts.endpoints() == []
    await ledger.accounts.save_endpoint(an_endpoint(url=Sealed(b"other")), read=0)
    with pytest.raises(ChangedMeanwhile):
        await ledger.accounts.save_endpoint(first, read=first.version)


async def test_a_write_may_depend_on_all_accounts(ledger: Ledger) -> None:
    await ledger.accounts.save_customer(a_customer())
    version = await ledger.accounts.version()
    (customer,) = await ledger.accounts.customers()
    await ledger.accounts.save_key(a_key())
    with pytest.raises(ChangedMeanwhile):
        await ledger.accounts.save_customer(
            replace(customer, settings=b'{"a":1}'), read=customer.version, accounts=version
        )
    version = await ledger.accounts.version()
    await ledger.accounts.save_customer(replace(customer, settings=b'{"a":1}'), read=customer.version, accounts=version)
    assert (await ledger.accounts.customers())[0].settings == b'{"a":1}'


async def test_a_write_without_a_word_of_what_was_read_takes_the_place_of_anything(ledger: Ledger) -> None:
    number = await ledger.accounts.save_customer(a_customer())
    await ledger.accounts.save_customer(a_customer(id=number, settings=b'{"a":1}'))
    await ledger.accounts.save_customer(a_customer(id=number, settings=b'{"a":2}'))
    assert [each.settings for each in await ledger.accounts.customers()] == [b'{"a":2}']


async def test_names_are_given_once(ledger: Ledger) -> None:
    named: list[tuple[Any, Save, Callable[[], Awaitable[Sequence[Any]]], dict[str, Any]]] = [
        (a_customer(), ledger.accounts.save_customer, ledger.accounts.customers, {"account": Sealed(b"other")}),
        (a_key(), ledger.accounts.save_key, ledger.accounts.keys, {"digest": bytes(32)}),
        (an_esme(), ledger.accounts.save_esme, ledger.accounts.esmes, {"password": "other"}),
    ]
    for fresh, save, read, change in named:
        await save(fresh)
        before = await ledger.accounts.version()
        with pytest.raises(NameTaken):
            await save(replace(fresh, **change))
        assert len(await read()) == 1
        assert await ledger.accounts.version() == before

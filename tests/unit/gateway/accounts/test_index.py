"""From stored accounts to what the hot path looks up: a bad row costs itself."""

from typing import Any

import pytest

from gateway.accounts.index import Accounts, index_accounts
from gateway.ledger.contract import StoredAccounts, StoredEndpoint, StoredEsme, Unreadable
from gateway.model.message import MessageClass
from redaction.retention import RetentionTag, RetentionWish
from redaction.sealed import Sealed
from tests.unit.gateway.stage import api_key, customer


def an_esme(**changes: Any) -> StoredEsme:
    fields: dict[str, Any] = {
        "id": 1, "customer": 1, "system_id": "bank", "password": "x", "settings": b"{}", "created_ms": 0
    }  # fmt: skip
    return StoredEsme(**(fields | changes))


def an_endpoint(**changes: Any) -> StoredEndpoint:
    fields: dict[str, Any] = {"customer": 1, "url": Sealed(b"u"), "secret": Sealed(b"s"), "settings": b"{}"}
    return StoredEndpoint(**(fields | changes))


def indexed(**rows: Any) -> Accounts:
    """Two customers with a key, an ESME account and an endpoint each; rows replace those of a kind."""
    base = {
        "customers": (customer(id=1), customer(id=2, public_id="cus_2")),
        "keys": (
            api_key(id=1, prefix="key1", digest=bytes(32)),
            api_key(id=2, prefix="key2", digest=b"\1" * 32, customer=2),
        ),
        "esmes": (an_esme(), an_esme(id=2, customer=2, system_id="shop")),
        "endpoints": (an_endpoint(), an_endpoint(customer=2)),
    }
    return index_accounts(StoredAccounts(**(base | rows)))


def test_everything_that_can_be_read_is_there() -> None:
    accounts = indexed()
    assert (set(accounts.customers), {each.id for each in accounts.keys.values()}) == ({1, 2}, {1, 2})
    assert (set(accounts.esmes), set(accounts.endpoints)) == ({"bank", "shop"}, {1, 2})
    assert accounts.unreadable == ()


BAD_KEYS = [
    b"{", b"", b'{"classes":["promo"]}', b'{"allowed_networks":["10.0.0.1/8"]}', b'{"allowed_networks":["300.1.2.3"]}',
    b'{"allowed_networks":["fe80::1%eth0"]}', b'{"throughput_per_s":0}', b'{"throughput_per_s":-1}',
    b'{"throughput_per_s":1e-300}', b'{"daily_quota":-1}', b'{"burst":"many"}', b'{"burst":0}', b'{"classes":"otp"}',
    b'{"z":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}",
]  # fmt: skip


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize("settings", BAD_KEYS)
def test_a_key_that_cannot_be_read_costs_that_key_alone(settings: bytes) -> None:
    accounts = indexed(
        keys=(
            api_key(id=1, prefix="key1", settings=settings),
            api_key(id=2, prefix="key2", digest=b"\1" * 32, customer=2),
        )
    )
    assert [each.prefix for each in accounts.keys.values()] == ["key2"]
    (fault,) = accounts.unreadable
    assert (fault.kind, fault.id, fault.name) == ("key", 1, "key1")
    assert set(accounts.customers) == {1, 2}


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize("settings", [*BAD_KEYS, b'{"max_binds":0}', b'{"window":"wide"}'])
def test_an_esme_account_that_cannot_be_read_costs_that_account_alone(settings: bytes) -> None:
    accounts = indexed(esmes=(an_esme(settings=settings), an_esme(id=2, customer=2, system_id="shop")))
    assert set(accounts.esmes) == {"shop"}
    (fault,) = accounts.unreadable
    assert (fault.kind, fault.id, fault.name) == ("esme", 1, "bank")


@pytest.mark.case("interfaces-1")
@pytest.mark.parametrize("settings", [b"{", b'{"throughput_per_s":0}', b'{"default_class":"promo"}'])
def test_a_customer_that_cannot_be_read_takes_its_keys_and_accounts_along_and_keeps_its_retention(
    settings: bytes,
) -> None:
    more = b',"retention":{"otp":{"content_limit_s":60}}}' if settings.endswith(b"}") else b""
    broken = customer(id=1, settings=settings.removesuffix(b"}") + more)
    accounts = indexed(customers=(broken, customer(id=2, public_id="cus_2")))
    assert (set(accounts.customers), set(accounts.esmes)) == ({2}, {"shop"})
    assert [each.prefix for each in accounts.keys.values()] == ["key2"]
    (fault,) = accounts.unreadable
    assert (fault.kind, fault.id, fault.name) == ("customer", 1, "cus_1")
    if more:
        assert accounts.retention == {1: {RetentionTag("otp"): RetentionWish(content_limit_s=60)}}


@pytest.mark.case("interfaces-1")
def test_a_number_or_a_sender_that_cannot_be_read_is_lost_alone() -> None:
    settings = b'{"numbers":{"1":{},"two":{}},"senders":{"BANK":[],"@":[]}}'
    accounts = indexed(customers=(customer(id=1, settings=settings),))
    assert set(accounts.numbers) == {"1"}
    assert set(accounts.customers[1].settings.senders) == {"BANK"}
    assert [(each.kind, each.name) for each in accounts.unreadable] == [("sender", "cus_1"), ("number", "cus_1")]


@pytest.mark.case("interfaces-1")
def test_an_endpoint_that_cannot_be_read_stands_without_an_address() -> None:
    lost = Unreadable("endpoint", 1, "", "url cannot be read")
    accounts = indexed(endpoints=(an_endpoint(customer=2, settings=b'{"batch":0}'),), unreadable=(lost,))
    assert accounts.endpoints[1].url == b""
    assert accounts.endpoints[2].url == b"u"
    assert [(each.kind, each.name) for each in accounts.unreadable] == [("endpoint", "cus_1"), ("endpoint", "cus_2")]


def test_what_does_not_look_like_a_name_of_ours_is_not_shown() -> None:
    odd = Unreadable("key", 7, "Noura +966500000078", "its row cannot be read")
    (fault,) = indexed(unreadable=(odd,)).unreadable
    assert (fault.id, fault.name) == (7, "")


def test_nothing_is_sent_for_customers_that_are_disabled_or_cannot_be_read() -> None:
    rows = (customer(id=1, disabled_ms=5), customer(id=2, settings=b"{"), customer(id=3), customer(id=4, disabled_ms=5))
    lost = Unreadable("customer", 7, "cus_7", "its row cannot be read")
    accounts = indexed(customers=rows, unreadable=(lost, Unreadable("key", 3, "", "")))
    assert accounts.held == {1, 2, 4, 7}


def test_scopes_of_another_version_change_nothing_else() -> None:
    accounts = indexed(keys=(api_key(id=1, scopes=("send", "campaigns")),))
    (key,) = accounts.keys.values()
    assert "send" in key.scopes


def test_revoked_ones_and_those_of_nobody_are_left_out_without_a_word() -> None:
    accounts = indexed(
        keys=(api_key(id=1, revoked_ms=5, settings=b"{"), api_key(id=2, customer=9)), esmes=(an_esme(customer=9),)
    )
    assert (accounts.keys, accounts.esmes, accounts.unreadable) == ({}, {}, ())


def test_limits_are_worked_out_once() -> None:
    stored = api_key(throughput_per_s=2.5, classes=("otp",), allowed_networks=("::ffff:10.0.0.0/104",))
    (key,) = indexed(keys=(stored,)).keys.values()
    assert key.burst == 3
    assert key.classes == {MessageClass.OTP}
    assert str(key.networks[0]) == "10.0.0.0/8"

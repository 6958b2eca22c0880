"""Tokens that façades sign with: sealed beside their keys, and opened to sign."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from gateway.accounts.administration import Accounts, Profile, reseal_tokens
from gateway.accounts.customers import CustomerSettings, KeySettings
from gateway.accounts.directory import Directory
from gateway.accounts.facade_tokens import FacadeTokens, open_token, seal_token
from gateway.accounts.settings import StoredToken, key_settings
from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.roles import AccountStore
from redaction.errors import SealError
from redaction.personal import MessageText, Secret
from redaction.seal import Sealer
from tests.unit.gateway.road import running_road

TOKEN = Secret("0" * 32)


@dataclass
class Held:
    """Tokens of one customer, 1."""

    tokens: tuple[StoredToken, ...]

    @property
    def version(self) -> object:
        return self.tokens

    def facade_tokens(self, customer_id: int) -> tuple[StoredToken, ...]:
        return self.tokens if customer_id == 1 else ()


@dataclass
class Place:
    sealer: Sealer
    accounts: Accounts
    directory: Directory
    store: AccountStore


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with running_road(tmp_path) as road:
        sealer = Sealer(road.store.state, road.clock.random)
        accounts = Accounts(
            road.ledger.accounts,
            road.clock,
            COMMAND_LINE,
            sealer=sealer,
            ensure_keys=road.keyring.ensure_customer,
            digest=road.keyring.credential_digest,
        )
        await accounts.add_customer(Profile(name=MessageText("Shop")), CustomerSettings())
        directory = Directory(road.ledger.accounts, road.keyring.credential_digest)
        yield Place(sealer, accounts, directory, road.ledger.accounts)


def held(sealer: Sealer, *tokens: tuple[int, str, Secret]) -> Held:
    return Held(
        tuple(StoredToken(number, prefix, seal_token(sealer, token, 1, prefix)) for number, prefix, token in tokens)
    )


async def test_a_callback_is_signed_with_the_messages_own_key_or_the_newest(place: Place) -> None:
    there = held(place.sealer, (1, "a", TOKEN), (2, "b", Secret("1" * 32)))
    tokens = FacadeTokens(there, place.sealer)
    assert tokens.of(1, 1) == TOKEN
    assert tokens.of(1, 2) == tokens.of(1, 9) == Secret("1" * 32)
    assert tokens.of(2, 1) is None
    there.tokens = there.tokens[1:]
    assert tokens.of(1, 1) == Secret("1" * 32)


async def test_a_token_opens_for_its_own_key_only(place: Place) -> None:
    sealed = seal_token(place.sealer, TOKEN, 1, "a")
    assert open_token(place.sealer, sealed, 1, "a") == TOKEN
    with pytest.raises(SealError):
        open_token(place.sealer, sealed, 1, "b")


async def test_only_keys_of_facades_that_sign_have_one(place: Place) -> None:
    key, secret = await place.accounts.add_key(1, scopes=("send",), settings=KeySettings(), facades=("kannel",))
    assert key_settings(key.settings).token == ""
    await place.directory.refresh()
    found = place.directory.find(secret)
    assert found is not None
    assert found.facades == ("kannel",)
    assert place.directory.facade_tokens(1) == ()


async def test_tokens_are_sealed_anew_under_the_present_key(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.accounts.facade_tokens.SIGNED", frozenset({"kannel"}))
    key, secret = await place.accounts.add_key(1, scopes=("send",), settings=KeySettings(), facades=("kannel",))
    await reseal_tokens(place.store, place.sealer, 1)
    (again,) = await place.accounts.keys(1)
    assert key_settings(again.settings).token not in ("", key_settings(key.settings).token)
    await place.directory.refresh()
    assert FacadeTokens(place.directory, place.sealer).of(1, key.id) == secret


async def test_another_customers_row_that_cannot_be_read_does_not_stop_that(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.accounts.facade_tokens.SIGNED", frozenset({"kannel"}))
    await place.accounts.add_customer(Profile(name=MessageText("Other shop")), CustomerSettings())
    await place.accounts.add_key(2, scopes=("send",), settings=KeySettings())
    (other,) = await place.accounts.keys(2)
    await place.store.save_key(msgspec.structs.replace(other, settings=b'{"facades":["later"]}'), read=other.version)
    key, _ = await place.accounts.add_key(1, scopes=("send",), settings=KeySettings(), facades=("kannel",))
    await reseal_tokens(place.store, place.sealer, 1)
    (again,) = await place.accounts.keys(1)
    assert key_settings(again.settings).token != key_settings(key.settings).token

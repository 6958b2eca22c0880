"""Keys of people and of days: there before they are needed, and gone from every copy once they are destroyed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.keystore.keyring import Keyring
from gateway.keystore.people_keys import PeopleKeys
from gateway.keystore.root_slot import FileRootSlot, KeystoreLost
from gateway.keystore.store import Keystore
from gateway.process.clock import ManualClock
from redaction.keys import PEOPLE, SIGN_IN_DAYS
from redaction.personal import Secret
from redaction.retention import DEFAULT_RULES

NORA, SARA = PEOPLE | 11, PEOPLE | 12


def opened(folder: Path, clock: ManualClock) -> Keystore:
    store = Keystore(folder / "keys.db", FileRootSlot(folder / "root.key"), clock)
    store.open()
    return store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Keystore]:
    store = opened(tmp_path, clock)
    Keyring(store, DEFAULT_RULES.values(), clock).ensure_present()
    yield store
    store.close()


async def test_a_persons_key_is_durable_before_it_is_used(store: Keystore, clock: ManualClock, tmp_path: Path) -> None:
    keys = PeopleKeys(store, clock)
    await keys.ensure_person(NORA)
    other = opened(tmp_path, clock)
    assert PeopleKeys(other, clock).people() == keys.people() == [NORA]
    other.close()
    before = store.state.customer_key(NORA)
    await keys.ensure_person(NORA)
    assert store.state.customer_key(NORA) == before


async def test_a_key_that_another_process_made_is_taken_over_when_it_is_asked_for(
    store: Keystore, clock: ManualClock, tmp_path: Path
) -> None:
    other = opened(tmp_path, clock)
    keys = PeopleKeys(other, clock)
    await PeopleKeys(store, clock).ensure_person(NORA)
    assert keys.people() == []
    assert await keys.follow()
    assert keys.people() == [NORA]
    assert not await keys.follow()
    other.close()


@pytest.mark.policy("P-23")
async def test_a_destroyed_key_is_in_no_copy(store: Keystore, clock: ManualClock, tmp_path: Path) -> None:
    keys = PeopleKeys(store, clock)
    for number in (NORA, SARA):
        await keys.ensure_person(number)
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(tmp_path / "keys.db", copy / "keys.db")
    assert await keys.forget_person(NORA)
    assert not await keys.forget_person(NORA)
    assert keys.people() == [SARA]
    shutil.copy(tmp_path / "root.key", copy / "root.key")
    with pytest.raises(KeystoreLost):
        opened(copy, clock)


async def test_days_have_keys_ahead_and_lose_them_in_order(store: Keystore, clock: ManualClock) -> None:
    keys = PeopleKeys(store, clock)
    await keys.ensure_person(NORA)
    for day in (100, 101, 101, 104):
        await keys.ensure_days(day)
    days = [each - SIGN_IN_DAYS for each in store.state.customers() if each >= SIGN_IN_DAYS]
    assert days == [100, 101, 102, 104, 105]
    version = store.version
    assert await keys.forget_days(100) == 0
    await keys.ensure_days(104)
    assert store.version == version, "nothing was due or missing"
    assert await keys.forget_days(104) == 3
    assert keys.people() == [NORA]


async def test_digests_of_people_are_not_those_of_api_keys(store: Keystore, clock: ManualClock) -> None:
    keyring, keys = Keyring(store, DEFAULT_RULES.values(), clock), PeopleKeys(store, clock)
    secret = Secret("nora@example.sa")
    assert keys.digest(secret) == keys.digest(Secret("nora@example.sa"))
    assert keys.digest(secret) != keyring.credential_digest(secret, keyring.credential_epoch())

"""Keys are there before they are needed, and changes of other processes are seen."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.keystore.keyring import Keyring
from gateway.keystore.record_tags import PURPOSE, YEAR_MS, Verdict
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.rotation import is_settled, rotate_customer, settle_customer
from gateway.keystore.store import Keystore
from gateway.keystore.upkeep import CREDENTIALS
from gateway.model.message import message_id
from gateway.process.clock import ManualClock
from redaction.errors import KeyDestroyed
from redaction.keys_at_rest import state_digest
from redaction.personal import Msisdn, Secret
from redaction.retention import DEFAULT_RULES, OTP, RetentionTag, period_of
from redaction.search_epochs import EPOCH_MS, epoch_of
from tests.bounds import LIMIT_S
from tests.contract.records import a_message

NUMBER = Msisdn("966500000078", 966)
DAY_S = 86_400


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
    yield store
    store.close()


@pytest.fixture
def keyring(store: Keystore, clock: ManualClock) -> Keyring:
    keyring = Keyring(store, DEFAULT_RULES.values(), clock)
    keyring.ensure_present()
    return keyring


def test_this_period_and_the_next_have_keys_under_every_rule(keyring: Keyring, clock: ManualClock) -> None:
    periods = set(keyring.state.periods())
    for rule in DEFAULT_RULES.values():
        period = period_of(rule, clock.now_ms())
        assert {(rule.tag, period), (rule.tag, period + 1)} <= periods


def test_credentials_can_be_compared_before_there_is_any_customer(keyring: Keyring) -> None:
    assert len(keyring.credential_digest(Secret("x"), keyring.credential_epoch())) == 32
    assert keyring.state.epochs(CREDENTIALS, "credential")


def test_a_customer_without_keys_has_no_pseudonyms(keyring: Keyring, clock: ManualClock) -> None:
    with pytest.raises(KeyDestroyed):
        keyring.pseudonymise(1, NUMBER, OTP, clock.now_ms())
    keyring.ensure_customer(1)
    assert keyring.pseudonymise(1, NUMBER, OTP, clock.now_ms())


def test_customers_know_one_person_by_different_pseudonyms(keyring: Keyring, clock: ManualClock) -> None:
    keyring.ensure_customer(1)
    keyring.ensure_customer(2)
    first, second = (keyring.pseudonymise(customer, NUMBER, OTP, clock.now_ms()) for customer in (1, 2))
    assert first.pseudonym != second.pseudonym
    ours, theirs = (keyring.idempotency_digests(customer, "k", clock.now_ms(), 0) for customer in (1, 2))
    assert ours.claimed != theirs.claimed


def test_the_next_epoch_has_its_pepper_before_it_begins(keyring: Keyring, clock: ManualClock) -> None:
    keyring.ensure_customer(1)
    before = keyring.pseudonymise(1, NUMBER, OTP, clock.now_ms())
    clock.advance(EPOCH_MS / 1000)
    after = keyring.pseudonymise(1, NUMBER, OTP, clock.now_ms())
    assert before.pseudonym != after.pseudonym
    keyring.ensure_present()
    assert keyring.state.has_secret("search", epoch_of(clock.now_ms()) + 1, OTP)


def test_a_person_has_other_names_under_other_tags(keyring: Keyring, clock: ManualClock) -> None:
    keyring.ensure_customer(1)
    names = {keyring.pseudonymise(1, NUMBER, tag, clock.now_ms()).pseudonym for tag in DEFAULT_RULES}
    assert len(names) == len(DEFAULT_RULES)
    assert names <= set(keyring.former_leaves(1, NUMBER))
    assert keyring.names_at(1, NUMBER, OTP, [clock.now_ms()]) < names


async def test_the_keys_of_a_time_to_come_are_made_at_the_first_need(keyring: Keyring, clock: ManualClock) -> None:
    keyring.ensure_customer(1)
    due_ms = clock.now_ms() + 20 * DAY_S * 1000
    assert not keyring.has_keys(OTP, due_ms)
    with pytest.raises(KeyDestroyed):
        keyring.pseudonymise(1, NUMBER, OTP, due_ms)
    await keyring.make_keys(OTP, due_ms)
    assert keyring.has_keys(OTP, due_ms)
    assert keyring.pseudonymise(1, NUMBER, OTP, due_ms).pseudonym in keyring.former_leaves(1, NUMBER)


@pytest.mark.policy("P-23")
@pytest.mark.parametrize("tag", sorted(DEFAULT_RULES))
def test_a_secret_for_search_goes_with_the_last_record_of_its_tag_and_epoch(
    tag: RetentionTag, keyring: Keyring, clock: ManualClock
) -> None:
    """There is no custodian: it stays on the nodes until then."""
    keyring.ensure_customer(1)
    epoch = epoch_of(clock.now_ms())
    clock.advance(((epoch + 1) * EPOCH_MS + DEFAULT_RULES[tag].record_s * 1000 - 1 - clock.now_ms()) / 1000)
    keyring.ensure_present()
    assert keyring.state.has_secret("search", epoch, tag)
    clock.advance(0.001)
    keyring.ensure_present()
    assert not keyring.state.has_secret("search", epoch, tag)


def test_ensuring_twice_changes_nothing(keyring: Keyring) -> None:
    keyring.ensure_customer(1)
    before = state_digest(keyring.state)
    keyring.ensure_present()
    keyring.ensure_customer(1)
    assert state_digest(keyring.state) == before


@pytest.mark.case("privacy-10")
@pytest.mark.policy("P-23")
def test_of_an_idempotency_key_two_epochs_live_and_the_older_one_is_destroyed(
    keyring: Keyring, clock: ManualClock
) -> None:
    keyring.ensure_customer(1)
    clock.advance(1.5 * DAY_S - clock.now_ms() / 1000 % DAY_S)
    epoch = clock.now_ms() // (DAY_S * 1000)
    keyring.ensure_present()
    first = keyring.idempotency_digests(1, "otp-966500000078", clock.now_ms(), 0).claimed
    clock.advance(DAY_S)
    keyring.ensure_present()
    found = keyring.idempotency_digests(1, "otp-966500000078", clock.now_ms(), 0)
    assert (found.before, found.sought) == ((), (first,))
    assert found.claimed != first
    clock.advance(DAY_S)
    assert keyring.ensure_present() > 0
    assert not keyring.state.has_secret("idempotency", epoch)
    with pytest.raises(KeyDestroyed):
        keyring.state.pepper(1, "idempotency", epoch)
    later = keyring.idempotency_digests(1, "otp-966500000078", clock.now_ms(), 0)
    assert first not in (later.claimed, *later.sought)
    assert later.sought == (found.claimed,)


@pytest.mark.case("privacy-10")
@pytest.mark.policy("P-23")
def test_a_customers_former_key_goes_with_the_last_content_of_its_time(keyring: Keyring, clock: ManualClock) -> None:
    keyring.ensure_customer(1)
    store = keyring._store
    rotate_customer(store, clock, 1)
    before = keyring.pseudonymise(1, NUMBER, OTP, clock.now_ms())
    assert not is_settled(store, 1)
    clock.advance(9 * DAY_S)
    keyring.ensure_present()
    assert len(keyring.state.former_keys(1)) == 1, "contact data may be sealed under it"
    settle_customer(store, 1)
    assert is_settled(store, 1)
    keyring.ensure_present()
    assert keyring.state.former_keys(1) == []
    assert len(keyring.state.retired()[1]) == 1, "pseudonyms are derived from its parts"
    assert keyring.pseudonymise(1, NUMBER, OTP, clock.now_ms() - 9 * DAY_S * 1000) == before
    for _ in range(3):
        clock.advance(90 * DAY_S)
        keyring.ensure_present()
    (left,) = keyring.state.retired()[1]
    assert (left.value, set(left.parts)) == (b"", {"consent", "suppress"}), "their rows have no clock of the keys'"


@pytest.mark.case("faults-3")
def test_no_key_is_due_by_a_clock_that_has_jumped(keyring: Keyring, clock: ManualClock) -> None:
    keyring.ensure_customer(1)
    before = keyring.state.periods()
    clock.advance(400 * DAY_S)
    clock.is_sound = False
    keyring.ensure_present()
    assert set(before) < set(keyring.state.periods())  # those of now are made all the same
    clock.is_sound = True
    assert keyring.ensure_present() >= len(before)
    assert not set(before) & set(keyring.state.periods())


@pytest.mark.policy("P-21")
def test_the_key_of_a_period_whose_content_is_due_is_destroyed(keyring: Keyring, clock: ManualClock) -> None:
    old = period_of(DEFAULT_RULES[OTP], clock.now_ms())
    clock.advance(DAY_S)
    keyring.ensure_present()
    assert (OTP, old) not in keyring.state.periods()
    with pytest.raises(KeyDestroyed):
        keyring.state.leaf_key(OTP, old, 7)


async def test_a_running_keyring_sees_what_another_process_added(
    tmp_path: Path, keyring: Keyring, clock: ManualClock
) -> None:
    running = asyncio.create_task(keyring.run(interval_s=0.001))
    other = opened(tmp_path, clock)
    Keyring(other, DEFAULT_RULES.values(), clock).ensure_customer(9)
    other.close()
    async with asyncio.timeout(LIMIT_S):
        while 9 not in keyring.state.customers():  # another process sets no event
            await asyncio.sleep(0.001)
    running.cancel()


async def test_a_running_keyring_makes_keys_as_time_goes_on(keyring: Keyring, clock: ManualClock) -> None:
    running = asyncio.create_task(keyring.look_after(interval_s=0.001))
    clock.advance(DAY_S)
    wanted = (OTP, period_of(DEFAULT_RULES[OTP], clock.now_ms()) + 1)
    async with asyncio.timeout(LIMIT_S):
        while wanted not in keyring.state.periods():  # the key store sets no event
            await asyncio.sleep(0.001)
    running.cancel()


async def test_records_get_keys_once_the_ledger_takes_tags_for_what_comes_when_every_node_writes_them(
    store: Keystore, clock: ManualClock
) -> None:
    from_ms: list[int | None] = [None]
    keyring = Keyring(store, DEFAULT_RULES.values(), clock, lambda: from_ms[0])
    keyring.ensure_present()
    assert not keyring.tags.are_made
    from_ms[0] = 600_000
    await keyring.keep_present()
    assert keyring.tags.are_made
    keys = store.state.own_keys(CREDENTIALS, PURPOSE)
    year = clock.now_ms() // YEAR_MS
    assert {each: key.created_ms for each, key in keys.items()} == dict.fromkeys(
        (year, year + 1), clock.now_ms() + 600_000
    )
    clock.advance(YEAR_MS / 1000)
    await keyring.keep_present()
    assert sorted(store.state.own_keys(CREDENTIALS, PURPOSE)) == [year, year + 1, year + 2]
    clock.advance(3 * YEAR_MS / 1000)
    await keyring.keep_present()
    assert min(store.state.own_keys(CREDENTIALS, PURPOSE)) == year + 1


async def test_keys_of_records_survive_the_store_and_are_found_by_whoever_opens_it(
    store: Keystore, clock: ManualClock, tmp_path: Path
) -> None:
    keyring = Keyring(store, DEFAULT_RULES.values(), clock, lambda: 0)
    keyring.ensure_present()
    message = a_message(id=message_id(clock.now_ms() + 5, 1, b"\7" * 8))
    message.record_tag = keyring.tags.tag(message)
    store.close()
    other = opened(tmp_path, clock)
    desk = Keyring(other, DEFAULT_RULES.values(), clock)
    desk.ensure_present()
    assert desk.tags.check(message) is Verdict.RIGHT
    other.close()

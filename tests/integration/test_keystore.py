"""The key store, on either engine: every step may be the last one, and other processes change it too."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

import gateway
from gateway.keystore.custody import KeystoreTaken
from gateway.keystore.followers import OneNode
from gateway.keystore.keyring import Keyring
from gateway.keystore.root_slot import EnvRootSlot, FileRootSlot, KeystoreLost
from gateway.keystore.store import Keystore
from gateway.ledger.contract import LedgerCorrupt, LedgerUnavailable
from gateway.process.clock import ManualClock, SystemClock
from redaction.errors import KeyDestroyed
from redaction.keys import KeyState
from redaction.keys_at_rest import state_digest
from redaction.retention import DEFAULT_RULES, OTP, TRANSACTIONAL, period_of
from tests.integration.key_places import PERSISTENT, KeyPlace
from tests.integration.valkey_server import valkey
from tests.unit.redaction.conftest import forget_subject

NOW = 1_800_000_000_000
HOUR_MS = 3_600_000
ROOT = Path(gateway.__file__).parent.parent
VARIABLE = "TEST_KEYSTORE_ROOT"


class Crash(BaseException):
    """The process dies here."""


class CrashingSlot:
    """A root file whose n-th write kills the process, before or after it happened."""

    rolls = True

    place = "a slot that dies"

    def __init__(self, slot: FileRootSlot, *, at: int, before: bool) -> None:
        self._slot = slot
        self._left = at
        self._before = before

    def read(self) -> Sequence[bytes]:
        return self._slot.read()

    def begin(self, root: bytes) -> None:
        self.write((root,))

    def write(self, roots: Sequence[bytes]) -> None:
        self._left -= 1
        if not self._left and self._before:
            raise Crash
        self._slot.write(roots)
        if not self._left:
            raise Crash

    def clear(self) -> None:
        self._slot.clear()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey"), *PERSISTENT) as url:
        yield url


@pytest.fixture(params=["file", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> KeyPlace:
    if request.param == "file":
        return KeyPlace(tmp_path)
    return KeyPlace(tmp_path, request.getfixturevalue("server"), tmp_path.name)


@pytest.fixture
def in_a_file(tmp_path: Path) -> KeyPlace:
    return KeyPlace(tmp_path)


@contextlib.contextmanager
def _opened(place: KeyPlace, slot: FileRootSlot | EnvRootSlot | CrashingSlot | None = None) -> Iterator[Keystore]:
    store = place.store(slot)
    store.open()
    try:
        yield store
    finally:
        store.close()


def _with_keys(state: KeyState) -> None:
    state.ensure_customer(7, os.urandom)
    state.ensure_customer(8, os.urandom)
    for period in (1, 2):
        state.ensure_period(TRANSACTIONAL, period, os.urandom)


def _filled(place: KeyPlace) -> tuple[bytes, bytes]:
    """A store with keys; those of customer 8, and of leaf 5 in period 1."""
    with _opened(place) as store:
        store.update(_with_keys, destroys=False)
        return store.state.customer_key(8), store.state.leaf_key(TRANSACTIONAL, 1, 5)


# -------------------------------------------------------------------------------------------------------- open, update


def test_a_new_store_is_empty_and_private(place: KeyPlace) -> None:
    with _opened(place) as store:
        assert store.state.customers() == []
    files = [each for each in place.folder.rglob("*") if each.is_file()]
    beside = {"root.key.lock"} if place.url else {"keys.db", "keys.db.lock"}
    assert {each.name for each in files} == {"root.key", *beside}
    assert {each.stat().st_mode & 0o777 for each in files} == {0o600}
    assert {each.stat().st_mode & 0o777 for each in place.folder.iterdir()} == {0o700}


def test_what_was_changed_is_there_after_opening_again(place: KeyPlace) -> None:
    customer, leaf = _filled(place)
    with _opened(place) as store:
        assert store.state.customer_key(8) == customer
        assert store.state.leaf_key(TRANSACTIONAL, 1, 5) == leaf


def test_the_state_is_one_object_for_ever(place: KeyPlace) -> None:
    with _opened(place) as store:
        state = store.state
        store.update(_with_keys, destroys=False)
        assert state.customers() == [7, 8]
        assert store.update(lambda it: it.drop_customer(7), destroys=True) is True
        assert store.state is state
        assert state.customers() == [8]


def test_a_change_that_raises_changes_nothing(place: KeyPlace) -> None:
    _filled(place)

    def broken(state: KeyState) -> None:
        state.drop_customer(8)
        raise ValueError("half way")

    with _opened(place) as store, _opened(place) as other:
        other.update(lambda state: state.drop_customer(7), destroys=False)
        with pytest.raises(ValueError, match="half way"):
            store.update(broken, destroys=True)
        assert store.state.customers() == [7, 8]
        assert store.refresh()
        assert store.state.customers() == [8]


@pytest.mark.policy("P-23")
def test_a_copy_from_before_a_destruction_opens_with_nothing_that_is_left(place: KeyPlace) -> None:
    _, leaf = _filled(place)
    copy = place.folder / "backup.db"
    before = (place.folder / "root" / "root.key").read_bytes()
    with _opened(place) as store:
        store.snapshot(copy)
    with _opened(place) as store:
        store.update(lambda state: forget_subject(state, 5), destroys=True)
        with pytest.raises(KeyDestroyed):
            store.state.leaf_key(TRANSACTIONAL, 1, 5)
        assert store.state.leaf_key(TRANSACTIONAL, 1, 6) != leaf
    with pytest.raises(KeystoreLost):
        Keystore(copy, place.root, SystemClock()).open()
    assert not any(before.strip() in each.read_bytes() for each in place.folder.rglob("*") if each.is_file())


def test_a_root_file_is_overwritten_when_it_is_replaced(place: KeyPlace) -> None:
    slot = place.root
    slot.write((b"\x11" * 32,))
    with (place.folder / "root" / "root.key").open("rb") as held:
        slot.write((b"\x22" * 32,))
        assert set(held.read()) == {0}
    assert slot.read() == [b"\x22" * 32]


# -------------------------------------------------------------------------------------------------------------- crashes


@pytest.mark.case("privacy-11")
@pytest.mark.policy("P-23")
@pytest.mark.parametrize("left", ["whole", "half", "empty"])
@pytest.mark.parametrize("begins", ["opening", "change"])
def test_a_root_that_a_crash_left_before_it_had_its_name_is_destroyed(
    in_a_file: KeyPlace, left: str, begins: str
) -> None:
    """Whoever still holds the file open, or reads its blocks, finds zeros."""
    place = in_a_file
    _filled(place)
    (root,) = place.root.read()
    new = place.folder / "root" / "root.key.new"
    content = f"{root.hex()}\n{os.urandom(32).hex()}\n".encode()
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(_opened(place)) if begins == "change" else None
        new.write_bytes(content[: {"whole": None, "half": 40, "empty": 0}[left]])
        held = stack.enter_context(new.open("rb"))
        if store is None:
            store = stack.enter_context(_opened(place))
        else:
            store.update(lambda state: state.drop_customer(7), destroys=True)
        assert not new.exists()
        assert set(held.read()) <= {0}
        assert store.state.customers()


@pytest.mark.policy("P-23")
@pytest.mark.parametrize(
    ("at", "before", "destroyed"), [(1, True, False), (1, False, False), (2, True, True), (2, False, True)]
)
def test_a_crash_at_any_write_of_a_roll_loses_nothing_and_revives_nothing(
    place: KeyPlace, at: int, before: bool, destroyed: bool
) -> None:
    customer, _ = _filled(place)
    (old,) = place.root.read()
    slot = CrashingSlot(place.root, at=at, before=before)
    with _opened(place, slot) as store, pytest.raises(Crash):
        store.update(lambda state: state.drop_customer(7), destroys=True)
    with _opened(place) as store:
        assert store.state.customers() == ([8] if destroyed else [7, 8])
        assert store.state.customer_key(8) == customer
    (root,) = place.root.read()
    assert (root != old) is destroyed


def test_a_crash_between_the_first_root_and_the_first_blob_is_no_loss(place: KeyPlace) -> None:
    with pytest.raises(Crash), _opened(place, CrashingSlot(place.root, at=1, before=False)):
        pass
    with _opened(place) as store:
        store.update(_with_keys, destroys=False)


def test_a_slot_that_fails_at_the_end_leaves_the_change_and_is_mended_by_the_next_use(place: KeyPlace) -> None:
    _filled(place)
    (old,) = place.root.read()
    with _opened(place, CrashingSlot(place.root, at=2, before=True)) as store:
        with pytest.raises(Crash):
            store.update(lambda state: state.drop_customer(7), destroys=True)
        assert store.state.customers() == [8]
        assert len(place.root.read()) == 2
        store.update(lambda state: state.ensure_customer(9, os.urandom), destroys=False)
        (root,) = place.root.read()
        assert root != old


@pytest.mark.parametrize("step", ["root_1", "commit_before", "commit_after", "root_2"])
async def test_a_process_that_dies_at_a_step_leaves_a_store_that_opens(place: KeyPlace, step: str) -> None:
    customer, _ = _filled(place)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.keystore_victim", *place.words, step, cwd=ROOT
    )
    assert await process.wait() == 9
    with _opened(place) as store:
        assert store.state.customers() == ([8] if step in {"commit_after", "root_2"} else [7, 8])
        assert store.state.customer_key(8) == customer
    assert len(place.root.read()) == 1


# ------------------------------------------------------------------------------------------------------ other processes


def test_a_change_of_another_opener_is_seen_by_refresh(place: KeyPlace) -> None:
    with _opened(place) as node, _opened(place) as command:
        assert not node.refresh()
        command.update(_with_keys, destroys=False)
        assert node.refresh()
        assert node.state.customers() == [7, 8]
        assert not node.refresh()
        command.update(lambda state: state.drop_customer(7), destroys=True)
        assert node.refresh()
        assert node.state.customers() == [8]


def test_an_update_starts_from_the_newest_state(place: KeyPlace) -> None:
    with _opened(place) as node, _opened(place) as command:
        command.update(_with_keys, destroys=False)
        command.update(lambda state: state.drop_customer(7), destroys=True)
        node.update(lambda state: state.ensure_customer(9, os.urandom), destroys=True)
        assert node.state.customers() == [8, 9]
        assert command.refresh()
        assert command.state.customers() == [8, 9]


async def test_processes_that_roll_at_once_lose_no_key(place: KeyPlace) -> None:
    _filled(place)
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.keystore_victim", *place.words, f"roll_{first}", cwd=ROOT
        )
        for first in (100, 200, 300)
    ]
    assert [await each.wait() for each in processes] == [0, 0, 0]
    with _opened(place) as store:
        assert store.state.customers() == [7, 8, *(first + n for first in (100, 200, 300) for n in range(10))]


# ---------------------------------------------------------------------------------------------------- what may be lost


@pytest.mark.policy("P-21")
@pytest.mark.parametrize(
    "change", [lambda blob: blob[:-1] + bytes([blob[-1] ^ 1]), lambda blob: blob[:20], lambda blob: b""]
)
def test_a_changed_blob_is_refused(place: KeyPlace, change: Callable[[bytes], bytes]) -> None:
    _filled(place)
    place.damage(change)
    with pytest.raises(KeystoreLost), _opened(place):
        pass


@pytest.mark.parametrize("content", [None, "", "no hex\n", "ab\n", "11" * 32 + "\n", "\xff"])
def test_a_root_that_is_lost_or_another_is_refused_and_nothing_is_written(place: KeyPlace, content: str | None) -> None:
    _filled(place)
    root = place.folder / "root" / "root.key"
    root.unlink()
    if content is not None:
        root.write_text(content, encoding="latin-1")
    with pytest.raises(KeystoreLost), _opened(place):
        pass
    assert root.exists() is (content is not None)


def test_a_file_that_is_no_database_is_refused(in_a_file: KeyPlace) -> None:
    in_a_file.file.parent.mkdir()
    in_a_file.file.write_bytes(b"not a database " * 100)
    with pytest.raises(LedgerCorrupt), _opened(in_a_file):
        pass


def test_a_closed_store_says_so(place: KeyPlace) -> None:
    with _opened(place) as store:
        pass
    with pytest.raises(LedgerUnavailable):
        store.refresh()
    store.close()


# ----------------------------------------------------------------------------------------------------- environment slot


def test_a_root_from_the_environment_stays_when_keys_are_destroyed(
    place: KeyPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "5a" * 32)
    with _opened(place, EnvRootSlot(VARIABLE)) as store:
        store.update(_with_keys, destroys=False)
        store.update(lambda state: state.drop_customer(7), destroys=True)
    with _opened(place, EnvRootSlot(VARIABLE)) as store:
        assert store.state.customers() == [8]
    with pytest.raises(KeystoreLost):
        EnvRootSlot(VARIABLE).write(())


def test_a_missing_variable_is_refused(place: KeyPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(KeystoreLost, match=VARIABLE), _opened(place, EnvRootSlot(VARIABLE)):
        pass


# ------------------------------------------------------------------------------------------------------------- periods


def _periods(store: Keystore) -> set[tuple[str, int]]:
    return set(store.state.periods())


def test_the_present_and_the_next_period_of_every_rule_exist(place: KeyPlace) -> None:
    with _opened(place) as store:
        Keyring(store, DEFAULT_RULES.values(), ManualClock(NOW)).ensure_present()
        wanted = {(rule.tag, period_of(rule, NOW) + ahead) for rule in DEFAULT_RULES.values() for ahead in (0, 1)}
        assert _periods(store) == wanted


def test_nothing_is_written_when_nothing_is_missing(place: KeyPlace) -> None:
    with _opened(place) as store, _opened(place) as other:
        Keyring(store, DEFAULT_RULES.values(), ManualClock(NOW)).ensure_present()
        assert other.refresh()
        Keyring(store, DEFAULT_RULES.values(), ManualClock(NOW + 1)).ensure_present()
        assert not other.refresh()


@pytest.mark.policy("P-21")
def test_dead_periods_are_destroyed_under_a_fresh_root(place: KeyPlace) -> None:
    clock = ManualClock(NOW)
    with _opened(place) as store:
        Keyring(store, [DEFAULT_RULES[OTP]], clock).ensure_present()
        first = period_of(DEFAULT_RULES[OTP], clock.now_ms())
        before = place.root.read()
        clock.advance(3_600)
        Keyring(store, [DEFAULT_RULES[OTP]], clock).ensure_present()
        clock.advance(600)
        Keyring(store, [DEFAULT_RULES[OTP]], clock).ensure_present()
        assert (OTP, first) not in _periods(store)
        assert {(OTP, first + 1), (OTP, first + 2)} <= _periods(store)
        assert place.root.read() != before


def test_periods_of_unknown_rules_are_left_alone(place: KeyPlace) -> None:
    with _opened(place) as store:
        store.update(_with_keys, destroys=False)
        Keyring(store, [DEFAULT_RULES[OTP]], ManualClock(NOW)).ensure_present()
        assert (TRANSACTIONAL, 1) in _periods(store)


# ------------------------------------------------------------------------------------------------ apart from the loop


async def test_a_change_in_a_thread_is_seen_when_it_is_awaited_and_lasts(place: KeyPlace) -> None:
    _filled(place)
    with _opened(place) as store:
        before, version = place.root.read(), store.version
        assert await store.update_apart(lambda state: state.drop_customer(7), destroys=True)
        assert store.state.customers() == [8]
        assert (store.version, len(place.root.read())) == (version + 1, 1)
        assert place.root.read() != before
        assert not store.refresh()
    with _opened(place) as store:
        assert store.state.customers() == [8]


def _add(customer: int, state: KeyState) -> bool:
    return state.ensure_customer(customer, os.urandom)


async def test_changes_in_threads_take_turns(place: KeyPlace) -> None:
    with _opened(place) as store:
        changes = [partial(_add, each) for each in range(1, 9)]
        await asyncio.gather(*(store.update_apart(each, destroys=True) for each in changes))
        assert store.state.customers() == list(range(1, 9))


async def test_a_root_that_cannot_be_dropped_is_told_though_the_change_stands(place: KeyPlace) -> None:
    _filled(place)

    class Refusing(FileRootSlot):
        refuses = 1

        def write(self, roots: Sequence[bytes]) -> None:
            if len(roots) == 1 and self.refuses:
                self.refuses -= 1
                raise OSError
            super().write(roots)

    with _opened(place, Refusing(place.folder / "root" / "root.key")) as store:
        with pytest.raises(LedgerUnavailable):
            await store.update_apart(lambda state: state.drop_customer(7), destroys=True)
        assert store.state.customers() == [8]
        assert len(place.root.read()) == 2
        store.refresh()
        assert len(place.root.read()) == 1


# --------------------------------------------------------------------------------------------------- copies, certainty


def test_a_destruction_is_certain_at_once_where_one_node_holds_the_keys(place: KeyPlace) -> None:
    _filled(place)
    with _opened(place) as store:
        store.update(lambda state: state.drop_customer(7), destroys=True)
        assert store.is_certain(store.version)
        assert not store.is_certain(store.version + 1)


def test_a_destruction_is_certain_when_the_last_node_has_followed(place: KeyPlace) -> None:
    class Two(OneNode):
        """This node and one that follows when it is told to."""

        other = 0

        def have_all(self, version: int) -> bool:
            return super().have_all(version) and self.other >= version

    _filled(place)
    nodes = Two()
    store = Keystore(place.server() if place.url else place.file, place.root, SystemClock(), nodes)
    store.open()
    store.update(lambda state: state.drop_customer(7), destroys=True)
    assert not store.is_certain(store.version)
    nodes.other = store.version
    assert store.is_certain(store.version)
    store.close()


@pytest.mark.policy("P-23")
def test_keys_move_to_an_empty_store_and_the_old_one_under_the_same_slot_is_dead(place: KeyPlace) -> None:
    old = KeyPlace(place.folder / "old")
    (customer, leaf), copy = _filled(old), place.folder / "copy.db"
    with _opened(old) as before, contextlib.closing(place.store(old.root)) as moved:
        before.snapshot(copy)
        moved.open_with(before.state)
        assert state_digest(moved.state) == state_digest(before.state)
        with pytest.raises(KeystoreTaken):
            place.store(old.root).open_with(KeyState())
    with _opened(place, old.root) as store:
        assert (store.state.customer_key(8), store.state.leaf_key(TRANSACTIONAL, 1, 5)) == (customer, leaf)
    assert len(old.root.read()) == 1
    for dead in (copy, old.file):
        with pytest.raises(KeystoreLost):
            Keystore(dead, old.root, SystemClock()).open()


def test_a_snapshot_opens_until_the_next_destruction(place: KeyPlace) -> None:
    customer, _ = _filled(place)
    copy = place.folder / "snapshot.db"
    with _opened(place) as store:
        assert store.snapshot(copy) == store.version
        assert copy.stat().st_mode & 0o777 == 0o600
        with pytest.raises(LedgerUnavailable):
            store.snapshot(copy)
    snapshot = Keystore(copy, place.root, SystemClock())
    snapshot.open()
    assert snapshot.state.customer_key(8) == customer
    snapshot.close()
    with _opened(place) as store:
        store.update(lambda state: state.drop_customer(7), destroys=True)
    with pytest.raises(KeystoreLost):
        snapshot.open()

"""The layouts of the key store: one of the version before is raised and its copies die; the present one stays small."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.keystore.followers import OneNode
from gateway.keystore.handing_over import set_custodian
from gateway.keystore.keyring import Keyring
from gateway.keystore.leases import Onlooker
from gateway.keystore.root_slot import KeystoreLost
from gateway.keystore.store import Keystore
from gateway.process.clock import ManualClock, SystemClock
from redaction.custodian import new_private
from redaction.customer_keys import LAYOUT
from redaction.errors import KeyDestroyed, KeysWithheld
from redaction.keys import KeyState
from redaction.keys_at_rest import state_digest
from redaction.puncture import PART_BYTES
from redaction.retention import DEFAULT_RULES, OTP, PROMOTIONAL, TRANSACTIONAL
from redaction.search_epochs import EPOCH_MS
from tests.bounds import LIMIT_S
from tests.integration.key_places import PERSISTENT, KeyPlace
from tests.integration.keystores.__main__ import answers
from tests.integration.valkey_server import valkey

HERE = Path(__file__).parent / "keystores"
BEFORE = ("layout_1", "layout_2", "layout_3")
INSTALLATION = 0x1234_5678_9ABC_DEF0
DAY_S = 86_400
MADE: dict[int, set[str]] = {1: set(), 2: {"search", "consent", "suppress"}}
MADE[3] = MADE[2] | {"idempotency", "rate", "join"}
"""By layout, the purposes that have secrets in it."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey"), *PERSISTENT) as url:
        yield url


@pytest.fixture(params=["file", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> KeyPlace:
    """Empty."""
    url = "" if request.param == "file" else request.getfixturevalue("server")
    return KeyPlace(tmp_path, url, tmp_path.name, lock_s=2 * LIMIT_S)


@pytest.fixture(params=BEFORE)
def layout(request: pytest.FixtureRequest) -> str:
    """A stored one of an earlier version."""
    return str(request.param)


@pytest.fixture
def said(layout: str) -> Any:
    """What its keys are."""
    return msgspec.json.decode((HERE / f"{layout}.json").read_bytes())


@pytest.fixture
def old(place: KeyPlace, layout: str) -> KeyPlace:
    """A store that an earlier version left there."""
    place.root.write((bytes.fromhex((HERE / f"{layout}.root").read_text(encoding="ascii")),))
    if not place.url:
        place.file.parent.mkdir()
        shutil.copy(HERE / f"{layout}.db", place.file)
        return place
    with contextlib.closing(sqlite3.connect(HERE / f"{layout}.db")) as file, place.client() as client:
        blob, version = file.execute("SELECT blob, version FROM keystore").fetchone()
        client.hset(f"{{{place.prefix}}}:keystore:state", mapping={"blob": blob, "version": version})
        client.hset(f"{{{place.prefix}}}:keystore:marks", "installation", INSTALLATION)
        if file.execute("SELECT 1 FROM sqlite_master WHERE name = 'segment'").fetchone():
            for segment, octets in file.execute("SELECT id, octets FROM segment"):
                client.set(f"{{{place.prefix}}}:keystore:segment:{segment.hex()}", octets)
    return place


def number(layout: str) -> int:
    return int(layout[-1])


@contextlib.contextmanager
def opened(store: Keystore) -> Iterator[Keystore]:
    store.open()
    try:
        yield store
    finally:
        store.close()


def command(place: KeyPlace) -> Keystore:
    """As a verb of the command line opens it, beside nodes."""
    if not place.url:
        return Keystore(place.file, place.root, SystemClock(), OneNode(is_node=False))
    server = place.server()
    return Keystore(server, place.root, SystemClock(), Onlooker(server))


def add(customer: int, state: KeyState) -> bool:
    return state.ensure_customer(customer, os.urandom)


def punctured(tag: Any, period: int, leaves: Sequence[int], state: KeyState) -> None:
    for leaf in leaves:
        state.puncture(tag, period, leaf)


def leaves(count: int) -> list[int]:
    return [each * 999_999_999_989 % 2**40 for each in range(count)]


class Segments:
    """What lies beside the blob, looked at from outside."""

    def __init__(self, place: KeyPlace) -> None:
        self._place = place

    def read(self) -> dict[bytes, bytes]:
        if not self._place.url:
            with contextlib.closing(sqlite3.connect(self._place.file)) as file:
                return dict(file.execute("SELECT id, octets FROM segment"))
        with self._place.client() as client:
            names = list(client.scan_iter(match=self._name("*")))
            return {bytes.fromhex(each.decode()[-32:]): client.get(each) for each in names}

    def write(self, segment: bytes, octets: bytes) -> None:
        if not self._place.url:
            with contextlib.closing(sqlite3.connect(self._place.file)) as file, file:
                file.execute("INSERT OR REPLACE INTO segment (id, octets) VALUES (?, ?)", (segment, octets))
            return
        with self._place.client() as client:
            client.set(self._name(segment.hex()), octets)

    def delete(self, segment: bytes) -> None:
        if not self._place.url:
            with contextlib.closing(sqlite3.connect(self._place.file)) as file, file:
                file.execute("DELETE FROM segment WHERE id = ?", (segment,))
            return
        with self._place.client() as client:
            client.delete(self._name(segment.hex()))

    def _name(self, end: str) -> str:
        return f"{{{self._place.prefix}}}:keystore:segment:{end}"


# ------------------------------------------------------------------------------------------------------- the old layout


def test_a_store_of_the_version_before_keeps_every_key_and_every_destruction(old: KeyPlace, said: Any) -> None:
    for _ in range(2):
        with opened(old.store()) as store:
            assert store.state.layout == LAYOUT
            assert store.installation == INSTALLATION
            assert answers(store.state) == said
    assert old.blob()[4] == LAYOUT


@pytest.mark.policy("P-23")
def test_a_copy_from_before_the_layout_was_raised_opens_with_nothing_that_is_left(old: KeyPlace, layout: str) -> None:
    with opened(old.store()):
        pass
    assert len(old.root.read()) == 1
    with pytest.raises(KeystoreLost):
        Keystore(Path(shutil.copy(HERE / f"{layout}.db", old.folder / "copy.db")), old.root, SystemClock()).open()


@pytest.mark.policy("P-23")
@pytest.mark.parametrize("at", [1, 2])
def test_a_crash_while_the_layout_is_raised_leaves_one_that_opens(
    old: KeyPlace, layout: str, said: Any, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the n-th write of a root: the blob is of the layout before until the second."""

    class Died(BaseException):
        pass

    slot, left = old.root, [at]
    write = slot.write

    def dying(roots: Sequence[bytes]) -> None:
        left[0] -= 1
        if not left[0]:
            raise Died
        write(roots)

    monkeypatch.setattr(slot, "write", dying)
    with pytest.raises(Died):
        old.store(slot).open()
    assert old.blob()[4] == (number(layout), LAYOUT)[at - 1]
    with opened(old.store()) as store:
        assert answers(store.state) == said
    assert len(old.root.read()) == 1


def test_a_verb_beside_a_node_leaves_the_layout_as_it_is(old: KeyPlace, layout: str) -> None:
    with opened(command(old)) as store:
        store.update(partial(add, 9), destroys=True)
        store.update(partial(punctured, OTP, 500_001, [6]), destroys=True)
    assert old.blob()[4] == number(layout)
    with opened(old.store()) as store:
        assert store.state.customers() == [0, 7, 8, 9, 2**40]
        assert store.state.pepper(9, "idempotency", 0)
        with pytest.raises(KeyDestroyed):
            store.state.leaf_key(OTP, 500_001, 6)
    assert old.blob()[4] == LAYOUT


@pytest.mark.parametrize("name", ["0123456789abcdef", "2:0123456789abcdef", "3:0123456789abcdef"])
def test_the_layout_is_raised_when_the_last_node_of_the_version_before_has_gone(
    old: KeyPlace, layout: str, name: str
) -> None:
    """name: as versions that read one layout, two and three call themselves."""
    if not old.url:
        pytest.skip("a file is not shared")
    written, clock, before = number(layout), ManualClock(), old.server()
    before.open()
    before.attend(name, 3, 60_000)
    with opened(old.store()) as node:
        assert node.state.layout == written
        keyring = Keyring(node, DEFAULT_RULES.values(), clock)
        keyring.ensure_present()
        keyring.ensure_customer(9)
        assert old.blob()[4] == written
        assert {purpose for purpose, _, _ in node.state.secrets()} == MADE[written]
        before.leave(name)
        roots = old.root.read()
        keyring.ensure_customer(10)
        assert (old.blob()[4], node.state.layout) == (LAYOUT, LAYOUT)
        assert old.root.read() != roots
        assert {9, 10} < set(node.state.customers())
        keyring.ensure_present()
        assert {purpose for purpose, _, _ in node.state.secrets()} >= MADE[3]
        assert {tag for purpose, tag, _ in node.state.secrets() if purpose == "search"} >= set(DEFAULT_RULES)
    before.close()


@pytest.mark.case("privacy-10")
def test_idempotency_keys_of_before_the_upgrade_are_found_until_their_time_is_over(old: KeyPlace) -> None:
    """And their lasting pepper goes, where it was a key of its own."""
    clock = ManualClock()
    with opened(old.store()) as node:
        keyring = Keyring(node, DEFAULT_RULES.values(), clock)
        keyring.ensure_present()
        before = keyring.idempotency_digests(7, "order 1", clock.now_ms(), 0)
        assert (before.before, before.sought) == ((), ())
        clock.advance(DAY_S)
        keyring.ensure_present()
        first = keyring.idempotency_digests(7, "order 1", clock.now_ms(), 0)
        assert before.claimed in (*first.before, *first.sought)
        assert first.claimed != before.claimed
        for _ in range(2):
            clock.advance(DAY_S)
            keyring.ensure_present()
        later = keyring.idempotency_digests(7, "order 1", clock.now_ms(), 0)
        assert before.claimed not in (later.claimed, *later.before, *later.sought)
        assert not node.state.own_epochs(7, "idempotency")


def test_a_store_of_the_version_before_moves_in_the_present_layout(old: KeyPlace, said: Any, tmp_path: Path) -> None:
    other = KeyPlace(tmp_path / "other")
    with opened(command(old)) as store, contextlib.closing(other.store()) as moved:
        moved.open_with(store.state, store.installation)
        assert state_digest(moved.state) == state_digest(store.state)
        assert answers(moved.state) == said
    assert other.blob()[4] == LAYOUT


# ------------------------------------------------------------------------------------------------------ what is written


def filled(state: KeyState) -> None:
    """Trees of several parts, a small one, and one that nobody was erased from."""
    for customer in range(1, 9):
        state.ensure_customer(customer, os.urandom)
    state.ensure_secret("search", 1, os.urandom)
    for tag, count in ((TRANSACTIONAL, 1_000), (OTP, 1), (PROMOTIONAL, 0)):
        state.ensure_period(tag, 1, os.urandom)
        punctured(tag, 1, leaves(count), state)


@pytest.mark.policy("P-23")
def test_an_erasure_writes_the_part_that_it_touches_and_its_table(place: KeyPlace) -> None:
    with opened(place.store()) as store:
        store.update(filled, destroys=False)
        everything = store.state.leaf_key(TRANSACTIONAL, 1, 77)
        before, roots = Segments(place).read(), place.root.read()
        assert len(before) > 10
        store.update(partial(punctured, TRANSACTIONAL, 1, [78]), destroys=True)
        after = Segments(place).read()
        (fresh,) = after.keys() - before.keys()
        assert all(after[each] == octets for each, octets in before.items())
        assert len(after[fresh]) <= PART_BYTES + 64
        assert place.root.read() != roots
        assert len(place.blob()) < 5_000
        store.update(partial(punctured, TRANSACTIONAL, 1, [79]), destroys=True)
        assert len(before.keys() - Segments(place).read().keys()) == 1, "the part before goes with the next change"
        assert store.state.leaf_key(TRANSACTIONAL, 1, 77) == everything
        store.update(lambda state: state.drop_period(TRANSACTIONAL, 1), destroys=True)
        store.update(partial(add, 9), destroys=True)
        store.update(partial(add, 10), destroys=True)
        named = {each[:16] for each in store.state.places()}
        assert Segments(place).read().keys() == named | set(store.state.deletable)


def test_only_what_is_asked_for_is_opened(place: KeyPlace) -> None:
    with opened(place.store()) as store:
        store.update(filled, destroys=False)
    asked: list[bytes] = []
    store = place.store()
    with opened(store):
        read = store.state.segments.read

        def noted(ids: Sequence[bytes]) -> Sequence[bytes | None]:
            asked.extend(ids)
            return read(ids)

        store.state.segments.read = noted
        store.state.leaf_key(PROMOTIONAL, 1, 5)
        assert asked == []
        store.state.leaf_key(TRANSACTIONAL, 1, 5)
        store.state.leaf_key(TRANSACTIONAL, 1, 6)
        assert len(asked) == 1
        store.update(partial(add, 9), destroys=True)
        store.state.leaf_key(TRANSACTIONAL, 1, 7)
        assert len(asked) == 1, "what was opened stays so, unless it was changed"


def test_every_part_stays_small_and_every_leaf_is_what_it_was(place: KeyPlace) -> None:
    gone = leaves(3_000)
    with opened(place.store()) as store:
        store.update(lambda state: state.ensure_period(OTP, 1, os.urandom), destroys=False)
        asked = [each for each in (*(leaf ^ 1 for leaf in gone[:200]), 0, 2**39, 2**40 - 1) if each not in gone]
        before = [store.state.leaf_key(OTP, 1, each) for each in asked]
        for at in range(0, len(gone), 500):
            store.update(partial(punctured, OTP, 1, gone[at : at + 500]), destroys=True)
    with opened(place.store()) as store:
        assert [store.state.leaf_key(OTP, 1, each) for each in asked] == before
        for leaf in gone[::50]:
            with pytest.raises(KeyDestroyed):
                store.state.leaf_key(OTP, 1, leaf)
        sizes = [len(each) for each in Segments(place).read().values()]
    assert len(sizes) > 30
    assert max(sizes) <= PART_BYTES + 64


def test_ten_thousand_customers_and_half_a_year_of_epochs_are_less_than_a_megabyte(place: KeyPlace) -> None:
    def fill(state: KeyState) -> None:
        for customer in range(10_000):
            state.ensure_customer(2**32 + customer, os.urandom, now_ms=1_800_000_000_000)
        for tag in DEFAULT_RULES:
            for epoch in range(83_000, 83_000 + 180 * 4):
                state.ensure_secret("search", epoch, os.urandom, tag=tag, now_ms=1_800_000_000_000)
            for period in range(24):
                state.ensure_period(tag, 500_000 + period, os.urandom, now_ms=1_800_000_000_000)

    def hand_over(state: KeyState) -> None:
        for tag, epoch in state.tagged("search")[: -8 * 4 * len(DEFAULT_RULES)]:
            state.hand_over(tag, epoch, os.urandom, now_ms=epoch * EPOCH_MS)

    def state_bytes() -> int:
        return len(place.blob()) + sum(len(each) for each in Segments(place).read().values())

    with opened(place.store()) as store:
        store.update(fill, destroys=True)
        assert state_bytes() <= 1_000_000
    with opened(place.store()) as store:
        assert len(store.state.secrets()) == len(DEFAULT_RULES) * 720
        assert store.state.pepper(2**32, "search", 83_000, OTP) != store.state.pepper(2**32, "search", 83_001, OTP)
        set_custodian(store, SystemClock(), new_private().public())
        store.update(hand_over, destroys=True)
        for customer in (1, 2):  # what was superseded goes with the change after
            store.update(partial(add, customer), destroys=True)
        assert state_bytes() <= 1_000_000
        assert len(store.state.secrets()) == len(DEFAULT_RULES) * 8 * 4


def test_segments_of_a_kind_that_is_not_known_are_carried_along(place: KeyPlace) -> None:
    """So that a later version may keep its own beside ours, and this one take over from it."""
    other = ("chunks", 20_833)

    def keep(state: KeyState) -> None:
        place_of_it = os.urandom(48)
        state.groups[other] = place_of_it
        Segments(place).write(place_of_it[:16], b"sealed otherwise")

    with opened(place.store()) as store:
        store.update(filled, destroys=False)
        store.update(keep, destroys=False)
        held = store.state.groups[other]
        for customer in (20, 21):
            store.update(partial(add, customer), destroys=True)
    with opened(place.store()) as store:
        assert store.state.groups[other] == held
        assert Segments(place).read()[held[:16]] == b"sealed otherwise"


# --------------------------------------------------------------------------------------------------- what may go wrong


def spoil(octets: bytes) -> bytes:
    return octets[:-1] + bytes([octets[-1] ^ 1])


@pytest.mark.policy("P-21")
@pytest.mark.parametrize("harm", ["changed", "cut", "missing", "another"])
def test_a_segment_that_is_not_what_was_written_opens_nothing_and_changes_nothing(place: KeyPlace, harm: str) -> None:
    with opened(place.store()) as store:
        store.update(filled, destroys=False)
        parts = {part.place[:16] for _, it in store.state.families.periods.items() for part in it.key.parts}
    segments = Segments(place)
    for each, octets in segments.read().items():
        if each not in parts:
            continue
        if harm == "missing":
            segments.delete(each)
        else:
            segments.write(each, {"changed": spoil(octets), "cut": octets[:4], "another": spoil(octets[::-1])}[harm])
    with opened(place.store()) as store:
        with pytest.raises(KeystoreLost):
            store.update(partial(punctured, TRANSACTIONAL, 1, [5]), destroys=True)
        assert store.state.leaf_key(PROMOTIONAL, 1, 5)
        with pytest.raises(KeysWithheld):
            store.state.leaf_key(TRANSACTIONAL, 1, 5)
        assert store.losses == 1
        assert not store.check()
        assert store.refresh()
        assert store.state.leaf_key(PROMOTIONAL, 1, 5), "the rest goes on"


@pytest.mark.parametrize("change", [spoil, lambda octets: octets[:4], lambda _: b""])
def test_a_damaged_segment_of_customers_is_refused_at_the_start(
    place: KeyPlace, change: Callable[[bytes], bytes]
) -> None:
    with opened(place.store()) as store:
        store.update(partial(add, 7), destroys=False)
    ((segment, octets),) = Segments(place).read().items()
    Segments(place).write(segment, change(octets))
    with pytest.raises(KeystoreLost), opened(place.store()):
        pass


def test_a_node_that_was_overtaken_has_its_keys_withheld_until_it_looks(place: KeyPlace) -> None:
    with opened(place.store()) as store:
        store.update(filled, destroys=False)
    with opened(place.store()) as node, opened(place.store()) as other:
        other.update(partial(punctured, TRANSACTIONAL, 1, [8]), destroys=True)
        assert node.state.leaf_key(TRANSACTIONAL, 1, 10), "what one change left can still be read"
    with opened(place.store()) as node, opened(place.store()) as other:
        for leaf in (18, 19):
            other.update(partial(punctured, TRANSACTIONAL, 1, [leaf]), destroys=True)
        with pytest.raises(KeysWithheld):
            node.state.leaf_key(TRANSACTIONAL, 1, 10)
        assert (node.state.customers(), node.losses) == ([], 1)
        assert node.refresh()
        assert node.state.leaf_key(TRANSACTIONAL, 1, 10)
        with pytest.raises(KeyDestroyed):
            node.state.leaf_key(TRANSACTIONAL, 1, 19)


@pytest.mark.policy("P-23")
def test_segments_of_a_change_that_died_before_its_blob_go_at_the_next_start(place: KeyPlace) -> None:
    with opened(place.store()) as store:
        store.update(filled, destroys=False)
        store.update(partial(add, 9), destroys=True)
        before = Segments(place).read()
    Segments(place).write(bytes(16), b"sealed under a key that nobody has")
    with opened(place.store()) as store:
        assert Segments(place).read() == before
        assert store.state.leaf_key(TRANSACTIONAL, 1, 10)


async def test_the_keys_of_before_serve_while_a_change_waits_in_its_thread(place: KeyPlace) -> None:
    with opened(place.store()) as store:
        store.update(filled, destroys=False)
    with opened(place.store()) as store:
        changes = [
            asyncio.create_task(store.update_apart(partial(punctured, TRANSACTIONAL, 1, [leaf]), destroys=True))
            for leaf in (18, 19, 20)
        ]
        keys = {store.state.leaf_key(TRANSACTIONAL, 1, 10)}
        while not all(each.done() for each in changes):
            keys.add(store.state.leaf_key(TRANSACTIONAL, 1, 10))
            await asyncio.sleep(0)
        await asyncio.gather(*changes)
        keys.add(store.state.leaf_key(TRANSACTIONAL, 1, 10))
        assert (len(keys), store.losses) == (1, 0)
        for leaf in (18, 19, 20):
            with pytest.raises(KeyDestroyed):
                store.state.leaf_key(TRANSACTIONAL, 1, leaf)

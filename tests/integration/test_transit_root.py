"""A root that a vault wraps: rolls kill every older copy, and may be cut short at any call.

The wrapped root lies in a file, or on the server of the key store.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from gateway.keystore.leases import Onlooker
from gateway.keystore.redis import KeyServer, KeyServerAddress
from gateway.keystore.root_slot import KeystoreLost
from gateway.keystore.store import Keystore
from gateway.keystore.transit import Transit, TransitRootSlot
from gateway.ledger.contract import LedgerUnavailable
from gateway.process.clock import SystemClock
from redaction.keys import KeyState
from tests.bounds import LIMIT_S
from tests.integration.key_places import LOCK_S, PERSISTENT, KeyPlace
from tests.integration.valkey_server import valkey
from tests.integration.vault import TOKEN, Vault, running_vault

ROOTS = (b"a" * 32, b"b" * 32)
CALLS_OF_A_ROLL = range(1, 18)


@pytest.fixture
def vault() -> Iterator[Vault]:
    with running_vault() as vault:
        yield vault


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey"), *PERSISTENT) as url:
        yield url


@pytest.fixture(params=["file", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> KeyPlace:
    return KeyPlace(tmp_path, request.getfixturevalue("url") if request.param == "redis" else "", tmp_path.name)


def transit_of(vault: Vault, token: str = TOKEN) -> Transit:
    return Transit(url=vault.url, token=token, mount="transit", key="gateway", timeout_s=5.0)


def slot(vault: Vault, place: Path, token: str = TOKEN) -> TransitRootSlot:
    """In a file."""
    return TransitRootSlot(place / "root" / "root.wrapped", transit_of(vault, token))


def store(vault: Vault, place: Path | KeyPlace, lock_s: float = LOCK_S) -> Keystore:
    if isinstance(place, Path) or not place.url:
        folder = place if isinstance(place, Path) else place.folder
        return Keystore(folder / "keys" / "keys.db", slot(vault, folder), SystemClock())
    server = KeyServer(KeyServerAddress(url=place.url, prefix=place.prefix), lock_s=lock_s)
    return Keystore(server, TransitRootSlot(server, transit_of(vault)), SystemClock(), Onlooker(server))


def copied(place: KeyPlace) -> KeyPlace:
    """A copy of everything there is, made by somebody else."""
    copy = replace(place, folder=place.folder / "copy", prefix=place.prefix + "-copy")
    shutil.copytree(place.folder, copy.folder)
    if place.url:
        with place.client() as client:
            for name in client.scan_iter(match=f"{{{place.prefix}}}:*"):
                client.copy(name, name.replace(place.prefix.encode(), copy.prefix.encode(), 1))
    return copy


def filled(vault: Vault, place: Path | KeyPlace) -> None:
    """With time enough on a busy machine, since nobody else waits for the lock."""
    keys = store(vault, place, lock_s=LIMIT_S)
    keys.open()
    keys.update(lambda state: [state.ensure_customer(each, os.urandom) for each in (7, 8)], destroys=False)
    keys.close()


def test_an_empty_slot_has_no_roots(vault: Vault, tmp_path: Path) -> None:
    assert slot(vault, tmp_path).read() == ()


def test_roots_come_back_and_lie_wrapped(vault: Vault, tmp_path: Path) -> None:
    slot(vault, tmp_path).write(ROOTS)
    assert tuple(slot(vault, tmp_path).read()) == ROOTS
    path = tmp_path / "root" / "root.wrapped"
    assert path.stat().st_mode & 0o777 == 0o600
    assert all(root not in path.read_bytes() and root.hex().encode() not in path.read_bytes() for root in ROOTS)
    assert path.read_text().startswith("vault:v2:")


@pytest.mark.case("interfaces-2")
def test_a_new_store_does_not_begin_under_a_key_that_wraps_the_roots_of_another(vault: Vault, place: KeyPlace) -> None:
    filled(vault, place)
    elsewhere = replace(place, folder=place.folder / "elsewhere", prefix=place.prefix + "-elsewhere")
    with pytest.raises(KeystoreLost, match="roots of another store"):
        store(vault, elsewhere).open()
    keys = store(vault, place)
    keys.open()
    assert keys.state.customers() == [7, 8]
    keys.close()


@pytest.mark.policy("P-23")
def test_a_copy_from_before_a_roll_is_dead_even_with_the_token(vault: Vault, place: KeyPlace) -> None:
    filled(vault, place)
    copy = store(vault, copied(place))
    copy.open()
    assert copy.state.customers() == [7, 8]
    copy.close()
    keys = store(vault, place)
    keys.open()
    keys.update(lambda state: state.drop_customer(7), destroys=True)
    keys.close()
    with pytest.raises(KeystoreLost):
        copy.open()
    assert min(vault.keys["gateway"].versions) == vault.keys["gateway"].latest


@pytest.mark.policy("P-23")
@pytest.mark.parametrize("after", [False, True], ids=["unheard", "unanswered"])
@pytest.mark.parametrize("call", CALLS_OF_A_ROLL)
def test_a_roll_cut_at_any_call_loses_nothing_and_leaves_nothing(
    vault: Vault, place: KeyPlace, call: int, after: bool
) -> None:
    filled(vault, place)
    copy = copied(place)
    keys = store(vault, place)
    keys.open()
    vault.cut_at, vault.cut_after = vault.requests + call, after
    cut = False
    try:
        keys.update(lambda state: state.drop_customer(7), destroys=True)
    except LedgerUnavailable:
        cut = True
    made = vault.requests - vault.cut_at
    assert cut == (made >= 0)
    keys.close()
    vault.cut_at = 0

    keys.open()
    assert keys.state.customers() in ([8], [7, 8])
    if keys.state.customers() == [7, 8]:
        keys.update(lambda state: state.drop_customer(7), destroys=True)
    keys.close()
    again = store(vault, place)
    again.open()
    assert again.state.customers() == [8]
    assert len(again.roots()) == 1
    again.close()
    with pytest.raises(KeystoreLost):
        store(vault, copy).open()


def test_the_calls_of_a_roll_are_all_among_those_that_were_cut(vault: Vault, place: KeyPlace) -> None:
    filled(vault, place)
    keys = store(vault, place)
    keys.open()
    before = vault.requests
    keys.update(lambda state: state.drop_customer(7), destroys=True)
    keys.close()
    assert vault.requests - before < CALLS_OF_A_ROLL.stop


@pytest.mark.policy("P-23")
def test_a_snapshot_has_its_wrapped_root_beside_it_and_is_dead_after_a_roll(
    vault: Vault, url: str, tmp_path: Path
) -> None:
    place = KeyPlace(tmp_path, url, tmp_path.name)
    filled(vault, place)
    keys, copy = store(vault, place), tmp_path / "copy"
    keys.open()
    keys.snapshot(copy)
    restored = Keystore(copy, TransitRootSlot(tmp_path / "copy.root", transit_of(vault)), SystemClock())
    restored.open()
    assert restored.state.customers() == [7, 8]
    assert (tmp_path / "copy.root").stat().st_mode & 0o777 == 0o600
    other = store(vault, replace(place, prefix="restored"))
    other.open_with(restored.state)
    other.close()
    restored.close()
    with pytest.raises(KeystoreLost):
        restored.open()
    keys.close()


@pytest.mark.policy("P-23")
def test_nodes_on_many_machines_roll_in_turn_and_share_no_file(vault: Vault, url: str, tmp_path: Path) -> None:
    machines = [store(vault, KeyPlace(tmp_path / name, url, tmp_path.name)) for name in ("one", "other")]
    for keys in machines:
        keys.open()
    for customer in range(1, 7):
        keys = machines[customer % 2]
        keys.update(partial(_add, customer), destroys=True)
    for keys in machines:
        keys.refresh()
        assert keys.state.customers() == list(range(1, 7))
        assert len(keys.roots()) == 1
        keys.close()
    assert not list(tmp_path.iterdir())


def _add(customer: int, state: KeyState) -> bool:
    return state.ensure_customer(customer, os.urandom)


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_vault_that_does_not_serve_is_unavailable_and_its_status_told(
    vault: Vault, tmp_path: Path, status: int
) -> None:
    filled(vault, tmp_path)
    vault.status = status
    with pytest.raises(LedgerUnavailable, match=str(status)):
        store(vault, tmp_path).open()


def test_a_vault_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with running_vault() as vault:
        filled(vault, tmp_path)
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        store(vault, tmp_path).open()


def test_a_wrong_token_is_refused_and_never_shown(vault: Vault, tmp_path: Path) -> None:
    filled(vault, tmp_path)
    with pytest.raises(LedgerUnavailable, match="403") as caught:
        slot(vault, tmp_path, "wrong-token-canary").read()
    assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.parametrize("content", ["", "vault:v1:AAAA", "nonsense", "vault:vx:AAAA"])
def test_what_is_no_wrapped_root_of_this_vault_is_lost(vault: Vault, tmp_path: Path, content: str) -> None:
    filled(vault, tmp_path)
    (tmp_path / "root" / "root.wrapped").write_text(content)
    with pytest.raises((KeystoreLost, LedgerUnavailable)):
        store(vault, tmp_path).open()

"""A root that a vault wraps: rolls kill every older file, and may be cut short at any call."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.ledger.base import LedgerUnavailable
from gateway.ledger.keystore import Keystore, KeystoreLost
from gateway.ledger.transit_root import Transit, TransitRootSlot
from tests.integration.vault import TOKEN, Vault, running_vault

ROOTS = (b"a" * 32, b"b" * 32)
CALLS_OF_A_ROLL = range(1, 18)


@pytest.fixture
def vault() -> Iterator[Vault]:
    with running_vault() as vault:
        yield vault


def slot(vault: Vault, place: Path, token: str = TOKEN) -> TransitRootSlot:
    transit = Transit(url=vault.url, token=token, mount="transit", key="gateway", timeout_s=5.0)
    return TransitRootSlot(place / "root" / "root.wrapped", transit)


def store(vault: Vault, place: Path) -> Keystore:
    return Keystore(place / "keys" / "keys.db", slot(vault, place), SystemClock())


def filled(vault: Vault, place: Path) -> None:
    keys = store(vault, place)
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


@pytest.mark.policy("P-23")
def test_a_file_from_before_a_roll_is_dead_even_with_the_token(vault: Vault, tmp_path: Path) -> None:
    filled(vault, tmp_path)
    shutil.copytree(tmp_path, tmp_path / "copy")
    copied = store(vault, tmp_path / "copy")
    copied.open()
    assert copied.state.customers() == [7, 8]
    copied.close()
    keys = store(vault, tmp_path)
    keys.open()
    keys.update(lambda state: state.drop_customer(7), destroys=True)
    keys.close()
    with pytest.raises(KeystoreLost):
        copied.open()
    assert min(vault.keys["gateway"].versions) == vault.keys["gateway"].latest


@pytest.mark.policy("P-23")
@pytest.mark.parametrize("after", [False, True], ids=["unheard", "unanswered"])
@pytest.mark.parametrize("call", CALLS_OF_A_ROLL)
def test_a_roll_cut_at_any_call_loses_nothing_and_leaves_nothing(
    vault: Vault, tmp_path: Path, call: int, after: bool
) -> None:
    filled(vault, tmp_path)
    shutil.copytree(tmp_path, tmp_path / "copy")
    keys = store(vault, tmp_path)
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
    again = store(vault, tmp_path)
    again.open()
    assert again.state.customers() == [8]
    again.close()
    assert len(slot(vault, tmp_path).read()) == 1
    with pytest.raises(KeystoreLost):
        store(vault, tmp_path / "copy").open()


def test_the_calls_of_a_roll_are_all_among_those_that_were_cut(vault: Vault, tmp_path: Path) -> None:
    filled(vault, tmp_path)
    keys = store(vault, tmp_path)
    keys.open()
    before = vault.requests
    keys.update(lambda state: state.drop_customer(7), destroys=True)
    keys.close()
    assert vault.requests - before < CALLS_OF_A_ROLL.stop


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

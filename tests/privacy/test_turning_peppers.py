"""What keys that turn are worth: copies of the data from before, tried with every key that lives after the turn.

The attacker knows the form of an idempotency key and tries all the numbers that it may hold.
"""

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from gateway.keystore.recovery import recover
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.rotation import rotate_customer, settle_customer
from redaction.customer_keys import PLATFORM
from redaction.errors import KeyDestroyed
from redaction.keys import KeyState
from redaction.primitives import hmac_sha256
from tests.unit.gateway.road import CUSTOMER, running_road

pytestmark = pytest.mark.case("privacy-10")

DAY_S = 24 * 3_600
PEOPLE = 200


def key_of(index: int) -> str:
    return f"otp-9665{10_000_000 + index}"


def copy_of(ledger: Path, place: Path) -> Path:
    """With its log."""
    place.mkdir()
    for name in ("ledger.db", "ledger.db-wal"):
        shutil.copyfile(ledger.with_name(name), place / name)
    return place / "ledger.db"


def recovered(copy: Path, state: KeyState) -> set[str]:
    """Keys whose digest is in the copy, under any pepper that the state gives for any customer and epoch."""
    with contextlib.closing(sqlite3.connect(copy)) as file:
        digests = {bytes(row[0]) for row in file.execute("SELECT digest FROM idempotency")}
    assert digests
    found: set[str] = set()
    for customer in (CUSTOMER, PLATFORM):
        for epoch in state.epochs(customer, "idempotency"):
            with contextlib.suppress(KeyDestroyed):
                pepper = state.pepper(customer, "idempotency", epoch)
                found |= {
                    key
                    for key in map(key_of, range(PEOPLE))
                    if hmac_sha256(pepper, bytes(4) + key.encode())[:16] in digests
                }
    return found


async def test_of_a_customer_whose_key_was_replaced_everything_opens_until_it_is_due(tmp_path: Path) -> None:
    """As the recovery tool sees it, and the dispatcher, whose key at hand is of before."""
    async with running_road(tmp_path, down=["loop"]) as road:
        sent = {await road.send(to=f"+9665{10_000_000 + index}", reference="order 7") for index in range(4)}
        await road.settled()
        rotate_customer(road.store, road.clock, CUSTOMER)
        sent |= {await road.send(to=f"+9665{20_000_000 + index}", reference="order 8") for index in range(4)}
        await road.settled()
        copy = copy_of(tmp_path / "ledger.db", tmp_path / "copy")
        roots = FileRootSlot(tmp_path / "root.key").read()
        assert recover([copy], [tmp_path / "keys.db"], roots).opened == sent
        for each in sent:
            assert road.vault.open_private(await road.stored(each)).reference is not None
        road.clock.advance(9 * DAY_S)
        settle_customer(road.store, CUSTOMER)
        road.keyring.ensure_present()
        assert road.store.state.former_keys(CUSTOMER) == []
        roots = FileRootSlot(tmp_path / "root.key").read()
        assert recover([copy], [tmp_path / "keys.db"], roots).opened == frozenset()


@pytest.mark.policy("P-23")
async def test_an_old_copy_gives_no_idempotency_key_once_its_epoch_is_over(tmp_path: Path) -> None:
    async with running_road(tmp_path, down=["loop"]) as road:
        road.clock.advance(1.5 * DAY_S - road.clock.now_ms() / 1000 % DAY_S)
        road.keyring.ensure_present()
        used = {key_of(index) for index in range(0, PEOPLE, 7)}
        for key in sorted(used):
            await road.send(idempotency=key)
        await road.settled()
        copy = copy_of(tmp_path / "ledger.db", tmp_path / "copy")
        assert recovered(copy, road.store.state) == used, "an attack that finds nothing at first would show nothing"
        road.clock.advance(DAY_S)
        road.keyring.ensure_present()
        assert recovered(copy, road.store.state) == used, "a repeat must still be found"
        road.clock.advance(DAY_S)
        road.keyring.ensure_present()
        assert recovered(copy, road.store.state) == set()

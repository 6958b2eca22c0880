"""After the pepper of credentials was rotated: keys move when they are used, and a pepper goes with its last key."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from gateway.accounts.administration import Accounts
from gateway.accounts.directory import Directory
from gateway.accounts.pepper_turn import Moves, PepperTurn
from gateway.accounts.settings import KeySettings, key_settings, pepper_of
from gateway.audit.actor import COMMAND_LINE
from gateway.keystore.layouts import LayoutBefore
from gateway.keystore.rotation import rotate_credentials, rotate_customer
from redaction.personal import Secret
from tests.unit.gateway.road import CUSTOMER, Road, running_road
from tests.unit.gateway.stage import api_key, customer

pytestmark = pytest.mark.case("privacy-10")

HOUR_S = 3_600


class Turn:
    """Accounts on a real ledger and key store, as verbs and nodes have them."""

    def __init__(self, road: Road) -> None:
        self.road, self.store = road, road.ledger.accounts
        self.moves = Moves(road.keyring, road.store)
        self.directory = Directory(self.store, road.keyring.credential_digest, self.moves.note)
        self.turn = PepperTurn(self.moves, self.directory, self.store, road.store, road.clock)
        self.accounts = Accounts(
            self.store,
            road.clock,
            COMMAND_LINE,
            sealer=road.sealer,
            ensure_keys=road.keyring.ensure_customer,
            digest=road.keyring.credential_digest,
            epoch=road.keyring.credential_epoch,
        )

    async def add(self) -> tuple[str, Secret]:
        key, secret = await self.accounts.add_key(CUSTOMER, scopes=("send",), settings=KeySettings(daily_quota=9))
        await self.directory.refresh()
        return key.prefix, secret

    async def work(self) -> None:
        await self.directory.refresh()
        self.directory.fresh = True
        await self.turn.work()
        await self.directory.refresh()

    def live(self) -> list[int]:
        return self.road.store.state.epochs(0, "credential")

    async def peppers(self) -> dict[str, int | None]:
        return {each.prefix: pepper_of(each.settings) for each in await self.store.keys()}


@pytest.fixture
async def turn(tmp_path: Path) -> AsyncIterator[Turn]:
    async with running_road(tmp_path) as road:
        await road.ledger.accounts.save_customer(customer())
        turn = Turn(road)
        await turn.directory.refresh()
        yield turn


async def test_a_key_is_found_under_the_pepper_that_it_is_kept_under(turn: Turn) -> None:
    old = await turn.add()
    assert rotate_credentials(turn.road.store, turn.road.clock) == 1
    new = await turn.add()
    assert await turn.peppers() == {old[0]: 0, new[0]: 1}
    for prefix, secret in (old, new):
        found = turn.directory.find(secret)
        assert found is not None
        assert found.prefix == prefix
    assert turn.directory.find(Secret("cgw_00000000_no")) is None


async def test_a_key_moves_when_it_is_used_and_keeps_all_else(turn: Turn) -> None:
    (prefix, secret), (unused, _) = await turn.add(), await turn.add()
    rotate_credentials(turn.road.store, turn.road.clock)
    before = {each.prefix: each for each in await turn.store.keys()}
    assert turn.directory.find(secret) is not None
    await turn.work()
    after = {each.prefix: each for each in await turn.store.keys()}
    assert after[unused] == before[unused]
    assert after[prefix].digest == turn.road.keyring.credential_digest(secret, 1)
    settings = msgspec.structs.replace(key_settings(before[prefix].settings), pepper=1)
    assert key_settings(after[prefix].settings) == settings
    assert settings.daily_quota == 9
    found = turn.directory.find(secret)
    assert found is not None
    assert found.daily_quota == 9
    assert turn.moves.take() == {}, "it is where it belongs"


async def test_a_pepper_goes_with_its_last_key_and_an_hour_after_the_newest(turn: Turn) -> None:
    (prefix, secret), (unused, _) = await turn.add(), await turn.add()
    rotate_credentials(turn.road.store, turn.road.clock)
    turn.directory.find(secret)
    await turn.work()
    turn.road.clock.advance(HOUR_S)
    await turn.work()
    assert turn.live() == [0, 1], "one is under it still"
    await turn.accounts.revoke_key(unused)
    await turn.work()
    assert turn.live() == [1]
    turn.road.keyring.ensure_customer(CUSTOMER + 1)
    turn.road.keyring.ensure_present()
    assert turn.live() == [1], "and no other one takes its place"
    assert turn.directory.find(secret) is not None
    rotate_credentials(turn.road.store, turn.road.clock)
    turn.directory.find(secret)
    await turn.work()
    await turn.work()
    assert turn.live() == [1, 2], "somebody may be making a key under it just now"
    assert await turn.peppers() == {prefix: 2, unused: 0}


async def test_no_pepper_goes_while_a_key_cannot_be_read(turn: Turn) -> None:
    await turn.store.save_key(msgspec.structs.replace(api_key(), id=0, prefix="broken", settings=b"{"))
    rotate_credentials(turn.road.store, turn.road.clock)
    turn.road.clock.advance(HOUR_S)
    await turn.work()
    assert turn.live() == [0, 1]


async def test_nothing_is_rotated_in_the_layout_of_before(turn: Turn) -> None:
    turn.road.store.update(lambda state: setattr(state, "layout", 2), destroys=False)
    turn.road.store._custody._may_raise = lambda: False
    with pytest.raises(LayoutBefore):
        rotate_credentials(turn.road.store, turn.road.clock)
    with pytest.raises(LayoutBefore):
        rotate_customer(turn.road.store, turn.road.clock, CUSTOMER)

"""What is held outlives its time and its person's erasure, and dies with the hold."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.log import AuditLog
from gateway.rights.building import holds
from gateway.rights.holds import HELD, HOLD, WAITS_MS, Hands, Holds, State, every_hold, waiting_until_ms
from redaction.errors import KeyDestroyed
from redaction.personal import MessageText, Purpose
from redaction.sealed import Sealed
from tests.privacy.test_erasure import Backup
from tests.unit.gateway.rights.desk import Rights, msisdn, number
from tests.unit.gateway.road import CUSTOMER, Road, running_road

DAY_MS = 86_400_000
HANDS = Hands("usr_0000000000000001", "usr_0000000000000002")
OWNER = f"cus_{CUSTOMER:016x}"


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with running_road(tmp_path, down=["loop"]) as road:
        yield road


def desk(road: Road) -> Holds:
    return holds(Rights(road).on, road.sealer, AuditLog(road.ledger.acts, road.clock, COMMAND_LINE))


async def test_an_erasure_during_a_hold_takes_the_original_and_leaves_the_copy(road: Road, tmp_path: Path) -> None:
    rights, held = Rights(road), desk(road)
    gone, other = await road.send(to=number(1), text="Held words"), await road.send(to=number(2))
    await road.settled()
    stored = [await road.stored(each) for each in (gone, other)]
    until_ms = road.clock.now_ms() + 30 * DAY_MS
    placed = await held.place(stored[:1], OWNER, MessageText("order 47"), HANDS, until_ms=until_ms)
    assert (placed.state, placed.messages) == (State.STANDING, 1)
    assert road.sealer.opened[Purpose.LEGAL_HOLD, "content"] == 1
    backup = Backup(road, tmp_path, tmp_path / "backup")
    done = await rights.erase(msisdn(1))
    assert (done.messages, done.held) == (1, 1)
    with pytest.raises(KeyDestroyed):
        road.vault.open_content(stored[0])
    (copy,) = await road.ledger.acts.of_kind(HELD)
    key = road.store.state.customers()[-1]
    name = copy.key.encode()
    sealed = Sealed(copy.octets[copy.octets.index(b"\x02") :])
    assert b"Held words" not in copy.octets
    assert (await held.citation(placed.id)).reveal(Purpose.LEGAL) == "order 47"
    ended, certificate = await held.release(placed.id, HANDS)
    assert (ended.state, certificate[:5]) == (State.RELEASED, "cert_")
    assert not await road.ledger.acts.of_kind(HELD)
    with pytest.raises(KeyDestroyed):
        road.sealer.open_account(sealed, key, HELD, name, Purpose.LEGAL)
    assert backup.attack().opened == {other}
    with pytest.raises(InvalidSetting):
        await held.release(placed.id, HANDS)
    said = [(each["act"], each["res"], each.get("by2")) for each in await rights.entries("hold.place")]
    assert said == [("hold.place", "intent", HANDS.second), ("hold.place", "ok", HANDS.second)]


async def test_a_hold_is_extended_and_ends_by_itself(road: Road) -> None:
    held = desk(road)
    message = await road.stored(await road.send(to=number(1)))
    until_ms = road.clock.now_ms() + DAY_MS
    placed = await held.place([message], OWNER, MessageText("order"), HANDS, until_ms=until_ms)
    with pytest.raises(InvalidSetting):
        await held.extend(placed.id, road.clock.now_ms() + 400 * DAY_MS, HANDS)
    assert (await held.extend(placed.id, until_ms + DAY_MS, HANDS)).until_ms == until_ms + DAY_MS
    road.clock.advance(1.5 * 86_400)
    assert await held.sweep() == 0
    road.clock.advance(86_400)
    assert await held.sweep() == 1
    assert [each.state for each in await every_hold(road.ledger.acts)] == [State.RELEASED]


async def test_keys_of_periods_wait_for_a_hold_that_is_being_placed_and_not_for_long(road: Road) -> None:
    await road.send(to=number(1))
    await road.settled()
    held = desk(road)
    message = await road.stored(await road.send(to=number(2)))
    placed = await held.place([message], OWNER, MessageText("order"), HANDS, until_ms=road.clock.now_ms() + 30 * DAY_MS)
    document = await road.ledger.acts.find(HOLD, placed.id)
    assert document is not None
    assert await waiting_until_ms(road.ledger.acts) == 0
    road.clock.advance(4 * 86_400 + 1)
    road.keyring.destroys_from_ms = road.clock.now_ms() + WAITS_MS
    assert await road.keyring.keep_present() == 0
    road.clock.advance(WAITS_MS / 1000)
    assert await road.keyring.keep_present() > 0

"""A search by reference lets others have their turn, ends in time, and says where it goes on."""

import asyncio
from pathlib import Path

import msgspec

from gateway.http_api.admin.finding import Sought, by_reference
from gateway.http_api.walking import AT_ONCE, LONGEST_S
from gateway.model.message import Message
from tests.unit.gateway.webhooks.stage import messages, staged

COUNT = 3 * AT_ONCE + 50


async def test_it_stops_after_its_time_and_goes_on_where_it_stopped_until_it_is_complete(tmp_path: Path) -> None:
    async with staged(tmp_path, running=False) as stage:
        stored = messages(COUNT)
        await stage.store(*stored)
        opened: list[bytes] = []
        now_s = [0.0]

        def reveal(message: Message) -> str:
            opened.append(message.id)
            now_s[0] += 2 * LONGEST_S / AT_ONCE
            return "wanted" if message.id == min(each.id for each in stored) else "other"

        sought, rounds = Sought(customer=stored[0].customer, reference="wanted", since_ms=0), 0
        while True:
            found = await by_reference(stage.ledger.messages, sought, reveal, lambda: now_s[0])
            rounds += 1
            if found.cursor is None:
                break
            assert not found.messages
            assert found.since_ms > 0
            sought = msgspec.structs.replace(sought, cursor=found.cursor)
        assert (rounds, found.since_ms) == (4, 0)
        assert len(opened) == len(set(opened)) == COUNT
        assert [each.id for each in found.messages] == [min(opened)]


async def test_it_ends_once_as_many_are_found_as_are_shown(tmp_path: Path) -> None:
    async with staged(tmp_path, running=False) as stage:
        stored = messages(COUNT)
        await stage.store(*stored)
        sought = Sought(customer=stored[0].customer, reference="same", since_ms=0)
        found = await by_reference(stage.ledger.messages, sought, lambda _: "same", lambda: 0.0)
        assert (len(found.messages), found.cursor is None) == (AT_ONCE, False)


async def test_others_have_their_turn_of_the_loop_meanwhile(tmp_path: Path) -> None:
    async with staged(tmp_path, running=False) as stage:
        stored = messages(AT_ONCE)
        await stage.store(*stored)
        turns, most = [0], [0]

        async def other() -> None:
            while True:
                turns[0] = 0
                await asyncio.sleep(0)

        def reveal(_: Message) -> str:
            turns[0] += 1
            most[0] = max(most[0], turns[0])
            return "other"

        beside = asyncio.get_running_loop().create_task(other())
        sought = Sought(customer=stored[0].customer, reference="wanted", since_ms=0)
        await by_reference(stage.ledger.messages, sought, reveal, lambda: 0.0)
        beside.cancel()
        assert 0 < most[0] <= AT_ONCE // 4

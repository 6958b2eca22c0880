"""Digests of idempotency keys: one message for each, for as long as they stand."""

import pytest

from gateway.ledger.contract import Accept
from gateway.ledger.roles import Ledger
from gateway.model.message import Message
from gateway.process.clock import ManualClock
from tests.contract.records import DAY_MS, NOW, a_message


async def test_the_same_digest_gives_the_first_message_again(ledger: Ledger) -> None:
    first, second = a_message(), a_message()
    await ledger.apply([Accept(first, b"d" * 16, NOW + DAY_MS)])
    assert await ledger.apply([Accept(second, b"d" * 16, NOW + DAY_MS)]) == [first.id]
    assert await ledger.messages.find(7, second.id) is None


async def test_the_first_of_a_batch_wins_the_race_for_a_digest(ledger: Ledger) -> None:
    racers = [a_message() for _ in range(5)]
    results = await ledger.apply([Accept(each, b"d" * 16, NOW + DAY_MS) for each in racers])
    assert results == [racers[0].id] * 5
    assert await ledger.messages.find_many([each.id for each in racers]) == [racers[0], None, None, None, None]


async def test_a_digest_is_the_customers_own(ledger: Ledger) -> None:
    mine, theirs = a_message(customer=7), a_message(customer=8)
    batch = [Accept(mine, b"d" * 16, NOW + DAY_MS), Accept(theirs, b"d" * 16, NOW + DAY_MS)]
    assert await ledger.apply(batch) == [mine.id, theirs.id]


async def test_a_digest_is_free_again_after_its_time(ledger: Ledger, clock: ManualClock) -> None:
    first, second, third = a_message(), a_message(), a_message()
    await ledger.apply([Accept(first, b"d" * 16, NOW + 1_000)])
    clock.advance(1.0)
    assert await ledger.apply([Accept(second, b"d" * 16, NOW + DAY_MS)]) == [second.id]
    assert await ledger.apply([Accept(third, b"d" * 16, NOW + DAY_MS)]) == [second.id]


def under(digest: bytes, earlier: bytes, kind: str, message: Message) -> Accept:
    before, sought = ((earlier,), ()) if kind == "before" else ((), (earlier,))
    return Accept(message, digest * 16, NOW + DAY_MS, before=before, sought=sought)


@pytest.mark.parametrize("kind", ["before", "sought"])
async def test_a_message_stands_for_an_earlier_digest_of_its_key(ledger: Ledger, kind: str) -> None:
    first, second, other = a_message(), a_message(), a_message()
    await ledger.apply([Accept(first, b"1" * 16, NOW + DAY_MS)])
    batch = [under(b"2", b"1" * 16, kind, second), under(b"3", b"4" * 16, kind, other)]
    assert await ledger.apply(batch) == [first.id, other.id]
    assert await ledger.messages.find_many([first.id, second.id, other.id]) == [first, None, other]
    again = a_message()
    assert await ledger.apply([under(b"3", b"4" * 16, kind, again)]) == [other.id]


@pytest.mark.parametrize("kind", ["before", "sought"])
async def test_an_earlier_digest_is_free_after_its_time(ledger: Ledger, clock: ManualClock, kind: str) -> None:
    first, second = a_message(), a_message()
    await ledger.apply([Accept(first, b"1" * 16, NOW + 1_000)])
    clock.advance(1.0)
    assert await ledger.apply([under(b"2", b"1" * 16, kind, second)]) == [second.id]


async def test_while_an_epoch_turns_one_of_a_batch_wins_under_whichever_digest(ledger: Ledger) -> None:
    racers = [a_message() for _ in range(3)]
    batch = [
        Accept(racers[0], b"2" * 16, NOW + DAY_MS, before=(b"1" * 16,), sought=(b"0" * 16,)),
        Accept(racers[1], b"2" * 16, NOW + DAY_MS, before=(b"1" * 16,)),
        Accept(racers[2], b"2" * 16, NOW + DAY_MS, before=(b"1" * 16,)),
    ]
    assert await ledger.apply(batch) == [racers[0].id] * 3
    assert await ledger.messages.find_many([each.id for each in racers]) == [racers[0], None, None]

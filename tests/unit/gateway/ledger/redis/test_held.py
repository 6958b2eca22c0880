"""Which partitions a node has, and how many it should have."""

import pytest

from gateway.ledger.redis.held import Holding, fair_share


@pytest.mark.parametrize("count", [1, 2, 3, 5, 64, 100])
def test_shares_add_up_and_differ_by_one_at_most(count: int) -> None:
    nodes = [number.to_bytes(2, "big") for number in range(count)]
    shares = [fair_share(nodes, each, 64) for each in nodes]
    assert sum(shares) == 64
    assert max(shares) - min(shares) <= 1


def test_a_node_that_is_not_known_to_be_alive_has_no_share() -> None:
    assert fair_share([b"a"], b"b", 64) == 0


def test_new_messages_go_round_the_partitions_that_stay() -> None:
    holding = Holding()
    assert holding.place() is None
    for each in (3, 1, 2):
        holding.take(each, "1")
    holding.give([2])
    placed = []
    for _ in range(4):
        placed.append(holding.place())
        holding.turn()
    assert placed == [1, 3, 1, 3]
    holding.keep(2)
    holding.lose([1, 3])
    assert holding.place() == 2


def test_batches_of_a_partition_are_numbered_from_one_under_each_lease() -> None:
    holding = Holding()
    holding.take(1, "5")
    assert [holding.partitions[1].next() for _ in range(2)] == [1, 2]
    holding.take(1, "6")
    assert holding.partitions[1].next() == 1


def test_whoever_asks_is_told_what_becomes_ours() -> None:
    holding, told = Holding(), list[int]()
    holding.taken = told.append
    holding.take(4, "1")
    assert told == [4]

"""Who gets a seat at a listener, and who leaves for it."""

from collections.abc import Sequence

import pytest

from operators.seats import Seat, Seats, subscriber

pytestmark = [pytest.mark.case("security-6"), pytest.mark.case("security-11")]


class Guest:
    def __init__(self, *, idle: bool = False) -> None:
        self.idle = idle
        self.left = False

    def is_idle(self) -> bool:
        return self.idle

    def leave(self) -> None:
        self.left = True


def fill(seats: Seats, address: str, count: int, *, idle: bool = False) -> list[tuple[Guest, Seat | None]]:
    guests = [Guest(idle=idle) for _ in range(count)]
    return [(each, seats.take(address, each)) for each in guests]


def seated(came: Sequence[tuple[Guest, Seat | None]]) -> int:
    return sum(seat is not None and not guest.left for guest, seat in came)


def test_an_address_takes_its_share_and_others_still_find_seats() -> None:
    seats = Seats(100, 20)
    assert seated(fill(seats, "192.0.2.1", 50)) == 20
    assert seated(fill(seats, "192.0.2.2", 5)) == 5
    assert (seats.taken, seats.refused) == (25, 30)


def test_without_a_number_of_its_own_an_address_takes_half() -> None:
    assert seated(fill(Seats(100), "192.0.2.1", 100)) == 50


def test_idle_ones_of_the_same_address_go_first_the_oldest_before_others() -> None:
    seats = Seats(100, 3)
    idle = fill(seats, "192.0.2.1", 3, idle=True)
    assert seats.take("192.0.2.1", Guest()) is not None
    assert [guest.left for guest, _ in idle] == [True, False, False]
    assert (seats.taken, seats.displaced) == (3, 1)


def test_one_that_has_shown_who_it_is_goes_last() -> None:
    seats = Seats(100, 3)
    idle = fill(seats, "192.0.2.1", 3, idle=True)
    proven = idle[0][1]
    assert proven is not None
    proven.prove()
    assert seated(fill(seats, "192.0.2.1", 2)) == 2
    assert [guest.left for guest, _ in idle] == [False, True, True]


@pytest.mark.parametrize("addresses", [1, 10, 100])
def test_idle_connections_of_any_number_of_addresses_shut_nobody_out(addresses: int) -> None:
    seats = Seats(100, 100)
    for number in range(2_100):
        seats.take(f"198.51.100.{number % addresses}", Guest(idle=True))
    assert seats.taken == 90
    assert seated(fill(seats, "192.0.2.1", 50)) == 50


def test_of_whoever_holds_the_most_idle_ones_go() -> None:
    seats = Seats(10, 10)
    few, many = fill(seats, "192.0.2.1", 2, idle=True), fill(seats, "192.0.2.2", 7, idle=True)
    fill(seats, "192.0.2.3", 3)
    assert (seated(few), seated(many)) == (2, 4)


def test_a_part_is_kept_for_addresses_that_are_known() -> None:
    seats = Seats(100, 100)
    first = seats.take("192.0.2.9", Guest())
    assert first is not None
    first.prove()
    first.free()
    for number in range(200):
        seats.take(f"198.51.100.{number}", Guest())
    assert seats.taken == 90
    assert seats.take("203.0.113.1", Guest()) is None
    assert seated(fill(seats, "192.0.2.9", 20)) == 10


def test_a_stranger_never_displaces_a_connection_of_a_known_address() -> None:
    seats = Seats(10, 10)
    known = fill(seats, "192.0.2.9", 10, idle=True)
    assert known[0][1] is not None
    known[0][1].prove()
    fill(seats, "192.0.2.9", 5, idle=True)
    before = seated(known)
    assert seated(fill(seats, "198.51.100.1", 3)) == 0
    assert seated(known) == before


def test_a_proxy_brings_as_many_as_there_are_seats() -> None:
    assert seated(fill(Seats(100, 5, ("10.0.0.0/8",)), "10.1.2.3", 200)) == 100


def test_a_seat_is_freed_once() -> None:
    seats = Seats(2)
    seat = seats.take("192.0.2.1", Guest())
    assert seat is not None
    seat.free()
    seat.free()
    assert (seats.taken, seats.holds("192.0.2.1")) == (0, 0)


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8:1:2::1", "2001:db8:1:2:f::9"), ("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1%eth1")],
)
def test_addresses_that_are_one_subscriber(one: str, other: str) -> None:
    assert subscriber(one) == subscriber(other)


@pytest.mark.parametrize(
    ("one", "other"), [("192.0.2.1", "192.0.2.2"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("", "192.0.2.1")]
)
def test_addresses_that_are_two(one: str, other: str) -> None:
    assert subscriber(one) != subscriber(other)

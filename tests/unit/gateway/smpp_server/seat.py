"""A place at a listener, for a link that has none."""

from operators.seats import Seat, Seats


class OnItsWay:
    """A connection that nothing is asked of."""

    def is_idle(self) -> bool:
        return False

    def leave(self) -> None:
        raise AssertionError


def a_seat(address: str = "127.0.0.1") -> Seat:
    seat = Seats(1).take(address, OnItsWay())
    assert seat is not None
    return seat

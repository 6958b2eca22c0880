"""What memory holds of messages whose fate is open."""

import pytest

from gateway.delivery.inflight import InFlight
from tests.unit.gateway.stage import a_message


def test_the_best_candidate_finds_its_segment() -> None:
    inflight, message = InFlight(), a_message()
    inflight.learn("loop", "ff", message, 0)
    inflight.learn("loop", "255", message, 1)
    assert inflight.find("loop", ("255", "ff")) == (message, 1)
    assert inflight.find("loop", ("nothing", "ff")) == (message, 0)


def test_ids_belong_to_one_operator() -> None:
    inflight = InFlight()
    inflight.learn("loop", "1", a_message(), 0)
    assert inflight.find("other", ("1",)) is None


def test_the_oldest_links_are_forgotten_beyond_the_limit() -> None:
    inflight = InFlight(limit=2)
    for number in range(3):
        inflight.learn("loop", str(number), a_message(), 0)
    assert len(inflight) == 2
    assert inflight.find("loop", ("0",)) is None
    assert inflight.find("loop", ("2",)) is not None


def test_a_settled_message_leaves_no_links() -> None:
    inflight, message = InFlight(), a_message(segments=2, operator_ids=("a", "b"))
    inflight.learn("loop", "a", message, 0)
    inflight.learn("loop", "b", message, 1)
    inflight.forget("loop", message)
    assert len(inflight) == 0


@pytest.mark.smpp("S-65")
def test_who_waits_for_an_id_is_called_once_when_it_is_learned() -> None:
    inflight, calls = InFlight(), []
    inflight.await_link("loop", "1", lambda: calls.append("arrived"))
    inflight.learn("loop", "2", a_message(), 0)
    assert calls == []
    inflight.learn("loop", "1", a_message(), 0)
    inflight.learn("loop", "1", a_message(), 0)
    assert calls == ["arrived"]


def test_who_stopped_waiting_is_not_called() -> None:
    inflight, calls = InFlight(), []

    def arrived() -> None:
        calls.append("arrived")

    inflight.await_link("loop", "1", arrived)
    inflight.stop_awaiting("loop", "1", arrived)
    inflight.learn("loop", "1", a_message(), 0)
    assert calls == []


def test_everybody_who_awaits_an_id_is_called_in_order() -> None:
    inflight, calls = InFlight(), []

    def second() -> None:
        calls.append("second")

    inflight.await_link("loop", "1", lambda: calls.append("first"))
    inflight.await_link("loop", "1", second)
    inflight.await_link("loop", "1", lambda: calls.append("third"))
    inflight.stop_awaiting("loop", "1", second)
    inflight.learn("loop", "1", a_message(), 0)
    assert calls == ["first", "third"]


def test_links_of_chosen_messages_are_forgotten() -> None:
    inflight, one, other = InFlight(), a_message(id=bytes(16)), a_message(id=b"\1" * 16)
    inflight.learn("loop", "1", one, 0)
    inflight.learn("loop", "2", other, 0)
    inflight.forget_where(one.id.__eq__)
    assert inflight.find("loop", ("1",)) is None
    assert inflight.find("loop", ("2",)) == (other, 0)

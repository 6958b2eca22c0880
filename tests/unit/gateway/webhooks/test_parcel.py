import json

from msgspec.structs import replace

from gateway.model.message import Message, OutboxEvent, Status
from gateway.webhooks.delivery import Delivery, Destination, Job, signer_of
from gateway.webhooks.lane import Lane
from gateway.webhooks.order import Order
from gateway.webhooks.parcel import MAX_BATCH_BYTES, Parcel, envelope, event_id
from redaction.personal import Secret
from tests.contract.records import a_notice
from tests.unit.gateway.webhooks.events import NOW_MS, event, message
from tests.unit.gateway.webhooks.stage import SECRET, messages

HERE = Destination(Secret("https://a.example/"), signer_of((Secret(SECRET),)), batch=4)
THERE = Destination(Secret("https://b.example/"), signer_of((Secret(SECRET),)), own_endpoint=False)


class Book:
    """Everything goes to one destination but what is named in `elsewhere`. body: of each event."""

    def __init__(self, destination: Destination = HERE, body: bytes = b'{"type":"x"}') -> None:
        self.destination = destination
        self.body = body
        self.elsewhere: set[bytes] = set()
        self.nobody: set[bytes] = set()

    def delivery(self, event: OutboxEvent, message: Message | None) -> Delivery | None:
        if event.message in self.nobody:
            return None
        return Delivery(THERE if event.message in self.elsewhere else self.destination, self.body)


class Yard:
    """A lane with jobs that wait, and the parcel that leaves next."""

    def __init__(self, book: Book | None = None) -> None:
        self.book = book or Book()
        self.lane = Lane(8, (5.0,))
        self.order = Order()
        self.seq = 0

    def add(self, told: Message, **changes: object) -> Job:
        self.seq += 1
        job = Job(event(told, self.seq, **changes), told)
        if self.order.add(job):
            self.lane.waiting.append(job)
        return job

    def leave(self) -> Parcel:
        job = self.lane.waiting.popleft()
        delivery = self.book.delivery(job.event, job.message)
        assert delivery is not None
        parcel = Parcel(self.lane, job, delivery, 0.0)
        parcel.fill(self.book)
        return parcel


def test_what_waits_leaves_together_in_order_up_to_what_the_endpoint_takes() -> None:
    yard = Yard()
    jobs = [yard.add(each) for each in messages(6)]
    assert yard.leave().jobs == jobs[:4]
    assert yard.leave().jobs == jobs[4:]


def test_events_of_one_message_follow_each_other_and_stand_for_one_head() -> None:
    yard = Yard()
    first, second = yard.add(message(1), status=Status.SUBMITTED), yard.add(message(1))
    other = yard.add(message(2))
    parcel = yard.leave()
    assert parcel.jobs == [first, second, other]
    assert parcel.heads() == [first, other]
    assert all(job.is_under_way for job in parcel.jobs)


def test_an_event_that_goes_elsewhere_or_to_nobody_ends_the_parcel_and_waits_on() -> None:
    for others in ("elsewhere", "nobody"):
        yard = Yard()
        jobs = [yard.add(each) for each in messages(3)]
        getattr(yard.book, others).add(message(2).id)
        assert yard.leave().jobs == jobs[:1]
        assert list(yard.lane.waiting) == jobs[1:]
        assert not jobs[1].is_under_way


def test_what_failed_goes_in_halves_until_it_goes_alone() -> None:
    for attempts, size in ((0, 4), (1, 2), (2, 1), (9, 1)):
        yard = Yard()
        for each in messages(8):
            yard.add(each, attempts=attempts)
        assert len(yard.leave().jobs) == size


def test_fresh_events_do_not_join_what_failed_nor_the_other_way_round() -> None:
    yard = Yard()
    fresh = [yard.add(each) for each in messages(3)]
    failed = yard.add(message(9), attempts=2)
    assert yard.leave().jobs == fresh
    assert yard.leave().jobs == [failed]


def test_a_parcel_has_only_so_many_octets() -> None:
    yard = Yard(Book(body=b"x" * (MAX_BATCH_BYTES // 2)))
    for each in messages(4):
        yard.add(each)
    assert len(yard.leave().jobs) == 2


def test_a_batch_holds_each_event_as_it_would_be_alone_under_its_own_id() -> None:
    webhook_id, body = envelope([b"1.delivered", b"2.failed"], [b'{"type":"a"}', b'{"type":"b","data":{}}'], NOW_MS)
    assert json.loads(body) == {
        "type": "batch",
        "timestamp": "2027-01-15T08:00:00.000Z",
        "data": [{"id": "1.delivered", "type": "a"}, {"id": "2.failed", "type": "b", "data": {}}],
    }
    assert webhook_id.startswith(b"batch.")


def test_the_same_events_have_the_same_id_whenever_they_go_and_others_have_another() -> None:
    bodies = [b'{"type":"a"}'] * 2
    ids = [
        envelope(names, bodies, at_ms)[0] for names, at_ms in (([b"1", b"2"], 0), ([b"1", b"2"], 9), ([b"2", b"1"], 0))
    ]
    assert ids[0] == ids[1] != ids[2]


def test_one_event_of_an_endpoint_of_batches_has_an_envelope_too() -> None:
    yard = Yard()
    yard.add(message(1))
    assert json.loads(yard.leave().octets(NOW_MS)[1])["type"] == "batch"


def test_an_event_alone_goes_as_it_is() -> None:
    book = Book(Destination(Secret("https://a.example/"), signer_of((Secret(SECRET),))))
    yard = Yard(book)
    jobs = [yard.add(each) for each in messages(2)]
    parcel = yard.leave()
    assert parcel.jobs == jobs[:1]
    assert parcel.octets(NOW_MS) == (f"{message(1).id.hex()}.delivered".encode(), book.body)


def test_an_event_of_another_kind_is_known_by_what_it_says() -> None:
    one, other = a_notice(seq=4, data=b'{"size":1}'), a_notice(data=b'{"size":2}')
    assert event_id(one) == event_id(replace(one, seq=9, attempts=3))
    assert event_id(one) != event_id(other)
    assert event_id(one).startswith(b"notice.")

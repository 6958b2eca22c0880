import asyncio
from collections.abc import Container, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from gateway.ledger.contract import LedgerUnavailable, Notify
from gateway.ledger.sqlite.outbox import Outbox
from gateway.model.message import OutboxEvent, Status
from gateway.process.containment import Containment
from gateway.webhooks.lane import PROBE_S, REST_AFTER
from gateway.webhooks.pauses import HOLD_S
from tests.contract.records import DONE, a_notice
from tests.unit.gateway.webhooks.events import NOW_MS, message
from tests.unit.gateway.webhooks.receiver import BUSY, GONE, Receiver, Say, receiving
from tests.unit.gateway.webhooks.stage import SECRET, Stage, messages, staged, until, until_all_told

REDIRECT = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"


def listen(stage: Stage, receiver: Receiver, customer: int = 1) -> None:
    stage.book.urls[customer] = f"http://127.0.0.1:{receiver.port}/hook"


def failing_first(receiver: Receiver, count: int, data: bytes = BUSY) -> None:
    receiver.answer = lambda _: Say(data if len(receiver.requests) < count else b"HTTP/1.1 204 No Content\r\n\r\n")


def statuses(receiver: Receiver) -> list[str]:
    return [each.event["data"]["status"] for each in receiver.requests]


# ------------------------------------------------------------------------------------------------------------ told


async def test_an_event_is_told_signed_and_then_forgotten(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        await stage.store(message())
        await until_all_told(stage)
        (received,) = receiver.requests
        headers = received.headers
        assert received.event["type"] == "message.delivered"
        assert headers["webhook-id"] == f"{message().id.hex()}.delivered"
        sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signed = Webhook(SECRET).sign(headers["webhook-id"], sent_at, received.body.decode())
        assert headers["webhook-signature"] == signed
        assert (stage.deliverer.courier.told, stage.deliverer.held.inflight, stage.deliverer.held.lag_ms()) == (1, 0, 0)


async def test_events_of_other_kinds_are_delivered_in_order_for_each_customer(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        listen(stage, receiver, customer=2)
        failing_first(receiver, 2)
        notices = [a_notice(customer=1 + number % 2, data=b'{"number":%d}' % number) for number in range(6)]
        for each in notices:
            assert await stage.journal.write(Notify(each)) is DONE
        stage.deliverer.offer([(each, None) for each in notices])
        await stage.store(message())
        await stage.run_out(30)
        delivered = [each.event for each in receiver.requests if each.event["type"] == "notice"]
        numbers = [each["data"]["number"] for each in delivered]
        taken = list(dict.fromkeys(numbers))
        assert sorted(taken) == list(range(6))
        assert [each for each in taken if each % 2] == [1, 3, 5]
        assert [each for each in taken if not each % 2] == [0, 2, 4]
        assert len({each.headers["webhook-id"] for each in receiver.requests}) == 7
        assert stage.deliverer.courier.dropped == 0


async def test_an_event_of_another_kind_without_anybody_to_get_it_is_dropped(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.journal.write(Notify(a_notice()))
        await until_all_told(stage)
        assert stage.deliverer.courier.dropped == 1


async def test_an_offered_event_is_told_from_memory(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        await until(lambda: stage.deliverer.knows_backlog)
        listen(stage, receiver)
        stage.deliverer.offer(await stage.store(*messages(20)))
        await until_all_told(stage)
        assert len(receiver.requests) == stage.deliverer.courier.told == 20


async def test_after_a_commit_that_failed_events_go_by_the_ledger_which_may_hold_earlier_ones(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        await until(lambda: stage.deliverer.knows_backlog)
        listen(stage, receiver)
        pairs = await stage.store(*messages(20))
        stage.journal.failures += 1
        read = stage.deliverer.held.inflight  # by a look at the ledger, which may come at any time
        stage.deliverer.offer(pairs)
        assert stage.deliverer.held.inflight == read
        await until_all_told(stage)
        assert len(receiver.requests) == stage.deliverer.read_back == 20


async def test_an_event_that_is_offered_and_read_is_told_once(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        pairs = await stage.store(*messages(50))
        for pair in pairs:
            stage.deliverer.offer([pair])
            stage.deliverer.poke()
            stage.deliverer.offer([pair])
        await until_all_told(stage)
        assert len(receiver.requests) == 50


async def test_one_customer_has_only_so_many_requests_at_once(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, connections_per_endpoint=3) as stage:
        listen(stage, receiver)
        receiver.answer = lambda _: Say(hold=True)
        await stage.store(*messages(20))
        await receiver.arrived(3)
        assert stage.deliverer.courier.requests == 3
        receiver.release.set()
        await until_all_told(stage)
        assert receiver.most_busy == 3


async def test_memory_is_bounded_and_the_rest_waits_in_the_ledger(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, max_inflight=16) as stage:
        listen(stage, receiver)
        receiver.answer = lambda _: Say(hold=True)
        stage.deliverer.offer(await stage.store(*messages(100)))
        await receiver.arrived(4)
        assert stage.deliverer.held.inflight <= 16
        receiver.release.set()
        await stage.run_out(60)
        assert sorted(each.event["data"]["id"] for each in receiver.requests) == [m.id.hex() for m in messages(100)]


# ------------------------------------------------------------------------------------------------------------ retried


@pytest.mark.parametrize(
    "data", [BUSY, REDIRECT, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", b"nonsense\r\n\r\n"]
)
async def test_what_is_not_a_success_is_tried_again_by_the_schedule_under_the_same_id(
    tmp_path: Path, data: bytes
) -> None:
    async with receiving() as receiver, staged(tmp_path, retry_schedule_s=(5, 30)) as stage:
        listen(stage, receiver)
        failing_first(receiver, 2, data)
        await stage.store(message())
        await until(lambda: stage.deliverer.courier.failed == 1)
        (row,) = await stage.waiting()
        assert (row.next_ms, row.attempts) == (NOW_MS + 5_000, 1)
        stage.later(5)
        await until(lambda: stage.deliverer.courier.failed == 2)
        (row,) = await stage.waiting()
        assert (row.next_ms, row.attempts) == (NOW_MS + 35_000, 2)
        stage.later(30)
        await until_all_told(stage)
        assert len({each.headers["webhook-id"] for each in receiver.requests}) == 1
        assert len(receiver.requests) == 3


async def test_the_last_pause_repeats_and_nothing_is_given_up(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, retry_schedule_s=(1, 2)) as stage:
        listen(stage, receiver)
        failing_first(receiver, 6)
        await stage.store(message())
        for tries in range(1, 7):
            await until(lambda tries=tries: stage.deliverer.courier.failed == tries)  # type: ignore[misc]
            await stage.waiting()
            stage.later(600)
        await until_all_told(stage)


async def test_nobody_listening_is_a_failure_like_any_other(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.book.urls[1] = "http://127.0.0.1:1024/"
        await stage.store(message())
        await until(lambda: stage.deliverer.courier.failed == 1)
        assert len(await stage.waiting()) == 1


async def test_a_bad_secret_loses_no_event(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        stage.book.secret = "whsec_short"
        await stage.store(message())
        await until(lambda: stage.deliverer.courier.failed == 1)
        assert len(await stage.waiting()) == 1
        assert not receiver.requests


# -------------------------------------------------------------------------------------------------------------- order


async def test_a_later_event_never_overtakes_an_earlier_one_of_its_message(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        failing_first(receiver, 1)
        first = await stage.store(message(), status=Status.SUBMITTED)
        stage.deliverer.offer(first)
        await until(lambda: stage.deliverer.courier.failed == 1)
        await stage.store(message(), status=Status.DELIVERED)
        stage.deliverer.poke()
        other = message(2)
        await stage.store(other)
        await until(lambda: stage.deliverer.courier.told == 1)
        assert [each.event["data"]["id"] for each in receiver.requests] == [message().id.hex(), other.id.hex()]
        stage.later(5)
        await until_all_told(stage)
        assert statuses(receiver) == ["submitted", "delivered", "submitted", "delivered"]


async def test_an_offered_event_waits_for_the_one_of_its_message_that_is_under_way(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        await until(lambda: stage.deliverer.knows_backlog)
        listen(stage, receiver)
        receiver.answer = lambda _: Say(hold=True)
        stage.deliverer.offer(await stage.store(message(), status=Status.SUBMITTED))
        await receiver.arrived(1)
        stage.deliverer.offer(await stage.store(message(), status=Status.DELIVERED))
        assert stage.deliverer.courier.requests == 1
        receiver.release.set()
        await until_all_told(stage)
        assert statuses(receiver) == ["submitted", "delivered"]


async def test_after_a_restart_the_ledger_gives_what_was_left_in_order(tmp_path: Path) -> None:
    async with staged(tmp_path, running=False) as before:
        await before.store(*messages(10), status=Status.SUBMITTED)
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        stage.deliverer.offer(await stage.store(*messages(10), status=Status.DELIVERED))
        await until_all_told(stage)
        for each in messages(10):
            told = [
                got.event["data"]["status"] for got in receiver.requests if got.event["data"]["id"] == each.id.hex()
            ]
            assert told == ["submitted", "delivered"]


# ------------------------------------------------------------------------------------------- failing and disabled


async def test_an_endpoint_that_fails_again_and_again_is_left_alone_and_others_are_not(tmp_path: Path) -> None:
    async with receiving() as dead, receiving() as alive, staged(tmp_path) as stage:
        listen(stage, dead)
        listen(stage, alive, 2)
        dead.answer = lambda _: Say(BUSY)
        others = [message(number, customer=2) for number in range(200, 250)]
        await stage.store(*messages(100), *others)
        courier = stage.deliverer.courier
        await until(lambda: courier.told == 50 and courier.failed >= REST_AFTER and not courier.requests)
        assert {row.customer for row in await stage.waiting()} == {1}
        assert REST_AFTER <= len(dead.requests) <= REST_AFTER + 8


async def test_what_comes_while_an_endpoint_is_left_alone_is_put_off_without_being_read(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, poll_s=60) as stage:
        await until(lambda: stage.deliverer.knows_backlog)
        listen(stage, receiver)
        receiver.answer = lambda _: Say(BUSY)
        stage.deliverer.offer(await stage.store(*messages(10)))
        await until(lambda: not stage.deliverer.held.inflight and not stage.deliverer.courier.requests)
        stage.deliverer.offer(await stage.store(*(message(number) for number in range(100, 120))))
        assert {row.next_ms > NOW_MS for row in await stage.waiting()} == {True}
        assert (len(await stage.waiting()), stage.deliverer.read_back) == (30, 0)
        receiver.answer = lambda _: Say()
        await stage.run_out(10)
        assert stage.deliverer.courier.told == 30


async def test_an_endpoint_that_is_back_gets_everything(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        receiver.answer = lambda _: Say(BUSY)
        await stage.store(*messages(50))
        await until(lambda: not stage.deliverer.courier.requests and stage.deliverer.courier.failed >= REST_AFTER)
        receiver.answer = lambda _: Say()
        await stage.run_out(10)
        assert stage.deliverer.courier.told == 50


@pytest.mark.case("faults-14")
async def test_a_probe_finds_an_endpoint_back_and_brings_forward_all_that_waits_for_it(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, retry_schedule_s=(600.0, 43_200.0)) as stage:
        listen(stage, receiver)
        receiver.answer = lambda _: Say(BUSY)
        await stage.store(*messages(50))
        await until(lambda: not stage.deliverer.courier.requests and stage.deliverer.courier.failed >= REST_AFTER)
        for _ in range(3):  # three probes in vain
            tries = stage.deliverer.courier.failed
            stage.clock.advance(PROBE_S * 1.2)
            await until(lambda tries=tries: stage.deliverer.courier.failed > tries)  # type: ignore[misc]
        await until(lambda: not stage.deliverer.courier.requests)
        receiver.answer = lambda _: Say()
        stage.clock.advance(PROBE_S * 1.2)
        await until(lambda: stage.deliverer.courier.told == 50)


@pytest.mark.case("faults-14")
async def test_an_endpoint_that_is_resumed_is_tried_at_once_with_all_that_waits_for_it(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, retry_schedule_s=(43_200.0,)) as stage:
        listen(stage, receiver)
        await stage.save_endpoint()
        await stage.deliverer.endpoints.refresh()
        receiver.answer = lambda _: Say(BUSY)
        await stage.store(*messages(50))
        await until(lambda: not stage.deliverer.courier.requests and stage.deliverer.courier.failed >= REST_AFTER)
        receiver.answer = lambda _: Say()
        await stage.save_endpoint()
        await until(lambda: stage.deliverer.courier.told == 50)


async def test_410_disables_the_endpoint_and_its_events_are_kept(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, connections_per_endpoint=1) as stage:
        listen(stage, receiver)
        await stage.save_endpoint()
        receiver.answer = lambda _: Say(GONE)
        await stage.store(*messages(5))
        await until(lambda: stage.deliverer.endpoints.disabled == 1 and not stage.deliverer.held.inflight)
        await stage.deliverer.endpoints.refresh()
        assert (await stage.endpoint()).state == "disabled"
        assert len(await stage.waiting()) == 5
        assert len(receiver.requests) == 1
        assert stage.deliverer.held.lag_ms() == 0


async def test_an_endpoint_that_is_enabled_again_gets_what_was_kept(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        await stage.save_endpoint(state="disabled", disabled_ms=NOW_MS)
        await until(lambda: stage.deliverer.endpoints.is_disabled(1))
        await stage.store(*messages(3))
        await until(lambda: not stage.deliverer.held.inflight)
        await stage.waiting()
        assert not receiver.requests
        await stage.save_endpoint()
        await until(lambda: not stage.deliverer.endpoints.is_disabled(1))
        await stage.run_out(HOLD_S)
        assert len(receiver.requests) == 3


async def test_an_endpoint_that_fails_for_long_without_a_success_is_disabled(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, retry_schedule_s=(60,), disable_after_s=3600) as stage:
        listen(stage, receiver)
        await stage.save_endpoint()
        receiver.answer = lambda _: Say(BUSY)
        await stage.store(message())
        await until(lambda: stage.deliverer.courier.failed == 1)
        await stage.waiting()
        stage.later(1800)
        await until(lambda: stage.deliverer.courier.failed == 2)
        await stage.deliverer.endpoints.refresh()
        noted = await stage.endpoint()
        assert (noted.state, noted.failing_since_ms) == ("enabled", NOW_MS)
        await stage.waiting()
        stage.later(1800)
        await until(lambda: stage.deliverer.endpoints.is_disabled(1))
        await stage.deliverer.endpoints.refresh()
        stored = await stage.endpoint()
        assert (stored.state, stored.disabled_ms) == ("disabled", NOW_MS + 3_600_000)
        assert len(await stage.waiting()) == 1


async def test_an_event_that_nobody_is_to_be_told_of_is_dropped_and_counted(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.store(*messages(3))
        await until_all_told(stage)
        assert (stage.deliverer.courier.dropped, stage.deliverer.courier.told, stage.deliverer.held.inflight) == (
            3,
            0,
            0,
        )


async def test_a_failing_callback_url_says_nothing_about_the_endpoint(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, disable_after_s=1) as stage:
        stage.book.callbacks[message().id] = f"http://127.0.0.1:{receiver.port}/once"
        receiver.answer = lambda _: Say(BUSY)
        await stage.store(message())
        for tries in range(1, 4):
            await until(lambda tries=tries: stage.deliverer.courier.failed == tries)  # type: ignore[misc]
            await stage.waiting()
            stage.later(3600)
        assert stage.deliverer.endpoints.failing == stage.deliverer.endpoints.disabled == 0


async def test_a_callback_url_that_is_gone_drops_its_event(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        stage.book.callbacks[message().id] = f"http://127.0.0.1:{receiver.port}/once"
        receiver.answer = lambda _: Say(GONE)
        await stage.store(message())
        await until_all_told(stage)
        assert (stage.deliverer.courier.dropped, stage.deliverer.endpoints.disabled) == (1, 0)


# -------------------------------------------------------------------------------------------------------- start, stop


async def test_stopping_waits_for_answers_under_way_and_begins_nothing_new(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, connections_per_endpoint=1) as stage:
        listen(stage, receiver)
        receiver.answer = lambda _: Say(hold=True)
        await stage.store(*messages(3))
        await receiver.arrived(1)
        stopping = asyncio.ensure_future(stage.deliverer.stop(20))
        await until(lambda: stage.deliverer.held.is_closed)
        receiver.release.set()
        await stopping
        assert stage.deliverer.courier.told == 1
        assert len(await stage.waiting()) == 2


async def test_what_is_not_answered_when_stopping_stays_in_the_ledger(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        receiver.answer = lambda _: Say(hold=True)
        await stage.store(message())
        await receiver.arrived(1)
        await stage.deliverer.stop(0)
        assert [row.attempts for row in await stage.waiting()] == [0]


async def test_the_age_of_the_oldest_untold_event_is_known(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path) as stage:
        listen(stage, receiver)
        failing_first(receiver, 1)
        await stage.store(message())
        await until(lambda: stage.deliverer.courier.failed == 1)
        stage.clock.advance(3)
        assert stage.deliverer.held.lag_ms() == 3000


class Unsteady(Outbox):
    """An outbox whose first readings fail."""

    failures = 3

    async def due(
        self, now_ms: int, limit: int, exclude: Container[int], esme: int = 0, after: int = 0
    ) -> Sequence[OutboxEvent]:
        if self.failures:
            self.failures -= 1
            raise LedgerUnavailable
        return await super().due(now_ms, limit, exclude)


async def test_a_ledger_that_is_away_is_waited_for(tmp_path: Path) -> None:
    async with receiving() as receiver, staged(tmp_path, outbox=Unsteady) as stage:
        listen(stage, receiver)
        await stage.store(message())
        await until_all_told(stage)
        assert len(receiver.requests) == 1


@pytest.mark.case("security-2")
@pytest.mark.parametrize(("offered", "batch"), [(True, 1), (False, 1), (True, 50)])
async def test_what_cannot_be_made_of_one_customers_events_holds_up_no_other(
    tmp_path: Path, offered: bool, batch: int
) -> None:
    contained = Containment()
    unwatch = contained.watch()
    async with receiving() as receiver, staged(tmp_path, retry_schedule_s=(5,)) as stage:
        listen(stage, receiver, 1)
        listen(stage, receiver, 2)
        stage.book.broken.add(1)
        stage.book.batch = batch
        pairs = await stage.store(message(1), message(2, customer=2), message(3), message(4, customer=2))
        if offered:
            stage.deliverer.offer(pairs)
        await until(lambda: stage.deliverer.courier.told == 2)
        await until(lambda: contained.counts["delivery"] >= 2)
        assert [each.attempts for each in await stage.waiting()] == [1, 1]
        stage.book.broken.clear()
        await stage.run_out(5)
        assert stage.deliverer.courier.told == 4
    unwatch()

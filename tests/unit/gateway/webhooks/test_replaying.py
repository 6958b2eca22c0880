"""Events that are made anew as a task: out of what is stored, over a crash, and until it is cancelled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.contract import Accept, Change, ChangedMeanwhile
from gateway.model.message import Message, Status, message_id
from gateway.model.reports import DELIVERED, SUBMITTED
from gateway.webhooks import replaying
from gateway.webhooks.replaying import SILENT_MS, Replayer, event_of
from gateway.webhooks.tasks import KEPT_MS, MOST_OPEN, State, Tasks, TooManyTasks, UnknownTask
from tests.unit.gateway.webhooks.events import NOW_MS, message
from tests.unit.gateway.webhooks.receiver import receiving
from tests.unit.gateway.webhooks.stage import Stage, staged, until

OWNER = "cus_0123456789abcdef"
HOUR_MS = 3_600_000


class Site:
    """A stage with tasks, and processes that work at them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.tasks = Tasks(stage.ledger.acts, stage.clock, COMMAND_LINE)

    def worker(self) -> Replayer:
        stage = self.stage
        return Replayer(
            self.tasks,
            stage.ledger.messages,
            stage.ledger.outbox,
            stage.journal,
            stage.clock,
            reach_ms=HOUR_MS,
            stored=stage.deliverer.distrust,
        )

    async def ended(self, count: int, status: Status = Status.DELIVERED, hours_ago: float = 1, **more: Any) -> None:
        """So many messages of customer 1, without events that wait."""
        at_ms = NOW_MS - round(hours_ago * HOUR_MS)
        for number in range(count):
            identifier = message_id(at_ms, number, bytes(8))
            fields = {"id": identifier, "accepted_ms": at_ms, "final_ms": None, "status": Status.ACCEPTED} | more
            new: Message = msgspec.structs.replace(message(number), **fields)
            self.stage.journal.post(Accept(new))
            if status is not Status.ACCEPTED:
                final = msgspec.structs.replace(new, status=status, final_ms=at_ms + 1_000)
                self.stage.journal.post(Change(message=final))
        await self.stage.journal.drain()


@asynccontextmanager
async def site(folder: Path) -> AsyncIterator[Site]:
    async with staged(folder) as stage:
        yield Site(stage)


async def test_what_ended_in_the_time_is_told_again_under_its_id_and_nothing_else(tmp_path: Path) -> None:
    async with receiving() as receiver, site(tmp_path) as here:
        here.stage.book.urls[1] = f"http://127.0.0.1:{receiver.port}/hook"
        await here.ended(3, hours_ago=1)
        await here.ended(2, hours_ago=5)
        await here.ended(2, Status.ACCEPTED, hours_ago=1.5)
        await here.ended(2, hours_ago=1.25, customer=2)
        await here.ended(2, hours_ago=1.75, key_id=-4)
        task = await here.tasks.begin(1, OWNER, NOW_MS - 2 * HOUR_MS, NOW_MS)
        await here.worker().look()
        await until(lambda: len(receiver.requests) == 3)
        found = await here.tasks.find(task.id)
        assert (found.replay.state, found.replay.made) == (State.DONE, 3)
        told = {each.headers["webhook-id"] for each in receiver.requests}
        at_ms = NOW_MS - HOUR_MS
        assert told == {f"{message_id(at_ms, number, bytes(8)).hex()}.delivered" for number in range(3)}


async def test_types_are_chosen_and_unknown_ones_refused(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        await here.ended(2, Status.UNDELIVERED)
        await here.ended(3, Status.DELIVERED, hours_ago=1.5)
        task = await here.tasks.begin(1, OWNER, 0, NOW_MS, ["message.undelivered"])
        await here.worker().look()
        assert (await here.tasks.find(task.id)).replay.made == 2
        for types, since_ms, until_ms in ((["message.read"], 0, 5), ([], 5, 5), ([], 0, NOW_MS + 10_000_000)):
            with pytest.raises(InvalidSetting):
                await here.tasks.begin(1, OWNER, since_ms, until_ms, types)


async def test_it_goes_on_where_another_process_died_and_a_working_one_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "PAGE", 2)
    async with site(tmp_path) as here:
        await here.ended(7)
        task = await here.tasks.begin(1, OWNER, 0, NOW_MS)
        first, second = here.worker(), here.worker()
        step = await first._step(await here.tasks.find(task.id))
        assert (step.replay.looked, step.replay.made) == (2, 2)
        await second.look()
        assert (await here.tasks.find(task.id)).replay.looked == 2
        here.stage.clock.advance(SILENT_MS / 1000 + 1)
        await second.look()
        found = (await here.tasks.find(task.id)).replay
        assert (found.state, found.looked, found.made, second.made) == (State.DONE, 7, 7, 5)
        with pytest.raises(ChangedMeanwhile):
            await first._step(step)


async def test_a_task_that_is_cancelled_ends_and_keeps_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "PAGE", 2)
    async with site(tmp_path) as here:
        await here.ended(6)
        task = await here.tasks.begin(1, OWNER, 0, NOW_MS)
        worker = here.worker()
        await worker._step(await here.tasks.find(task.id))
        assert (await here.tasks.cancel(task.id)).replay.state is State.CANCELLED
        await worker.look()
        assert (await here.tasks.cancel(task.id)).replay.made == 2
        assert worker.made == 2
        entries = [msgspec.json.decode(each.octets) for each in await here.stage.ledger.acts.pending(10)]
        assert [(each["act"], each.get("n")) for each in entries] == [
            ("webhook.replay", None),
            ("task.end", {"done": 2}),
        ]
        with pytest.raises(UnknownTask):
            await here.tasks.cancel("task_0000000000000000")


async def test_while_much_waits_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "PAGE", 2)
    monkeypatch.setattr(replaying, "MOST_WAITING", 3)
    async with site(tmp_path) as here:
        await here.stage.save_endpoint(state="disabled", disabled_ms=1)
        here.stage.book.urls[1] = "http://127.0.0.1:9/hook"
        await here.ended(9)
        task = await here.tasks.begin(1, OWNER, 0, NOW_MS)
        worker = here.worker()
        for _ in range(3):
            await worker.look()
        assert worker.made == 4
        assert (await here.tasks.find(task.id)).replay.state is State.OPEN


async def test_so_many_tasks_may_be_open_and_old_ones_are_forgotten(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        for _ in range(MOST_OPEN):
            await here.tasks.begin(1, OWNER, 0, NOW_MS)
        with pytest.raises(TooManyTasks):
            await here.tasks.begin(1, OWNER, 0, NOW_MS)
        await here.tasks.begin(2, OWNER, 0, NOW_MS)
        await here.worker().look()
        assert {each.replay.state for each in await here.tasks.all()} == {State.DONE}
        here.stage.clock.advance(KEPT_MS / 1000 + 1)
        await here.worker().look()
        assert await here.tasks.all() == []


@pytest.mark.parametrize(("notify", "comes"), [(0, True), (DELIVERED, True), (SUBMITTED, False)])
def test_a_facades_callback_is_told_again_of_what_it_asked_for_alone(notify: int, comes: bool) -> None:
    ended = msgspec.structs.replace(message(1), status=Status.DELIVERED, final_ms=NOW_MS, notify=notify)
    assert (event_of(ended, NOW_MS) is not None) is comes

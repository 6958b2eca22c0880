"""What processes say of themselves."""

from msgspec.structs import replace

from gateway.control.reports import BEAT_S, FORGET_S, KIND, LIVE_S, LinkReport, Report, Reporter, live_reports
from gateway.ledger.contract import DocumentWrite
from gateway.process.clock import ManualClock
from tests.unit.gateway.small_acts import SmallActs

BUSY = LinkReport(state="up", binds_up=1, waiting=7, sent=9, rates=(1.0, 1.0, 1.0), took=(0, 9), errors={"00000058": 1})


class Place:
    """Processes on one ledger."""

    def __init__(self) -> None:
        self.acts = SmallActs()
        self.clock = ManualClock()
        self.said: dict[int, Report] = {}

    def process(self, worker: int) -> Reporter:
        self.said[worker] = Report(node="riyadh", worker=worker, operators={"a": LinkReport(state="up", binds_up=1)})
        return Reporter(self.acts, self.clock, lambda: self.said[worker])

    async def live(self) -> list[Report]:
        return list(await live_reports(self.acts, self.clock.now_ms()))


async def test_a_report_is_there_once_it_was_made_and_goes_when_its_process_ends() -> None:
    place = Place()
    reporters = [place.process(worker) for worker in (2, 1)]
    for each in reporters:
        await each.report()
    assert [each.worker for each in await place.live()] == [1, 2]
    await reporters[0].leave()
    assert [each.worker for each in await place.live()] == [1]


async def test_only_what_changed_is_written_and_everything_now_and_then() -> None:
    place = Place()
    reporter = place.process(1)
    await reporter.report()
    version = await place.acts.version()
    place.said[1] = replace(place.said[1], operators={"a": BUSY})
    await reporter.report()
    assert await place.acts.version() == version, "how much waits or was sent is not worth a write"
    place.said[1] = replace(place.said[1], applied={"dispatch": 3})
    await reporter.report()
    assert (await place.live())[0].applied == {"dispatch": 3}
    version = await place.acts.version()
    place.clock.advance(BEAT_S)
    await reporter.report()
    assert await place.acts.version() == version + 1
    assert (await place.live())[0].heard_ms == place.clock.now_ms()


async def test_a_report_says_since_when_a_link_is_as_it_is() -> None:
    place = Place()
    reporter = place.process(1)
    began = place.clock.now_ms()
    await reporter.report()
    place.clock.advance(BEAT_S)
    await reporter.report()
    assert (await place.live())[0].operators["a"].since_ms == began
    place.said[1] = replace(place.said[1], operators={"a": LinkReport(state="up", binds_up=1, paused=True)})
    await reporter.report()
    assert (await place.live())[0].operators["a"].since_ms == place.clock.now_ms()
    assert (await place.live())[0].started_ms == began


async def test_a_process_that_is_not_heard_of_is_not_there_and_is_forgotten_in_the_end() -> None:
    place = Place()
    dead, alive = place.process(1), place.process(2)
    await dead.report()
    place.clock.advance(LIVE_S)
    assert await place.live() == []
    await alive.report()
    assert len(await place.acts.of_kind(KIND)) == 2
    place.clock.advance(FORGET_S)
    await alive.report()
    assert [each.worker for each in await place.live()] == [2]
    assert len(await place.acts.of_kind(KIND)) == 1


async def test_what_another_version_wrote_is_passed_over() -> None:
    place = Place()
    await place.process(1).report()
    await place.acts.act([DocumentWrite(KIND, "0" * 16, b"?")])
    assert [each.worker for each in await place.live()] == [1]


async def test_a_process_ends_also_when_the_ledger_is_away() -> None:
    place = Place()
    reporter = place.process(1)
    await reporter.report()
    place.acts.broken = True
    await reporter.leave()


async def test_a_process_knows_its_own_report_as_of_now_and_others_as_they_wrote_it() -> None:
    place = Place()
    here, there = place.process(1), place.process(2)
    began = place.clock.now_ms()
    assert [each.worker for each in await here.reports()] == [1], "before it wrote any"
    for each in (here, there):
        await each.report()
    place.clock.advance(1)
    for worker in (1, 2):
        place.said[worker] = replace(place.said[worker], operators={"a": LinkReport(state="up", sent=9)})
    found = await here.reports()
    assert [(each.worker, each.operators["a"].sent) for each in found] == [(1, 9), (2, 0)]
    assert [(each.started_ms, each.operators["a"].since_ms) for each in found] == [(began, began)] * 2

"""Asking a real HTTP service at which network a number is: what is known, how long, and what follows from faults."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiohttp import web

from gateway.delivery.portability import FAILURES, FIRST_PAUSE_S, Bounds, Portability
from gateway.model.numbers import parse_number
from gateway.process.clock import ManualClock, SystemClock
from operators.rest.connection import target
from redaction.personal import Msisdn
from tests.bounds import LIMIT_S
from tests.unit.gateway.stage import until

PERSON = b"pseudonym of one"


class Service:
    """answer: of every question. body: instead of it. asked: what was asked. free: answers wait for it."""

    def __init__(self) -> None:
        self.answer: object = {"network": "mobily"}
        self.body = b""
        self.status = 200
        self.asked: list[Any] = []
        self.free = asyncio.Event()
        self.free.set()
        self.port = 0
        self.transport: asyncio.Transport | None = None

    async def take(self, request: web.BaseRequest) -> web.Response:
        self.asked.append(await request.json())
        await self.free.wait()
        self.transport = request.transport
        if self.body:
            return web.Response(body=self.body, status=self.status)
        return web.json_response(self.answer, status=self.status)


def number(last: int = 78) -> Msisdn:
    found = parse_number(f"+9665000000{last:02}", "SA")
    assert found is not None
    return found


def bounds(**more: Any) -> Bounds:
    usual: dict[str, Any] = {
        "prefixes": ("9665",),
        "timeout_s": LIMIT_S,
        "connections": 2,
        "waiting": 2,
        "cache_s": 60.0,
        "cache_entries": 3,
    }
    return Bounds(**(usual | more))


@asynccontextmanager
async def serving(clock: Any = None, **more: Any) -> AsyncIterator[tuple[Service, Portability]]:
    service = Service()
    runner = web.ServerRunner(web.Server(service.take, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.port = int(runner.addresses[0][1])
    tasks: set[asyncio.Task[None]] = set()

    def start(_kind: str, work: Coroutine[Any, Any, None]) -> None:
        tasks.add(asyncio.get_running_loop().create_task(work))

    where = target(f"http://127.0.0.1:{service.port}/networks", {"Content-Type": "application/json"}, None)
    asking = Portability(where, bounds(**more), clock or SystemClock(), start)
    try:
        yield service, asking
    finally:
        service.free.set()
        await asyncio.gather(*tasks)
        asking.close()
        await runner.cleanup()


async def answered(asking: Portability, subject: bytes = PERSON, last: int = 78) -> bool:
    """Whether it was asked, once that is over."""
    over = asyncio.Event()
    if not asking.waits(subject, number(last), over.set):
        return False
    async with asyncio.timeout(LIMIT_S):
        await over.wait()
    return True


async def test_a_number_is_asked_about_once_while_the_answer_is_known() -> None:
    clock = ManualClock()
    async with serving(clock) as (service, asking):
        assert asking.known(PERSON) == ""
        assert await answered(asking)
        assert (asking.known(PERSON), service.asked) == ("mobily", [{"number": "+966500000078"}])
        assert not await answered(asking)
        clock.advance(61)
        assert asking.known(PERSON) == ""
        assert await answered(asking)
        assert len(service.asked) == 2
        clock.advance(61)
        asking.forget_old()
        assert asking.known(PERSON) == ""


async def test_who_asks_while_it_is_asked_waits_for_the_same_answer() -> None:
    async with serving() as (service, asking):
        service.free.clear()
        heard: list[str] = []
        assert asking.waits(PERSON, number(), lambda: heard.append(asking.known(PERSON)))
        assert asking.waits(PERSON, number(), lambda: heard.append(asking.known(PERSON)))
        assert asking.waits(b"another", number(79), lambda: heard.append("another"))
        service.free.set()
        async with asyncio.timeout(LIMIT_S):
            while len(heard) < 3:
                await asyncio.sleep(0.01)
        assert (heard.count("mobily"), len(service.asked)) == (2, 2)


async def test_numbers_of_other_countries_and_more_than_may_wait_go_by_prefix() -> None:
    async with serving() as (service, asking):
        service.free.clear()
        abroad = parse_number("+4915112345678", "DE")
        assert abroad is not None
        assert not asking.waits(b"abroad", abroad, print)
        assert [asking.waits(bytes([each]), number(each), lambda: None) for each in range(5)] == [True] * 4 + [False]
        assert asking.counts["skipped"] == 1


async def test_what_is_no_answer_leaves_nothing_known_and_a_service_that_fails_is_left_alone_for_a_while() -> None:
    clock = ManualClock()
    async with serving(clock) as (service, asking):
        for status, answer in (
            (500, {}),
            (200, []),
            (200, {"network": "A B"}),
            (404, {}),
            (503, {}),
        ):
            service.status, service.answer = status, answer
            assert await answered(asking)
            assert asking.known(PERSON) == ""
        assert asking.counts["failed"] == FAILURES
        assert not await answered(asking)
        service.status, service.answer = 200, {"network": "stc"}
        clock.advance(2)
        assert await answered(asking)
        assert asking.known(PERSON) == "stc"


async def test_a_name_of_a_network_is_one_to_its_last_letter() -> None:
    async with serving(ManualClock()) as (service, asking):
        service.answer = {"network": "stc\n"}
        assert await answered(asking)
        assert (asking.known(PERSON), asking.counts["failed"]) == ("", 1)


async def test_no_answer_in_time_lets_the_message_go_on() -> None:
    async with serving(timeout_s=0.05) as (service, asking):
        service.free.clear()
        assert await answered(asking)
        assert (asking.known(PERSON), asking.counts["failed"]) == ("", 1)


async def test_a_service_that_is_not_there_lets_the_message_go_on() -> None:
    async with serving() as (_, asking):
        asking._target = target("http://127.0.0.1:1/", {}, None)
        assert await answered(asking)
        assert asking.counts["failed"] == 1


async def test_answers_are_bounded_and_a_question_of_nobody_is_kept_nowhere() -> None:
    async with serving() as (_, asking):
        for each in range(5):
            assert await answered(asking, bytes([each]), each)
        assert [asking.known(bytes([each])) for each in range(5)] == ["", "", "mobily", "mobily", "mobily"]
        assert await asking.ask(number()) == "mobily"
        assert sum(asking.known(bytes([each])) == "mobily" for each in range(5)) == 2


async def test_json_of_any_depth_is_no_answer_and_the_next_question_is_asked() -> None:
    async with serving(connections=1) as (service, asking):
        service.free.clear()
        heard: list[int] = []
        for each in range(2):
            assert asking.waits(bytes([each]), number(each), partial(heard.append, each))
        service.body = b'{"more":' + b"[" * 4_000
        service.free.set()
        await until(lambda: len(heard) == 2)
        assert asking.counts["failed"] == 2


async def test_a_message_that_fails_once_it_was_looked_up_keeps_no_other_from_going_on() -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    async with serving(connections=1) as (service, asking):
        service.free.clear()
        heard: list[str] = []

        def fails() -> None:
            raise RuntimeError

        assert asking.waits(PERSON, number(), fails)
        assert asking.waits(PERSON, number(), lambda: heard.append("the same"))
        assert asking.waits(b"another", number(79), lambda: heard.append("another"))
        service.free.set()
        await until(lambda: len(heard) == 2)
        assert [type(each) for each in reported] == [RuntimeError]


async def test_questions_that_fail_together_make_one_pause() -> None:
    clock = ManualClock()
    async with serving(clock, connections=FAILURES, waiting=FAILURES) as (service, asking):
        service.status = 500
        heard: list[int] = []
        for each in range(2 * FAILURES):
            assert asking.waits(bytes([each]), number(each), partial(heard.append, each))
        await until(lambda: len(heard) == 2 * FAILURES)
        clock.advance(FIRST_PAUSE_S)
        assert asking.waits(PERSON, number(), lambda: None)

"""What ends by an error of its own is counted by its kind and told in one line, without the error's text."""

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.process import logs
from gateway.process.containment import LINES, SPAN_S, WORKS, Containment
from gateway.process.tasks import TaskOwner
from operators.contained import report
from tests.bounds import LIMIT_S

NUMBER = "+966512345678"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    written = io.StringIO()
    logs.configure("info", "json", written)
    yield written
    logs.configure("info", "json")


@pytest.fixture
async def contained(lines: io.StringIO) -> Any:
    containment = Containment()
    unwatch = containment.watch()
    yield containment
    unwatch()


def said(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def fail() -> None:
    raise ValueError(f"cannot send to {NUMBER}")


async def turns(contained: Containment) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not any(contained.counts.values()):
            await asyncio.sleep(0)


@pytest.mark.case("security-2")
async def test_a_contained_task_that_fails_ends_alone(contained: Containment, lines: io.StringIO) -> None:
    async def work() -> None:
        fail()

    owner = TaskOwner()
    owner.contain("errand", "errand 1", work())
    await turns(contained)
    assert contained.counts == dict.fromkeys(WORKS, 0) | {"errand": 1}
    assert not owner.failed.done()
    owner.contain("errand", "errand 1", asyncio.sleep(0))
    await owner.end(10)
    (line,) = said(lines)
    assert (line["event"], line["task"], line["error_type"]) == ("unexpected_error", "errand", "ValueError")
    assert line["where"].startswith(f"{__name__}:")
    assert NUMBER not in lines.getvalue()
    assert "cannot send" not in lines.getvalue()


async def test_a_contained_task_that_is_cancelled_is_no_error(contained: Containment) -> None:
    owner = TaskOwner()
    owner.contain("errand", "errand", asyncio.sleep(3600))
    await owner.stop()
    assert not any(contained.counts.values())


async def test_a_timer_that_fails_is_counted(contained: Containment) -> None:
    asyncio.get_running_loop().call_soon(fail)
    await turns(contained)
    assert contained.counts["callback"] == 1


async def test_a_task_that_nobody_asks_for_its_error_is_counted(contained: Containment) -> None:
    async def work() -> None:
        fail()

    task = asyncio.create_task(work())
    await asyncio.wait([task])
    del task
    await turns(contained)
    assert contained.counts["task"] == 1


class Failing(asyncio.Protocol):
    def data_received(self, data: bytes) -> None:
        fail()


@pytest.mark.case("security-2")
async def test_a_connection_whose_callback_fails_is_closed_and_the_others_stay(contained: Containment) -> None:
    server = await asyncio.get_running_loop().create_server(Failing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    streams[0][1].write(b"x")
    async with asyncio.timeout(LIMIT_S):
        assert await streams[0][0].read() == b""
    assert contained.counts == dict.fromkeys(WORKS, 0) | {"connection": 1}
    assert not streams[1][0].at_eof()
    for _, writer in streams:
        writer.close()
    server.close()


async def test_a_connection_that_is_reported_is_closed(contained: Containment) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    transport, _ = await loop.create_connection(asyncio.Protocol, *server.sockets[0].getsockname())
    context = {"message": "m", "exception": ValueError(), "transport": transport, "protocol": None}
    loop.call_exception_handler(context)
    assert transport.is_closing()
    server.close()


async def test_a_kind_that_is_unknown_makes_no_label_of_its_own(contained: Containment) -> None:
    report(NUMBER, ValueError())
    assert contained.counts == dict.fromkeys(WORKS, 0) | {"callback": 1}


async def test_a_word_of_warning_is_logged_scrubbed_and_not_counted(contained: Containment, lines: io.StringIO) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": f"Unclosed session of {NUMBER}"})
    assert not any(contained.counts.values())
    (line,) = said(lines)
    assert line["event"] == "loop_warning"
    assert NUMBER not in lines.getvalue()


async def test_watching_ends_with_what_was_before() -> None:
    first, second = Containment(), Containment()
    unwatch_first, unwatch_second = first.watch(), second.watch()
    unwatch_second()
    report("task", ValueError())
    unwatch_first()
    assert (first.counts["task"], second.counts["task"]) == (1, 0)
    assert asyncio.get_running_loop().get_exception_handler() is None


@pytest.mark.case("faults-8")
async def test_a_flood_of_errors_from_one_place_is_a_few_lines_and_counted_whole(lines: io.StringIO) -> None:
    now_s = 0.0
    containment = Containment(lambda: now_s)
    for _ in range(10_000):
        with pytest.raises(ValueError) as raised:  # noqa: PT011  its text is the caller's
            fail()
        containment.note("request", raised.value)
    with pytest.raises(KeyError) as other:
        raise KeyError("another place")
    containment.note("request", other.value)
    assert containment.counts["request"] == 10_001
    assert [each["error_type"] for each in said(lines)] == ["ValueError"] * LINES + ["KeyError"]
    now_s = SPAN_S
    containment.note("request", raised.value)
    assert said(lines)[-1]["count"] == 10_000 - LINES

"""The supervisor with real processes: it starts them, starts them again, speaks for them, and ends with them."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.workers.__main__ import worker_command
from gateway.workers.exchange import Page, Pages, ask
from gateway.workers.supervisor import Supervisor
from tests.bounds import LIMIT_S

METRICS = "# HELP gateway_accepted_total Messages\n# TYPE gateway_accepted_total counter\ngateway_accepted_total 5.0\n"


class Crew:
    """A supervisor of small workers, and its run. missing: the program cannot be started."""

    def __init__(self, folder: Path, count: int, deadline_s: float, liveness_s: float) -> None:
        self.folder = folder
        (folder / "metrics").write_text(METRICS)
        self.supervisor = Supervisor(
            count,
            self._command,
            deadline_s=deadline_s,
            liveness_s=liveness_s,
            monotonic=time.monotonic,
            random=lambda: 0.0,
        )
        self.missing = False
        self.running: asyncio.Task[int]

    def _command(self, number: int, descriptor: int) -> Sequence[str]:
        words = ("-m", "tests.integration.small_worker", str(number), str(descriptor), str(self.folder))
        return "/no/such/program" if self.missing else sys.executable, *words

    def pid(self, number: int) -> int:
        return int((self.folder / f"pid-{number}").read_text())

    async def until(self, claim: Callable[[], object]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not claim():  # processes announce nothing
                await asyncio.sleep(0.01)

    async def metrics(self) -> dict[str, float]:
        lines = (await self.supervisor.metrics()).content.decode().splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    async def ready(self) -> tuple[int, dict[str, object]]:
        page = await self.supervisor.ready()
        return page.status, json.loads(page.content)

    async def stop(self) -> int:
        self.supervisor.stop()
        async with asyncio.timeout(LIMIT_S):
            return await self.running


@contextlib.asynccontextmanager
async def crew(
    folder: Path, count: int = 2, deadline_s: float = 10.0, liveness_s: float = LIMIT_S
) -> AsyncIterator[Crew]:
    crew = Crew(folder, count, deadline_s, liveness_s)
    crew.running = asyncio.create_task(crew.supervisor.run())
    try:
        yield crew
    finally:
        if not crew.running.done():
            await crew.stop()


async def test_workers_are_ended_with_the_supervisor_and_all_is_well(tmp_path: Path) -> None:
    async with crew(tmp_path, 3) as it:
        await it.supervisor.until_up()
        pids = [it.pid(number) for number in (1, 2, 3)]
        assert len(set(pids)) == 3
        assert await it.stop() == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


async def test_a_worker_that_dies_is_started_again_and_its_counts_stay(tmp_path: Path) -> None:
    async with crew(tmp_path) as it:
        await it.supervisor.until_up()
        assert (await it.metrics())["gateway_accepted_total"] == 10
        before = it.pid(2)
        os.kill(before, signal.SIGKILL)
        await it.until(lambda: it.pid(2) != before)
        await it.supervisor.until_up()
        found = await it.metrics()
        assert found["gateway_accepted_total"] == 15
        assert (found["gateway_workers"], found["gateway_workers_up"]) == (2, 2)
        assert found["gateway_worker_restarts_total"] == 1
        memory = [found[f'gateway_process_resident_bytes{{process="{each}"}}'] for each in ("1", "2", "supervisor")]
        assert min(memory) > 1_000_000
        assert await it.stop() == 0


async def test_a_worker_that_never_was_up_ends_everything_with_its_code(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    async with crew(tmp_path) as it, asyncio.timeout(LIMIT_S):
        assert await it.running == 3


async def test_a_failure_at_the_end_is_told(tmp_path: Path) -> None:
    (tmp_path / "code-2").write_text("7")
    async with crew(tmp_path) as it:
        await it.supervisor.until_up()
        assert await it.stop() == 1


async def test_who_does_not_end_in_time_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.workers.supervisor.KILLED_AFTER_S", 0.2)
    (tmp_path / "code-1").write_text("deaf")
    async with crew(tmp_path, deadline_s=0.2) as it:
        await it.supervisor.until_up()
        pid = it.pid(1)
        assert await it.stop() == 1
        assert not Path(f"/proc/{pid}").exists()


async def test_stopping_does_not_wait_for_the_pause_of_a_dead_worker(tmp_path: Path) -> None:
    async with crew(tmp_path) as it:
        await it.supervisor.until_up()
        it.supervisor.workers[0]._backoff._wait_s = 30.0
        os.kill(it.pid(1), signal.SIGKILL)
        await it.until(lambda: it.supervisor.workers[0].restarts)
        assert await it.stop() == 0


async def test_a_worker_that_is_just_being_started_ends_too(tmp_path: Path) -> None:
    async with crew(tmp_path) as it:
        await it.until(
            lambda: it.supervisor.workers[0]._port
        )  # it has a socket, and no process yet or a very young one
        async with asyncio.timeout(LIMIT_S):
            await it.stop()


async def test_what_a_dead_worker_said_is_not_counted_twice(tmp_path: Path) -> None:
    async with crew(tmp_path) as it:
        await it.supervisor.until_up()
        asking = asyncio.create_task(it.supervisor.gather_metrics())
        await asyncio.sleep(0)
        os.kill(it.pid(1), signal.SIGKILL)
        await asking
        await it.until(lambda: it.supervisor.workers[0].restarts)
        await it.supervisor.until_up()
        assert (await it.metrics())["gateway_accepted_total"] in (10, 15)
        assert (await it.metrics())["gateway_accepted_total"] == (await it.metrics())["gateway_accepted_total"]


async def test_all_are_ready_when_each_that_answers_is(tmp_path: Path) -> None:
    async with crew(tmp_path) as it:
        await it.supervisor.until_up()
        assert await it.ready() == (200, {"ready": True, "workers": 2, "answering": 2})
        (tmp_path / "unready-2").touch()
        assert await it.ready() == (503, {"ready": False, "workers": 2, "answering": 2})
        (tmp_path / "broken").touch()
        os.kill(it.pid(2), signal.SIGKILL)
        await it.until(lambda: it.supervisor.workers[1].restarts)
        assert await it.ready() == (200, {"ready": True, "workers": 2, "answering": 1})
        it.supervisor.stop()
        assert (await it.ready())[0] == 503


async def test_pages_are_served_and_nothing_else() -> None:
    async def page() -> Page:
        return Page(200, "text/plain", b"here")

    pages = Pages({"/metrics": page})
    port = await pages.start("127.0.0.1", 0)
    assert await ask(port, "/metrics") == (200, b"here")
    assert await ask(port, "/metrics?x=1") == (200, b"here")
    assert (await ask(port, "/other"))[0] == 404
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"DELETE /metrics HTTP/1.1\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 405 ")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"HEAD /metrics HTTP/1.1\r\n\r\n")
    assert (await reader.read()).endswith(b"Content-Length: 4\r\nConnection: close\r\n\r\n")
    pages.stop()


@pytest.mark.parametrize("octets", [b"\r\n\r\n", b"GET\r\n\r\n", b"x" * 20_000])
async def test_what_is_no_request_is_not_answered_with_a_page(octets: bytes) -> None:
    pages = Pages({})
    port = await pages.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    with contextlib.suppress(ConnectionError):
        assert b"200" not in await reader.read()
    assert (await ask(port, "/"))[0] == 404
    pages.stop()


async def test_a_worker_that_the_system_does_not_start_is_tried_again(tmp_path: Path) -> None:
    async with crew(tmp_path) as it:
        await it.supervisor.until_up()
        it.missing = True
        before = it.pid(2)
        os.kill(before, signal.SIGKILL)
        await it.until(lambda: it.supervisor.workers[1].restarts >= 2)
        it.missing = False
        await it.until(lambda: it.pid(2) != before)
        await it.supervisor.until_up()
        assert await it.stop() == 0


@pytest.mark.case("nodes-12")
async def test_a_worker_that_hangs_is_not_ready_killed_and_started_again(tmp_path: Path) -> None:
    async with crew(tmp_path, 3, liveness_s=1.0) as it:
        await it.supervisor.until_up()
        before = [it.pid(number) for number in (1, 2, 3)]
        os.kill(before[1], signal.SIGSTOP)
        with capture_logs() as lines:
            status, _ = await it.ready()
            assert status == 503
            await it.until(lambda: it.pid(2) != before[1])
            await it.supervisor.until_up()
        assert [line["worker"] for line in lines if line["event"] == "worker_hung"] == [2]
        assert await it.ready() == (200, {"ready": True, "workers": 3, "answering": 3})
        assert (it.pid(1), it.pid(3)) == (before[0], before[2])
        assert (await it.metrics())["gateway_worker_restarts_total"] == 1
        assert await it.stop() == 0


@pytest.mark.case("nodes-12")
async def test_a_worker_that_was_silent_for_a_while_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.workers.exchange.TIMEOUT_S", 0.1)
    monkeypatch.setattr("gateway.workers.liveness.LOOK_S", 0.05)
    async with crew(tmp_path, 1) as it:
        await it.supervisor.until_up()
        before, silences = it.pid(1), it.supervisor._liveness._silences
        os.kill(before, signal.SIGSTOP)
        await it.until(lambda: silences)
        os.kill(before, signal.SIGCONT)
        await it.until(lambda: not silences)
        assert it.pid(1) == before
        assert await it.stop() == 0


CHILD = """
import pathlib, signal, sys, time
from gateway.process.hardening import end_with_parent
folder, parent, deaf = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "deaf"
if deaf:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
(folder / "child").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
end_with_parent(signal.SIGTERM, parent, killed_after_s=0.1)
(folder / "watching").touch()
time.sleep(3600)
"""
PARENT = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", *sys.argv[1:3], str(os.getpid()), sys.argv[3]]).wait()
"""


@pytest.mark.case("nodes-10")
@pytest.mark.parametrize("manner", ["usual", "deaf"])
@pytest.mark.parametrize("is_early", [True, False])
async def test_a_worker_ends_with_its_supervisor_also_one_that_is_being_started(
    tmp_path: Path, manner: str, is_early: bool
) -> None:
    """Early: the supervisor is killed before the worker has come so far as to ask for its end."""
    words = (sys.executable, "-c", PARENT, CHILD, str(tmp_path), manner)
    parent = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert parent.stdout is not None

    async def until(name: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not (tmp_path / name).exists():
                await asyncio.sleep(0.01)

    await until("child")
    if not is_early:
        (tmp_path / "go").touch()
        await until("watching")
    parent.kill()
    parent.wait()
    (tmp_path / "go").touch()
    async with asyncio.timeout(LIMIT_S):
        assert await asyncio.to_thread(parent.stdout.read) == b""  # the child has it, too, and is gone


@pytest.mark.case("nodes-10")
async def test_a_worker_without_its_supervisor_serves_nobody(tmp_path: Path) -> None:
    """As one that was still loading when the supervisor was killed."""
    words = ("serve", "--share", "1/2", "--descriptors", "0,0", "--machine", "m", "--supervisor", "1")
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway", *words, cwd=tmp_path)
    async with asyncio.timeout(LIMIT_S):
        assert await process.wait() in (0, -signal.SIGTERM)  # by whether it could say that it would end
    assert not list(tmp_path.iterdir())


@pytest.mark.case("nodes-10")
def test_the_supervisor_says_who_it_is() -> None:
    words = worker_command(2, "m", 5, 1, 4)
    assert words[words.index("--supervisor") + 1] == str(os.getpid())

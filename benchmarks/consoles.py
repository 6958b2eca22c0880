"""The console over a ledger with millions of records: how long each page takes, and what 20 that refresh cost.

The ledger is filled as for `stored`. Then somebody who may see everything asks for each page over one connection, again
and again. After that 20 consoles refresh the first page every two seconds, once beside nothing else, which shows their
part of a core, and once beside a closed loop of messages, turn about with a loop that runs alone.
"""

import asyncio
import http.client
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.bench import FOLDER, Bench, Plan, standing
from benchmarks.engines import Engine
from benchmarks.figures import Result, Window
from benchmarks.following import Watch
from benchmarks.meter import Meter
from benchmarks.stored import Filled, fill, ledger_of, window_of
from benchmarks.targets import GatewayTarget
from benchmarks.truth import Wrong
from gateway.audit.actor import COMMAND_LINE
from gateway.cli.session import open_desk
from gateway.console.screens import SCREENS
from gateway.http_api.admin.gate import PASSIVE
from gateway.people.people import People
from gateway.people.record import Contact
from gateway.people.roles import PLATFORM_ROLES, Role
from gateway.people.sessions import COOKIE, Sessions
from redaction.personal import MessageText, Purpose

ADMIN: Final = "[admin]\nport = 0\n"
WARM_UP: Final = 5
TIMES: Final = 100
CONSOLES: Final = 20
EVERY_S: Final = 2.0
IDLE_S: Final = 20.0
LOOP: Final = 10_000
"""Messages of one closed loop."""
TURNS: Final = 3
LIVE: Final = "/console/?part=live"
"""What a console asks for by itself."""
BAR_MS: Final = 50.0


def run(engine: Engine, watch: Watch, *, records: int) -> list[Result]:
    """One result for each page, then one of what refreshing costs."""
    target = GatewayTarget(FOLDER, engine, settings=ADMIN)
    with standing(bench := Bench(target, Plan(), watch)):
        target.stage.stop_gateway()
        filled = asyncio.run(fill(ledger_of(target), records, watch))
        cookie = asyncio.run(_somebody(target.stage.folder / "gateway.toml"))
        target.stage.start_gateway()
        results = [_page(target, path, cookie, engine) for path in paths(filled, target.stage.customer)]
        return [*results, _refreshing(bench, target, cookie, engine)]


def paths(filled: Filled, customer: str) -> list[str]:
    """All pages that there are without a case, a ticket or a signed entry. customer: the largest."""
    kinds = {"messages": filled.ids[-1].hex(), "customers": customer, "operators": "simulator"}
    shown = [each.path for each in SCREENS if not each.path.endswith("/{id}") or each.path.split("/")[2] in kinds]
    return [each.replace("{id}", kinds.get(each.split("/")[2], "")) for each in shown]


async def _somebody(config: Path) -> str:
    """The cookie of a new person who may see everything, with a session as after signing in."""
    async with open_desk(config) as desk:
        contact = Contact(name=MessageText("Somebody"), email=MessageText("somebody@example.com"))
        roles = [each for each in Role if each in PLATFORM_ROLES]
        person = await People(desk.people, COMMAND_LINE).add(contact, roles)
        token, writes = await Sessions(desk.people).begun(person, has_second=True)
        await desk.ledger.acts.act(writes)
        return f"{COOKIE}={token.reveal(Purpose.CREDENTIAL)}"


class Console:
    """A browser's connection to the console. port: of the admin listener."""

    def __init__(self, port: int, cookie: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Cookie": cookie, "Accept-Language": "ar"}

    def get(self, path: str, *, by_itself: bool = False) -> float:
        """How many seconds the whole answer took. Raises Wrong."""
        begin = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers | ({PASSIVE: "1"} if by_itself else {}))
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise Wrong(f"{path} was answered {answer.status}")
        return time.perf_counter() - begin

    def close(self) -> None:
        self._connection.close()


def _page(target: GatewayTarget, path: str, cookie: str, engine: Engine) -> Result:
    meter, console = Meter(target.pids(), target.name), Console(target.stage.admin_port, cookie)
    for _ in range(WARM_UP):
        console.get(path)
    before = meter.read()
    took_s = [console.get(path) for _ in range(TIMES)]
    window = window_of(took_s, before, meter.read(), rss_mb=meter.rss_mb())
    console.close()
    wait = window.answer_ms
    kind = path if not path.startswith("/console/messages/") else "/console/messages/{id}"
    late = "" if wait.p99 <= BAR_MS else f"; above {BAR_MS:.0f} ms"
    note = f"p50 {wait.p50:.2f}, p99 {wait.p99:.2f}, max {wait.max:.2f} ms{late}"
    return _result(f"console: {kind}", target, engine, [window], [note], "page")


def _refreshing(bench: Bench, target: GatewayTarget, cookie: str, engine: Engine) -> Result:
    meter = Meter(target.pids(), target.name)
    with _consoles(target.stage.admin_port, cookie) as took_s:
        before = meter.read()
        time.sleep(IDLE_S)
        after = meter.read()
        window = window_of(list(took_s), before, after, rss_mb=meter.rss_mb())
    spent_s = after.cpu_s[target.name] - before.cpu_s[target.name]
    share = spent_s / (after.moment - before.moment)
    alone, beside = list[float](), list[float]()
    bench.window(LOOP, name="warm")
    for _ in range(TURNS):
        alone.append(bench.window(LOOP, name="alone").per_s)
        with _consoles(target.stage.admin_port, cookie):
            beside.append(bench.window(LOOP, name="beside 20 consoles").per_s)
    before_per_s, after_per_s = statistics.median(alone), statistics.median(beside)
    notes = [
        f"{CONSOLES} consoles every {EVERY_S:.0f} s: {share:.2%} of a core, with what an idle gateway takes",
        f"messages a second alone {_each(alone)}, beside them {_each(beside)}: {after_per_s / before_per_s - 1:+.1%}",
    ]
    return _result("console: refreshing", target, engine, [window], notes, "refresh")


def _each(values: Sequence[float]) -> str:
    return "/".join(f"{each:,.0f}" for each in values)


def _result(
    scenario: str,
    target: GatewayTarget,
    engine: Engine,
    closed: list[Window],
    notes: list[str],
    one: str,
) -> Result:
    return Result(
        scenario=scenario,
        target=target.name,
        engine=engine.name,
        closed=closed,
        checked=closed[0].messages,
        notes=notes,
        one=one,
    )


@contextmanager
def _consoles(port: int, cookie: str) -> Iterator[list[float]]:
    """20 of them refresh, one after the other, until the end; how many seconds each answer took, so far."""
    over, took_s = threading.Event(), list[float]()

    def refresh() -> None:
        console = Console(port, cookie)
        due = time.monotonic()
        while not over.wait(max(0.0, due - time.monotonic())):
            took_s.append(console.get(LIVE, by_itself=True))
            due += EVERY_S / CONSOLES
        console.close()

    thread = threading.Thread(target=refresh)
    thread.start()
    try:
        yield took_s
    finally:
        over.set()
        thread.join()

"""One target between a generator and the SMSC, driven window by window, and what each window came to.

A window begins when its requests are prepared and ends when everything they were to cause has happened: the SMSC says
when it has every message and every acknowledgement of a receipt, which the target sends once the receipt is recorded;
the endpoint says when it was told everything. Nobody reads the target's store or asks the target anything meanwhile.
"""

import time
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from benchmarks.binds import Binds, News
from benchmarks.child import ANSWER_LIMIT_S, Child, Line, Silence
from benchmarks.figures import Window, course_of, curve_of, longest_gap, percentiles
from benchmarks.following import Followers, Watch, progress
from benchmarks.messages import MIXES, number_of
from benchmarks.meter import Meter, Reading
from benchmarks.requests import Lot
from benchmarks.targets import GatewayTarget, Hook, Target, fresh
from benchmarks.truth import Evidence, demand

CONNECTIONS: Final = 32
OPEN_CONNECTIONS: Final = 256
SETTLE_S: Final = 5.0
TAKEN: Final = "taken"
"""What an answer is counted as that has the status of one that takes."""
FOLDER: Final = Path("benchmark-data")


def _nothing() -> None:
    """What happens once everything is accepted, unless somebody wants more."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What every window of a bench has in common. told: the customer has an endpoint that hears of each message's end.

    connections: of a closed loop. batch: messages in a request. binds: the customer's, who then speaks SMPP.
    events: that the endpoint takes in one request. habits: of the operator, see `benchmarks.habits`.
    """

    mix: str = "plain"
    told: bool = False
    batch: int = 1
    connections: int = CONNECTIONS
    binds: Binds | None = None
    events: int = 1
    habits: Mapping[str, float] = MappingProxyType({})


class Bench:
    """Use `standing`. first: the index of the next message. windows: what was measured so far."""

    def __init__(self, target: Target, plan: Plan, watch: Watch, folder: Path = FOLDER) -> None:
        self.target = target
        self.plan = plan
        self.folder = fresh(folder)
        self.first = 0
        self.smsc: Child
        self.hooks: Child | None = None
        self._account: Any = None
        self._news = News()
        self._mix = MIXES[plan.mix]
        self._watch = watch
        self._ids: list[str] = []
        self._statuses: dict[str, int] = {}
        self._last_ids: list[str] = []
        self._undelivered = 0
        self._synced = self._commits = 0

    @property
    def submits(self) -> int:
        """submit_sm that all messages so far take."""
        return self._mix.segments(0, self.first)

    @property
    def _tells(self) -> bool:
        """Somebody is told of each message's end."""
        return self.hooks is not None or (self.plan.binds is not None and self.plan.binds.receipts)

    @property
    def ids(self) -> Sequence[str]:
        """Of the messages accepted so far."""
        return self._ids

    def start(self) -> None:
        self.smsc = Child("benchmarks.smsc", {"mix": self.plan.mix, "habits": dict(self.plan.habits)})
        if self.plan.told:
            self.hooks = Child("benchmarks.hooks", {})
        hook = None if self.hooks is None else Hook(self.hooks.ready["port"], self.plan.events)
        self.target.start(self.smsc.ready["port"], hook)
        if self.plan.binds is not None:
            assert isinstance(self.target, GatewayTarget)
            self._account = self.target.add_account(self.plan.binds.count, self.plan.binds.window)

    def stop(self) -> None:
        self.target.stop()
        for each in (self.hooks, getattr(self, "smsc", None)):
            if each is not None:
                each.stop()

    def window(self, messages: int, rate_per_s: float = 0.0, name: str = "closed loop") -> Window:
        """Send so many messages and follow them to their end. rate_per_s: 0 is a closed loop."""
        return self.measure(self.generator(messages, rate_per_s), messages, rate_per_s, name)

    def generator(self, messages: int, rate_per_s: float = 0.0) -> Child:
        """A generator that has prepared the next messages and waits for its start."""
        path = self.folder / "answers.bin"
        if self.plan.binds is not None:
            assert isinstance(self.target, GatewayTarget)
            return self.plan.binds.generator(self.target, self._account, self._lot(messages), rate_per_s, path)
        job = {
            "lot": msgspec.to_builtins(self._lot(messages)),
            "rate_per_s": rate_per_s / self.plan.batch,
            "connections": OPEN_CONNECTIONS if rate_per_s else self.plan.connections,
            "path": str(path),
        }
        return Child("benchmarks.load", job)

    def measure(
        self, generator: Child, messages: int, rate_per_s: float, name: str, accepted: Callable[[], None] = _nothing
    ) -> Window:
        """Let a prepared generator go, and follow its messages to their end. accepted: called once all are answered."""
        first, self.first = self.first, self.first + messages
        try:
            meter = Meter(self._roles(generator), self.target.name, self.target.pids())
            before, samples = meter.read(), len(self.smsc.samples)
            memory: list[tuple[float, float]] = []

            def tell(counted: Sequence[int]) -> None:
                memory.append((time.perf_counter(), meter.rss_mb()))
                watched(counted)

            watched = progress(self._watch, name, messages, self._mix.segments(0, first))
            followers = Followers(self.smsc, self.hooks, tell)
            followers.begin(self.submits, self.first)
            synced = self._syncs()
            generator.say({"go": True})
            limit_s = ANSWER_LIMIT_S + (messages / rate_per_s if rate_per_s else 0.0)
            told = followers.hear(generator, limit_s)
            accepted()
            self._note(told, range(first, self.first))
            ends = [*self._ends(followers, limit_s), told.get("told_by", 0.0)]
            after = meter.read()
            self._synced += self._syncs() - synced
            self._commits += -(-messages // self._at_once(rate_per_s))
        finally:
            generator.stop()
        moments = self._moments(told, first, messages)
        timeline = self._timeline(self.smsc.samples[samples:], told["began"], first)
        window = _window(messages, rate_per_s, told, max(told["ended"], *ends), (before, after), moments, meter)
        return msgspec.structs.replace(
            window,
            timeline=timeline,
            curve=curve_of(late - due for due, late in zip(moments.due, moments.answered, strict=True)),
            course=course_of(moments.due, moments.answered, told["began"]),
            memory=[(round(moment - told["began"], 3), round(rss_mb, 1)) for moment, rss_mb in memory],
        )

    def rss_mb(self) -> float:
        """Of the target, now."""
        return Meter(self.target.pids(), self.target.name).rss_mb()

    def check(self) -> int:
        """Hold what every witness saw together; how many messages that were. Raises Wrong."""
        seen = self.smsc.ask({"lot": [0, self.first], "path": str(self.folder / "all.bin")})
        demand(
            Evidence(
                sent=self.first,
                statuses=self._statuses,
                good_status=TAKEN,
                ids=self._ids,
                submitted=seen["whole"],
                broken=seen["broken"],
                recorded=self._recorded() if self.target.records else None,
                told=self._told()[1] if self._tells else None,
                flaws=self._flaws(seen),
                synced=self._synced if self._is_counted else None,
                commits=self._commits,
            )
        )
        return self.first

    def _flaws(self, seen: Line) -> Mapping[str, int]:
        flaws = {
            "submit_sm reached the operator with another number": seen["strangers"],
            "messages reached the operator with another text": seen["altered"],
            "submit_sm reached the operator with another data_coding": seen["miscoded"],
            "submit_sm reached the operator with another sender": seen["other_senders"],
            "receipts told the customer's binds of something else than a delivery": self._undelivered,
        }
        if self.hooks is not None and isinstance(self.target, GatewayTarget):
            unsigned = self.hooks.ask({"signed_by": self.target.hook_secret})["unsigned"]
            flaws["webhooks carried no signature, or a wrong one"] = unsigned
        return flaws

    @property
    def _is_counted(self) -> bool:
        return isinstance(self.target, GatewayTarget) and self.target.syncs() is not None

    def _syncs(self) -> int:
        return (self.target.syncs() or 0) if isinstance(self.target, GatewayTarget) else 0

    def _at_once(self, rate_per_s: float) -> int:
        """Messages that may wait for an answer together, so that one commit may hold them."""
        if self.plan.binds is not None:
            return self.plan.binds.count * self.plan.binds.window
        return (OPEN_CONNECTIONS if rate_per_s else self.plan.connections) * self.plan.batch

    def _recorded(self) -> dict[str, str]:
        """Nodes that share a ledger may hand a receipt on, durably, before its message shows it: that has a while."""
        deadline = time.monotonic() + SETTLE_S
        while True:
            found = self.target.recorded()
            if all(status == "delivered" for status in found.values()) or time.monotonic() > deadline:
                return found
            time.sleep(SETTLE_S / 10)

    # ------------------------------------------------------------------------------------------------- in a window

    def _lot(self, messages: int) -> Lot:
        return Lot(
            port=self.target.port,
            shape=self.target.shape,
            first=self.first,
            count=messages,
            batch=self.plan.batch,
            mix=self.plan.mix,
            secret=self.target.secret,
            dlr_url="" if self.hooks is None else f"http://127.0.0.1:{self.hooks.ready['port']}/dlr/",
        )

    def _roles(self, generator: Child) -> Mapping[str, Sequence[int]]:
        roles: dict[str, Sequence[int]] = {**self.target.pids(), "smsc": [self.smsc.pid], "generator": [generator.pid]}
        if self.hooks is not None:
            roles["endpoint"] = [self.hooks.pid]
        return roles

    def _ends(self, followers: Followers, limit_s: float) -> list[float]:
        """When each follower had seen all. Raises Wrong, with what is missing, once nothing comes any more."""
        try:
            return followers.ends(limit_s)
        except Silence:
            self.check()  # says what is missing
            raise

    @property
    def _good_status(self) -> str:
        return "0" if self.plan.binds else self.target.good_status

    def _note(self, told: Line, indexes: range) -> None:
        if self.target.numbers_for_ids:
            self._last_ids = [number_of(index) for index in indexes]
        else:
            self._last_ids = Path(told["ids"]).read_text(encoding="ascii").split()
        self._ids += self._last_ids
        if "told" in told:
            self._news.read(Path(told["told"]))
            self._undelivered += told["undelivered"]
        for status, requests in told["statuses"].items():
            name = TAKEN if status == self._good_status else status
            self._statuses[name] = self._statuses.get(name, 0) + requests * self.plan.batch

    def _moments(self, told: Line, first: int, messages: int) -> "Moments":
        requests = -(-messages // self.plan.batch)
        due, answered = _doubles(self.folder / "answers.bin", requests, requests)
        by_message = [answered[at // self.plan.batch] for at in range(messages)]
        path = self.folder / "arrivals.bin"
        self.smsc.ask({"lot": [first, messages], "path": str(path)})
        (arrived,) = _doubles(path, messages)
        waits = [moment - answer for answer, moment in zip(by_message, arrived, strict=True) if moment]
        told_waits: list[float] = []
        if self._tells and self._last_ids:
            heard, _ = self._told()
            answer_of = dict(zip(self._last_ids, by_message, strict=False))
            told_waits = [heard[name] - moment for name, moment in answer_of.items() if name in heard]
        return Moments(due, answered, waits, told_waits)

    def _told(self) -> tuple[dict[str, float], dict[str, int]]:
        """First moment, and number of times, by id."""
        if self.hooks is None:
            return self._news.first, self._news.times
        path = self.folder / "told.bin"
        report = self.hooks.ask({"report": str(path)})
        lines = [line.split() for line in Path(report["ids"]).read_text(encoding="ascii").splitlines()]
        (moments,) = _doubles(path, len(lines))
        first = {name: moment for (name, _), moment in zip(lines, moments, strict=True)}
        return first, {name: int(times) for name, times in lines}

    def _timeline(self, samples: Sequence[Any], began: float, first: int) -> list[tuple[float, int, int]]:
        base = self._mix.segments(0, first)
        return [(round(moment - began, 3), max(0, sub - base), max(0, rec - base)) for moment, sub, rec, _ in samples]


class Moments(msgspec.Struct, frozen=True):
    """due, answered: of each request. submit_s, told_s: waits after the answer, of each message."""

    due: Sequence[float]
    answered: Sequence[float]
    submit_s: Sequence[float]
    told_s: Sequence[float]


def _window(
    messages: int,
    rate_per_s: float,
    told: Line,
    ended: float,
    readings: tuple[Reading, Reading],
    moments: Moments,
    meter: Meter,
) -> Window:
    before, after = readings
    used = {role: after.cpu_s[role] - before.cpu_s[role] for role in after.cpu_s}
    used["generator"] = told["cpu_s"]  # without what it prepared
    seconds = ended - told["began"]
    answer_ms = percentiles(late - due for due, late in zip(moments.due, moments.answered, strict=True))
    assert answer_ms is not None
    return Window(
        messages=messages,
        rate_per_s=rate_per_s,
        seconds=seconds,
        per_s=messages / seconds,
        answered_per_s=messages / (told["ended"] - told["began"]),
        cpu_us={role: spent / messages * 1e6 for role, spent in used.items()},
        busy={role: spent / (after.moment - before.moment) for role, spent in used.items()},
        answer_ms=answer_ms,
        submit_ms=percentiles(moments.submit_s),
        told_ms=percentiles(moments.told_s),
        pause_ms=longest_gap(moments.answered) * 1000,
        rss_mb=meter.rss_mb(),
        written_bytes=(after.written_bytes - before.written_bytes) / messages,
        held_ms=told["held_s"] * 1000,
    )


def _doubles(path: Path, *counts: int) -> list[Sequence[float]]:
    """Arrays that stand one after the other in a file."""
    found = []
    with path.open("rb") as file:
        for count in counts:
            values = array("d")
            values.fromfile(file, count)
            found.append(values)
    return list(found)


@contextmanager
def standing(bench: Bench) -> Iterator[Bench]:
    """The bench, started, and stopped at the end whatever happens."""
    try:
        bench.start()
        yield bench
    finally:
        bench.stop()

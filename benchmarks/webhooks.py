"""HTTP → SMPP → receipt → one webhook each, beside the same road for a customer that is not told, in turns."""

import json
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.outcome import Wrong, await_final, cpu_s, rss_mb
from gateway.stage import Stage, staged

WARM_UP = 2_000
LIMIT_S = 120.0

Generate = Callable[[Stage, int], dict[str, Any]]
"""Sends so many messages with the stage's key."""


def run(folder: Path, messages: int, runs: int, batch: int, generate: Generate) -> None:
    with staged(Stage(folder)) as stage, sinking() as sink:
        told_key, quiet_key = stage.key, _quiet_key(stage)
        stage.command("webhook", "set", stage.customer, f"http://127.0.0.1:{sink.port}/hook", *_batching(batch))
        time.sleep(1.5)  # a running node hears of an endpoint within a second
        bench = Bench(stage, sink, generate)
        for key in (quiet_key, told_key):
            bench.measure(key, WARM_UP, told=key == told_key)
        costs: dict[bool, list[float]] = {False: [], True: []}
        rates: list[float] = []
        for number in range(runs):
            for key in (quiet_key, told_key):
                told = key == told_key
                cost, rate, requests = bench.measure(key, messages, told=told)
                costs[told].append(cost)
                if told:
                    rates.append(rate)
                about = f"told in {requests} requests" if told else "not told"
                print(f"run {number + 1}, {about}: {rate:.0f}/s, gateway {cost:.0f} µs CPU", flush=True)
        without, with_ = (statistics.median(costs[told]) for told in (False, True))
        print(
            f"median of {runs}: {statistics.median(rates):.0f}/s told, gateway {with_:.0f} µs CPU a message, "
            f"{without:.0f} without, so {with_ - without:.0f} µs for telling; RSS {rss_mb(bench.gateway):.0f} MB"
        )


class Bench:
    """One stage and one sink; counts what has gone over both."""

    def __init__(self, stage: Stage, sink: "Sink", generate: Generate) -> None:
        self._stage = stage
        self._sink = sink
        self._generate = generate
        self._total = 0
        self._told = 0
        self.gateway = psutil.Process(stage.gateway.pid)

    def measure(self, key: str, messages: int, *, told: bool) -> tuple[float, float, int]:
        """Microseconds of CPU a message, messages a second to their end, and requests of webhooks."""
        self._stage.key = key
        requests = self._sink.report()["requests"]
        start, before = time.monotonic(), cpu_s(self.gateway)
        self._generate(self._stage, messages)
        self._total += messages
        await_final(self._stage, self._total)
        end = time.monotonic()
        if told:
            self._told += messages
            end = self._sink.await_told(self._told)
            self._await_empty_outbox()
        cost = (cpu_s(self.gateway) - before) / messages * 1e6
        return cost, messages / (end - start), self._sink.report()["requests"] - requests

    def _await_empty_outbox(self) -> None:
        """The telling is over once it is written down."""
        deadline = time.monotonic() + LIMIT_S
        while left := outbox_size(self._stage):
            if time.monotonic() > deadline:
                raise Wrong(f"{left} events are in the outbox although they were told")
            time.sleep(0.02)


class Sink:
    """The receiver as its own process."""

    def __init__(self, port: int) -> None:
        self.port = port

    def report(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=10) as answer:
            report: dict[str, Any] = json.loads(answer.read())
        return report

    def await_told(self, count: int) -> float:
        """Wait until so many messages were told, each once; when the last was, monotonic seconds."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            report = self.report()
            if report["messages"] >= count:
                if report["repeated"] or report["messages"] != count:
                    raise Wrong(f"{report} of {count} messages, each to be told once")
                return float(report["last"])
            time.sleep(0.02)
        raise Wrong(f"only {self.report()} of {count} messages were told")


@contextmanager
def sinking() -> Iterator[Sink]:
    """A sink that runs."""
    words = [sys.executable, "-m", "benchmarks.webhook_sink"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield Sink(int(json.loads(process.stdout.readline())["port"]))
        finally:
            process.terminate()


def outbox_size(stage: Stage) -> int:
    """Events that wait, read beside the gateway."""
    connection = sqlite3.connect(f"file:{stage.ledger}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM outbox").fetchone()[0])
    finally:
        connection.close()


def _quiet_key(stage: Stage) -> str:
    """The key of a second customer, which has no endpoint."""
    customer = stage.command("customer", "add", "--name", "Quiet", "--sender", "INTERKEY")["customer"]
    return str(stage.command("key", "add", customer)["key"])


def _batching(batch: int) -> tuple[str, ...]:
    return ("--batch", str(batch)) if batch > 1 else ()

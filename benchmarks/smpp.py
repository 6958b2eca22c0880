"""SMPP → SMPP: a customer's binds submit, a simulated SMSC takes and reports, the binds acknowledge the receipts."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.outcome import Wrong, await_final, cpu_s, rss_mb
from gateway.stage import Stage, staged

SETTINGS = "[smpp_server]\nport = 0\n"
WARM_UP = 2_000


def run(folder: Path, messages: int, runs: int, binds: int, window: int, *, receipts: bool) -> None:
    results: list[dict[str, Any]] = []
    with staged(Stage(folder, more=SETTINGS)) as stage:
        account = stage.command("esme", "add", stage.customer, "bench", "--binds", str(binds), "--window", str(window))
        until_known(stage, account)
        total = WARM_UP + 1
        load(stage, account, WARM_UP, binds, window, receipts)
        await_final(stage, total)
        gateway, smsc = psutil.Process(stage.gateway.pid), psutil.Process(stage._children[0].pid)
        for number in range(runs):
            start, before, smsc_before = time.perf_counter(), cpu_s(gateway), cpu_s(smsc)
            report = load(stage, account, messages, binds, window, receipts)
            total += messages
            seconds = await_final(stage, total) - start
            report["end_to_end_per_s"] = messages / max(report["told_s"], report["answered_s"])
            report["answered_per_s"] = messages / report["answered_s"]
            report["gateway_cpu_us"] = (cpu_s(gateway) - before) / messages * 1e6
            report["smsc_cpu_us"] = (cpu_s(smsc) - smsc_before) / messages * 1e6
            results.append(report)
            print(f"run {number + 1}: {line(report)} ({seconds:.1f} s with the start of the generator)", flush=True)
        rss = rss_mb(gateway)
    rate = statistics.median(each["end_to_end_per_s"] for each in results)
    cost = statistics.median(each["gateway_cpu_us"] for each in results)
    print(f"median of {runs}: {rate:.0f}/s end to end, gateway {cost:.0f} µs CPU, RSS {rss:.0f} MB")


def load(stage: Stage, account: Any, count: int, binds: int, window: int, receipts: bool) -> dict[str, Any]:
    """Run the generator; its report. Raises Wrong when anything was refused, lost or told twice."""
    words = [account["system_id"], account["password"], count, binds, window, int(receipts)]
    command = [sys.executable, "-m", "benchmarks.smpp_load", str(stage.smpp_port), *map(str, words)]
    done = subprocess.run(command, capture_output=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    if report["statuses"] != {"0": count} or report["told"] != count * receipts:
        raise Wrong(f"answers {report['statuses']}, receipts {report['told']} of {count * receipts}")
    return report


def until_known(stage: Stage, account: Any) -> None:
    """A running node hears of a new account within a second."""
    for _ in range(50):
        try:
            load(stage, account, 1, 1, 1, True)
        except subprocess.CalledProcessError:
            time.sleep(0.2)
        else:
            return
    raise Wrong("the account is not known")


def line(report: dict[str, Any]) -> str:
    return (
        f"{report['end_to_end_per_s']:.0f}/s to receipt told, {report['answered_per_s']:.0f}/s answered, "
        f"gateway {report['gateway_cpu_us']:.0f} µs CPU, SMSC {report['smsc_cpu_us']:.0f} µs, "
        f"submit_sm_resp p50 {report['p50_ms']:.1f} ms, p99 {report['p99_ms']:.1f} ms"
    )

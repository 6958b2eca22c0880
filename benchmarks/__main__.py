"""`python -m benchmarks`: drives a real gateway from outside, over its sockets, and checks that nothing was lost.

    throughput   HTTP → SMPP → receipt recorded, closed loop, then open loop at half of what that gave
    smpp         SMPP → SMPP → receipt told to the customer's binds, closed loop
    webhooks     HTTP → SMPP → receipt → one webhook each, and what the telling costs
    backlog      messages accepted while the operator is down: memory, and the drain when it comes back
    memory       RSS over a long run
    retention    a sweep of expired records beside an open loop
    privacy      sealing, opening, puncturing, pseudonyms, detectors, rolling the root: each alone, in this process

Gateway, SMSC and generator are processes of their own; CPU is read from the system for each.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from benchmarks import privacy as privacy_costs
from benchmarks import retention as retention_costs
from benchmarks.outcome import Wrong, await_final, cpu_s, rss_mb
from benchmarks.smpp import run as smpp_run
from benchmarks.webhooks import run as webhooks_run
from config.settings import SweeperSettings
from gateway.stage import Stage, staged

app = typer.Typer(add_completion=False, invoke_without_command=True, help=__doc__)
FOLDER = Path("benchmark-data")


def generate(stage: Stage, count: int, rate_per_s: float = 0.0) -> dict[str, Any]:
    """Run the generator; its report. 0 is a closed loop."""
    words = [sys.executable, "-m", "benchmarks.load", stage.key, str(stage.port), str(count), str(rate_per_s)]
    done = subprocess.run(words, capture_output=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    if report["statuses"] != {"202": count}:
        raise Wrong(f"not everything was accepted: {report['statuses']}")
    return report


@app.callback()
def default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        throughput()


@app.command()
def throughput(
    messages: Annotated[int, typer.Option(help="Messages in a run.")] = 20_000,
    runs: Annotated[int, typer.Option(help="Runs; medians are shown.")] = 3,
) -> None:
    """HTTP → SMPP → receipt recorded."""
    results = []
    with staged(Stage(FOLDER)) as stage:
        gateway = psutil.Process(stage.gateway.pid)
        smsc = psutil.Process(stage._children[0].pid)
        generate(stage, 2_000)
        total = 2_000
        await_final(stage, total)
        for number in range(runs):
            start, before, smsc_before = time.perf_counter(), cpu_s(gateway), cpu_s(smsc)
            report = generate(stage, messages)
            total += messages
            end = await_final(stage, total)
            report["end_to_end_per_s"] = messages / (end - start)
            report["gateway_cpu_us"] = (cpu_s(gateway) - before) / messages * 1e6
            report["smsc_cpu_us"] = (cpu_s(smsc) - smsc_before) / messages * 1e6
            results.append(report)
            print(f"run {number + 1}: {_line(report)}", flush=True)
        rate = statistics.median(each["end_to_end_per_s"] for each in results) / 2
        open_loop = generate(stage, int(rate * 10), rate)
        await_final(stage, total + int(rate * 10))
        rss = rss_mb(gateway)
    _show(results, open_loop, rate, rss)


def _line(report: dict[str, Any]) -> str:
    return (
        f"{report['end_to_end_per_s']:.0f}/s to receipt recorded, {report['per_s']:.0f}/s accepted, "
        f"gateway {report['gateway_cpu_us']:.0f} µs CPU, SMSC {report['smsc_cpu_us']:.0f} µs, "
        f"generator {report['cpu_us']:.0f} µs, 202 p99 {report['latency_ms']['p99']} ms"
    )


def _show(results: list[dict[str, Any]], open_loop: dict[str, Any], rate: float, rss: float) -> None:
    def median(name: str) -> float:
        return float(statistics.median(each[name] for each in results))

    print(
        f"median of {len(results)}: {median('end_to_end_per_s'):.0f}/s, gateway {median('gateway_cpu_us'):.0f} µs CPU"
    )
    print(f"open loop at {rate:.0f}/s: 202 latency in ms {open_loop['latency_ms']}")
    print(f"gateway RSS {rss:.0f} MB")


@app.command()
def smpp(
    messages: Annotated[int, typer.Option(help="Messages in a run.")] = 20_000,
    runs: Annotated[int, typer.Option(help="Runs; medians are shown.")] = 3,
    binds: Annotated[int, typer.Option(help="Binds of the customer.")] = 4,
    window: Annotated[int, typer.Option(help="Unanswered submit_sm of a bind.")] = 100,
    receipts: Annotated[bool, typer.Option(help="Ask for receipts, and acknowledge them.")] = True,
) -> None:
    """SMPP → SMPP, and the receipts back to the customer's binds."""
    smpp_run(FOLDER, messages, runs, binds, window, receipts=receipts)


@app.command()
def webhooks(
    messages: Annotated[int, typer.Option(help="Messages in a run.")] = 20_000,
    runs: Annotated[int, typer.Option(help="Runs; medians are shown.")] = 3,
    batch: Annotated[int, typer.Option(help="Events that the endpoint asks for in one request.")] = 1,
) -> None:
    """HTTP → SMPP → receipt → webhook, in turns with a customer that is not told."""
    webhooks_run(FOLDER, messages, runs, batch, generate)


@app.command()
def backlog(
    messages: Annotated[int, typer.Option(help="Messages accepted while the operator is down.")] = 200_000,
) -> None:
    """Memory of a backlog, and its drain."""
    stage = Stage(FOLDER)
    with staged(stage):
        gateway = psutil.Process(stage.gateway.pid)
        generate(stage, 2_000)
        await_final(stage, 2_000)
        idle = rss_mb(gateway)
        stage._children[0].kill()
        stage._children[0].wait()
        report = generate(stage, messages)
        full = rss_mb(gateway)
        print(f"accepted {messages} at {report['per_s']:.0f}/s; RSS {idle:.0f} MB idle, {full:.0f} MB with the backlog")
        stage._children.pop(0)
        stage.start_smsc(stage.smsc_port)
        start = time.perf_counter()
        end = await_final(stage, messages + 2_000, limit_s=600)
        print(f"drained at {messages / (end - start):.0f}/s; RSS {rss_mb(gateway):.0f} MB after")


@app.command()
def memory(messages: Annotated[int, typer.Option(help="Messages in all.")] = 200_000) -> None:
    """RSS over a long run."""
    with staged(Stage(FOLDER)) as stage:
        gateway = psutil.Process(stage.gateway.pid)
        total = 0
        for _ in range(10):
            generate(stage, messages // 10)
            total += messages // 10
            await_final(stage, total)
            print(f"{total:>8} messages: RSS {rss_mb(gateway):.1f} MB", flush=True)


@app.command()
def retention(
    records: Annotated[int, typer.Option(help="Records that expire at once.")] = 1_000_000,
    rate: Annotated[float, typer.Option(help="Messages a second meanwhile; 0 takes half of a closed loop.")] = 0.0,
    batch: Annotated[int, typer.Option(help="Records of one transaction.")] = SweeperSettings().batch_limit,
) -> None:
    """A sweep beside an open loop: records a second, and what it does to the latency of accepting."""
    retention_costs.run(FOLDER, records, rate, batch, generate)


@app.command()
def privacy(
    whole_us: Annotated[float | None, typer.Option(help="CPU of a message; default from docs/performance.md.")] = None,
) -> None:
    """What forgetting costs a message."""
    privacy_costs.run(whole_us)


if __name__ == "__main__":
    app()

"""The command line, `connect-gateway`: typer verbs over the same API that the node uses.

Every verb has `--json`. What goes wrong is one clear line with a code on standard error and exit code 1; wrong usage is
2. Secrets are printed once, where they are made, and never again.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from config.loader import examine, load
from config.problems import Severity
from config.settings import Settings
from config.workers import obstacles, parse_share, share_of
from gateway.cli.api_keys import app as key_app
from gateway.cli.customers import app as customer_app
from gateway.cli.esmes import app as esme_app
from gateway.cli.failures import lines
from gateway.cli.keystore import app as keys_app
from gateway.cli.leakscan import leakscan
from gateway.cli.ledger import app as ledger_app
from gateway.cli.numbers import app as number_app
from gateway.cli.output import Config, Failed, Json
from gateway.cli.output import run as _run
from gateway.cli.output import show as _print
from gateway.cli.retention import app as retention_app
from gateway.cli.webhooks import app as webhook_app
from gateway.limits.buckets import SharedBuckets
from gateway.node.node import Inherited, serve
from gateway.process.hardening import end_with_parent, forbid_core_dumps
from gateway.process.logs import catch_the_uncaught, configure, logger
from gateway.process.version import build, version
from operators.simulator import Faults, SimulatorSettings
from operators.simulator import run as run_simulator
from operators.smpp.session import SessionSettings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A gateway for messages that forgets on time.",
)
simulate_app = typer.Typer(no_args_is_help=True, help="Peers to try things with.")
app.add_typer(customer_app, name="customer")
app.add_typer(key_app, name="key")
app.add_typer(esme_app, name="esme")
app.add_typer(number_app, name="number")
app.add_typer(webhook_app, name="webhook")
app.add_typer(retention_app, name="retention")
app.add_typer(keys_app, name="keys")
app.add_typer(ledger_app, name="ledger")
app.add_typer(simulate_app, name="simulate")


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"connect-gateway {version()} ({build()})")  # noqa: T201
        raise typer.Exit


@app.callback()
def whole(
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print version and build.")
    ] = False,
) -> None:
    """A gateway for messages that forgets on time."""


def main() -> None:
    """Run the command line."""
    configure("warning")  # to stderr: stdout is for what was asked; `serve` sets its own
    try:
        app()
    except Exception as error:
        for line in lines(error):
            print(f"connect-gateway: {line}", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None


# --------------------------------------------------------------------------------------------------------- the node


@app.command("serve")
def serve_command(
    workers: Annotated[
        int,
        typer.Option(min=1, max=256, help="Processes that share ports and binds; needs a Redis ledger."),
    ] = 1,
    share: Annotated[str | None, typer.Option(hidden=True, help="Set by the supervisor: 2/4.")] = None,
    descriptors: Annotated[str, typer.Option(hidden=True, help="Set by the supervisor.")] = "",
    machine: Annotated[str | None, typer.Option(hidden=True, help="Set by the supervisor.")] = None,
    config: Config = None,
) -> None:
    """Run a gateway node until SIGTERM; then drain and exit 0."""
    dumps_are_off = forbid_core_dumps()
    settings = load(config, os.environ)
    if workers > 1:
        _become_supervisor(settings, workers, config)
    part = None if share is None else parse_share(share)
    configure(settings.log.level, settings.log.format, worker=None if part is None else part.number)
    catch_the_uncaught()
    if not dumps_are_off:
        logger("gateway").warning("core_dumps_possible")
    if part is not None:
        end_with_parent(signal.SIGTERM)
        settings = share_of(settings, part)
    raise SystemExit(_run(serve(settings, _inherited(descriptors, machine))))


def _inherited(descriptors: str, machine: str | None) -> Inherited:
    """What a supervisor hands down: a socket for metrics, the table of throughput, and whose workers share it."""
    if not descriptors:
        return Inherited()
    metrics, table = map(int, descriptors.split(","))
    return Inherited(metrics=socket.socket(fileno=metrics), buckets=SharedBuckets(table), machine=machine)


def _become_supervisor(settings: Settings, workers: int, config: Path | None) -> NoReturn:
    """In this process, without what is loaded by now. Raises Failed."""
    for line in obstacles(settings, workers):
        raise Failed(line, "workers_impossible")
    if config is not None:
        os.environ["CONNECT_GATEWAY_CONFIG"] = str(config)
    os.execv(sys.executable, [sys.executable, "-m", "gateway.workers", str(workers)])  # noqa: S606  ourselves


@app.command()
def check(config: Config = None, json: Json = False) -> None:
    """Check the settings, and that the secrets are there, without starting anything."""
    examination = examine(config, os.environ, secrets=True)
    if json:
        _print([_problem(each) for each in examination.problems], True)
    else:
        for each in examination.problems:
            print(f"{each.severity.value}: {each} [{each.code}]")  # noqa: T201
    if any(each.severity is Severity.ERROR for each in examination.problems):
        raise SystemExit(1)
    if not json:
        print("settings are in order")  # noqa: T201


def _problem(problem: Any) -> dict[str, object]:
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "file": problem.file,
        "line": problem.line,
        "key": problem.key,
        "message": problem.message,
    }


# ---------------------------------------------------------------------------------------------- simulator and demo


@simulate_app.command("smsc")
def simulate_smsc(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.")] = 2775,
    password: Annotated[str, typer.Option(envvar="SMSC_PASSWORD", help="Password of a bind.")] = "secret",  # noqa: S107
    system_id: Annotated[str, typer.Option(help="system_id of a bind.")] = "gateway",
    answer_delay: Annotated[float, typer.Option(help="Seconds before each response.")] = 0.0,
    error_rate: Annotated[float, typer.Option(help="Share answered ESME_RSYSERR.")] = 0.0,
    throttle_rate: Annotated[float, typer.Option(help="Share answered ESME_RTHROTTLED.")] = 0.0,
    silent_rate: Annotated[float, typer.Option(help="Share never answered.")] = 0.0,
    drop_every: Annotated[int, typer.Option(help="Cut the link after so many submissions; 0 never.")] = 0,
    receipt_delay: Annotated[float, typer.Option(help="Seconds before each receipt.")] = 0.0,
    receipt_rate: Annotated[float, typer.Option(help="Share that gets a receipt.")] = 1.0,
    receipt_twice_rate: Annotated[float, typer.Option(help="Share whose receipt comes twice.")] = 0.0,
    receipt_first: Annotated[bool, typer.Option("--receipt-first", help="Receipts overtake their responses.")] = False,
    failed_rate: Annotated[float, typer.Option(help="Share reported UNDELIV.")] = 0.0,
    window: Annotated[int, typer.Option(help="Receipts it sends without an answer.")] = 500,
    json: Json = False,
) -> None:
    """An SMSC that takes everything, or misbehaves on demand. Runs until interrupted."""
    faults = Faults(
        answer_delay_s=answer_delay,
        error_rate=error_rate,
        throttle_rate=throttle_rate,
        silent_rate=silent_rate,
        drop_every=drop_every or None,
        receipt_delay_s=receipt_delay,
        receipt_rate=receipt_rate,
        receipt_twice_rate=receipt_twice_rate,
        receipt_before_response=receipt_first,
        receipt_state_failed_rate=failed_rate,
    )

    def started(simulator: Any) -> None:
        _print({"host": host, "port": simulator.port}, json)
        sys.stdout.flush()

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        _run(
            run_simulator(
                host,
                port,
                faults,
                system_id=system_id,
                password=password,
                settings=SimulatorSettings(session=SessionSettings(window=window, inbound=100_000)),
                started=started,
            )
        )


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Keep everything running at the end, until Ctrl-C.")] = False,
    messages: Annotated[int, typer.Option(min=1, max=5_000, help="How many messages to send.")] = 40,
    json: Json = False,
) -> None:
    """Watch real messages go through a real gateway to a simulated SMSC and come back as delivered."""
    from gateway.tools.demo import run_demo  # only this verb needs it

    raise SystemExit(run_demo(keep=keep, messages=messages, as_json=json))


app.command()(leakscan)

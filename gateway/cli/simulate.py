"""`connect-gateway simulate`: peers to try things with."""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.output import Failed, Json, run, show
from operators.simulator import Faults, SimulatorSettings
from operators.simulator import run as run_simulator
from operators.simulator.script import Script, ScriptError, Taken
from operators.simulator.scripted import ScriptedSmsc, run_script
from operators.smpp.session import SessionSettings

LONGEST_S = 600

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Peers to try things with.")


@app.callback()
def _group() -> None:
    """Peers to try things with."""


@app.command("smsc")
def simulate_smsc(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.")] = 2775,
    password: Annotated[str, typer.Option(envvar="SMSC_PASSWORD", help="Password of a bind.")] = "secret",  # noqa: S107
    system_id: Annotated[str, typer.Option(help="system_id of a bind.")] = "gateway",
    answer_delay: Annotated[float, typer.Option(help="Seconds before each response.")] = 0.0,
    answers: Annotated[
        str, typer.Option(help="Shares of messages and milliseconds until their responses: 0.8:10,0.15:100,0.05:1000.")
    ] = "",
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
    script: Annotated[
        Path | None, typer.Option(help="Answer with the octets of this script; see docs/scripted-smsc.md.")
    ] = None,
    octets: Annotated[
        bool, typer.Option("--octets", help="With a script: show the octets of what comes, texts and numbers too.")
    ] = False,
    json: Json = False,
) -> None:
    """An SMSC that takes everything, misbehaves on demand, or speaks as a script says. Runs until interrupted."""
    if script is not None:
        _speak(script, host, port, octets=octets, json=json)
        return
    faults = Faults(
        answer_delay_s=answer_delay,
        answers=answers_of(answers),
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
        _show_at_once({"host": host, "port": simulator.port}, json)

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        run(
            run_simulator(
                port,
                faults,
                system_id=system_id,
                password=password,
                settings=SimulatorSettings(host=host, session=SessionSettings(window=window, inbound=100_000)),
                started=started,
            )
        )


def _speak(path: Path, host: str, port: int, *, octets: bool, json: bool) -> None:
    """Answer with a script until interrupted, and show each PDU that comes."""
    try:
        script = Script(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise Failed("the script is not UTF-8", "invalid_script") from None
    except ScriptError as error:
        raise Failed(str(error), "invalid_script") from None

    def seen(pdu: Taken) -> None:
        shown: dict[str, object] = {
            "command": pdu.command,
            "sequence_number": pdu.sequence_number,
            "command_status": pdu.status,
            "octets": pdu.body.hex() if octets else len(pdu.body),
        }
        _show_at_once(shown, json)

    smsc = ScriptedSmsc(script, host, port, seen=seen)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        run(run_script(smsc, lambda started: _show_at_once({"host": host, "port": started.port}, json)))


def _show_at_once(value: dict[str, object], json: bool) -> None:
    show(value, json)
    sys.stdout.flush()


def answers_of(text: str) -> tuple[tuple[float, float], ...]:
    """Shares, and seconds. Raises typer.BadParameter."""
    pairs = [_pair(each) for each in text.split(",") if each.strip()]
    if sum(share for share, _ in pairs) > 1 + 1e-9:
        raise typer.BadParameter("the shares of --answers are more than all messages")
    return tuple(pairs)


def _pair(text: str) -> tuple[float, float]:
    share, _, milliseconds = text.partition(":")
    try:
        pair = float(share), float(milliseconds) / 1000
    except ValueError:
        pair = 0.0, 0.0
    if not (0 < pair[0] <= 1 and 0 <= pair[1] <= LONGEST_S):
        raise typer.BadParameter(f"--answers takes share:milliseconds, commas between; {LONGEST_S} s at most")
    return pair

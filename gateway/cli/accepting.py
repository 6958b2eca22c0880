"""`connect-gateway accepting`: whether the nodes take messages."""

from typing import Annotated

import typer

from gateway.cli.output import Config, Json, run, show
from gateway.cli.steering import IfVersion, Reason, Turn, Wait, hand, open_control, shown, steer, why

app = typer.Typer(add_completion=False)


@app.command("accepting")
def accepting(
    turn: Annotated[Turn | None, typer.Argument(help="`on` or `off`; without it, what is wanted is shown.")] = None,
    reason: Reason = None,
    if_version: IfVersion = None,
    wait: Wait = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Whether any node takes messages: `off` answers 503 `paused`, over SMPP ESME_RTHROTTLED, within a second."""
    if turn is None:
        show(run(_standing(config)), json)
        return
    by = hand(reason, if_version)
    show(run(steer(config, lambda control: control.set_accepting(by, on=turn is Turn.ON), wait=wait)), json)


async def _standing(config: Config) -> dict[str, object]:
    async with open_control(config) as control:
        wanted = await control.accepting()
        return {**shown(wanted), "reason": why(control, wanted)}

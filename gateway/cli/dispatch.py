"""`connect-gateway dispatch`: whether the nodes send messages."""

from typing import Annotated

import typer

from gateway.cli.output import Config, Json, run, show
from gateway.cli.steering import IfVersion, Reason, Turn, Wait, hand, open_control, shown, steer, why

app = typer.Typer(add_completion=False)


@app.command("dispatch")
def dispatch(
    turn: Annotated[Turn | None, typer.Argument(help="`on` or `off`; without it, what is wanted is shown.")] = None,
    reason: Reason = None,
    if_version: IfVersion = None,
    wait: Wait = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Whether any node sends messages: `off` takes and keeps them, within a second; validity goes on."""
    if turn is None:
        show(run(_standing(config)), json)
        return
    by = hand(reason, if_version)
    show(run(steer(config, lambda control: control.set_dispatch(by, on=turn is Turn.ON), wait=wait)), json)


async def _standing(config: Config) -> dict[str, object]:
    async with open_control(config) as control:
        wanted = await control.dispatch()
        return {**shown(wanted), "reason": why(control, wanted)}

"""`connect-gateway dispatch`: whether the nodes send messages."""

from typing import Annotated

import typer

from gateway.cli.output import Config, Json
from gateway.cli.steering import IfVersion, Options, Reason, Turn, Wait, switch
from gateway.control.desk import Control

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
    options = Options(reason, if_version, wait, config, json)
    switch(Control.dispatch, lambda control, by, on: control.set_dispatch(by, on=on), turn, options)

"""`connect-gateway accepting`: whether the nodes take messages."""

from typing import Annotated

import typer

from gateway.cli.output import Config, Json
from gateway.cli.steering import IfVersion, Options, Reason, Turn, Wait, switch
from gateway.control.desk import Control

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
    options = Options(reason, if_version, wait, config, json)
    switch(Control.accepting, lambda control, by, on: control.set_accepting(by, on=on), turn, options)

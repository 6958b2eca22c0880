"""`connect-gateway demo`: the whole road, shown."""

from typing import Annotated

import typer

from gateway.cli.output import Json
from gateway.tools.demo import run_demo

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Keep everything running at the end, until Ctrl-C.")] = False,
    messages: Annotated[int, typer.Option(min=1, max=5_000, help="How many messages to send.")] = 40,
    json: Json = False,
) -> None:
    """Watch real messages go through a real gateway to a simulated SMSC and come back as delivered."""
    raise SystemExit(run_demo(keep=keep, messages=messages, as_json=json))

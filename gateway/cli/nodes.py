"""`connect-gateway node`: the processes that are there, and nodes that are to be taken out of service."""

from typing import Annotated

import typer

from gateway.cli.output import Config, Json, run, show
from gateway.cli.steering import IfVersion, Options, Reason, Wait, carry_out, open_control
from gateway.model.times import rfc3339

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Nodes and workers.")

Node = Annotated[str, typer.Argument(help="Node, as `node list` names it.")]


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Every node and worker that is there, what it does, and whether it has applied all that is wanted."""

    async def work() -> list[dict[str, object]]:
        async with open_control(config) as control:
            standing = await control.book.versions()
            return [
                {
                    "node": each.node,
                    "worker": each.worker,
                    "build": each.build,
                    "started": rfc3339(each.started_ms),
                    "heard": rfc3339(each.heard_ms),
                    "accepting": each.accepting,
                    "dispatching": each.dispatching,
                    "draining": each.draining,
                    "current": all(each.applied.get(what, 0) >= version for what, version in standing.items()),
                }
                for each in await control.reports()
            ]

    show(run(work()), json, spare=("build", "started", "heard"))


@app.command()
def drain(
    node: Node,
    reason: Reason = None,
    if_version: IfVersion = None,
    wait: Wait = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a node take no new messages, end its customers' binds and be not ready, and send what it has."""
    options = Options(reason, if_version, wait, config, json)
    carry_out(lambda control, by: control.drain_node(node, by, draining=True), options, node=node)


@app.command()
def resume(
    node: Node,
    reason: Reason = None,
    if_version: IfVersion = None,
    wait: Wait = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Let a node take messages again."""
    options = Options(reason, if_version, wait, config, json)
    carry_out(lambda control, by: control.drain_node(node, by, draining=False), options, node=node)

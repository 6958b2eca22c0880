"""`connect-gateway task`: work that nodes do in the background, such as making events anew."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import open_desk
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.webhooks.tasks import Task, Tasks, UnknownTask

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Work in the background: show, cancel.")

Name = Annotated[str, typer.Argument(help="Task, as `task list` names it.")]


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Tasks that are open, and those that ended within 30 days."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            tasks = Tasks(desk.ledger.acts, desk.clock, COMMAND_LINE)
            return [task_row(each) for each in await tasks.all()]

    show(run(work()), json, spare=("types", "asked"))


@app.command("show")
def show_(task: Name, config: Config = None, json: Json = False) -> None:
    """How far a task is."""
    _do(task, Tasks.find, config, json)


@app.command("cancel")
def cancel(task: Name, config: Config = None, json: Json = False) -> None:
    """End a task; what it has done stays. One that is over stays as it is."""
    _do(task, Tasks.cancel, config, json)


def _do(name: str, verb: Callable[[Tasks, str], Awaitable[Task]], config: Config, json: bool) -> None:
    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            try:
                return task_row(await verb(Tasks(desk.ledger.acts, desk.clock, COMMAND_LINE), name))
            except UnknownTask as unknown:
                raise Failed(str(unknown), "no_task") from None

    show(run(work()), json)


def task_row(task: Task) -> dict[str, object]:
    replay = task.replay
    return {
        "task": task.id,
        "customer": replay.owner,
        "state": replay.state.value,
        "since": rfc3339(replay.since_ms),
        "until": rfc3339(replay.until_ms),
        "types": [f"message.{each}" for each in replay.statuses],
        "looked_at": replay.looked,
        "events": replay.made,
        "asked": rfc3339(replay.asked_ms),
        "ended": rfc3339_or_none(replay.ended_ms or None),
    }

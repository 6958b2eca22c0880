"""`connect-gateway reload`: the settings are read again by every node and worker, and taken over by all or by none."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from config.problems import Problem
from gateway.audit.actor import COMMAND_LINE
from gateway.cli.output import Config, Failed, Json, note, run, show
from gateway.cli.session import open_desk
from gateway.control.reloads import NobodyThere, Outcome, Reloads, Said, State, UnderWay

app = typer.Typer(add_completion=False)


@app.command("reload")
def reload_command(config: Config = None, json: Json = False) -> None:
    """Have every node and worker read its settings again: all take over what changed, or none does."""
    outcome = run(_reload(config))
    if json:
        show({"applied": outcome.applied, "processes": processes(outcome.said)}, True)
    elif outcome.applied:
        show(changed(outcome.said), False)
    for line in complaints(outcome.said):
        note(line)
    if not outcome.applied or any(each.state is not State.APPLIED for each in outcome.said.values()):
        raise SystemExit(1)


async def _reload(config: Path | None) -> Outcome:
    async with open_desk(config) as desk:
        try:
            return await Reloads(desk.ledger.acts, desk.clock, COMMAND_LINE).reload()
        except (NobodyThere, UnderWay) as error:
            raise _failed(error) from None


async def look(config: Path | None) -> dict[str, Said]:
    """What a reload would do. Raises Failed."""
    async with open_desk(config) as desk:
        try:
            return await Reloads(desk.ledger.acts, desk.clock, COMMAND_LINE).look()
        except (NobodyThere, UnderWay) as error:
            raise _failed(error) from None


def _failed(error: NobodyThere | UnderWay) -> Failed:
    if isinstance(error, UnderWay):
        return Failed("another reload is under way; try again in a minute", "reload_under_way")
    return Failed("no node runs on this ledger", "no_node")


def changed(said: Mapping[str, Said]) -> list[dict[str, object]]:
    """A row for each setting that differs, with the processes for which it does where these are not all."""
    found: dict[tuple[str, str, bool], list[str]] = {}
    for name, each in said.items():
        for change in each.changes:
            found.setdefault((change.setting, change.what, change.live), []).append(name)
    return [
        {
            "setting": setting,
            "what": what,
            "reload": "live" if live else "restart",
            "processes": "all" if len(names) == len(said) else ", ".join(names),
        }
        for (setting, what, live), names in found.items()
    ]


def processes(said: Mapping[str, Said]) -> list[dict[str, object]]:
    """What each said, for programs."""
    return [
        {
            "process": name,
            "state": each.state.value,
            "changes": [{"setting": a.setting, "what": a.what, "live": a.live} for a in each.changes],
            "problems": [problem(a) for a in each.problems],
            "left_off": each.left_off,
        }
        for name, each in said.items()
    ]


def complaints(said: Mapping[str, Said], *, but: Sequence[str] = ()) -> list[str]:
    """A line for each thing that is wrong, and the processes that say so. but: codes that are told in another way."""
    found: dict[str, list[str]] = {}
    for name, each in said.items():
        for problem in each.problems:
            if problem.code not in but:
                found.setdefault(f"{problem} [{problem.code}]", []).append(name)
        if each.left_off:
            found.setdefault(f"{each.left_off} more changes or problems are not shown", []).append(name)
        if each.state is State.SILENT:
            found.setdefault("does not answer; nothing is known of it [silent]", []).append(name)
    return [f"{', '.join(names)}: {line}" for line, names in found.items()]


def problem(problem: Problem) -> dict[str, object]:
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "file": problem.file,
        "line": problem.line,
        "key": problem.key,
        "message": problem.message,
    }

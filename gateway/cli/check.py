"""`connect-gateway check`: what the settings say, what is wrong with them, and what a reload would make of them."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from config.loader import Examination, examine
from config.problems import Severity
from gateway.cli.custodian_checked import custodian_problems
from gateway.cli.output import Config, Json, note, run, show
from gateway.cli.reload import changed, complaints, look, problem, processes

Strict = Annotated[bool, typer.Option("--strict", help="Fail for warnings, too.")]
Diff = Annotated[
    bool,
    typer.Option("--diff", help="Say what a reload would do to running nodes; fail where it would be refused."),
]

app = typer.Typer(add_completion=False)


@app.command()
def check(config: Config = None, strict: Strict = False, diff: Diff = False, json: Json = False) -> None:
    """Check the settings, and that the secrets are there, without starting anything."""
    examination = examine(config, os.environ, secrets=True, today=datetime.now(UTC).date())
    if examination.settings is not None:
        seen = custodian_problems(examination.settings)
        examination = Examination(settings=examination.settings, problems=(*examination.problems, *seen))
    fails = any(strict or each.severity is Severity.ERROR for each in examination.problems)
    if diff and examination.settings is not None:
        fails = _show_diff(config, examination, as_json=json) or fails
    elif json:
        show([problem(each) for each in examination.problems], True)
    else:
        _print(examination)
    if fails:
        raise SystemExit(1)
    if not (json or diff):
        found = len(examination.problems)
        print(f"settings can be used, with {found} to look at" if found else "settings are in order")  # noqa: T201


def _print(examination: Examination) -> None:
    for each in examination.problems:
        print(f"{each.severity.value}: {each} [{each.code}]")  # noqa: T201


def _show_diff(config: Config, examination: Examination, *, as_json: bool) -> bool:
    """Whether a reload would be refused."""
    said = run(look(config))
    if as_json:
        problems = [problem(each) for each in examination.problems]
        show({"problems": problems, "changes": changed(said), "processes": processes(said)}, True)
    else:
        _print(examination)
        show(changed(said), False)
        for line in complaints(said, but=("restart_needed",)):
            note(line)
    return any(each.problems or each.state.value == "silent" for each in said.values())

"""`connect-gateway check`: what the settings say, and what is wrong with them."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from config.loader import examine
from config.problems import Problem, Severity
from gateway.cli.output import Config, Json, show

Strict = Annotated[bool, typer.Option("--strict", help="Fail for warnings, too.")]

app = typer.Typer(add_completion=False)


@app.command()
def check(config: Config = None, strict: Strict = False, json: Json = False) -> None:
    """Check the settings, and that the secrets are there, without starting anything."""
    examination = examine(config, os.environ, secrets=True, today=datetime.now(UTC).date())
    if json:
        show([_problem(each) for each in examination.problems], True)
    else:
        for each in examination.problems:
            print(f"{each.severity.value}: {each} [{each.code}]")  # noqa: T201
    if any(strict or each.severity is Severity.ERROR for each in examination.problems):
        raise SystemExit(1)
    if not json:
        found = len(examination.problems)
        print(f"settings can be used, with {found} to look at" if found else "settings are in order")  # noqa: T201


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "file": problem.file,
        "line": problem.line,
        "key": problem.key,
        "message": problem.message,
    }

"""`connect-gateway check`: what the settings say, and what is wrong with them."""

import os

import typer

from config.loader import examine
from config.problems import Problem, Severity
from gateway.cli.output import Config, Json, show

app = typer.Typer(add_completion=False)


@app.command()
def check(config: Config = None, json: Json = False) -> None:
    """Check the settings, and that the secrets are there, without starting anything."""
    examination = examine(config, os.environ, secrets=True)
    if json:
        show([_problem(each) for each in examination.problems], True)
    else:
        for each in examination.problems:
            print(f"{each.severity.value}: {each} [{each.code}]")  # noqa: T201
    if any(each.severity is Severity.ERROR for each in examination.problems):
        raise SystemExit(1)
    if not json:
        print("settings are in order")  # noqa: T201


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "file": problem.file,
        "line": problem.line,
        "key": problem.key,
        "message": problem.message,
    }

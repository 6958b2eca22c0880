"""`connect-gateway privacy`: what shows that the promises to people are kept."""

from typing import Annotated

import typer

from gateway.cli.output import Config, Json, run, show
from gateway.cli.privacy_seen import facts_of
from gateway.cli.session import open_desk
from gateway.tools.evidence import Row, State, report

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What shows that the promises to people are kept.")

Strict = Annotated[bool, typer.Option("--strict", help="Fail for promises that this version lacks something of, too.")]


@app.callback()
def _group() -> None:
    """What shows that the promises to people are kept."""


@app.command("report")
def report_(strict: Strict = False, config: Config = None, json: Json = False) -> None:
    """Every promise, and what shows it in this installation as it runs. Exit code 1 where one is not kept.

    pass, fail: by a look at settings, stores, keys and log. test: none can
    tell, and the test that is named shows it. open: this version lacks
    something of it, which is said. Also beside a running gateway.
    """

    async def work() -> list[Row]:
        async with open_desk(config) as desk:
            return report(await facts_of(desk))

    rows = run(work())
    show([_shown(each, json) for each in rows], json)
    bad = (State.FAILED, State.OPEN) if strict else (State.FAILED,)
    if any(each.state in bad for each in rows):
        raise SystemExit(1)


def _shown(row: Row, as_json: bool) -> dict[str, object]:
    common = {"id": row.id, "promise": row.promise, "state": row.state.value}
    if as_json:
        return {**common, "seen": row.seen, "lacks": row.lacks, "shown_by": row.shown_by}
    tests = "" if row.state is State.PASSED else ", ".join(row.shown_by)
    return {**common, "what shows it": "; ".join(filter(None, (row.lacks, row.seen, tests)))}

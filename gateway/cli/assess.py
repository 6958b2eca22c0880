"""`connect-gateway assess`: a regular assessment of the installation, written down and in the audit log (P-27)."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gateway.audit.acts import Act
from gateway.audit.building import folder_of
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.privacy_seen import facts_of
from gateway.cli.session import Desk, open_desk
from gateway.keystore.installation import shown
from gateway.model.times import rfc3339
from gateway.process.version import version
from gateway.rights.subjects import BadAnswer, read_answer
from gateway.tools.assessment import Assessment, Part, drill, leaks
from gateway.tools.evidence import State, report
from gateway.tools.leakscan import scan

app = typer.Typer(add_completion=False)


@app.command()
def assess(
    file: Annotated[Path, typer.Argument(help="New file for the record, in JSON.")],
    paths: Annotated[list[Path] | None, typer.Argument(help="Logs and other places to search as well.")] = None,
    canaries: Annotated[
        Path | None, typer.Option(help="File with one value a line to look for. Never an argument.", exists=True)
    ] = None,
    answer: Annotated[
        Path | None, typer.Option(help="What the custodian answered a test question with.", exists=True)
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Search for leaks, restore copies and destroy their keys, and write down how it went. Exit code 1 on a fault."""
    if file.exists():
        raise Failed("there is such a file already", "file_exists")

    async def work() -> Assessment:
        async with open_desk(config) as desk:
            made = await _assessed(desk, _searched(desk, paths or [], canaries), answer)
            _write(file, made.octets)
            await _note(desk, made)
            return made

    made = run(work())
    if json:
        show({"sound": made.is_sound, **msgspec.to_builtins(made)}, True)
    else:
        show([_row(each) for each in made.parts], False)
    if not made.is_sound:
        raise SystemExit(1)


def _row(part: Part) -> dict[str, object]:
    state = {True: "sound", False: "unsound", None: "not looked at"}[part.is_sound]
    return {"part": part.name, "state": state, "said": part.said, "places": part.places}


async def _assessed(desk: Desk, searched: Part, answer: Path | None) -> Assessment:
    rows = report(await facts_of(desk))
    failed = [each.id for each in rows if each.state is State.FAILED]
    promises = Part(
        name="promises",
        is_sound=not failed,
        said=f"not kept: {', '.join(failed)}" if failed else "nothing that is looked at fails",
        counts={state.value: sum(each.state is state for each in rows) for state in State},
    )
    return Assessment(
        version=1,
        at=rfc3339(desk.clock.now_ms()),
        installation=shown(desk.installation),
        tool=f"connect-gateway {version()}",
        parts=(promises, searched, drill(desk.settings, desk.keystore, desk.clock), _custodian(desk, answer)),
    )


def _searched(desk: Desk, paths: list[Path], canaries: Path | None) -> Part:
    """Through the folders of ledger and log, and what else was named; with a planted value that must be found."""
    text = "" if canaries is None else canaries.read_text(encoding="utf-8")
    values = [line for line in text.splitlines() if line.strip()]
    log = folder_of(desk.settings)
    own = [Path(desk.settings.ledger.path).parent] if desk.settings.ledger.engine == "sqlite" else []
    roots = [*own, *([] if log is None or any(log.is_relative_to(each) for each in own) else [log]), *paths]
    planted = desk.clock.random(16).hex()
    return leaks(scan(roots, [*values, planted]), known=len(values))


def _custodian(desk: Desk, answer: Path | None) -> Part:
    """Whether what is sealed to it opens there: an answer to a question of this gateway says so."""
    if desk.keystore.state.handed.custodian is None:
        return Part(name="custodian", is_sound=False, said="no custodian is set")
    if answer is None:
        said = "not asked: `custodian ask` about a number of your own, and give the answer with --answer"
        return Part(name="custodian", is_sound=None, said=said)
    try:
        found = read_answer(answer.read_bytes())
    except BadAnswer as bad:
        return Part(name="custodian", is_sound=False, said=str(bad))
    said = "every secret of the span opened there" if found.is_complete else "it lacks a key that secrets are sealed to"
    return Part(name="custodian", is_sound=found.is_complete, said=said)


def _write(file: Path, octets: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(octets)


async def _note(desk: Desk, made: Assessment) -> None:
    """The digest of the record, which the log signs."""
    counts = {name: count for each in made.parts for name, count in each.counts.items()}
    numbers: dict[str, int] = {
        name: counts[name] for name in ("leaks", "places", "messages", "after") if name in counts
    }
    numbers |= {"parts": len(made.parts), "unsound": sum(each.is_sound is False for each in made.parts)}
    word = "sound" if made.is_sound else "unsound"
    await desk.audit.write(Act.ASSESS, what=word, numbers=numbers, digests={"statement": made.digest})

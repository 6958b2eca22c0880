"""`connect-gateway notice`: what people are told of the processing, in versions."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from config.rules import all_packs, pack_at
from gateway.accounts.notices import NoticesGiven
from gateway.audit.actor import COMMAND_LINE
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import Desk, customer_names, open_desk
from gateway.model.times import rfc3339
from gateway.transparency.changes import changes
from gateway.transparency.notice import Notice, digest, new_purposes, notice_of
from gateway.transparency.versions import Version, Versions, VersionUnreadable

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="What people are told of the processing, in versions."
)


@app.command("show")
def show_(
    version: Annotated[
        int | None, typer.Argument(min=1, help="Number of a version; what holds now without it.")
    ] = None,
    config: Config = None,
) -> None:
    """The notice in JSON, as the settings have it now or as a version had it."""

    async def work() -> Notice:
        async with open_desk(config) as desk:
            if version is None:
                return _of(desk)
            return (await _find(desk, version)).notice

    show(msgspec.to_builtins(run(work())), True)


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Every version, since when people are told it, and how many things it says otherwise than the one before."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            found = await _versions(desk).all()
            before: Version | None = None
            rows = []
            for each in found:
                changed = 0 if before is None else len(changes(before.notice, each.notice))
                since = rfc3339(each.since_ms)
                rows.append({"version": each.number, "since": since, "changes": changed, "digest": each.digest})
                before = each
            return rows

    show(run(work()), json, spare=("digest",))


@app.command("diff")
def diff(
    version: Annotated[int | None, typer.Argument(min=2, help="Of this version to the one before it.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """What the settings say otherwise than the newest version, or a version than the one before."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            if version is None:
                newest = await _versions(desk).newest()
                before, after = (None if newest is None else newest.notice), _of(desk)
            else:
                before, after = (await _find(desk, version - 1)).notice, (await _find(desk, version)).notice
            if before is None:
                raise Failed("people were not told anything yet: there is no version", "unknown_version")
            return [msgspec.to_builtins(each) for each in changes(before, after)]

    show(run(work()), json)


@app.command("publish")
def publish(config: Config = None, json: Json = False) -> None:
    """Tell people what the settings say, new purposes included, without which a gateway with such does not start."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            notice = _of(desk)
            told = await _new(desk, notice)
            kept = await _versions(desk).keep(notice, tells_purposes=True)
            return {"version": kept.number, "digest": digest(notice), "since": rfc3339(kept.since_ms), "purposes": told}

    show(run(work()), json)


@app.command("given")
def given(config: Config = None, json: Json = False) -> None:
    """Which version each customer got, by using the gateway since or by saying so. A notice given is no consent."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            names = await customer_names(desk)
            notices = NoticesGiven(
                desk.ledger.acts, desk.ledger.usage, desk.clock, COMMAND_LINE, lambda number: names.get(number, "")
            )
            return [
                {
                    "customer": names.get(number, ""),
                    "version": each.version,
                    "at": rfc3339(each.at_ms),
                    "by": each.means,
                }
                for number, each in sorted((await notices.all()).items())
            ]

    show(run(work()), json)


def _versions(desk: Desk) -> Versions:
    return Versions(desk.ledger.acts, desk.clock, COMMAND_LINE)


async def _find(desk: Desk, number: int) -> Version:
    """Raises Failed."""
    for each in await _versions(desk).all():
        if each.number == number:
            return each
    raise Failed("there is no version of this number", "unknown_version")


async def _new(desk: Desk, notice: Notice) -> list[str]:
    """Purposes that the newest version lacks; none where it cannot be read, as nobody knows."""
    try:
        newest = await _versions(desk).newest()
    except VersionUnreadable:
        return []
    return [] if newest is None else new_purposes(newest.notice, notice)


def _of(desk: Desk) -> Notice:
    directory = desk.settings.rules.directory
    known = all_packs(None if directory is None else Path(directory))
    return notice_of(desk.settings, pack_at(datetime.fromtimestamp(desk.clock.now_ms() / 1000, UTC).date(), known))

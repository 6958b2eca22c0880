"""`connect-gateway leakscan`: known values looked for in every form that they could lie in."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.output import Failed, Json, show
from gateway.tools.leakscan import Files, ScanReport, Source, scan_sources
from gateway.tools.leakscan_memory import Memory

app = typer.Typer(add_completion=False)


@app.command()
def leakscan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and directories to search.")] = None,
    canaries: Annotated[
        Path, typer.Option(help="File with one value a line to look for; - is standard input. Never an argument.")
    ] = Path("-"),
    redis: Annotated[
        list[str] | None,
        typer.Option(help="redis://host:port to search, all types; password from REDISCLI_AUTH; repeatable."),
    ] = None,
    pid: Annotated[list[int] | None, typer.Option(help="Process whose memory to search; repeatable.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many finds to show.")] = 100,
    json: Json = False,
) -> None:
    """Search for known values in every form they could lie in, after finding planted ones. Exit code 1 on a find."""
    text = sys.stdin.read() if canaries == Path("-") else canaries.read_text(encoding="utf-8")
    values = [line for line in text.splitlines() if line.strip()]
    if not values:
        raise Failed(
            "no values to look for: give one a line on standard input or with --canaries FILE", "nothing_to_look_for"
        )
    sources = list(_scan_sources(paths or [], redis or [], pid or []))
    if not sources:
        raise Failed("nothing to search: name paths, --redis or --pid", "nowhere_to_look")
    report = scan_sources(sources, values, limit=limit)
    _print_scan(report, json)
    if not report.clean:
        raise SystemExit(1)


def _scan_sources(paths: list[Path], servers: list[str], pids: list[int]) -> Iterator[Source]:
    if paths:
        yield Files(paths)
    if servers:
        from gateway.tools.leakscan_redis import RedisKeys  # only this option needs redis-py

        yield from map(RedisKeys, servers)
    yield from map(Memory, pids)


def _print_scan(report: ScanReport, json: bool) -> None:
    leaks = [
        {"place": each.path, "offset": each.offset, "line": each.canary + 1, "form": each.form} for each in report.leaks
    ]
    summary = {
        "clean": report.clean,
        "control_found": report.control_found,
        "places": report.files,
        "bytes": report.bytes,
        "unread": report.unread,
    }
    if json:
        show({**summary, "leaks": leaks}, True)
        return
    show(summary, False)
    if leaks:
        show(leaks, False, title="found")

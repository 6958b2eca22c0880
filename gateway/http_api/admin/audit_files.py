"""The audit log as its files (https://c2sp.org/tlog-tiles), to read and to copy: checkpoint, tiles, entries.

It is the whole log, of all customers, so it is for those of the platform who may export it. The prefix of the log, for
programs that read such logs, is `/audit/`.
"""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.audit.tiles import CHECKPOINT, MINIMUM
from gateway.http_api.admin.parts import Parts
from gateway.http_api.replies import TEXT, Reply
from gateway.http_api.routes import Answer, Call, Operation, Parameter, Route
from gateway.model.refusals import Refusal
from gateway.people.roles import Action

OCTETS: Final = "application/octet-stream"
_TILE: Final = re.compile(r"(?:[0-9]{1,2}|entries)/(?:x[0-9]{3}/){0,6}[0-9]{3}(?:\.p/[0-9]{1,3})?", re.ASCII)


class AuditFileEndpoints:
    """folder: of the log; None where other nodes have it."""

    def __init__(self, parts: Parts, folder: Callable[[], Path | None]) -> None:
        self._parts = parts
        self._folder = folder

    async def checkpoint(self, call: Call) -> Reply:
        return await self._file(call, CHECKPOINT, TEXT)

    async def minimum(self, call: Call) -> Reply:
        """Not there where nothing was pruned."""
        return await self._file(call, MINIMUM, TEXT)

    async def tile(self, call: Call) -> Reply:
        return await self._file(call, f"tile/{call.argument}" if _TILE.fullmatch(call.argument) else None, OCTETS)

    async def _file(self, call: Call, name: str | None, media: str) -> Reply:
        await self._parts.gate.open(call.request, Action.AUDIT_EXPORT)
        folder = self._folder()
        if folder is None or name is None:
            raise Refusal("not_found")
        octets = await asyncio.to_thread(_read, folder / name)
        if octets is None:
            raise Refusal("not_found")
        return self._parts.replies.of(200, octets, media)


def audit_routes(files: AuditFileEndpoints) -> list[Route]:
    return [
        Route("GET", "/audit/checkpoint", files.checkpoint, _CHECKPOINT),
        Route("GET", "/audit/minimum", files.minimum, _MINIMUM),
        Route("GET", "/audit/tile/{path}", files.tile, _TILES, is_deep=True),
    ]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


_CHECKPOINT: Final = Operation(
    id="show_audit_checkpoint",
    summary="Give what was last signed of the audit log.",
    tag="Audit log",
    scope=Action.AUDIT_EXPORT,
    answers=(Answer(description="The signed note.", media=TEXT),),
    codes=("not_found",),
)
_MINIMUM: Final = Operation(
    id="show_audit_minimum",
    summary="Give the first index that was not pruned; 404 where nothing was.",
    tag="Audit log",
    scope=Action.AUDIT_EXPORT,
    answers=(Answer(description="The index.", media=TEXT),),
    codes=("not_found",),
)
_TILES: Final = Operation(
    id="show_audit_tile",
    summary="Give a tile of hashes, or a bundle of entries, of the audit log.",
    tag="Audit log",
    scope=Action.AUDIT_EXPORT,
    parameters=(
        Parameter(
            name="path",
            place="path",
            schema={"type": "string"},
            description="As tlog-tiles has it, such as `0/x001/067` or `entries/003.p/12`.",
        ),
    ),
    answers=(Answer(description="Its octets.", media=OCTETS),),
    codes=("not_found",),
)

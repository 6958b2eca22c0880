"""The newest entries of the audit log, for those who may read it: of everything, or of their own customer."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from gateway.audit.entries import BadEntry, read_entry
from gateway.audit.reading import Found, newest, signed_size
from gateway.audit.tiles import TilesDamaged
from gateway.http_api.admin.declaring import shows
from gateway.http_api.admin.parts import Parts
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call, Parameter, Route
from gateway.ledger.roles import Acts
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from redaction.errors import alone
from redaction.notes import BadNote

USUAL: Final = 50
MOST: Final = 500
LOOKED_AT: Final = 100_000
"""Entries that one question goes through, the newest first."""
_PENDING: Final = 10_000
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)


class EntryView(Struct, frozen=True, kw_only=True):
    """index: in the log; null where it waits for it. object: id of what it was done to. numbers: counts of it."""

    index: int | None
    at: str
    act: str
    object: str
    customer: str
    by: str
    result: str
    what: str
    numbers: dict[str, int]


class EntriesView(Struct, frozen=True, kw_only=True):
    """entries: newest first. size: entries of the log that were signed last; null where other nodes have it.
    looked_at_most: older ones were not looked at.
    """

    entries: list[EntryView]
    size: int | None
    looked_at_most: int


class AuditEntryEndpoint:
    """folder: of the log; None where other nodes have it."""

    def __init__(self, parts: Parts, acts: Acts, folder: Callable[[], Path | None]) -> None:
        self._parts = parts
        self._acts = acts
        self._folder = folder

    async def show(self, call: Call) -> Reply:
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.AUDIT_READ, asker.customer):
            raise Refusal("not_allowed")
        customer = asker.customer or _word(call, "customer")
        wanted = _wanted(_word(call, "act"), customer)
        count = _count(call)
        folder, size = self._folder(), None
        try:
            waiting = [read_entry(each.octets) for each in await self._acts.pending(_PENDING)]
            rows = [Found(None, each) for each in reversed(waiting) if wanted(each)][:count]
            if folder is not None:
                size, more = await asyncio.to_thread(_look, folder, wanted, count - len(rows))
                rows += more
        except (BadEntry, BadNote, TilesDamaged):
            raise alone(Refusal("audit_flawed")) from None
        return self._parts.answer(
            EntriesView(entries=[_view(each) for each in rows], size=size, looked_at_most=LOOKED_AT)
        )


def _look(folder: Path, wanted: Callable[[dict[str, Any]], bool], count: int) -> tuple[int, list[Found]]:
    return signed_size(folder), newest(folder, wanted, count, LOOKED_AT) if count else []


def _wanted(act: str, customer: str) -> Callable[[dict[str, Any]], bool]:
    def is_wanted(entry: dict[str, Any]) -> bool:
        concerns = customer in ("", entry.get("customer"), entry.get("obj"))
        return concerns and (act in ("", entry["act"]) or entry["act"].startswith(f"{act}."))

    return is_wanted


def _view(found: Found) -> EntryView:
    entry = found.entry
    return EntryView(
        index=found.index,
        at=entry["t"],
        act=entry["act"],
        object=entry.get("obj", ""),
        customer=entry.get("customer", ""),
        by=entry["actor"].get("id") or entry["actor"]["kind"],
        result=entry["res"],
        what=entry.get("what", ""),
        numbers=entry.get("n", {}),
    )


def _word(call: Call, name: str) -> str:
    word = call.query.get(name, "")
    if word and not _WORD.fullmatch(word):
        raise Refusal("invalid_parameter", name)
    return word


def _count(call: Call) -> int:
    raw = call.query.get("last", str(USUAL))
    if not re.fullmatch("[0-9]{1,3}", raw, re.ASCII) or not 0 < int(raw) <= MOST:
        raise Refusal("invalid_parameter", "last")
    return int(raw)


def audit_entry_routes(parts: Parts, acts: Acts, folder: Callable[[], Path | None]) -> list[Route]:
    return [Route("GET", "/admin/v1/audit", AuditEntryEndpoint(parts, acts, folder).show, _SHOW)]


_NAME: Final = {"type": "string", "pattern": "^[A-Za-z0-9_.-]{1,64}$"}
_SHOW: Final = shows(
    "list_audit_entries",
    "List the newest entries of the audit log; whoever belongs to a customer sees that one's.",
    "Audit",
    Action.AUDIT_READ,
    EntriesView,
    "They, newest first.",
    of=(
        Parameter(name="act", schema=_NAME, description="Only of this act, or of all that begin so, such as `key`."),
        Parameter(name="customer", schema=_NAME, description="Only what concerns this customer."),
        Parameter(
            name="last",
            schema={"type": "integer", "minimum": 1, "maximum": MOST},
            description=f"So many at the most; {USUAL} by default.",
        ),
    ),
    codes=("invalid_parameter", "audit_flawed", "ledger_unavailable"),
)

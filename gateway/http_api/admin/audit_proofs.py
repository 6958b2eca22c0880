"""One entry of the audit log and the proof that it stands there, for who verifies it without trusting the gateway."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from msgspec import Struct

from gateway.audit.checkpoint import read_checkpoint
from gateway.audit.entries import BadEntry, read_entry
from gateway.audit.reading import proven
from gateway.audit.tiles import TilesDamaged
from gateway.http_api.admin.declaring import READ, named, shows
from gateway.http_api.admin.parts import Parts
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call, Route
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from redaction.errors import alone
from redaction.notes import BadNote

_INDEX: Final = re.compile(r"[0-9]{1,15}", re.ASCII)


class ProofView(Struct, frozen=True, kw_only=True):
    """entry: its octets as they were signed. proof: `docs/audit_verify.py --proof` takes both. size: of the log."""

    index: int
    entry: str
    proof: str
    size: int


class AuditProofEndpoint:
    """folder: of the log; None where other nodes have it."""

    def __init__(self, parts: Parts, folder: Callable[[], Path | None]) -> None:
        self._parts = parts
        self._folder = folder

    async def show(self, call: Call) -> Reply:
        """Whoever belongs to a customer is told of what concerns it alone."""
        asker = await self._parts.gate.identify(call.request)
        await self._parts.gate.open(call.request, Action.AUDIT_READ, asker.customer)
        folder, is_index = self._folder(), _INDEX.fullmatch(call.argument)
        try:
            found = await asyncio.to_thread(proven, folder, int(call.argument)) if folder and is_index else None
            if found is None:
                raise Refusal("not_found")
            entry, proof = found
            said = read_entry(entry)
        except (BadEntry, BadNote, TilesDamaged):
            raise alone(Refusal("audit_flawed")) from None
        if asker.customer not in ("", said.get("customer"), said.get("obj")):
            raise Refusal("not_found")
        size = read_checkpoint(proof.note).size
        return self._parts.answer(ProofView(index=proof.index, entry=entry.decode(), proof=proof.text, size=size))


def audit_proof_routes(parts: Parts, folder: Callable[[], Path | None]) -> list[Route]:
    return [Route("GET", "/admin/v1/audit/entries/{id}", AuditProofEndpoint(parts, folder).show, _SHOW)]


_SHOW: Final = shows(
    "show_audit_entry",
    "Show an entry of the audit log as it was signed, and the proof that it stands there.",
    "Audit",
    Action.AUDIT_READ,
    ProofView,
    "Both.",
    of=(named("Index of the entry."),),
    codes=("audit_flawed", *READ),
)

"""The reason to which an entry of the audit log commits, for those who read the log of the platform."""

import re
from typing import Final

from msgspec import Struct

from gateway.http_api.admin.declaring import READ, named, shows
from gateway.http_api.admin.parts import Parts
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call, Route
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from redaction.errors import SealError, alone
from redaction.personal import Purpose

_DIGEST: Final = re.compile("[0-9a-f]{64}", re.ASCII)


class ReasonView(Struct, frozen=True):
    """Why something was done, in the words of whoever did it."""

    reason: str

    def __repr__(self) -> str:
        return "ReasonView(•••)"


class ReasonEndpoint:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def show(self, call: Call) -> Reply:
        """They are the platform's own; what cannot be opened any more is gone."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.AUDIT_READ, asker.customer):
            raise Refusal("not_allowed")
        if asker.customer or not _DIGEST.fullmatch(call.argument):
            raise Refusal("not_found")
        try:
            found = await self._parts.reasons.find(call.argument)
        except SealError:
            raise alone(Refusal("not_found")) from None
        if found is None:
            raise Refusal("not_found")
        return self._parts.answer(ReasonView(found.reveal(Purpose.SECURITY)))


def reason_routes(parts: Parts) -> list[Route]:
    return [Route("GET", "/admin/v1/audit/reasons/{why}", ReasonEndpoint(parts).show, _SHOW)]


_SHOW: Final = shows(
    "show_reason",
    "Give the reason to which an entry of the audit log commits.",
    "Audit log",
    Action.AUDIT_READ,
    ReasonView,
    "The reason.",
    of=(named("The entry's `why`, 64 hexadecimal digits.", "why"),),
    codes=(*READ, "keys_unavailable"),
)

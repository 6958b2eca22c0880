"""The privacy notice to a customer: which version holds, which one it got, and its word that it read one.

Using the gateway since, or saying so here, is a notice that was given, and never a consent (P-40).
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

from gateway.accounts.notices import NoticesGiven
from gateway.audit.actor import Actor
from gateway.http_api.admin.declaring import CUSTOMER, READ, does, shows
from gateway.http_api.admin.owners import Owners
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.sources import Sources
from gateway.http_api.admin.views import Because
from gateway.http_api.changing import written
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Route
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.people.roles import Action
from gateway.transparency.versions import Version, Versions, VersionUnreadable
from redaction.errors import alone

_TAG: Final = "Customers"


class NoticeView(Struct, frozen=True, kw_only=True):
    """version: of the notice that holds. given: the newest that the customer got, `by` use or read."""

    version: int
    since: str
    notice: dict[str, Any]
    given: int | None
    given_at: str | None
    by: str | None


class NoticeReadRequest(Because, frozen=True, kw_only=True):
    """notice: number of the version that was read."""

    notice: int


class NoticeEndpoints:
    def __init__(self, parts: Parts, owners: Owners, sources: Sources) -> None:
        self._parts = parts
        self._owners = owners
        self._on = sources

    async def show(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.CUSTOMER_READ)
        version = await self._newest(asker.actor)
        given = await self._given(asker.actor).of(customer.id)
        view = NoticeView(
            version=version.number,
            since=rfc3339(version.since_ms),
            notice=msgspec.to_builtins(version.notice),
            given=None if given is None else given.version,
            given_at=None if given is None else rfc3339(given.at_ms),
            by=None if given is None else given.means,
        )
        return self._parts.answer(view)

    async def read(self, call: Call) -> Reply:
        """By somebody of the customer: nobody else can say so."""
        asker, customer = await self._owners.opened(call, Action.NOTICE_READ)
        if asker.customer != customer.public_id:
            raise Refusal("not_allowed")
        asked = await self._parts.body(call, NoticeReadRequest)
        actor = await self._parts.actor(asker, asked)
        if asked.notice != (await self._newest(actor)).number:
            raise Refusal("version_stale")
        await written(self._given(actor).note_read(customer.id, asked.notice))
        return self._parts.replies.empty(b"")

    async def _newest(self, actor: Actor) -> Version:
        """Raises Refusal where nobody was told anything yet, or nobody knows what."""
        try:
            newest = await Versions(self._on.ledger.acts, self._parts.clock, actor).newest()
        except VersionUnreadable:
            raise alone(Refusal("not_found")) from None
        if newest is None:
            raise Refusal("not_found")
        return newest

    def _given(self, actor: Actor) -> NoticesGiven:
        ledger = self._on.ledger
        return NoticesGiven(ledger.acts, ledger.usage, self._parts.clock, actor, self._on.directory.public_id)


def notice_routes(parts: Parts, owners: Owners, sources: Sources) -> list[Route]:
    notices = NoticeEndpoints(parts, owners, sources)
    return [
        Route("GET", "/admin/v1/customers/{id}/notice", notices.show, _SHOWN),
        Route("POST", "/admin/v1/customers/{id}/notice-read", notices.read, _READ),
    ]


_SHOWN: Final = shows(
    "show_notice_of_customer",
    "Show the privacy notice that holds, and which version the customer got.",
    _TAG,
    Action.CUSTOMER_READ,
    NoticeView,
    "It.",
    of=(CUSTOMER,),
    codes=READ,
)
_READ: Final = does(
    "read_notice",
    "Say, as somebody of the customer, that the notice was read. It is no consent.",
    _TAG,
    Action.NOTICE_READ,
    Answer(status=204, description="It is written down."),
    of=(CUSTOMER,),
    body=NoticeReadRequest,
    example={"notice": 2},
    codes=("invalid_value", "version_stale", "changed_meanwhile", *READ),
)

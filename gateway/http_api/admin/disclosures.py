"""The register of what authorities were given, over the admin API; a disclosure itself is made by a verb."""

from typing import Final

import msgspec

from gateway.http_api.admin.parts import Parts
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Operation, Route
from gateway.ledger.roles import Acts
from gateway.model.times import rfc3339
from gateway.people.roles import Action
from gateway.rights.disclosures import Disclosure, register


class DisclosureView(msgspec.Struct, frozen=True, kw_only=True):
    """messages: of how many records were given. with_texts: of how many of them numbers and texts. digest: SHA-256 of
    the file, hexadecimal. by, second: ids of the two people.
    """

    id: str
    case: str
    made_at: str
    messages: int
    with_texts: int
    digest: str
    by: str
    second: str


class DisclosureList(msgspec.Struct, frozen=True):
    """The oldest first."""

    disclosures: list[DisclosureView]


class DisclosureEndpoints:
    def __init__(self, parts: Parts, acts: Acts) -> None:
        self._parts = parts
        self._acts = acts

    async def all(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.DISCLOSURE_READ, "")
        return self._parts.answer(DisclosureList([_view(each) for each in await register(self._acts)]))


def disclosure_routes(parts: Parts, acts: Acts) -> list[Route]:
    return [Route("GET", "/admin/v1/disclosures", DisclosureEndpoints(parts, acts).all, _LIST)]


_LIST: Final = Operation(
    id="list_disclosures",
    summary="The register of what authorities were given: case, persons, counts and the file's digest.",
    tag="Disclosures",
    scope=Action.DISCLOSURE_READ,
    answers=(Answer(description="All of them.", body=DisclosureList),),
    codes=("ledger_unavailable",),
)


def _view(each: Disclosure) -> DisclosureView:
    return DisclosureView(
        id=each.id,
        case=each.of.case,
        made_at=rfc3339(each.of.made_ms),
        messages=each.of.messages,
        with_texts=each.of.with_texts,
        digest=each.of.digest.hex(),
        by=each.of.by,
        second=each.of.second,
    )

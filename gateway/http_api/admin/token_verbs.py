"""Tokens of machines that administer: made, shown once, and revoked."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.accounts.directory import Directory
from gateway.http_api.admin.declaring import READ, REASON, does, named
from gateway.http_api.admin.parts import BODY, Parts
from gateway.http_api.admin.views import Because
from gateway.http_api.changing import written
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Operation, Route
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.people.registry import Registry, UnknownPerson
from gateway.people.roles import Action
from gateway.people.tokens import DAY_MS, LONGEST_LIFE_MS, Tokens
from redaction.errors import alone
from redaction.personal import Purpose

_TAG: Final = "People"


class TokenRequest(Because, frozen=True, kw_only=True):
    """scopes: actions of docs/people.md. days: until it ends. customer: whose it is; "" for the platform's."""

    scopes: Annotated[list[Action], Meta(min_length=1, max_length=len(Action))]
    days: Annotated[int, Meta(ge=1, le=LONGEST_LIFE_MS // DAY_MS)]
    customer: Annotated[str, Meta(max_length=64)] = ""
    label: Annotated[str, Meta(max_length=64, description="A word of yours that names nobody.")] = ""


class NewTokenView(Struct, frozen=True, kw_only=True):
    """token: shown this once."""

    id: str
    token: str
    expires_at: str

    def __repr__(self) -> str:
        return "NewTokenView(•••)"


class TokenVerbs:
    """directory: of customers."""

    def __init__(self, parts: Parts, registry: Registry, directory: Directory) -> None:
        self._parts = parts
        self._tokens = Tokens(registry)
        self._directory = directory

    async def add(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.TOKEN_ADD)
        asked = await self._parts.body(call, TokenRequest)
        if asked.customer and self._directory.number_of(asked.customer) is None:
            raise Refusal("not_found")
        actor = await self._parts.actor(asker, asked)
        life_ms = asked.days * DAY_MS
        made, secret = await written(
            self._tokens.add(actor, asked.scopes, life_ms=life_ms, customer=asked.customer, label=asked.label)
        )
        view = NewTokenView(id=made.id, token=secret.reveal(Purpose.CREDENTIAL), expires_at=rfc3339(made.expires_ms))
        return self._parts.answer(view, 201)

    async def revoke(self, call: Call) -> Reply:
        """One that is revoked already stays so."""
        asker = await self._parts.gate.open(call.request, Action.TOKEN_REVOKE)
        try:
            await written(self._tokens.revoke(await self._parts.why(call, asker), call.argument))
        except UnknownPerson:
            raise alone(Refusal("not_found")) from None
        return self._parts.replies.empty(b"")


def token_verb_routes(parts: Parts, registry: Registry, directory: Directory) -> list[Route]:
    verbs = TokenVerbs(parts, registry, directory)
    return [
        Route("POST", "/admin/v1/tokens", verbs.add, _ADD),
        Route("POST", "/admin/v1/tokens/{id}/revoke", verbs.revoke, _REVOKE),
    ]


_ADD: Final = Operation(
    id="add_token",
    summary="Make a machine's token. It is shown this once, and always ends.",
    tag=_TAG,
    scope=Action.TOKEN_ADD,
    body=TokenRequest,
    example={"scopes": ["operator.read"], "days": 90, **REASON},
    answers=(Answer(status=201, description="The token.", body=NewTokenView),),
    codes=(*BODY, "invalid_value", "changed_meanwhile", *READ),
)
_REVOKE: Final = does(
    "revoke_token",
    "Refuse a machine's token from now on; it cannot be undone.",
    _TAG,
    Action.TOKEN_REVOKE,
    Answer(status=204, description="It is revoked."),
    of=(named("The token's id, `token_...`."),),
    codes=("changed_meanwhile", *READ),
)

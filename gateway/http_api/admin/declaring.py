"""How endpoints of the admin API are declared: what those that show something share, and those that do something."""

from collections.abc import Mapping
from typing import Final

from gateway.http_api.admin.parts import BODY, WHY
from gateway.http_api.admin.versions import ETAG, IF_MATCH
from gateway.http_api.admin.views import Because
from gateway.http_api.routes import Answer, Operation, Parameter
from gateway.people.roles import Action

READ: Final = ("not_found", "ledger_unavailable")
"""Codes with which what looks for one thing may refuse."""
OVER: Final = ("invalid_if_match", "version_stale")
"""And what is done over a version."""
REASON: Final[Mapping[str, object]] = {"reason": "ticket 4711"}


def named(description: str, name: str = "id") -> Parameter:
    """The segment of the path that says which one is meant."""
    return Parameter(name=name, place="path", schema={"type": "string"}, description=description)


CUSTOMER: Final = named("The customer's id, `cus_...`.")
MESSAGE: Final = named("The message's id.")
PERSON: Final = named("The person's id, `usr_...`.")


def shows(
    operation: str,
    summary: str,
    tag: str,
    action: Action,
    body: type,
    says: str,
    *,
    of: tuple[Parameter, ...] = (),
    has_version: bool = False,
    codes: tuple[str, ...] = ("ledger_unavailable",),
) -> Operation:
    """Of what changes nothing. body, says: the answer. of: parameters. has_version: it tells one, in `ETag`."""
    answer = Answer(description=says, body=body, headers=ETAG if has_version else {})
    return Operation(
        id=operation, summary=summary, tag=tag, scope=action, parameters=of, answers=(answer,), codes=codes
    )


def does(
    operation: str,
    summary: str,
    tag: str,
    action: Action,
    answer: Answer,
    *,
    of: tuple[Parameter, ...] = (),
    body: type[Because] = Because,
    example: Mapping[str, object] = {},
    codes: tuple[str, ...] = READ,
) -> Operation:
    """Of a verb. body: without one of its own it takes a reason, which may be left out."""
    takes_more = body is not Because
    over = OVER if IF_MATCH in of else ()
    return Operation(
        id=operation,
        summary=summary,
        tag=tag,
        scope=action,
        parameters=of,
        body=body,
        example={**example, **REASON},
        is_body_needed=takes_more,
        answers=(answer,),
        codes=(*(BODY if takes_more else WHY), *over, *codes),
    )

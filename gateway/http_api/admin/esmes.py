"""Ending the binds that a customer's SMPP account has now. It may bind again; `esme revoke` keeps it from that."""

from collections.abc import Callable
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.accounts.administration import Accounts, esme_id
from gateway.audit.actor import Actor
from gateway.control.binds import disconnect
from gateway.control.desk import Control
from gateway.http_api.admin.declaring import CUSTOMER, READ, REASON
from gateway.http_api.admin.owners import Owners
from gateway.http_api.admin.parts import BODY, Parts
from gateway.http_api.admin.steering import hand_of, written
from gateway.http_api.admin.steering_views import WantedView
from gateway.http_api.admin.versions import ETAG, IF_MATCH, etag
from gateway.http_api.admin.views import Reason
from gateway.http_api.admin.wanted import said_of
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Operation, Route
from gateway.model.refusals import Refusal
from gateway.people.roles import Action


class DisconnectRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which account's binds are to end."""

    system_id: Annotated[str, Meta(min_length=1, max_length=15)]
    reason: Reason


class DisconnectedView(WantedView, frozen=True, kw_only=True, omit_defaults=True):
    """disconnects: how often binds of the account were to end, ever."""

    disconnects: int


class EsmeEndpoint:
    """accounts: in the hands of an actor. control: see `Sources`."""

    def __init__(
        self, parts: Parts, owners: Owners, accounts: Callable[[Actor], Accounts], control: Callable[[], Control]
    ) -> None:
        self._parts = parts
        self._owners = owners
        self._accounts = accounts
        self._control = control

    async def disconnect(self, call: Call) -> Reply:
        """Answered once it is written; every node does it within a second."""
        asker, customer = await self._owners.opened(call, Action.ESME_DISCONNECT)
        asked = await self._parts.body(call, DisconnectRequest)
        hand = hand_of(asker, asked.reason, call)
        for esme in await self._accounts(asker.actor).esmes(customer.id):
            if esme.system_id == asked.system_id:
                break
        else:
            raise Refusal("not_found")
        control = self._control()
        wanted = await written(disconnect(control.book, esme.id, esme_id(esme), customer.public_id, hand), hand)
        said = said_of(control, wanted, await control.reports(), tells_why=True)
        view = DisconnectedView(disconnects=wanted.value.disconnects, **said)
        return self._parts.answer(view, 202, more=etag(wanted.version))


def esme_routes(endpoint: EsmeEndpoint) -> list[Route]:
    return [Route("POST", "/admin/v1/customers/{id}/disconnect-esme", endpoint.disconnect, _DISCONNECT)]


_DISCONNECT: Final = Operation(
    id="disconnect_esme",
    summary="End the binds that a customer's SMPP account has now, on every node; it may bind again.",
    tag="Customers",
    scope=Action.ESME_DISCONNECT,
    parameters=(CUSTOMER, IF_MATCH),
    body=DisconnectRequest,
    example={"system_id": "shop", **REASON},
    answers=(Answer(status=202, description="It is wanted from now on.", body=DisconnectedView, headers=ETAG),),
    codes=(
        *BODY,
        *READ,
        "forbidden_character",
        "invalid_if_match",
        "version_stale",
        "changed_meanwhile",
        "wanted_unreadable",
    ),
)

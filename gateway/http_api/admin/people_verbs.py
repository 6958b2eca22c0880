"""What is done to people who administer: added, given roles, disabled, enabled, given another password to begin with.

Whoever belongs to a customer does it to that customer's people alone, and is told of all others that there are none.
"""

import base64
from collections.abc import Awaitable
from typing import Annotated, Final, TypeVar

from msgspec import Meta, Struct
from msgspec.json import Decoder

from gateway.accounts.directory import Directory
from gateway.http_api.admin.declaring import PERSON, READ, REASON, does
from gateway.http_api.admin.parts import BODY, Parts
from gateway.http_api.admin.people import person_view
from gateway.http_api.admin.people_views import PersonView
from gateway.http_api.admin.views import Because
from gateway.http_api.changing import written
from gateway.http_api.decoding import decode
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Operation, Route
from gateway.model.refusals import Refusal
from gateway.people.people import People
from gateway.people.record import Contact, Person, is_person_id
from gateway.people.registry import Registry
from gateway.people.roles import Action, Role
from redaction.personal import MessageText, Purpose, Secret

_SECRET_BYTES: Final = 15
_TAG: Final = "People"
Word = Annotated[str, Meta(min_length=1, max_length=254)]
Roles = Annotated[list[Role], Meta(min_length=1, max_length=len(Role))]
B = TypeVar("B", bound=Because)


class PersonRequest(Because, frozen=True, kw_only=True):
    """customer: whose person it is; "" for the platform's, or of whoever asks."""

    name: Word
    email: Word
    roles: Roles
    phone: Word | None = None
    customer: Annotated[str, Meta(max_length=64)] = ""

    def __repr__(self) -> str:
        return "PersonRequest(•••)"


class RolesRequest(Because, frozen=True, kw_only=True):
    """These, and no others."""

    roles: Roles


class LeaveRequest(Because, frozen=True, kw_only=True):
    """left: for good; the account is erased when its time has come."""

    left: bool = False


class NewPersonView(Struct, frozen=True, kw_only=True):
    """password: to sign in with the first time, shown this once. Nothing can be done but setting up a second factor."""

    id: str
    password: str

    def __repr__(self) -> str:
        return "NewPersonView(•••)"


class PeopleVerbs:
    """directory: of customers."""

    def __init__(self, parts: Parts, registry: Registry, directory: Directory) -> None:
        self._parts = parts
        self._registry = registry
        self._directory = directory

    async def add(self, call: Call) -> Reply:
        asker = await self._parts.gate.identify(call.request)
        asked = await self._parts.body(call, PersonRequest)
        customer = asked.customer or asker.customer
        await self._parts.gate.open(call.request, Action.PERSON_ADD, customer)
        if customer and self._directory.number_of(customer) is None:
            raise Refusal("not_found")
        people = People(self._registry, await self._parts.actor(asker, asked))
        contact = Contact(
            name=MessageText(asked.name),
            email=MessageText(asked.email),
            phone=None if asked.phone is None else MessageText(asked.phone),
        )
        added = await written(people.add(contact, asked.roles, customer))
        return await self._with_password(people, added.id, 201)

    async def set_roles(self, call: Call) -> Reply:
        """Sessions end."""
        people, person, asked = await self._opened(call, Action.PERSON_ROLE, RolesRequest)
        return await self._changed(people.set_roles(person.id, asked.roles), "roles")

    async def disable(self, call: Call) -> Reply:
        people, person, asked = await self._opened(call, Action.PERSON_DISABLE, LeaveRequest)
        return await self._changed(people.disable(person.id, left=asked.left))

    async def enable(self, call: Call) -> Reply:
        people, person, _ = await self._opened(call, Action.PERSON_DISABLE, Because)
        return await self._changed(people.enable(person.id))

    async def reset(self, call: Call) -> Reply:
        """Authenticator, passkeys and what locks the account go first: one who has lost them begins again."""
        people, person, _ = await self._opened(call, Action.PERSON_RESET, Because)
        await written(people.drop_totp(person.id))
        await written(people.drop_passkeys(person.id))
        await written(people.unlock(person.id))
        return await self._with_password(people, person.id, 200)

    async def _with_password(self, people: People, identifier: str, status: int) -> Reply:
        random = self._registry.clock.random(_SECRET_BYTES)
        password = Secret(base64.urlsafe_b64encode(random).decode())
        await written(people.set_password(identifier, password))
        return self._parts.answer(NewPersonView(id=identifier, password=password.reveal(Purpose.CREDENTIAL)), status)

    async def _changed(self, work: Awaitable[Person], field: str | None = None) -> Reply:
        return self._parts.answer(person_view(await written(work, field)))

    async def _opened(self, call: Call, action: Action, of: type[B]) -> tuple[People, Person, B]:
        """People in the hands of whoever asks, the one of the path, and what is asked. Raises Refusal.

        It is done by somebody else than the person that it is about, who has the own account for that.
        """
        asker = await self._parts.gate.identify(call.request)
        person = await self._registry.find(call.argument) if is_person_id(call.argument) else None
        if person is None or asker.customer not in ("", person.customer):
            await self._parts.gate.open(call.request, action, asker.customer)
            raise Refusal("not_found")
        await self._parts.gate.open(call.request, action, person.customer)
        if asker.actor.id == person.id:
            raise Refusal("not_allowed")
        asked = await self._parts.body(call, of) if call.request.body_exists else decode(Decoder(of), b"{}")
        return People(self._registry, await self._parts.actor(asker, asked)), person, asked


def people_verb_routes(parts: Parts, registry: Registry, directory: Directory) -> list[Route]:
    verbs = PeopleVerbs(parts, registry, directory)
    return [
        Route("POST", "/admin/v1/people", verbs.add, _ADD),
        Route("POST", "/admin/v1/people/{id}/roles", verbs.set_roles, _ROLES),
        Route("POST", "/admin/v1/people/{id}/disable", verbs.disable, _DISABLE),
        Route("POST", "/admin/v1/people/{id}/enable", verbs.enable, _ENABLE),
        Route("POST", "/admin/v1/people/{id}/reset", verbs.reset, _RESET),
    ]


_CHANGED: Final = ("invalid_value", "changed_meanwhile", "keys_unavailable", *READ)
_PERSON: Final = Answer(description="The person.", body=PersonView)
_ADD: Final = Operation(
    id="add_person",
    summary="Add somebody who administers; of a customer, by whoever may at that customer.",
    tag=_TAG,
    scope=Action.PERSON_ADD,
    body=PersonRequest,
    example={"name": "Somebody", "email": "somebody@example.com", "roles": ["viewer"], **REASON},
    answers=(Answer(status=201, description="The id, and a password to begin with.", body=NewPersonView),),
    codes=(*BODY, *_CHANGED),
)
_ROLES: Final = does(
    "set_roles_of_person",
    "Give somebody else these roles and no others. Sessions end.",
    _TAG,
    Action.PERSON_ROLE,
    _PERSON,
    of=(PERSON,),
    body=RolesRequest,
    example={"roles": ["viewer"]},
    codes=_CHANGED,
)
_DISABLE: Final = does(
    "disable_person",
    "Refuse somebody else from now on; sessions end. Who has left for good is erased in time.",
    _TAG,
    Action.PERSON_DISABLE,
    _PERSON,
    of=(PERSON,),
    body=LeaveRequest,
    codes=_CHANGED,
)
_ENABLE: Final = does(
    "enable_person",
    "Take somebody again who was disabled, or had left.",
    _TAG,
    Action.PERSON_DISABLE,
    _PERSON,
    of=(PERSON,),
    codes=_CHANGED,
)
_RESET: Final = does(
    "reset_person",
    "Give somebody another password to begin with, and take authenticator and passkeys away. Sessions end.",
    _TAG,
    Action.PERSON_RESET,
    Answer(description="The password, shown this once.", body=NewPersonView),
    of=(PERSON,),
    codes=_CHANGED,
)

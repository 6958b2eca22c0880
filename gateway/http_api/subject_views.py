"""What is asked about people, and answered: of both APIs."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from gateway.model.times import rfc3339
from gateway.rights.building import Stands
from gateway.rights.erasing import Erasure

Number = Annotated[str, Meta(min_length=1, max_length=64, description="The person's number, E.164: `+9665XXXXXXXX`.")]
Case = Annotated[str, Meta(max_length=64, description="Your id of the case; it names nobody.")]

CODES: Final = ("invalid_number", "invalid_value", "overloaded", "keys_unavailable", "ledger_unavailable")
"""With which whatever looks for a person may refuse."""


class SubjectRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is meant."""

    number: Number
    case: Case = ""

    def __repr__(self) -> str:
        return "SubjectRequest(•••)"


class AccessRequest(SubjectRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """since: nothing older is shown; 30 days back by default."""

    since: str | None = None

    def __repr__(self) -> str:
        return "AccessRequest(•••)"


class ToTell(msgspec.Struct, frozen=True, kw_only=True):
    """An operator that was given something of the person, and has to be told (IR 8(2)). from, until: RFC 3339 UTC."""

    operator: str
    country: str | None
    messages: int
    since: str = msgspec.field(name="from")
    until: str


class ErasedView(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased. leaves: keys that were destroyed. elsewhere: entries of lists. held: messages of which a
    copy stays under a legal hold. certificates: ids."""

    messages: int
    leaves: int
    elsewhere: int
    held: int
    customers: list[str]
    certificates: list[str]
    operators_to_tell: list[ToTell]


def erased_view(on: Stands, done: Erasure) -> ErasedView:
    places = {each.name: each.register.place for each in on.settings.operators}
    return ErasedView(
        messages=done.messages,
        leaves=done.leaves,
        elsewhere=done.elsewhere,
        held=done.held,
        customers=sorted(map(on.public_id, done.customers)),
        certificates=done.certificates,
        operators_to_tell=[
            ToTell(
                operator=name,
                country=places.get(name),
                messages=passed.messages,
                since=rfc3339(passed.first_ms),
                until=rfc3339(passed.last_ms),
            )
            for name, passed in sorted(done.passed.items())
        ],
    )

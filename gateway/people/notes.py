"""What the audit log is told of people: who did what to whom, by random ids alone."""

from collections.abc import Mapping

from gateway.audit.actor import Actor, ActorKind
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.people.record import Person


def person_actor(identifier: str) -> Actor:
    return Actor(ActorKind.PERSON, identifier)


def about(
    act: Act,
    actor: Actor,
    person: Person,
    now_ms: int,
    *,
    result: str = "ok",
    what: str = "",
    intent: str = "",
    numbers: Mapping[str, int] = {},
) -> bytes:
    """An entry about a person, who may be of a customer."""
    return entry(
        act,
        actor,
        person.id,
        now_ms=now_ms,
        result=result,
        customer=person.customer,
        what=what,
        intent=intent,
        numbers=numbers,
    )


def word_of(actor: Actor) -> str:
    """What a person's history says of who changed something."""
    return actor.id or actor.kind.value

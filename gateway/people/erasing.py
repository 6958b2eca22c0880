"""Erasing a person: the key first, in every copy, and then everything of the person's in the ledger.

The intent is written before, the outcome after it, each in one act with what it is about. Whoever dies between them
leaves an account that opens nothing; `clear` deletes it later, and finishes what it finds.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.ledger.contract import DocumentWrite
from gateway.people.notes import about
from gateway.people.record import PERSON, Person
from gateway.people.registry import PERSON_NAME, Registry
from gateway.people.sessions import SESSION
from gateway.people.signins import SIGNIN

STEP: Final = 200
"""Documents that one act deletes."""


async def erase(registry: Registry, actor: Actor, person: Person) -> None:
    """Raises LedgerUnavailable: what was done by then stands, and `clear` does the rest."""
    now_ms = registry.clock.now_ms()
    intent = registry.clock.random(8).hex()

    def leaving(standing: Person) -> tuple[Person, Sequence[DocumentWrite], Sequence[bytes]]:
        left_ms = standing.standing.left_ms
        gone = msgspec.structs.replace(
            standing.standing,
            authority=standing.standing.authority + 1,
            disabled_ms=now_ms,
            left_ms=now_ms if left_ms is None else left_ms,
        )
        entries = [about(Act.PERSON_REMOVE, actor, standing, now_ms, result="intent", intent=intent)]
        return msgspec.structs.replace(standing, standing=gone), (), entries

    await registry.change(person.id, leaving)
    await registry.keys.forget_person(person.number)
    outcome = about(Act.PERSON_REMOVE, actor, person, registry.clock.now_ms(), intent=intent)
    await _delete(registry, person.id, outcome)


async def clear(registry: Registry, actor: Actor, identifier: str) -> None:
    """Delete what is left of a person whose key is destroyed. Raises LedgerUnavailable."""
    outcome = entry(Act.PERSON_REMOVE, actor, identifier, now_ms=registry.clock.now_ms())
    await _delete(registry, identifier, outcome)


async def _delete(registry: Registry, identifier: str, outcome: bytes) -> None:
    """The account itself last, with the outcome: until then somebody finds it."""
    writes = list[DocumentWrite]()
    for kind in (SESSION, SIGNIN):
        async for each in registry.documents(kind, f"{identifier}:"):
            writes.append(DocumentWrite(kind, each.key, None))
    async for each in registry.documents(PERSON_NAME):
        if each.octets == identifier.encode():
            writes.append(DocumentWrite(PERSON_NAME, each.key, None))
    for at in range(0, len(writes), STEP):
        await registry.acts.act(writes[at : at + STEP])
    await registry.acts.act([DocumentWrite(PERSON, identifier, None)], [outcome])

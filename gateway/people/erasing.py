"""Erasing a person: the key first, in every copy, and then everything of the person's in the ledger.

The audit log has the intent before, and the outcome after it. Whoever dies between them leaves an account that opens
nothing; `clear` deletes it later, and finishes what it finds.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.ledger.contract import DocumentWrite
from gateway.people.record import PERSON, Person
from gateway.people.registry import PERSON_NAME, Registry
from gateway.people.sessions import SESSION
from gateway.people.signins import SIGNIN

STEP: Final = 200
"""Documents that one act deletes."""


async def erase(registry: Registry, actor: Actor, person: Person) -> None:
    """Raises LedgerUnavailable: what was done by then stands, and `clear` does the rest."""
    now_ms = registry.clock.now_ms()

    def leaving(standing: Person) -> tuple[Person, Sequence[DocumentWrite], Sequence[bytes]]:
        left_ms = standing.standing.left_ms
        gone = msgspec.structs.replace(
            standing.standing,
            authority=standing.standing.authority + 1,
            disabled_ms=now_ms,
            left_ms=now_ms if left_ms is None else left_ms,
        )
        return msgspec.structs.replace(standing, standing=gone), (), ()

    log = AuditLog(registry.acts, registry.clock, actor)
    async with log.around(Act.PERSON_REMOVE, person.id, customer=person.customer):
        await registry.change(person.id, leaving)
        await registry.keys.forget_person(person.number)
        await _delete(registry, person.id, ())


async def clear(registry: Registry, actor: Actor, identifier: str) -> None:
    """Delete what is left of a person whose key is destroyed. Raises LedgerUnavailable."""
    done = AuditLog(registry.acts, registry.clock, actor).entry(Act.PERSON_REMOVE, identifier)
    await _delete(registry, identifier, [done])


async def _delete(registry: Registry, identifier: str, entries: Sequence[bytes]) -> None:
    """The account itself last, with the entries: until then somebody finds it."""
    writes = list[DocumentWrite]()
    for kind in (SESSION, SIGNIN):
        async for each in registry.documents(kind, f"{identifier}:"):
            writes.append(DocumentWrite(kind, each.key, None))
    async for each in registry.documents(PERSON_NAME):
        if each.octets == identifier.encode():
            writes.append(DocumentWrite(PERSON_NAME, each.key, None))
    for at in range(0, len(writes), STEP):
        await registry.acts.act(writes[at : at + STEP])
    await registry.acts.act([DocumentWrite(PERSON, identifier, None)], entries)

"""Registering a passkey: what the browser asks the authenticator for, and what is kept of its answer."""

from collections.abc import Sequence

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.acts import Act
from gateway.ledger.contract import DocumentWrite
from gateway.people.challenges import Challenges
from gateway.people.notes import about, person_actor
from gateway.people.passkeys import PasskeyRefused, RelyingParty, challenge_of, registered, registration_options
from gateway.people.record import MOST_CHANGES, MOST_PASSKEYS, Change, Passkey, Person, check_label
from gateway.people.registry import Registry
from redaction.personal import Purpose


class Enrolling:
    """By the person whose passkey it is, who is signed in and proved it lately."""

    def __init__(self, registry: Registry, party: RelyingParty) -> None:
        self._registry = registry
        self._party = party
        self._challenges = Challenges(registry)

    async def options(self, identifier: str) -> str:
        """What `navigator.credentials.create` takes, as JSON. Raises UnknownPerson and InvalidSetting."""
        person = await self._registry.get(identifier)
        held = self._registry.seals.open_credentials(person)
        if len(held.passkeys) >= MOST_PASSKEYS:
            raise InvalidSetting(f"somebody has up to {MOST_PASSKEYS} passkeys: take one away first")
        email = self._registry.seals.open_contact(person, Purpose.SECURITY).email.reveal(Purpose.CREDENTIAL)
        challenge = self._challenges.new(_for(identifier))
        return registration_options(self._party, identifier, held, challenge, email)

    async def register(self, identifier: str, answer: str, label: str = "") -> tuple[Person, Passkey]:
        """Keep the passkey that answers. Sessions end: the caller keeps its own. label: its owner's name for it.

        Raises UnknownPerson, InvalidSetting and PasskeyRefused.
        """
        if label:
            check_label(label)
        challenge = challenge_of(answer)
        spending = self._challenges.spending(_for(identifier), challenge)
        if spending is None or await self._registry.acts.find(spending.kind, spending.key) is not None:
            raise PasskeyRefused("the passkey was refused")
        now_ms = self._registry.clock.now_ms()
        passkey = msgspec.structs.replace(registered(self._party, answer, challenge, now_ms), name=label)

        def change(person: Person) -> tuple[Person, Sequence[DocumentWrite], Sequence[bytes]]:
            held = self._registry.seals.open_credentials(person)
            if len(held.passkeys) >= MOST_PASSKEYS or any(each.id == passkey.id for each in held.passkeys):
                raise InvalidSetting(f"somebody has up to {MOST_PASSKEYS} different passkeys")
            held = msgspec.structs.replace(held, passkeys=(*held.passkeys, passkey))
            note = Change(now_ms, identifier, ("passkeys",))
            standing = msgspec.structs.replace(
                person.standing,
                authority=person.standing.authority + 1,
                changes=(*person.standing.changes, note)[-MOST_CHANGES:],
            )
            sealed = self._registry.seals.credentials(held, person.number, person.id)
            changed = msgspec.structs.replace(person, standing=standing, credentials=sealed)
            return changed, [spending], [about(Act.PERSON_PASSKEY, person_actor(identifier), person, now_ms)]

        return await self._registry.change(identifier, change), passkey


def _for(identifier: str) -> str:
    """The ceremony that a challenge is for."""
    return f"registration of {identifier}"

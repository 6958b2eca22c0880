"""People as the ledger keeps them: found by id or by what they sign in by, and written over what was read.

An e-mail address is found by a keyed digest of it, in a document of kind `person_name`, so that the ledger does not
hold it in clear and no two people sign in by one.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeVar

import msgspec

from gateway.accounts.profile import AccountSealer
from gateway.ledger.contract import ChangedMeanwhile, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.people.record import PERSON, Person, PersonSealer, is_person_id
from gateway.process.clock import Clock
from gateway.process.logs import logger
from redaction.errors import IntegrityError, KeyDestroyed
from redaction.personal import Purpose, Secret

PERSON_NAME: Final = "person_name"
ATTEMPTS: Final = 50
PAGE: Final = 500

T = TypeVar("T")

log = logger("gateway.people.registry")


class UnknownPerson(LookupError):
    """No person, session, request or token of that id."""


class PersonKeys(Protocol):
    """The part of the key store that people need."""

    async def ensure_person(self, number: int) -> None: ...

    async def forget_person(self, number: int) -> bool: ...

    def people(self) -> list[int]: ...

    async def ensure_days(self, day: int) -> None: ...

    async def forget_days(self, before: int) -> int: ...

    async def follow(self) -> object: ...

    def digest(self, secret: Secret) -> bytes: ...


def _all_enabled(_customer: str) -> bool:
    return False


class Registry:
    """keys: of people, made before anything is sealed under them. is_disabled: whether the customer of a public id is,
    whose people and tokens are refused then.
    """

    def __init__(
        self,
        acts: Acts,
        sealer: AccountSealer,
        clock: Clock,
        *,
        keys: PersonKeys,
        is_disabled: Callable[[str], bool] = _all_enabled,
    ) -> None:
        self.acts = acts
        self.clock = clock
        self.keys = keys
        self.sealer = sealer
        self.seals = PersonSealer(sealer)
        self._is_disabled = is_disabled

    def admits(self, person: Person) -> bool:
        """Whether somebody may be in: neither disabled nor of a customer that is."""
        return person.is_enabled and self.admits_customer(person.customer)

    def admits_customer(self, customer: str) -> bool:
        """By public id; "" for the platform."""
        return not (customer and self._is_disabled(customer))

    def digest(self, what: str, said: Secret) -> bytes:
        """32 octets to find `said` by. what: of which sort it is; those of other sorts cannot be compared."""
        return self.keys.digest(Secret(f"{what}\0{said.reveal(Purpose.CREDENTIAL)}"))

    def name_key(self, email: Secret) -> str:
        """The key of an e-mail address's document; addresses that differ in case alone have one."""
        return self.digest("person name", Secret(email.reveal(Purpose.CREDENTIAL).strip().casefold())).hex()

    def fresh_id(self, word: str) -> str:
        """A random public id: `word`, an underscore and 16 hexadecimal digits."""
        return f"{word}_{self.clock.random(8).hex()}"

    async def find(self, identifier: str) -> Person | None:
        """None for one who was erased, too. Raises `redaction.errors.SealError` for what cannot be read now."""
        if not is_person_id(identifier):
            return None
        document = await self.acts.find(PERSON, identifier)
        if document is None:
            return None
        person = self._read(document)
        if person is None:  # perhaps one whom another process has just added
            await self.keys.follow()
            person = self._read(document)
        return person

    async def named(self, email: Secret) -> Person | None:
        """Who signs in by this address."""
        document = await self.acts.find(PERSON_NAME, self.name_key(email))
        return None if document is None else await self.find(document.octets.decode("ascii", "replace"))

    async def get(self, identifier: str) -> Person:
        """Raises UnknownPerson."""
        person = await self.find(identifier)
        if person is None:
            raise UnknownPerson("no person has this id")
        return person

    async def everyone(self) -> list[Person]:
        """In the order of ids. An account that cannot be read is left out, and logged."""
        found = list[Person]()
        async for document in self.documents(PERSON):
            try:
                person = self._read(document)
            except IntegrityError:
                log.error("person_unreadable", account=document.key)
                continue
            if person is not None:
                found.append(person)
        return found

    async def documents(self, kind: str, prefix: str = "") -> AsyncIterator[Document]:
        """All of a kind whose keys begin so, page by page."""
        after = prefix
        while page := await self.acts.of_kind(kind, after, PAGE):
            for each in page:
                if not each.key.startswith(prefix):
                    return
                yield each
            after = page[-1].key

    def written(self, person: Person) -> DocumentWrite:
        """What replaces the document of which this person was read."""
        return DocumentWrite(PERSON, person.id, self.seals.octets(person), person.version)

    async def change(
        self, identifier: str, change: Callable[[Person], tuple[Person, Sequence[DocumentWrite], Sequence[bytes]]]
    ) -> Person:
        """Write what `change` makes of a person, with other documents and audit entries, in one act.

        Raises UnknownPerson, ChangedMeanwhile, and what `change` raises.
        """

        async def attempt() -> Person:
            changed, writes, entries = change(await self.get(identifier))
            await self.acts.act([self.written(changed), *writes], entries)
            return msgspec.structs.replace(changed, version=0)

        return await until_it_stands(attempt)

    def _read(self, document: Document) -> Person | None:
        try:
            return self.seals.read(document)
        except KeyDestroyed:
            return None


async def until_it_stands(attempt: Callable[[], Awaitable[T]]) -> T:
    """Do it again where another change came between. Raises ChangedMeanwhile after `ATTEMPTS` of them in a row."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await attempt()
        except ChangedMeanwhile:
            continue
    return await attempt()

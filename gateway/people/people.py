"""Every change of people's accounts: added, corrected, given roles, disabled, given credentials, erased.

What ends sessions (roles, a disabled account, other credentials) gives the account another `authority`. A secret is
made here, returned once to the caller, and kept sealed. Erasing destroys the person's key first: from then on no copy
opens, and what is left in the ledger is deleted.
"""

from collections.abc import Callable, Sequence

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor, ActorKind
from gateway.audit.acts import Act
from gateway.ledger.contract import ABSENT, ChangedMeanwhile, DocumentWrite
from gateway.people.erasing import erase
from gateway.people.locking import Locking
from gateway.people.notes import about, word_of
from gateway.people.one_time import new_recovery_codes, new_secret, recovery_key, setup_uri, step_of
from gateway.people.passwords import check_password, hashed_apart
from gateway.people.record import (
    MOST_CHANGES,
    Change,
    Contact,
    Credentials,
    Person,
    Standing,
    check_contact,
    check_label,
    check_roles,
)
from gateway.people.registry import PERSON_NAME, Registry
from gateway.people.roles import Role
from redaction.keys import PEOPLE, SIGN_IN_DAYS
from redaction.personal import MessageText, Purpose, Secret
from redaction.sealed import Sealed

Changed = tuple[Person, Sequence[DocumentWrite], Sequence[bytes]]


class Enrolment(msgspec.Struct, frozen=True):
    """Shown once. codes: to recover with; none until the authenticator was confirmed."""

    secret: Secret
    uri: Secret
    codes: tuple[Secret, ...] = ()


class People:
    """The people of one ledger, in the hands of one actor."""

    def __init__(self, registry: Registry, actor: Actor) -> None:
        self._registry = registry
        self._actor = actor
        self._clock = registry.clock

    # -------------------------------------------------------------------------------------------- accounts and roles

    async def add(self, contact: Contact, roles: Sequence[Role], customer: str = "") -> Person:
        """A new account, without credentials. customer: public id of whose person it is; "" for the platform.

        Raises InvalidSetting.
        """
        registry, now_ms = self._registry, self._clock.now_ms()
        check_contact(contact)
        check_roles(tuple(roles), customer)
        name = registry.name_key(_secret(contact.email))
        if await registry.acts.find(PERSON_NAME, name) is not None:
            raise _taken()
        identifier = registry.fresh_id("usr")
        number = PEOPLE | int.from_bytes(self._clock.random(8), "big") % (SIGN_IN_DAYS - PEOPLE)
        await registry.keys.ensure_person(number)
        person = Person(
            id=identifier,
            number=number,
            version=ABSENT,
            standing=Standing(roles=_ordered(roles), customer=customer, created_ms=now_ms),
            contact=registry.seals.contact(contact, number, identifier),
            credentials=registry.seals.credentials(Credentials(), number, identifier),
        )
        entries = [about(Act.PERSON_ADD, self._actor, person, now_ms)]
        entries += [about(Act.ROLE_GRANT, self._actor, person, now_ms, what=each) for each in person.roles]
        try:
            await registry.acts.act([registry.written(person), _named(name, identifier)], entries)
        except ChangedMeanwhile:
            await registry.keys.forget_person(number)
            raise _taken() from None
        return person

    def check(self, contact: Contact, password: Secret) -> None:
        """That both would be taken of a new person. Raises InvalidSetting."""
        check_contact(contact)
        check_password(password, contact)

    async def correct(
        self,
        identifier: str,
        *,
        name: MessageText | None = None,
        email: MessageText | None = None,
        phone: MessageText | None = None,
    ) -> Person:
        """Other contact data; what is not named stays. Raises UnknownPerson and InvalidSetting."""
        registry = self._registry
        named = {"name": name, "email": email, "phone": phone}
        given = {field: each for field, each in named.items() if each is not None}
        if not given:
            raise InvalidSetting("nothing is named that is to be corrected: name, email or phone")
        taken_by = None if email is None else await registry.named(_secret(email))
        if taken_by is not None and taken_by.id != identifier:
            raise _taken()

        def change(person: Person) -> Changed:
            before = registry.seals.open_contact(person, Purpose.DATA_SUBJECT)
            after = msgspec.structs.replace(before, **given)
            check_contact(after)
            writes = [] if email is None else self._renamed(person, before, after)
            changed = self._noted(person, tuple(given))
            sealed = registry.seals.contact(after, person.number, person.id)
            changed = msgspec.structs.replace(changed, contact=sealed)
            return changed, writes, [about(Act.PERSON_SET, self._actor, person, self._clock.now_ms())]

        return await registry.change(identifier, change)

    def _renamed(self, person: Person, before: Contact, after: Contact) -> list[DocumentWrite]:
        old, new = (self._registry.name_key(_secret(each.email)) for each in (before, after))
        return [] if old == new else [DocumentWrite(PERSON_NAME, old, None), _named(new, person.id)]

    async def set_roles(self, identifier: str, roles: Sequence[Role]) -> Person:
        """These roles and no others; sessions end. Raises UnknownPerson, and InvalidSetting, also for one's own."""
        self._check_is_another(identifier)

        def change(person: Person) -> Changed:
            check_roles(tuple(roles), person.customer)
            before, after, now_ms = set(person.roles), set(roles), self._clock.now_ms()
            granted, withdrawn = _ordered(after - before), _ordered(before - after)
            entries = [about(Act.ROLE_GRANT, self._actor, person, now_ms, what=each) for each in granted]
            entries += [about(Act.ROLE_WITHDRAW, self._actor, person, now_ms, what=each) for each in withdrawn]
            changed = self._noted(person, ("roles",), ends_sessions=True, roles=_ordered(roles))
            return changed, (), entries

        return await self._registry.change(identifier, change)

    async def disable(self, identifier: str, *, left: bool = False) -> Person:
        """Refuse somebody from now on; sessions end. left: for good: the account is erased when its time has come.

        Raises UnknownPerson, and InvalidSetting for the own account: whoever may do this stays.
        """
        self._check_is_another(identifier)

        def change(person: Person) -> Changed:
            now_ms, standing = self._clock.now_ms(), person.standing
            disabled_ms = now_ms if standing.disabled_ms is None else standing.disabled_ms
            left_ms = standing.left_ms if standing.left_ms is not None or not left else now_ms
            entries = [about(Act.PERSON_DISABLE, self._actor, person, now_ms)]
            changed = self._noted(person, ("disabled",), ends_sessions=True, disabled_ms=disabled_ms, left_ms=left_ms)
            return changed, (), entries

        return await self._registry.change(identifier, change)

    async def enable(self, identifier: str) -> Person:
        """Take somebody again who was disabled, or had left. Raises UnknownPerson."""

        def change(person: Person) -> Changed:
            entries = [about(Act.PERSON_ENABLE, self._actor, person, self._clock.now_ms())]
            return self._noted(person, ("disabled",), disabled_ms=None, left_ms=None), (), entries

        return await self._registry.change(identifier, change)

    async def contact(self, identifier: str, purpose: Purpose) -> Contact:
        """Somebody's contact data in clear; the audit log says who looked. Raises UnknownPerson."""
        person = await self._registry.get(identifier)
        opened = self._registry.seals.open_contact(person, purpose)
        await self._registry.acts.act([], [about(Act.PERSON_READ, self._actor, person, self._clock.now_ms())])
        return opened

    async def erase(self, identifier: str) -> None:
        """Destroy a person's key, then everything that the ledger holds about the person. Raises as `disable`."""
        self._check_is_another(identifier)
        await erase(self._registry, self._actor, await self._registry.get(identifier))

    # --------------------------------------------------------------------------------------------------- credentials

    async def set_password(self, identifier: str, password: Secret) -> Person:
        """Raises UnknownPerson, and InvalidSetting for a password that is too weak."""
        seals = self._registry.seals
        standing = await self._registry.get(identifier)
        check_password(password, seals.open_contact(standing, Purpose.SECURITY))
        stored = await hashed_apart(password)

        def change(held: Credentials) -> Credentials:
            return msgspec.structs.replace(held, password=stored)

        return await self._change_credentials(identifier, change, Act.PERSON_PASSWORD, "password")

    async def give_totp(self, identifier: str) -> Enrolment:
        """A new authenticator that counts at once, and recovery codes, for an administrator to hand over."""
        secret, codes = new_secret(self._clock.random), tuple(new_recovery_codes(self._clock.random))

        def change(held: Credentials) -> Credentials:
            return self._with_totp(held, secret.reveal(Purpose.CREDENTIAL), 0, codes)

        person = await self._change_credentials(identifier, change, Act.PERSON_TOTP, "totp")
        return Enrolment(secret, self._setup_uri(person, secret), codes)

    async def begin_totp(self, identifier: str) -> Enrolment:
        """A new authenticator that counts once its owner has confirmed it with a code."""
        secret = new_secret(self._clock.random)

        def change(person: Person) -> Changed:
            held = self._registry.seals.open_credentials(person)
            held = msgspec.structs.replace(held, totp_waiting=secret.reveal(Purpose.CREDENTIAL))
            return self._with_credentials(person, held), (), ()

        person = await self._registry.change(identifier, change)
        return Enrolment(secret, self._setup_uri(person, secret))

    async def confirm_totp(self, identifier: str, code: str) -> tuple[Secret, ...]:
        """Recovery codes, once the new authenticator gave this code. Raises UnknownPerson and InvalidSetting."""
        codes = tuple(new_recovery_codes(self._clock.random))

        def change(held: Credentials) -> Credentials:
            step = None
            if held.totp_waiting:
                step = step_of(Secret(held.totp_waiting), code, self._clock.now_ms(), 0)
            if step is None:
                raise InvalidSetting("this is not the code that the new authenticator shows now")
            return self._with_totp(held, held.totp_waiting, step, codes)

        await self._change_credentials(identifier, change, Act.PERSON_TOTP, "totp")
        return codes

    async def drop_totp(self, identifier: str, *, keeps_second: bool = False) -> Person:
        """Take away somebody's authenticator and recovery codes. Raises UnknownPerson.

        keeps_second: raise InvalidSetting where nothing but the password would be left.
        """

        def change(held: Credentials) -> Credentials:
            left = msgspec.structs.replace(held, totp="", totp_step=0, totp_waiting="", recovery=())
            return _with_second(left) if keeps_second else left

        return await self._change_credentials(identifier, change, Act.PERSON_TOTP, "totp")

    async def drop_passkeys(self, identifier: str, which: bytes | None = None, *, keeps_second: bool = False) -> Person:
        """Take away one passkey, by its id, or all. Raises UnknownPerson. keeps_second: as of `drop_totp`."""

        def change(held: Credentials) -> Credentials:
            passkeys = tuple(each for each in held.passkeys if which is not None and each.id != which)
            left = msgspec.structs.replace(held, passkeys=passkeys)
            return _with_second(left) if keeps_second else left

        return await self._change_credentials(identifier, change, Act.PERSON_PASSKEY, "passkeys")

    async def name_passkey(self, identifier: str, which: bytes, label: str) -> Person:
        """Another name for one that somebody has; it ends no session. Raises UnknownPerson and InvalidSetting."""
        check_label(label)

        def change(person: Person) -> Changed:
            held = self._registry.seals.open_credentials(person)
            named = tuple(
                msgspec.structs.replace(each, name=label) if each.id == which else each for each in held.passkeys
            )
            changed = self._with_credentials(person, msgspec.structs.replace(held, passkeys=named))
            entries = [about(Act.PERSON_PASSKEY, self._actor, person, self._clock.now_ms())]
            return self._noted(changed, ("passkeys",)), (), entries

        return await self._registry.change(identifier, change)

    async def unlock(self, identifier: str) -> None:
        """Let somebody try again at once who waits after failed attempts. Raises UnknownPerson."""
        person = await self._registry.get(identifier)
        email = _secret(self._registry.seals.open_contact(person, Purpose.SECURITY).email)
        noted = about(Act.PERSON_SET, self._actor, person, self._clock.now_ms())
        await self._registry.acts.act([Locking(self._registry).opening(email)], [noted])

    def _check_is_another(self, identifier: str) -> None:
        if self._actor.kind is ActorKind.PERSON and self._actor.id == identifier:
            raise InvalidSetting("this is done by somebody else than the person that it is about")

    async def credentials(self, identifier: str) -> Credentials:
        """What somebody signs in with; nothing of it is for showing. Raises UnknownPerson."""
        return self._registry.seals.open_credentials(await self._registry.get(identifier))

    async def _change_credentials(
        self, identifier: str, change: Callable[[Credentials], Credentials], act: Act, what: str
    ) -> Person:
        def changed(person: Person) -> Changed:
            held = change(self._registry.seals.open_credentials(person))
            entries = [about(act, self._actor, person, self._clock.now_ms())]
            return self._with_credentials(self._noted(person, (what,), ends_sessions=True), held), (), entries

        return await self._registry.change(identifier, changed)

    def _with_credentials(self, person: Person, held: Credentials) -> Person:
        sealed: Sealed = self._registry.seals.credentials(held, person.number, person.id)
        return msgspec.structs.replace(person, credentials=sealed)

    def _with_totp(self, held: Credentials, secret: str, step: int, codes: Sequence[Secret]) -> Credentials:
        return msgspec.structs.replace(
            held,
            totp=secret,
            totp_step=step,
            totp_waiting="",
            recovery=tuple(recovery_digest(self._registry, each.reveal(Purpose.CREDENTIAL)) for each in codes),
        )

    def _setup_uri(self, person: Person, secret: Secret) -> Secret:
        return setup_uri(secret, _secret(self._registry.seals.open_contact(person, Purpose.SECURITY).email))

    def _noted(
        self, person: Person, what: tuple[str, ...], *, ends_sessions: bool = False, **changes: object
    ) -> Person:
        """The person with that change in the history, and with another authority where sessions end by it."""
        note = Change(self._clock.now_ms(), word_of(self._actor), what)
        standing = msgspec.structs.replace(
            person.standing,
            **changes,
            authority=person.standing.authority + ends_sessions,
            changes=(*person.standing.changes, note)[-MOST_CHANGES:],
        )
        return msgspec.structs.replace(person, standing=standing)


def recovery_digest(registry: Registry, code: str) -> bytes:
    """What is kept of a recovery code."""
    return registry.digest("recovery code", recovery_key(code))


def _with_second(held: Credentials) -> Credentials:
    if not held.has_second:
        raise InvalidSetting("the last second factor stays until there is another one")
    return held


def _named(key: str, identifier: str) -> DocumentWrite:
    return DocumentWrite(PERSON_NAME, key, identifier.encode(), ABSENT)


def _taken() -> InvalidSetting:
    return InvalidSetting("somebody signs in by this e-mail address already")


def _ordered(roles: Sequence[Role] | set[Role]) -> tuple[Role, ...]:
    return tuple(each for each in Role if each in roles)


def _secret(email: MessageText) -> Secret:
    return Secret(email.reveal(Purpose.CREDENTIAL))

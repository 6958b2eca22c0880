"""Signing in: by e-mail address and password with a second factor, or by a passkey; and proving it again.

Every attempt is counted before anything is compared (`gateway.people.locking`), takes as long for a name that nobody
has as for one that exists, and is answered with one of three words, none of which says what was wrong. What it leaves
behind (session, record, counts, a used code) is written in one act with its audit entry.

Where a second factor is set up, a password alone never signs in. Where there is none, the session serves for setting
one up and nothing else.
"""

import enum
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.audit.actor import NODE, Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.ledger.contract import ChangedMeanwhile, DocumentWrite
from gateway.people.challenges import Challenges
from gateway.people.locking import Claim, Locking
from gateway.people.notes import about, person_actor
from gateway.people.one_time import step_of
from gateway.people.passkeys import PasskeyRefused, RelyingParty, challenge_of, owner_in, sign_in_options, used
from gateway.people.passwords import Busy, Comparing
from gateway.people.people import recovery_digest
from gateway.people.record import Credentials, Person
from gateway.people.registry import Registry, until_it_stands
from gateway.people.sessions import Session, Sessions
from gateway.people.signins import Means, Outcome, Place, SignIns
from operators.bucket import TokenBucket
from redaction.personal import MessageText, Purpose, Secret

SIGN_IN: Final = "sign in"
"""The ceremony that a challenge is for."""
PER_S: Final = 2.0
BURST: Final = 100
"""Attempts that one process takes: each leaves counts behind, for a day."""
_NONE: Final = Credentials()


class Refusal(enum.Enum):
    """What somebody is answered who may not come in."""

    WRONG = "wrong"
    LOCKED = "locked"
    BUSY = "busy"


class SignedIn(msgspec.Struct, frozen=True):
    """token: of the new session, given once. has_second: whether it serves for more than setting up a second factor."""

    token: Secret
    person: Person
    has_second: bool


class Attempt(msgspec.Struct, frozen=True):
    """What somebody typed. code: of the authenticator, or a recovery code; "" for none."""

    email: Secret
    password: Secret
    code: str
    place: Place

    def __repr__(self) -> str:
        return "Attempt(•••)"


class Proof(msgspec.Struct, frozen=True):
    """What was shown and holds. held: the credentials after it."""

    means: Means
    held: Credentials
    has_second: bool


class SigningIn:
    """The door of one installation. party: None where nobody set under which origin passkeys are kept."""

    def __init__(self, registry: Registry, party: RelyingParty | None = None) -> None:
        self._registry = registry
        self._clock = registry.clock
        self._party = party
        self._comparing = Comparing()
        self._pace = TokenBucket(PER_S, BURST, self._clock.monotonic())
        self._locking = Locking(registry)
        self._signins = SignIns(registry)
        self._challenges = Challenges(registry)
        self._sessions = Sessions(registry)

    # ------------------------------------------------------------------------------------------------------ passwords

    async def by_password(self, attempt: Attempt) -> SignedIn | Refusal:
        """Raises LedgerUnavailable and `redaction.errors.KeysWithheld`."""
        claim = await self._claim(attempt.email, attempt.place)
        if isinstance(claim, Refusal):
            return claim
        person = await self._registry.named(attempt.email)
        try:
            fits = await self._comparing.matches(self._held(person).password, attempt.password)
        except Busy:
            return Refusal.BUSY

        async def admit() -> SignedIn | Refusal:
            standing = None if person is None else await self._registry.find(person.id)
            proof = self._second(self._held(standing), attempt.code)
            if standing is None or proof is None or not (fits and self._registry.admits(standing)):
                means = Means.TOTP if attempt.code else Means.PASSWORD
                return await self._refused(claim, standing, means, attempt.place)
            return await self._admitted(claim, standing, proof, attempt.place)

        return await until_it_stands(admit)

    def _held(self, person: Person | None) -> Credentials:
        return _NONE if person is None else self._registry.seals.open_credentials(person)

    def _second(self, held: Credentials, code: str) -> Proof | None:
        """What the code beside a password shows; None where it is not the right one, or missing. Nobody's is compared
        as well.
        """
        secret = Secret(held.totp or "A" * 32)
        step = step_of(secret, code, self._clock.now_ms(), held.totp_step)
        digest = recovery_digest(self._registry, code)
        if not held.has_second:
            return Proof(Means.PASSWORD, held, has_second=False)
        if held.totp and step is not None:
            return Proof(Means.TOTP, msgspec.structs.replace(held, totp_step=step), has_second=True)
        if digest in held.recovery:
            left = tuple(each for each in held.recovery if each != digest)
            return Proof(Means.RECOVERY, msgspec.structs.replace(held, recovery=left), has_second=True)
        return None

    # ------------------------------------------------------------------------------------------------------- passkeys

    def passkey_options(self) -> str | None:
        """What a browser asks the authenticator for, as JSON; None where passkeys are not set up."""
        return None if self._party is None else sign_in_options(self._party, self._challenges.new(SIGN_IN))

    async def by_passkey(self, answer: str, place: Place) -> SignedIn | Refusal:
        """answer: what the authenticator said, as JSON. Raises as `by_password` does."""
        claim = await self._claim(None, place)
        if isinstance(claim, Refusal):
            return claim

        async def admit() -> SignedIn | Refusal:
            person, proof, spending = await self._passkey(answer)
            if person is None or proof is None:
                return await self._refused(claim, person, Means.PASSKEY, place)
            return await self._admitted(claim, person, proof, place, spending)

        return await until_it_stands(admit)

    async def _passkey(self, answer: str) -> tuple[Person | None, Proof | None, Sequence[DocumentWrite]]:
        """Who it is, where that is known, and what was shown, where it holds."""
        person: Person | None = None
        try:
            challenge = challenge_of(answer)
            spending = self._challenges.spending(SIGN_IN, challenge)
            if self._party is None or spending is None or await self._was_used(spending):
                return None, None, ()
            person = await self._registry.find(owner_in(answer))
            held = self._held(person)
            passkey = msgspec.structs.replace(used(self._party, answer, challenge, held), used_ms=self._clock.now_ms())
        except PasskeyRefused:
            return person, None, ()
        if person is None or not self._registry.admits(person):
            return person, None, ()
        passkeys = tuple(passkey if each.id == passkey.id else each for each in held.passkeys)
        held = msgspec.structs.replace(held, passkeys=passkeys)
        return person, Proof(Means.PASSKEY, held, has_second=True), (spending,)

    async def _was_used(self, spending: DocumentWrite) -> bool:
        return await self._registry.acts.find(spending.kind, spending.key) is not None

    # ---------------------------------------------------------------------------------------------------- proving again

    async def prove(self, session: Session, password: Secret, code: str, place: Place) -> Refusal | None:
        """A fresh proof of who is signed in; None when it holds. Counted as signing in is. Raises as `by_password`."""
        email = _email(self._registry, session.person)
        claim = await self._claim(email, place)
        if isinstance(claim, Refusal):
            return claim
        try:
            fits = await self._comparing.matches(self._held(session.person).password, password)
        except Busy:
            return Refusal.BUSY

        async def renew() -> Refusal | None:
            person = await self._registry.find(session.person.id)
            proof = self._second(self._held(person), code)
            if person is None or proof is None or not (fits and self._registry.admits(person)):
                return await self._refused(claim, session.person, Means.TOTP if code else Means.PASSWORD, place)
            await self._renewed(session, claim, person, proof, place)
            return None

        return await until_it_stands(renew)

    async def prove_by_passkey(self, session: Session, answer: str, place: Place) -> Refusal | None:
        """As `prove`; it is the passkey of whoever is signed in."""
        claim = await self._claim(None, place)
        if isinstance(claim, Refusal):
            return claim

        async def renew() -> Refusal | None:
            person, proof, spending = await self._passkey(answer)
            if person is None or proof is None or person.id != session.person.id:
                return await self._refused(claim, session.person, Means.PASSKEY, place)
            await self._renewed(session, claim, person, proof, place, spending)
            return None

        return await until_it_stands(renew)

    # ------------------------------------------------------------------------------------------------------- outcomes

    async def _claim(self, email: Secret | None, place: Place) -> Claim | Refusal:
        if not self._pace.take(1, self._clock.monotonic()):
            return Refusal.BUSY
        await self._signins.ready()
        try:
            claim = await self._locking.claim(email, place.network)
        except ChangedMeanwhile:
            return Refusal.BUSY
        return Refusal.LOCKED if claim is None else claim

    async def _admitted(
        self, claim: Claim, person: Person, proof: Proof, place: Place, spending: Sequence[DocumentWrite] = ()
    ) -> SignedIn:
        token, begun = await self._sessions.begun(person, has_second=proof.has_second)
        await self._write(claim, person, proof, place, [*begun, *spending])
        return SignedIn(token, person, proof.has_second)

    async def _renewed(
        self,
        session: Session,
        claim: Claim,
        person: Person,
        proof: Proof,
        place: Place,
        spending: Sequence[DocumentWrite] = (),
    ) -> None:
        renewed = await self._sessions.refreshed(session, has_second=proof.has_second)
        await self._write(claim, person, proof, place, [renewed, *spending])

    async def _write(
        self, claim: Claim, person: Person, proof: Proof, place: Place, writes: Sequence[DocumentWrite]
    ) -> None:
        sealed = self._registry.seals.credentials(proof.held, person.number, person.id)
        whole = [
            self._registry.written(msgspec.structs.replace(person, credentials=sealed)),
            self._signins.noted(person, Outcome.OK, proof.means, place),
            *await self._locking.excusing(claim),
            *writes,
        ]
        now_ms = self._clock.now_ms()
        entries = [about(Act.LOGIN, person_actor(person.id), person, now_ms, what=proof.means)]
        await self._registry.acts.act(whole, entries)

    async def _refused(self, claim: Claim, person: Person | None, means: Means, place: Place) -> Refusal:
        now_ms = self._clock.now_ms()
        actor: Actor = NODE if person is None else person_actor(person.id)
        obj = "" if person is None else person.id
        entries = [entry(Act.LOGIN, actor, obj, now_ms=now_ms, result="refused:wrong", what=means)]
        if claim.waits_until_ms > now_ms:
            numbers = {"tries": claim.attempts}
            entries.append(entry(Act.LOGIN_LOCKED, actor, obj, now_ms=now_ms, numbers=numbers))
        await self._registry.acts.act([self._signins.noted(person, Outcome.WRONG, means, place)], entries)
        return Refusal.WRONG


def _email(registry: Registry, person: Person) -> Secret:
    email: MessageText = registry.seals.open_contact(person, Purpose.SECURITY).email
    return Secret(email.reveal(Purpose.CREDENTIAL))

"""What is done to consents and suppressions, in the hands of one actor: each act is one write with its audit entry.

A person is named by its number, of which nothing but tokens is kept. A consent that is given lifts what the person
stopped before that time, as far as the consent covers it; a withdrawal is written also where no consent was known, so
that an older one which comes later changes nothing.
"""

from collections.abc import Callable, Sequence

import msgspec

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry, known
from gateway.consent.correcting import Corrections, UnknownConsent, corrected
from gateway.consent.purposes import ALL, PURPOSES, consent_word, purpose_scope, sender_scope
from gateway.consent.rows import (
    Consent,
    Means,
    Proof,
    Source,
    Suppression,
    consent_from,
    consent_name,
    consent_row,
    suppression_from,
    suppression_name,
    suppression_row,
)
from gateway.ledger.contract import ROW_FAULTS
from gateway.ledger.permissions import EVER_MS, Permission, PermissionWrite, lift, put
from gateway.ledger.roles import Permissions
from gateway.process.clock import Clock
from redaction.personal import Msisdn

Tokens = Callable[[int, Msisdn], tuple[bytes, bytes]]
"""As of `gateway.consent.guard`."""


class Of(msgspec.Struct, frozen=True):
    """Whose people it is about: a customer's number, and the id that it sees."""

    id: int
    public_id: str


class Standing(msgspec.Struct, frozen=True):
    """All that is known of a person at one customer. unreadable: rows that another version wrote."""

    consents: Sequence[Consent]
    suppressions: Sequence[Suppression]
    unreadable: int = 0


class ConsentDesk:
    """Raises LedgerUnavailable, KeysWithheld, and KeyDestroyed for a customer without keys."""

    def __init__(self, permissions: Permissions, tokens: Tokens, clock: Clock, actor: Actor) -> None:
        self._permissions = permissions
        self._tokens = tokens
        self._clock = clock
        self._actor = actor

    # -------------------------------------------------------------------------------------------------------- consents

    async def give(self, of: Of, number: Msisdn, consent: Consent) -> bool:
        """Whether it changed anything: not when something later is known, or the same."""
        consent_token, suppression_token = self._tokens(of.id, number)
        writes = given(of.id, consent_token, suppression_token, consent)
        done = await self._permissions.change(writes, [self._entry(Act.CONSENT_GIVE, of, what=consent.purpose)])
        return done[0]

    async def withdraw(self, of: Of, number: Msisdn, means: Means, *, purpose: str = "", option: str = "") -> int:
        """purpose: '' for all. option: '' for all of the purpose. How many rows say so now that did not."""
        consent_token, _ = self._tokens(of.id, number)
        (rows,) = await self._permissions.find([consent_name(of.id, consent_token)])
        writes = withdrawn(of.id, consent_token, rows, means, self._clock.now_ms(), purpose, option)
        what = purpose or ALL
        return sum(await self._permissions.change(writes, [self._entry(Act.CONSENT_WITHDRAW, of, what=what)]))

    async def correct(self, of: Of, number: Msisdn, purpose: str, option: str, right: Corrections) -> list[str]:
        """Which fields of a consent changed; an entry of each, and no value. Raises UnknownConsent."""
        token, _ = self._tokens(of.id, number)
        name = consent_name(of.id, token)
        (rows,) = await self._permissions.find([name])
        word = consent_word(purpose, option)
        standing = next((each for each in _consents(rows)[0] if consent_word(each.purpose, each.option) == word), None)
        if standing is None:
            raise UnknownConsent
        now, changed = corrected(standing, right)
        if changed:
            read_ms = consent_row(of.id, token, standing).changed_ms  # what was withdrawn since then stays
            writes = [lift(name, word, read_ms + 1), put(consent_row(of.id, token, now))]
            entries = [self._entry(Act.CONSENT_CORRECT, of, what=each) for each in changed]
            await self._permissions.change(writes, entries)
        return changed

    # ---------------------------------------------------------------------------------------------------- suppressions

    async def suppress(self, of: Of, number: Msisdn, scope: str, source: Source, until_ms: int = 0) -> bool:
        """As `give`. until_ms: of a soft one."""
        return await self._suppress(of, self._tokens(of.id, number)[1], scope, source, until_ms)

    async def _suppress(self, of: Of, token: bytes, scope: str, source: Source, until_ms: int = 0) -> bool:
        suppression = Suppression(scope=scope, source=source, since_ms=self._clock.now_ms(), until_ms=until_ms)
        entries = [self._entry(Act.SUPPRESSION_ADD, of, what=source.value)]
        done = await self._permissions.change([put(suppression_row(of.id, token, suppression))], entries)
        return done[0]

    async def stop_by_link(self, of: Of, token: bytes, scope: str) -> bool:
        """For links, which hold no number and may be followed by anybody as often as he likes: it is written once."""
        (rows,) = await self._permissions.find([suppression_name(of.id, token)])
        if any(row.word == scope and not row.ends_ms for row in rows):
            return False
        return await self._suppress(of, token, scope, Source.LINK)

    async def permit(self, of: Of, number: Msisdn, scope: str = "") -> int:
        """Take suppressions away, of that scope or all; how many there were."""
        name = suppression_name(of.id, self._tokens(of.id, number)[1])
        (rows,) = await self._permissions.find([name])
        writes = [lift(name, row.word, EVER_MS) for row in rows if scope in ("", row.word)]
        return sum(await self._permissions.change(writes, [self._entry(Act.SUPPRESSION_REMOVE, of)]))

    # ------------------------------------------------------------------------------------------------- a person's word

    async def stop(self, of: Of, number: Msisdn, sender: str = "") -> None:
        """A person said STOP: everything of the customer's, or of one sender of it, is stopped and withdrawn."""
        consent_token, suppression_token = self._tokens(of.id, number)
        (rows,) = await self._permissions.find([consent_name(of.id, consent_token)])
        now_ms = self._clock.now_ms()
        scope = sender_scope(sender) if sender else ALL
        stopped = Suppression(scope=scope, source=Source.PERSON, since_ms=now_ms)
        writes = [put(suppression_row(of.id, suppression_token, stopped))]
        if not sender:
            writes += withdrawn(of.id, consent_token, rows, Means.SMS, now_ms)
        await self._permissions.change(writes, [self._entry(Act.SUPPRESSION_ADD, of, what=Source.PERSON.value)])

    async def start(self, of: Of, number: Msisdn) -> None:
        """A person said START: what it stopped by a message is permitted again, and promotional messages are."""
        names = [consent_name(of.id, (tokens := self._tokens(of.id, number))[0]), suppression_name(of.id, tokens[1])]
        consents, suppressions = await self._permissions.find(names)
        now_ms = self._clock.now_ms()
        again = {PURPOSES[0]: ""} | {
            each.purpose: "" for each in _consents(consents)[0] if each.proof.withdrawn_by == Means.SMS
        }
        writes: list[PermissionWrite] = [lift(names[1], row.word, EVER_MS) for row in suppressions]
        for purpose in again:
            said = Consent(purpose=purpose, proof=Proof(given_ms=now_ms, means=Means.SMS, prior=True))
            writes.append(put(consent_row(of.id, tokens[0], said)))
        await self._permissions.change(writes, [self._entry(Act.CONSENT_GIVE, of, what=ALL)])

    # ----------------------------------------------------------------------------------------------------------- proof

    async def show(self, of: Of, number: Msisdn) -> Standing:
        """What a person said, for whoever has the number. That it was shown stands in the audit log."""
        consent_token, suppression_token = self._tokens(of.id, number)
        names = [consent_name(of.id, consent_token), suppression_name(of.id, suppression_token)]
        found, stopped = await self._permissions.find(names)
        consents, unreadable = _consents(found)
        suppressions, more = _suppressions(stopped)
        shown = {"rows": len(consents) + len(suppressions)}
        await self._permissions.change([], [self._entry(Act.CONSENT_SHOW, of, numbers=shown)])
        return Standing(consents, suppressions, unreadable + more)

    def _entry(self, act: Act, of: Of, *, what: str = "", numbers: dict[str, int] | None = None) -> bytes:
        obj = known("cus", of.public_id)
        return entry(act, self._actor, obj, now_ms=self._clock.now_ms(), what=what, numbers=numbers or {})


def given(customer: int, consent_token: bytes, suppression_token: bytes, consent: Consent) -> list[PermissionWrite]:
    """What stores a consent, and lifts what it covers of what was stopped before it."""
    name, since_ms = suppression_name(customer, suppression_token), consent.proof.given_ms
    scopes = [sender_scope(consent.option)] if consent.option else [ALL, purpose_scope(consent.purpose)]
    return [put(consent_row(customer, consent_token, consent)), *[lift(name, scope, since_ms) for scope in scopes]]


def withdrawn(
    customer: int,
    token: bytes,
    rows: Sequence[Permission],
    means: Means,
    now_ms: int,
    purpose: str = "",
    option: str = "",
) -> list[PermissionWrite]:
    """What withdraws a purpose, or all of them, with all options or one."""
    known_ones, _ = _consents(rows)
    wanted = {consent_word(each, option): Consent(purpose=each, option=option, proof=Proof()) for each in PURPOSES}
    wanted |= {consent_word(each.purpose, each.option): each for each in known_ones if option in ("", each.option)}
    return [
        put(consent_row(customer, token, _withdrawn(each, means, now_ms)))
        for each in wanted.values()
        if purpose in ("", each.purpose)
    ]


def _withdrawn(consent: Consent, means: Means, now_ms: int) -> Consent:
    if consent.proof.withdrawn_ms:
        return consent
    proof = msgspec.structs.replace(consent.proof, withdrawn_ms=now_ms, withdrawn_by=means.value)
    return msgspec.structs.replace(consent, proof=proof)


def _consents(rows: Sequence[Permission]) -> tuple[list[Consent], int]:
    """And how many cannot be read."""
    found: list[Consent] = []
    for row in rows:
        try:
            found.append(consent_from(row))
        except ROW_FAULTS:
            continue
    return found, len(rows) - len(found)


def _suppressions(rows: Sequence[Permission]) -> tuple[list[Suppression], int]:
    found: list[Suppression] = []
    for row in rows:
        try:
            found.append(suppression_from(row))
        except ROW_FAULTS:
            continue
    return found, len(rows) - len(found)


class Forgetting:
    """A place that knows people by tokens of its own (`gateway.rights.places`).

    What the person stopped stays: without it an erasure would let messages come again.
    """

    def __init__(self, permissions: Permissions, tokens: Tokens) -> None:
        self._permissions = permissions
        self._tokens = tokens

    async def forget(self, customer: int, number: Msisdn) -> int:
        """Take away a person's consents and what operators said of it; how many rows. Again is harmless.

        Raises LedgerUnavailable, KeysWithheld and KeyDestroyed.
        """
        consent_token, suppression_token = self._tokens(customer, number)
        names = [consent_name(customer, consent_token), suppression_name(customer, suppression_token)]
        consents, suppressions = await self._permissions.find(names)
        gone = [*consents, *(row for row in suppressions if row.ends_ms)]
        return sum(await self._permissions.change([lift(row.name, row.word, EVER_MS) for row in gone]))

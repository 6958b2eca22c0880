"""The case desk: what people ask for, complaints, breaches and disclosures, each with its clock and its decisions.

A case is a document. Whom it is about lies in it under a key of the case's own, which is destroyed 30 days after the
end; what was decided stays three years, unless the settings say otherwise. Each decision is one act with its audit
entry, which holds no number and no words. A request whose asker has proved nothing touches no other one: it blocks,
supersedes and names none.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from msgspec.structs import replace

from gateway.accounts.profile import AccountSealer
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import known
from gateway.audit.log import AuditLog
from gateway.keystore.hold_keys import HoldKeys
from gateway.ledger.contract import ABSENT, ChangedMeanwhile, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.refusals import Refusal
from gateway.people.notes import word_of
from gateway.process.clock import Clock
from gateway.rights.case_clocks import (
    PROOF_MS,
    Keeping,
    check_received,
    due_ms,
    extended_to_ms,
)
from gateway.rights.case_record import (
    BREACH,
    CASE,
    LONGEST_CONTACT,
    LONGEST_TEXT,
    Case,
    Content,
    Decision,
    Said,
    Stored,
    audit_name,
    encode,
    fresh_id,
    read_case,
    read_content,
    typed_id,
)
from gateway.rights.case_states import (
    DECIDED,
    REQUESTS,
    UNPROVEN,
    Delay,
    Kind,
    Proof,
    Reason,
    Step,
    after,
    first_state,
)
from redaction.errors import KeyDestroyed, alone
from redaction.personal import Purpose
from redaction.sealed import Sealed


class Cases:
    """In the hands of one actor. All raise LedgerUnavailable, ChangedMeanwhile where somebody else was faster, and
    Refusal with the code of what is not as it has to be.
    """

    def __init__(
        self, acts: Acts, keys: HoldKeys, sealer: AccountSealer, clock: Clock, actor: Actor, keeping: Keeping
    ) -> None:
        self._acts = acts
        self._keys = keys
        self._sealer = sealer
        self._clock = clock
        self._actor = actor
        self._keeping = keeping
        self._audit: Final = AuditLog(acts, clock, actor)

    async def open(self, said: Said) -> Case:
        """A new case, with a clock of its own. Its asker may have proved already who it is."""
        _check_proof(said.proof)
        return await self._open(said, fresh_id(self._clock.random), ())

    async def open_proven(self, said: Said, identifier: str, also: Sequence[DocumentWrite]) -> Case:
        """A case with an id that its asker has already: given before the number was proved by a code, or its own one's.
        also: written with it.
        """
        return await self._open(said, identifier, also)

    async def _open(self, said: Said, identifier: str, also: Sequence[DocumentWrite]) -> Case:
        now_ms = self._clock.now_ms()
        received_ms = now_ms if said.received_ms is None else said.received_ms
        check_received(received_ms, now_ms)
        content = content_of(said)
        duplicate = await self._same(said.kind, said.customer, content) if said.proof is not None else ""
        key = await self._keys.make()
        sealed = self._sealer.seal_account(encode(content), key, CASE, identifier.encode())
        stored = Stored(
            kind=said.kind,
            channel=said.channel,
            state=first_state(said.kind, said.proof),
            customer=said.customer,
            key_number=key,
            content=sealed,
            received_ms=received_ms,
            opened_ms=now_ms,
            due_ms=due_ms(said.kind, received_ms, said.customer),
            proof=said.proof,
            proof_ms=0 if said.proof is None else now_ms,
            duplicate_of=duplicate,
            unattended=said.unattended,
        )
        about = _about(stored)
        entries = [self._audit.entry(Act.CASE_OPEN, audit_name(identifier), what=said.kind.value, **about)]
        if said.proof is not None:
            entries.append(self._audit.entry(Act.CASE_STEP, audit_name(identifier), what=Step.PROVE.value, **about))
        await self._acts.act([DocumentWrite(CASE, identifier, encode(stored), ABSENT), *also], entries)
        return await self.find(identifier)

    async def find(self, identifier: str) -> Case:
        """Raises Refusal: `not_found`."""
        word = typed_id(identifier)
        document = await self._acts.find(CASE, word) if word else None
        found = None if document is None else read_case(document)
        if found is None:
            raise Refusal("not_found")
        return found

    async def all(self) -> list[Case]:
        """What is due first comes first."""
        found, behind = list[Case](), ""
        while page := await self._acts.of_kind(CASE, behind):
            found += [each for each in map(read_case, page) if each is not None]
            behind = page[-1].key
        return sorted(found, key=lambda each: (each.of.due_ms, each.id))

    async def content(self, identifier: str) -> Content:
        """Whom it is about; the audit log has that it was looked at. Raises Refusal: `case_closed` once it is gone."""
        case = await self.find(identifier)
        content = self.opened(case)
        await self._audit.write(Act.CASE_STEP, case.obj, what="show", **_about(case.of))
        return content

    def opened(self, case: Case) -> Content:
        """For what is done by itself."""
        stored = case.of
        try:
            if not stored.content:
                raise KeyDestroyed("case")
            sealed = Sealed(stored.content)
            octets = self._sealer.open_account(sealed, stored.key_number, CASE, case.id.encode(), Purpose.DATA_SUBJECT)
        except KeyDestroyed:
            raise alone(Refusal("case_closed")) from None
        return read_content(octets)

    async def of_person(self, case: Case) -> list[Case]:
        """The proven ones of the same person, as far as it is known still: at the same customer, where it is one's."""
        content, found = self.opened(case), list[Case]()
        for each in await self.all():
            if each.of.proof is not None and case.of.customer in ("", each.of.customer):
                with suppress(Refusal):
                    found += [each] if self.opened(each).digits == content.digits else []
        return found

    # ------------------------------------------------------------------------------------------------------ decisions

    async def prove(self, identifier: str, proof: Proof) -> Case:
        """Who asks is the person. From here on it may be named as the same as another one that is under way."""
        _check_proof(proof)
        return await self._prove(await self.find(identifier), proof, ())

    async def prove_by_code(self, case: Case, also: Sequence[DocumentWrite]) -> Case:
        """Whoever checked the code says so. also: written with it."""
        return await self._prove(case, Proof.CODE, also)

    async def _prove(self, case: Case, proof: Proof, also: Sequence[DocumentWrite]) -> Case:
        after(case.of.state, Step.PROVE)
        same = await self._same(case.of.kind, case.of.customer, self.opened(case))
        now_ms = self._clock.now_ms()
        return await self.step(case, Step.PROVE, also=also, proof=proof, proof_ms=now_ms, duplicate_of=same)

    async def extend(self, identifier: str, reason: str, days: int) -> Case:
        case, delay = await self.find(identifier), _word(Delay, reason)
        now_ms, stored = self._clock.now_ms(), case.of
        after(stored.state, Step.EXTEND)
        until_ms = extended_to_ms(stored.kind, stored.due_ms, stored.delay is not None, now_ms, days)
        return await self.step(case, Step.EXTEND, numbers={"days": days}, delay=delay, due_ms=until_ms)

    async def refuse(self, identifier: str, reason: str) -> Case:
        word = _word(Reason, reason)
        return await self.step(await self.find(identifier), Step.REFUSE, refusal=word)

    async def restrict(self, identifier: str) -> Case:
        return await self.step(await self.find(identifier), Step.RESTRICT)

    async def answer(self, identifier: str) -> Case:
        """Done by hand."""
        return await self.step(await self.find(identifier), Step.ANSWER)

    async def close(self, identifier: str) -> Case:
        return await self.step(await self.find(identifier), Step.CLOSE, ended_ms=self._clock.now_ms())

    async def step(
        self,
        case: Case,
        step: Step,
        *,
        numbers: dict[str, int] | None = None,
        also: Sequence[DocumentWrite] = (),
        **changes: Any,
    ) -> Case:
        """One decision over the case as it was read: whatever came between makes it raise ChangedMeanwhile.

        numbers: for the audit log. also: written with it. changes: of what is stored.
        """
        state, stored = after(case.of.state, step), case.of
        decisions = [*stored.decisions, Decision(step, self._clock.now_ms(), word_of(self._actor))]
        changed = replace(stored, state=state, decisions=decisions, **changes)
        about = _about(stored) | ({"numbers": numbers} if numbers else {})
        if step is Step.CLOSE:
            entry = self._audit.entry(Act.CASE_CLOSE, case.obj, what=stored.kind.value, **about)
        else:
            entry = self._audit.entry(Act.CASE_STEP, case.obj, what=step.value, **about)
        await self._acts.act([DocumentWrite(CASE, case.id, encode(changed), case.version), *also], [entry])
        return await self.find(case.id)

    # ----------------------------------------------------------------------------------------------------- forgetting

    async def sweep(self) -> Sequence[Case]:
        """End what nobody proved, destroy contents and records whose time is over; what is under way."""
        cases, now_ms = await self.all(), self._clock.now_ms()
        for each in cases:
            with suppress(ChangedMeanwhile):  # by another node that does the same: in the next round
                await self._age(each, now_ms)
        return [each for each in cases if each.of.state not in DECIDED]

    async def _age(self, case: Case, now_ms: int) -> None:
        stored = case.of
        if stored.state in UNPROVEN and stored.opened_ms + PROOF_MS <= now_ms:
            await self.step(case, Step.EXPIRE, ended_ms=now_ms)
        elif stored.ended_ms and stored.content and stored.ended_ms + self._keeping.content_ms <= now_ms:
            await self._keys.forget(stored.key_number)
            gone = encode(replace(stored, content=b""))
            await self._acts.act([DocumentWrite(CASE, case.id, gone, case.version)])
        elif stored.ended_ms and stored.ended_ms + self._keeping.record_ms <= now_ms:
            beside = DocumentWrite(BREACH, case.id, None)
            await self._acts.act([DocumentWrite(CASE, case.id, None, case.version), beside])

    async def _same(self, kind: Kind, customer: str, content: Content) -> str:
        """The oldest one under way of the same person and kind, whose asker has proved who it is; '' for none."""
        if kind not in REQUESTS:
            return ""
        rest = DECIDED | UNPROVEN
        for each in sorted(await self.all(), key=lambda each: (each.of.opened_ms, each.id)):
            if (each.of.kind, each.of.customer) == (kind, customer) and each.of.state not in rest:
                with suppress(Refusal):
                    if self.opened(each).digits == content.digits:
                        return each.id
        return ""


def _about(stored: Stored) -> dict[str, Any]:
    return {"customer": known("cus", stored.customer)} if stored.customer else {}


def _check_proof(proof: Proof | None) -> None:
    """Nobody says of a code that it was given: whoever has it types it. Raises Refusal."""
    if proof is Proof.CODE:
        raise Refusal("invalid_value", "proof")


def content_of(said: Said) -> Content:
    """Raises Refusal."""
    contact, text = said.contact.reveal(Purpose.ACCEPT).strip(), said.text.reveal(Purpose.ACCEPT).strip()
    if len(contact) > LONGEST_CONTACT:
        raise Refusal("field_too_long", "contact")
    if len(text) > LONGEST_TEXT:
        raise Refusal("field_too_long", "text")
    if said.number is None:
        if said.kind in REQUESTS:
            raise Refusal("missing_field", "number")
        return Content("", 0, contact, text)
    return Content(said.number.reveal(Purpose.ACCEPT), said.number.country, contact, text)


def _word(words: Any, reason: str) -> Any:
    """Raises Refusal: `reason_missing`."""
    try:
        return words(reason)
    except ValueError:
        raise alone(Refusal("reason_missing", "reason")) from None

"""The rights desk as interfaces use it: one thing at a time, for each is a walk through records."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Final

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import known
from gateway.audit.log import AuditLog
from gateway.consent.desk import ConsentDesk, Of, Standing
from gateway.consent.purposes import ALL
from gateway.consent.rows import Means, Source
from gateway.keystore.naming import named_since_ms
from gateway.keystore.permission_keys import PermissionKeys
from gateway.model.message import OPEN, Message
from gateway.model.refusals import Refusal
from gateway.rights.access import Accesses, Held
from gateway.rights.breach_estimate import Estimate, Span, estimate
from gateway.rights.building import Stands, eraser, tracer
from gateway.rights.erasing import Erasure, Publish, Purpose
from gateway.rights.subjects import NO_ANSWER, Answer, DataSubject
from gateway.rights.tracing import MOST, Trace, places_in
from redaction.keys import PLATFORM, Place
from redaction.personal import Msisdn

LONGEST_CASE: Final = 64


class RightsDesk:
    """customers: numbers of those whose keys live."""

    def __init__(self, on: Stands, publish: Publish, customers: Callable[[], Collection[int]]) -> None:
        self.on: Final = on
        self._publish = publish
        self._customers = customers
        self._busy: Final = asyncio.Lock()

    async def erase(
        self, actor: Actor, numbers: Sequence[Msisdn], customer: int | None, case: str, answer: Answer = NO_ANSWER
    ) -> Erasure:
        """People, at one customer or at all. Raises Refusal("overloaded") while somebody is at it, KeysWithheld and
        LedgerUnavailable.
        """
        async with self._alone():
            traces = await tracer(self.on).trace(self._known(numbers, customer), answer)
            return await eraser(self.on, actor, self._publish).erase(traces, Purpose(case=case_of(case)))

    async def erase_message(self, actor: Actor, message: Message) -> Erasure:
        """One message. Content of the same person's other messages of its period goes along.

        Raises Refusal("others_wait") where that would end one that waits to be sent, and as `erase`.
        """
        async with self._alone():
            places = places_in(self.on.keyring.state, message, self.on.policies)
            await self._check_others(message, places)
            trace = Trace(message.customer, None, ids=[message.id], places=places)
            purpose = Purpose(act=Act.MESSAGE_ERASE, what="message", obj=f"msg_{message.id.hex()}")
            return await eraser(self.on, actor, self._publish).erase([trace], purpose)

    async def empty_message(self, actor: Actor, message: Message) -> None:
        """Destroy what is sealed of a message that is at its end: its text, its numbers and what is kept to notify its
        customer. The record stays. Raises Refusal("not_final") and LedgerUnavailable.

        Copies from before open as long as the keys of their period: what `erase_message` destroys is out of reach at
        once there, too, at the cost of a walk through the customer's records.
        """
        _check_final(message)
        if message.content is not None or message.private is not None:
            async with self._audit(actor).around(Act.MESSAGE_EMPTY, f"msg_{message.id.hex()}"):
                await self.on.ledger.retention.empty_these([message.id])

    async def delete_message(self, actor: Actor, message: Message) -> None:
        """As `empty_message`, and the record with all that hangs on it."""
        _check_final(message)
        async with self._audit(actor).around(Act.MESSAGE_DELETE, f"msg_{message.id.hex()}"):
            await self.on.ledger.retention.forget_these([message.id], counted=True)

    async def look(
        self, actor: Actor, number: Msisdn, customer: int | None, case: str, since_ms: int | None = None
    ) -> Held:
        """What is held of a person; the audit log says that it was looked at. Raises as `erase`."""
        async with self._alone():
            places = {each.name: each.register.place for each in self.on.settings.operators}
            accesses = Accesses(
                tracer(self.on),
                self.on.public_id,
                places.get,
                lambda owner: named_since_ms(self.on.keyring.state, owner),
            )
            from_ms = horizon_ms(self.on) if since_ms is None else since_ms
            held = await accesses.look(self._known([number], customer), max(0, from_ms), holder=since_ms is None)
            audit = self._audit(actor)
            counts = {"messages": len(held.messages), "customers": len({each.customer for each in held.messages})}
            owner = "" if customer is None else self.on.public_id(customer)
            said = {"customer": known("cus", owner)} if owner else {}
            await audit.write(Act.SUBJECT_ACCESS, case_of(case), numbers=counts, **said)
            return held

    async def estimate(self, span: Span, fewest: int) -> Estimate:
        """How many people a breach may concern. Raises as `erase`, and Refusal("invalid_value")."""
        async with self._alone():
            return await estimate(self.on.ledger.copies, self.on.public_id, span, fewest)

    async def permissions(self, actor: Actor, number: Msisdn, customer: int | None) -> list[tuple[str, Standing]]:
        """What a person permitted and forbade, by customer. Raises as `stop`."""
        tokens = PermissionKeys(self.on.keyring).tokens
        consents = ConsentDesk(self.on.ledger.permissions, tokens, self.on.clock, actor)
        people = [(each, self.on.public_id(each.customer)) for each in self._subjects([number], customer)]
        return [(name, await consents.show(Of(each.customer, name), each.number)) for each, name in people]

    async def stop(self, actor: Actor, number: Msisdn, customer: int | None) -> int:
        """Withdraw a person's consents, and send it nothing any more that needs one; at how many customers. Raises
        KeysWithheld and LedgerUnavailable.
        """
        tokens = PermissionKeys(self.on.keyring).tokens
        consents = ConsentDesk(self.on.ledger.permissions, tokens, self.on.clock, actor)
        people = self._subjects([number], customer)
        for each in people:
            of = Of(each.customer, self.on.public_id(each.customer))
            await consents.withdraw(of, each.number, Means.VERBAL)
            await consents.suppress(of, each.number, ALL, Source.COMMAND)
        return len(people)

    def _audit(self, actor: Actor) -> AuditLog:
        return AuditLog(self.on.ledger.acts, self.on.clock, actor)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        if self._busy.locked():
            raise Refusal("overloaded")
        async with self._busy:
            yield

    def _subjects(self, numbers: Sequence[Msisdn], customer: int | None) -> list[DataSubject]:
        owners = sorted(self._customers()) if customer is None else [customer]
        return [DataSubject(owner, number) for number in numbers for owner in owners]

    def _known(self, numbers: Sequence[Msisdn], customer: int | None) -> list[DataSubject]:
        """With the platform's own messages to them, where no customer is named."""
        owns = customer is None and PLATFORM in self.on.keystore.state.customers()
        platform = [DataSubject(PLATFORM, number) for number in numbers] if owns else []
        return [*self._subjects(numbers, customer), *platform]

    async def _check_others(self, message: Message, places: Collection[Place]) -> None:
        found = await self.on.ledger.messages.list_subject(message.customer, [message.subject], MOST)
        others = [each for each in found if each.id != message.id and each.status in OPEN]
        if any(set(places) & places_in(self.on.keyring.state, each, self.on.policies) for each in others):
            raise Refusal("others_wait")


def _check_final(message: Message) -> None:
    if message.status in OPEN:
        raise Refusal("not_final")


def horizon_ms(on: Stands) -> int:
    """Nothing older is shown to whoever has proved a number."""
    return on.clock.now_ms() - on.settings.rights.horizon_s * 1000


def case_of(case: str) -> str:
    """As the audit log names it; '' for none."""
    return known("case", case) if case else ""

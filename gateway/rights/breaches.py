"""Breaches: a case with a clock of 72 hours, an estimate of whom it concerns, and who was told when (IR 24).

The estimate and the times lie in a document beside the case, as long as what was decided does. Nothing in it names a
person; what happened lies sealed in the case.
"""

from typing import Final

import msgspec

from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.ledger.contract import ABSENT, ROW_FAULTS, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from gateway.rights.breach_estimate import Estimate
from gateway.rights.breach_notice import Facts, To
from gateway.rights.case_record import BREACH, Case, Said
from gateway.rights.case_states import Channel, Kind, Step
from gateway.rights.cases import Cases
from redaction.personal import MessageText


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """authority_ms, people_ms: when they were told; 0 for not."""

    estimate: Estimate | None = None
    authority_ms: int = 0
    people_ms: int = 0


class Breach(msgspec.Struct, frozen=True):
    case: Case
    of: Stored
    version: int


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Stored).decode


class Breaches:
    """In the hands of one actor, as `cases` and `audit` are. All raise as `Cases` does."""

    def __init__(self, cases: Cases, acts: Acts, audit: AuditLog, clock: Clock) -> None:
        self._cases = cases
        self._acts = acts
        self._audit = audit
        self._clock = clock

    async def open(self, text: MessageText, known_ms: int | None, *, channel: Channel, customer: str = "") -> Breach:
        """text: what happened. known_ms: when it became known; the clock runs from then. channel: how."""
        said = Said(kind=Kind.BREACH, channel=channel, customer=customer, received_ms=known_ms, text=text)
        return Breach(await self._cases.open(said), Stored(), ABSENT)

    async def find(self, identifier: str) -> Breach:
        """Raises Refusal: `not_found`."""
        case = await self._cases.find(identifier)
        if case.of.kind is not Kind.BREACH:
            raise Refusal("not_found")
        document = await self._acts.find(BREACH, case.id)
        if document is None:
            return Breach(case, Stored(), ABSENT)
        try:
            return Breach(case, _decode(document.octets), document.version)
        except ROW_FAULTS:
            raise Refusal("wanted_unreadable") from None

    async def all(self) -> list[Breach]:
        """What is due first comes first."""
        found = [each for each in await self._cases.all() if each.of.kind is Kind.BREACH]
        return [await self.find(each.id) for each in found]

    async def keep(self, breach: Breach, estimate: Estimate) -> Breach:
        """The estimate, in the place of the one before."""
        told = {"messages": estimate.messages, "subjects": estimate.at_most, "customers": _customers(estimate)}
        counts = {name: count for name, count in told.items() if count is not None}
        noted = self._audit.entry(Act.BREACH_ESTIMATE, breach.case.obj, numbers=counts)
        return await self._write(breach, msgspec.structs.replace(breach.of, estimate=estimate), noted)

    async def facts(self, breach: Breach, to: To) -> Facts:
        """For a draft of the notice; the log has that it was made, and for whom."""
        content = await self._cases.content(breach.case.id)
        await self._audit.write(Act.BREACH_DRAFT, breach.case.obj, what=to.value)
        of = breach.of
        return Facts(
            case=breach.case.id,
            known_ms=breach.case.of.received_ms,
            due_ms=breach.case.of.due_ms,
            what=content.text,
            estimate=of.estimate,
            people_told=of.people_ms > 0,
        )

    async def close(self, identifier: str, *, authority_ms: int, people_ms: int) -> Breach:
        """Answered and closed. Times: when they were told, 0 where the law asks for no notice.

        Raises Refusal: `invalid_value` for a time before it was known, or to come.
        """
        breach = await self.find(identifier)
        now_ms, known_ms = self._clock.now_ms(), breach.case.of.received_ms
        for name, at_ms in (("authority_at", authority_ms), ("people_at", people_ms)):
            if at_ms and not known_ms <= at_ms <= now_ms:
                raise Refusal("invalid_value", name)
        told = msgspec.structs.replace(breach.of, authority_ms=authority_ms, people_ms=people_ms)
        write = DocumentWrite(BREACH, breach.case.id, _encode(told), breach.version)
        answered = await self._cases.step(breach.case, Step.ANSWER, also=[write])
        await self._cases.close(answered.id)
        return await self.find(identifier)

    async def _write(self, breach: Breach, stored: Stored, noted: bytes) -> Breach:
        await self._acts.act([DocumentWrite(BREACH, breach.case.id, _encode(stored), breach.version)], [noted])
        return await self.find(breach.case.id)


def _customers(estimate: Estimate) -> int:
    return len({each.customer for each in estimate.groups})

"""What people ask for by themselves, on the public page: ask, prove the number by a code, follow it by a reference.

Whoever asks learns nothing of a number: it is looked up nowhere before it is proved, and where no code leaves, because
there were too many, the answer is the same. What is not proved is no case.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import msgspec

from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from gateway.process.notices import cut_address
from gateway.rights.case_record import Case, Content, Said, fresh_id
from gateway.rights.case_states import REQUESTS, Channel, Delay, Kind, Proof, Reason, State
from gateway.rights.cases import Cases, content_of
from gateway.rights.proving import Proving
from gateway.rights.references import References
from gateway.rights.waiting import Waiting, WaitingRequests, done
from redaction.errors import SealError
from redaction.personal import MessageText, Msisdn, Secret

LANGUAGES: Final = ("ar", "en")
STOPPING: Final = frozenset({Kind.WITHDRAW, Kind.OBJECT})
Stop = Callable[[Case], Awaitable[Case]]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody fills in. contact, text: how to reach who asks, and in whose words. language: of the code's text,
    one of `LANGUAGES`. address: from where it is asked, as `gateway.http_api.proxies` has it.
    """

    kind: Kind
    number: Msisdn
    contact: MessageText = MessageText("")
    text: MessageText = MessageText("")
    language: str = "ar"
    address: str

    def __repr__(self) -> str:
        return f"Asked({self.kind.value})"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request stands, for whoever has its reference. Times are epoch milliseconds. Of one that is not proved
    yet there is nothing but the state. extended, refused: why.
    """

    state: State
    kind: Kind | None = None
    received_ms: int | None = None
    due_ms: int | None = None
    extended: Delay | None = None
    refused: Reason | None = None


_UNPROVEN: Final = Standing(state=State.AWAITING_PROOF)


class PublicRequests:
    """cases: in the hands of the node. stop: carries out a case by which somebody withdraws or objects.

    All raise LedgerUnavailable, KeysWithheld and ChangedMeanwhile beside what they say.
    """

    def __init__(
        self,
        cases: Cases,
        waiting: WaitingRequests,
        proving: Proving,
        references: References,
        clock: Clock,
        stop: Stop,
    ) -> None:
        self._cases = cases
        self._stop = stop
        self._waiting = waiting
        self._proving = proving
        self._references = references
        self._clock = clock

    @property
    def is_on(self) -> bool:
        """Whether codes are sent, so that anything can be asked for here."""
        return self._proving.is_on

    async def open_request(self, asked: Asked) -> Secret:
        """The reference. A code is on its way to the number, unless too many are.

        Raises Refusal: `codes_off`, `number_not_served`, `field_too_long`, `unsupported` for what takes no proof.
        """
        if asked.kind not in REQUESTS:
            raise Refusal("unsupported", "kind")
        if asked.language not in LANGUAGES:
            raise Refusal("invalid_value", "language")
        self._proving.check(asked.number)
        content = content_of(_said(asked.kind, asked.number, asked.contact, asked.text))
        case = fresh_id(self._clock.random)
        reference = self._references.of(case)
        if await self._proving.may_send(asked.number, cut_address(asked.address)):
            kept = await self._waiting.write(case, asked.kind, content)
            await self._proving.send(case, asked.number, asked.language, [kept])
        return reference

    async def send_again(self, reference: Secret, address: str, language: str) -> None:
        """Another code in the place of the one before, unless there were too many, which looks the same.

        Raises Refusal: `not_found` for what is no reference.
        """
        case = self._read(reference)
        found = await self._waiting.find(case)
        if found is None or language not in LANGUAGES or not await self._proving.codes.may_have_another(case):
            return
        number = found[1].number
        if number is not None and await self._proving.may_send(number, cut_address(address)):
            await self._proving.send(case, number, language)

    async def prove(self, reference: Secret, code: Secret) -> Standing:
        """The code makes it a case, whose clock runs from when it was asked; again says how it stands. Who withdraws
        or objects is stopped at once: that is to be as easy as consenting (IR 12, 28).

        Raises Refusal: `not_found`, `proof_wrong`, `proof_expired`, `too_many_codes`.
        """
        case = self._read(reference)
        standing = await self._standing(case)
        if standing is not None:
            return standing
        served = await self._proving.codes.check(case, code)
        found = await self._waiting.find(case)
        if found is None:
            raise Refusal("proof_wrong")
        opened = await self._cases.open_proven(_proven(*found), case, [served, done(case)])
        if opened.of.kind in STOPPING:
            with suppress(Refusal, SealError):  # somebody carries it out by hand: it is among the cases
                return _shown(await self._stop(opened))
        return _shown(opened)

    async def status_of(self, reference: Secret) -> Standing:
        """Raises Refusal: `not_found` for what is no reference of ours."""
        return await self._standing(self._read(reference)) or _UNPROVEN

    async def sweep(self) -> None:
        """Forget what nobody proved in time."""
        await self._waiting.sweep()

    async def _standing(self, case: str) -> Standing | None:
        """None while it is no case."""
        try:
            return _shown(await self._cases.find(case))
        except Refusal:
            return None

    def _read(self, reference: Secret) -> str:
        case = self._references.read(reference)
        if not case:
            raise Refusal("not_found", "reference")
        return case


def _said(kind: Kind, number: Msisdn, contact: MessageText, text: MessageText) -> Said:
    return Said(kind=kind, channel=Channel.PAGE, number=number, contact=contact, text=text)


def _proven(waiting: Waiting, content: Content) -> Said:
    return Said(
        kind=waiting.kind,
        channel=Channel.PAGE,
        received_ms=waiting.asked_ms,
        number=content.number,
        contact=MessageText(content.contact),
        text=MessageText(content.text),
        proof=Proof.CODE,
    )


def _shown(case: Case) -> Standing:
    of = case.of
    return Standing(
        state=of.state,
        kind=of.kind,
        received_ms=of.received_ms,
        due_ms=of.due_ms,
        extended=of.delay,
        refused=of.refusal,
    )

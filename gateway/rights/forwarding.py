"""Requests of people that customers forward: cases at once, since who forwards them has signed in. The person proves
the number by a code, unless the customer vouches for it.
"""

from typing import Final

import msgspec

from gateway.ledger.contract import ChangedMeanwhile
from gateway.model.refusals import Refusal
from gateway.rights.case_record import Case, Said
from gateway.rights.case_states import UNPROVEN, Step
from gateway.rights.cases import Cases
from gateway.rights.proving import Proving
from redaction.personal import Secret


class Forwarded(msgspec.Struct, frozen=True):
    """code_sent: whether a code is on its way."""

    case: Case
    code_sent: bool


class ForwardedRequests:
    """In the hands of one actor, as `cases` are. All raise as those do, and as `Proving` does."""

    def __init__(self, cases: Cases, proving: Proving) -> None:
        self.cases: Final = cases
        self._proving = proving

    async def open(self, said: Said, language: str) -> Forwarded:
        """A new case of a customer's. Without proof a code is sent, where one may be."""
        case = await self.cases.open(said)
        if said.proof is not None:
            return Forwarded(case, False)
        try:
            return await self.send_code(case, language)
        except (Refusal, ChangedMeanwhile):  # the case stands; who asked again would have another
            return Forwarded(case, False)

    async def send_code(self, case: Case, language: str) -> Forwarded:
        """A code in the place of the one before. Raises Refusal: `case_state` for what is proved, `codes_off`,
        `number_not_served`, `too_many_codes`.
        """
        if case.of.state not in UNPROVEN:
            raise Refusal("case_state")
        number = self.cases.opened(case).number
        if number is None:
            raise Refusal("unsupported")
        self._proving.check(number)
        if not await self._proving.codes.may_have_another(case.id):
            raise Refusal("too_many_codes")
        if not await self._proving.may_send(number, case.of.customer):
            raise Refusal("too_many_codes")
        asked = await self.cases.step(case, Step.ASK_PROOF)
        await self._proving.send(case.id, number, language)
        return Forwarded(asked, True)

    async def prove(self, case: Case, code: Secret) -> Case:
        """Raises Refusal: `proof_wrong`, `proof_expired`, `too_many_codes`, `case_state`."""
        if case.of.state not in UNPROVEN:
            raise Refusal("case_state")
        return await self.cases.prove_by_code(case, [await self._proving.codes.check(case.id, code)])

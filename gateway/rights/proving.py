"""Codes on their way: whether one may leave, made, kept and sent, and whether what was typed is it."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from gateway.ledger.contract import DocumentWrite
from gateway.ledger.roles import Acts
from gateway.model.numbers import digits_of
from gateway.model.refusals import Refusal
from gateway.rights.code_limits import CodeLimits
from gateway.rights.codes import Codes
from redaction.personal import Msisdn, Secret

Send = Callable[[Msisdn, Secret, str], None]
"""Number, code and language; raises nothing."""


class Proving:
    """send: None where no code is sent. calling_codes: of the numbers that codes are sent to."""

    def __init__(
        self, acts: Acts, limits: CodeLimits, codes: Codes, send: Send | None, calling_codes: Collection[int]
    ) -> None:
        self._acts = acts
        self._limits = limits
        self._send = send
        self._calling_codes = frozenset(calling_codes)
        self.codes: Final = codes

    @property
    def is_on(self) -> bool:
        """Whether codes are sent at all."""
        return self._send is not None

    def check(self, number: Msisdn) -> None:
        """Whether a code could be sent to such a number. Raises Refusal."""
        if self._send is None:
            raise Refusal("codes_off")
        if number.country not in self._calling_codes:
            raise Refusal("number_not_served", "number")

    async def may_send(self, number: Msisdn, origin: str) -> bool:
        """Counts as one. origin: a network, or the id of a customer. Raises as `CodeLimits.take` does."""
        return await self._limits.take(digits_of(number), origin)

    async def send(self, case: str, number: Msisdn, language: str, also: Sequence[DocumentWrite] = ()) -> None:
        """A new code, in the place of the one before. also: written with it."""
        code, write = self.codes.make(case)
        await self._acts.act([write, *also])
        if self._send is not None:
            self._send(number, code, language)

    async def sweep(self) -> None:
        await self.codes.sweep()
        await self._limits.sweep()

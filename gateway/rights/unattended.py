"""Cases that nobody attends: what a customer hands over to be erased is erased once it can no longer be taken back.

Every process does those that it took in. One that ended before leaves them under way, where another finds them later:
to do one twice costs a walk through the ledger, and changes nothing.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from gateway.accounts.profile import AccountSealer
from gateway.audit.actor import NODE
from gateway.ledger.contract import ChangedMeanwhile, LedgerUnavailable
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from gateway.rights.building import cases
from gateway.rights.case_record import Case
from gateway.rights.case_states import DECIDED
from gateway.rights.case_work import CaseWork
from gateway.rights.desk import RightsDesk
from operators.contained import report
from redaction.errors import KeysWithheld

LOOK_S: Final = 1.0
LEFT_MS: Final = 900 * 1000
"""So long after its time a case of another process is taken as left behind."""
MOST: Final = 10_000
"""That wait in one process."""


class Unattended:
    """Start `run` as a task. work: in the hands of the node. number_of: of a customer, by its public id; None where
    there is none any more. wait_ms: so long a case can be taken back.
    """

    def __init__(self, work: CaseWork, number_of: Callable[[str], int | None], clock: Clock, wait_ms: int) -> None:
        self._work = work
        self._number_of = number_of
        self._clock = clock
        self._wait_ms = wait_ms
        self._due: dict[str, int] = {}

    def check_room(self) -> None:
        """Raises Refusal: `overloaded`."""
        if len(self._due) >= MOST:
            raise Refusal("overloaded")

    def add(self, case: Case) -> None:
        """One that was taken in here; others are passed over."""
        if case.of.unattended:
            self._due.setdefault(case.id, case.of.opened_ms + self._wait_ms)

    def find_left(self, under_way: Iterable[Case]) -> None:
        """Take up what another process left."""
        before_ms = self._clock.now_ms() - self._wait_ms - LEFT_MS
        for each in under_way:
            if each.of.opened_ms <= before_ms and len(self._due) < MOST:
                self.add(each)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Do what is due, one after the other; what cannot be done now, at the next look."""
        now_ms = self._clock.now_ms()
        for identifier in [each for each, due_ms in self._due.items() if due_ms <= now_ms]:
            try:
                await self._do(identifier)
            except Refusal as refusal:
                if refusal.code == "overloaded":
                    return
            except (ChangedMeanwhile, KeysWithheld, LedgerUnavailable):
                return
            except Exception as error:  # of this case alone, which is found again as one that was left behind
                report("task", error)
            del self._due[identifier]

    async def _do(self, identifier: str) -> None:
        """Whatever was decided of it since stands. Raises as `CaseWork.execute`."""
        case = await self._work.cases.find(identifier)
        customer = self._number_of(case.of.customer)
        if customer is not None and case.of.unattended and case.of.state not in DECIDED:
            await self._work.execute(identifier, customer)


def unattended(desk: RightsDesk, sealer: AccountSealer, number_of: Callable[[str], int | None]) -> Unattended:
    """In the hands of the node that the desk is of."""
    on = desk.on
    work = CaseWork(cases(on, sealer, NODE), desk, NODE)
    return Unattended(work, number_of, on.clock, int(on.settings.http.opendsr.wait_s * 1000))

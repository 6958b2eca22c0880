"""What a case asks for, done by what the rights desk has: erasing, showing what is held, stopping messages.

Whether who asks has proved it is looked at in the act that begins the work, over the case as it stands then. Holds are
counted by the erasure itself: a copy under a hold stays, and the case says of how many messages.
"""

import asyncio
from typing import Final

import msgspec

from gateway.audit.actor import Actor
from gateway.model.refusals import Refusal
from gateway.rights.access import Held
from gateway.rights.case_record import Case
from gateway.rights.case_states import Kind, State, Step
from gateway.rights.cases import Cases
from gateway.rights.desk import RightsDesk
from gateway.rights.erasing import Erasure
from gateway.rights.package_content import package, packed
from gateway.rights.packages import Made, Packages

PACKED: Final = frozenset({Kind.ACCESS, Kind.COPY})
BY_DESK: Final = frozenset({Kind.ERASURE, Kind.ACCESS, Kind.WITHDRAW, Kind.OBJECT})


class Done(msgspec.Struct, frozen=True):
    """erased, held, stopped: whichever the kind of case asks for. stopped: customers that send the person nothing that
    needs consent any more.
    """

    case: Case
    erased: Erasure | None = None
    held: Held | None = None
    stopped: int = 0


class CaseWork:
    """In the hands of one actor, as `cases` are."""

    def __init__(self, cases: Cases, desk: RightsDesk, actor: Actor) -> None:
        self.cases: Final = cases
        self._desk = desk
        self._actor = actor

    async def pack(self, packages: Packages, identifier: str, customer: int | None, second: str) -> Made:
        """Make a package of what is held of the person, which answers the case. second: id of who consented.

        Raises as `execute`.
        """
        case = await self.cases.find(identifier)
        if case.of.kind not in PACKED:
            raise Refusal("unsupported")
        is_answered = case.of.state is State.ANSWERED
        case = case if is_answered else await self.cases.step(case, Step.BEGIN)
        number = self.cases.opened(case).number
        if number is None:
            raise Refusal("unsupported")
        held = await self._desk.look(self._actor, number, customer, case.obj)
        standing = await self._desk.permissions(self._actor, number, customer)
        said = package(case.id, held, standing, await self.cases.of_person(case), self._desk.on.clock.now_ms())
        count = len(held.messages)
        made = await packages.make(case, await asyncio.to_thread(packed, said), count, second=second)
        if not is_answered:
            await self.cases.step(case, Step.ANSWER, numbers={"messages": count}, messages=count)
        return made

    async def execute(self, identifier: str, customer: int | None) -> Done:
        """Begin, do and answer; again goes on where it was cut short. customer: whom it concerns, None for all.

        Raises as `Cases` and `RightsDesk` do, and Refusal("unsupported") for kinds that people answer by hand.
        """
        found = await self.cases.find(identifier)
        if found.of.kind not in BY_DESK:
            raise Refusal("unsupported")
        case = await self.cases.step(found, Step.BEGIN)
        number = self.cases.opened(case).number
        if number is None:
            raise Refusal("unsupported")
        if case.of.kind is Kind.ERASURE:
            erased = await self._desk.erase(self._actor, [number], customer, case.obj)
            counts = {"messages": erased.messages, "customers": len(erased.customers), "held": erased.held}
            answered = await self.cases.step(
                case,
                Step.ANSWER,
                numbers=counts,
                messages=erased.messages,
                held=erased.held,
                certificates=erased.certificates,
            )
            return Done(answered, erased=erased)
        if case.of.kind is Kind.ACCESS:
            held = await self._desk.look(self._actor, number, customer, case.obj)
            count = len(held.messages)
            answered = await self.cases.step(case, Step.ANSWER, numbers={"messages": count}, messages=count)
            return Done(answered, held=held)
        stopped = await self._desk.stop(self._actor, number, customer)
        answered = await self.cases.step(case, Step.ANSWER, numbers={"customers": stopped})
        return Done(answered, stopped=stopped)

"""Takes messages back that are not on their way yet: cancelled, replaced, or another node's now."""

from collections.abc import Callable

import msgspec

from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.records import Records
from gateway.ledger.contract import Replace, Written
from gateway.model.held_lane import held_customer, operator_of
from gateway.model.message import WAITING, Message, Status
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock


class Withdrawals:
    def __init__(self, lanes: Lanes, records: Records, clock: Clock) -> None:
        self._lanes = lanes
        self._records = records
        self._clock = clock

    async def cancel(self, customer: int, identifier: bytes) -> Message | None:
        """Cancel what is not yet submitted. None when there is no such message of this customer.

        Raises Refusal("not_cancellable") when it is with an operator, on its way there, or final.
        """
        message = await self._withdrawn(customer, identifier, "not_cancellable")
        if message is None:
            return None
        change = self._records.settler.final(message, Status.CANCELLED, None, self._clock.now_ms())
        applied = await self._records.journal.write(msgspec.structs.replace(change, only_waiting=True))
        self._records.let_go(message)
        if applied is not Written.DONE:
            raise Refusal("not_cancellable")
        return message

    async def replace(self, customer: int, identifier: bytes, revise: Callable[[Message], Message]) -> Message | None:
        """Put what `revise` makes of a message in its place, as long as it is not yet submitted.

        None when there is no such message of this customer. Raises Refusal("not_replaceable"), and as `revise`.
        """
        message = await self._withdrawn(customer, identifier, "not_replaceable")
        if message is None:
            return None
        try:
            revised = revise(message)
            applied = await self._records.journal.write(Replace(revised))
        finally:
            self._records.let_go(message)
            self._lanes.look_again(message.operator)
        if applied is not Written.DONE:
            raise Refusal("not_replaceable")
        return revised

    def let_go(self, has_gone: Callable[[bytes], bool]) -> None:
        """Forget what waits here of messages that are another node's now. What is with an operator is still answered,
        and stays in the active set until that is written.
        """
        for lane in self._lanes.by_name.values():
            for message in lane.take_where(lambda each: has_gone(each.id)):
                self._records.let_go(message)
        self._records.inflight.forget_where(has_gone)

    async def _withdrawn(self, customer: int, identifier: bytes, refused: str) -> Message | None:
        """The message, out of its lane and kept from the refill loop; None when this customer has none such.

        Raises Refusal with the code `refused` when it is on its way already, or final.
        """
        active = self._records.inflight.active
        message = active.get(identifier) or await self._records.messages.find(customer, identifier)
        if message is None or message.customer != customer:
            return None
        if message.status not in WAITING or any(message.parts) or not self._withdraw(message):
            raise Refusal(refused)
        return message

    def _withdraw(self, message: Message) -> bool:
        """Take a message out of its lane and keep the refill loop from it; False when it is on its way already."""
        active = self._records.inflight.active
        if message.id in active:
            lane = self._lanes.by_name.get(message.operator)
            return lane is not None and lane.remove(message)
        active[message.id] = message
        if held_customer(message.operator) is not None:
            message.operator, message.due_ms = operator_of(message.operator), self._clock.now_ms()
        return True

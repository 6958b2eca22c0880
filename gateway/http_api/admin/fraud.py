"""Ranges that are blocked as their messages look like abuse: which they are, and letting one go."""

from msgspec import Struct

from gateway.fraud.blocks import UnknownBlock, blocks, customer_of, release
from gateway.fraud.summary import report
from gateway.http_api.admin.parts import Parts
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.contract import ChangedMeanwhile
from gateway.ledger.roles import Ledger
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.people.roles import Action
from redaction.errors import alone


class BlockView(Struct, frozen=True, kw_only=True):
    """range: first digits, one less than the range has. numbers: that got messages in the hour. watched: nothing is
    refused, as the control is only watched.
    """

    id: str
    customer: str
    range: str
    numbers: int
    began: str
    until: str
    watched: bool


class BlocksView(Struct, frozen=True):
    """Blocks that hold, of all processes."""

    blocks: list[BlockView]


class FoundView(Struct, frozen=True, kw_only=True):
    """effect: `watch` where nothing followed; `refuse`, `hold`."""

    customer: str
    control: str
    effect: str
    messages: int


class FraudReportView(Struct, frozen=True):
    """What controls said in seven days, this one among them."""

    found: list[FoundView]


class FraudEndpoints:
    def __init__(self, parts: Parts, ledger: Ledger) -> None:
        self._parts = parts
        self._ledger = ledger

    async def blocks(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.FRAUD_READ)
        names = await self._names()
        return self._parts.answer(
            BlocksView(
                [
                    BlockView(
                        id=key,
                        customer=names.get(each.customer, ""),
                        range=f"+{each.range}",
                        numbers=each.numbers,
                        began=rfc3339(each.began_ms),
                        until=rfc3339(each.until_ms),
                        watched=each.watched,
                    )
                    for key, each in await blocks(self._ledger.acts, self._parts.clock.now_ms())
                ]
            )
        )

    async def release(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.FRAUD_CHANGE)
        acts, clock = self._ledger.acts, self._parts.clock
        try:
            customer = (await self._names()).get(await customer_of(acts, call.argument), "")
            await release(acts, clock, await self._parts.why(call, asker), call.argument, customer)
        except UnknownBlock:
            raise alone(Refusal("not_found")) from None
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return await self.blocks(call)

    async def report(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.FRAUD_READ)
        names = await self._names()
        found = await report(self._ledger.counters, self._parts.clock.now_ms())
        return self._parts.answer(
            FraudReportView(
                [
                    FoundView(
                        customer=names.get(each.customer, ""),
                        control=each.control,
                        effect=each.effect,
                        messages=each.messages,
                    )
                    for each in found
                ]
            )
        )

    async def _names(self) -> dict[int, str]:
        return {each.id: each.public_id for each in await self._ledger.accounts.customers()}

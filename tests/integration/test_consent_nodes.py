"""People withdraw and stop while promotional messages to them wait on several nodes: none of those leaves any more."""

import asyncio
from pathlib import Path

import pytest

from gateway.accounts.customers import ApiKey
from gateway.audit.actor import COMMAND_LINE
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.rows import Consent, Means, Proof, Source
from gateway.ledger.contract import Declined
from gateway.model.message import Message, Status
from gateway.node.node import Node
from redaction.personal import Msisdn
from tests.bounds import LIMIT_S
from tests.integration.test_shared_nodes import Pair, two_nodes, until
from tests.unit.gateway.road import a_request, offered

FIRST = 966_500_000_000
OTP_EVERY = 10


def number(index: int) -> Msisdn:
    return Msisdn(str(FIRST + index), 966)


class Campaign:
    """A customer that enforces consent, on nodes that share a ledger."""

    def __init__(self, pair: Pair, of: Of, key: ApiKey) -> None:
        self.pair = pair
        self.of = of
        self.key = key
        stores = pair.nodes[0].stores
        self.desk = ConsentDesk(
            stores.ledger.permissions, stores.consents.keys.tokens, pair.nodes[0].clock, COMMAND_LINE
        )

    async def consent(self, people: range) -> None:
        given = Proof(given_ms=self.pair.nodes[0].clock.now_ms() - 1_000, means=Means.WEB)
        for index in people:
            await self.desk.give(self.of, number(index), Consent(purpose="promotional", proof=given))

    async def send(self, node: Node, index: int, message_class: str = "promotional") -> bytes | Declined:
        request = a_request(to=f"+{FIRST + index}", text=f"Message {index}", message_class=message_class)
        _, durable = offered(node.road.door, self.key, request)
        result = await durable
        assert isinstance(result, bytes | Declined)
        return result

    def hold(self, *, held: bool) -> None:
        for node in self.pair.nodes:
            node.road.dispatch.sender.hold(held=held)

    async def heard(self) -> None:
        """Every node has read what was written until now."""
        permissions = self.pair.nodes[0].stores.ledger.permissions
        last = max(row for row, _ in await permissions.in_the_way(0, 100_000))
        await until(lambda: all(node.stores.consents.following.number >= last for node in self.pair.nodes))

    async def ended(self, identifier: bytes) -> Message:
        async with asyncio.timeout(LIMIT_S):
            while True:
                found = await self.pair.nodes[0].stores.ledger.messages.find(self.of.id, identifier)
                if found is not None and found.status in (Status.DELIVERED, Status.SUPPRESSED):
                    return found
                await asyncio.sleep(0.02)


async def campaign(pair: Pair) -> Campaign:
    await pair.accounts.change_settings(pair.customer, lambda _: {"consent": "enforce"})
    key = await pair.key(classes=("promotional", "otp"))
    return Campaign(pair, Of(pair.customer, key.customer.public_id), key)


async def withdraw_while_they_wait(folder: Path, *, nodes: int, messages: int) -> None:
    async with two_nodes(folder, count=nodes) as pair:
        stage = await campaign(pair)
        await stage.consent(range(messages))
        stage.hold(held=True)
        sent = await asyncio.gather(*(stage.send(pair.nodes[each % nodes], each) for each in range(messages)))
        for index in range(0, messages, 4):
            await stage.desk.withdraw(stage.of, number(index), Means.WEB, purpose="promotional")
        for index in range(2, messages, 4):
            await stage.desk.suppress(stage.of, number(index), "all", Source.LINK)
        await stage.heard()
        stage.hold(held=False)
        codes = [await stage.send(pair.nodes[0], each, "otp") for each in range(0, messages, messages // OTP_EVERY)]
        ends = []
        for each in (*sent, *codes):
            assert isinstance(each, bytes)
            ends.append(await stage.ended(each))
        for index, message in enumerate(ends[:messages]):
            expected = {0: "consent_withdrawn", 2: "suppressed"}.get(index % 4)
            status = Status.DELIVERED if expected is None else Status.SUPPRESSED
            assert (message.status, message.error) == (status, expected)
        assert {each.status for each in ends[messages:]} == {Status.DELIVERED}
        assert pair.smsc.tally.submits == messages // 2 + len(codes)
        for index, expected in ((0, "consent_withdrawn"), (2, "suppressed"), (messages, "consent_missing")):
            assert await stage.send(pair.nodes[1], index) == Declined(expected, "to")


@pytest.mark.policy("P-35")
async def test_what_waits_for_people_who_withdrew_does_not_leave(tmp_path: Path) -> None:
    await withdraw_while_they_wait(tmp_path, nodes=2, messages=100)


@pytest.mark.slow  # the quick one above shows the same with 2 nodes and 100 messages
async def test_of_a_thousand_on_three_nodes_nothing_leaves_to_the_half_that_withdrew(tmp_path: Path) -> None:
    await withdraw_while_they_wait(tmp_path, nodes=3, messages=1_000)


async def test_who_consents_again_gets_what_waits(tmp_path: Path) -> None:
    async with two_nodes(tmp_path) as pair:
        stage = await campaign(pair)
        await stage.consent(range(2))
        stage.hold(held=True)
        sent = [await stage.send(pair.nodes[0], index) for index in range(2)]
        for index in range(2):
            await stage.desk.stop(stage.of, number(index))
        await stage.heard()
        await stage.desk.start(stage.of, number(0))
        stage.hold(held=False)
        ends = []
        for each in sent:
            assert isinstance(each, bytes)
            ends.append(await stage.ended(each))
        assert [each.status for each in ends] == [Status.DELIVERED, Status.SUPPRESSED]
        assert (ends[0].error, ends[1].error) == (None, "suppressed")

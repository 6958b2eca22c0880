"""Customers' wishes to cancel or replace a message, whichever node has it."""

from functools import partial
from typing import TYPE_CHECKING

from gateway.accept.door import Door
from gateway.accounts.customers import ApiKey
from gateway.delivery.dispatch.withdraw import Withdrawals
from gateway.model.message import Message
from gateway.process.clock import Clock
from gateway.smpp_server.reading import rewrite
from operators.smpp.pdu import ReplaceSm

if TYPE_CHECKING:
    from gateway.cluster.peers import Peers


class Revocation:
    """See `gateway.http_api.messages.Canceller`. peers: the other nodes on the ledger, where there may be any."""

    def __init__(self, withdrawals: Withdrawals, door: Door, clock: Clock, peers: "Peers | None") -> None:
        self._withdrawals = withdrawals
        self._door = door
        self._clock = clock
        self._peers = peers

    async def cancel(self, customer: int, message_id: bytes) -> Message | None:
        """The message as it now stands; None when this customer has none of that id. Raises Refusal."""
        return await self._place(message_id).cancel(customer, message_id)

    async def replace(self, key: ApiKey, message_id: bytes, said: ReplaceSm) -> Message | None:
        """As `cancel`."""
        revise = partial(self._door.revise, key, rewrite=partial(rewrite, said, self._clock.now_ms()))
        return await self._place(message_id).replace(key.customer.id, message_id, revise)

    def _place(self, message_id: bytes) -> "Withdrawals | Peers":
        peers = self._peers
        return self._withdrawals if peers is None or peers.works_on(message_id) else peers

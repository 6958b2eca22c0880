"""What a commit made durable goes on to dispatch, to the webhooks or to the binds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.delivery.dispatch.dispatch import Dispatch
from gateway.ledger.journal import StoredEvent
from gateway.model.message import Message
from gateway.smpp_server.telling import Telling
from gateway.webhooks.deliverer import Deliverer

if TYPE_CHECKING:
    from gateway.cluster.peers import Peers


class Handover:
    """Gives what a commit made durable to who goes on with it. accepted: how many messages that were."""

    def __init__(self, dispatch: Dispatch, deliverer: Deliverer, telling: Telling, peers: "Peers | None") -> None:
        self._dispatch = dispatch
        self._deliverer = deliverer
        self._telling = telling
        self._peers = peers
        self.accepted = 0

    def stored(self, messages: Sequence[Message]) -> None:
        self.accepted += len(messages)
        if self._peers is not None:
            messages = [each for each in messages if self._peers.takes_on(each.id)]
        self._dispatch.sender.take(messages)

    def events_stored(self, events: Sequence[StoredEvent]) -> None:
        webhooks = [pair for pair in events if not pair[0].esme]
        if webhooks:
            self._deliverer.offer(webhooks)
        if len(webhooks) < len(events):
            self._telling.offer([pair for pair in events if pair[0].esme])

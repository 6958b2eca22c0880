"""What one webhook needs to leave: built by the app, which alone can open sealed addresses, secrets and references."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from gateway.accounts.settings import MAX_BATCH as MAX_BATCH
from gateway.model.message import Message, OutboxEvent
from gateway.webhooks.shape import JSON_POST, Shape
from gateway.webhooks.signing import BadSecret, Signer
from redaction.personal import Personal, Secret


class Signs(Protocol):
    """What makes the header lines of one request; see `gateway.webhooks.signing.Signer`."""

    def headers(self, webhook_id: bytes, timestamp_s: int, body: bytes) -> bytes:
        """Each with its line end."""


def signer_of(secrets: Sequence[Secret]) -> Signs | None:
    """secrets: the live ones of an endpoint, the newest first. None when they make no sense."""
    try:
        return Signer(secrets)
    except BadSecret:
        return None


class Destination:
    """Where requests go. Made once for an endpoint and used for every event, so that nothing is opened again.

    signer: None where its secrets make no sense. own_endpoint: the customer's configured endpoint; False for a
    message's own callback URL, whose failures say nothing about that endpoint. batch: events that it wants in one
    request, at most; with 1 each event is a request of its own. shape: of its requests. events: types that it asked
    for by name; empty where it did not.
    """

    __slots__ = ("batch", "events", "own_endpoint", "shape", "signer", "url")

    def __init__(
        self,
        url: Personal,
        signer: Signs | None,
        *,
        own_endpoint: bool = True,
        batch: int = 1,
        shape: Shape = JSON_POST,
        events: Sequence[str] = (),
    ) -> None:
        self.events = events
        self.url = url
        self.own_endpoint = own_endpoint
        self.batch = batch
        self.shape = shape
        self.signer = signer

    def elsewhere(self, url: Personal) -> "Destination":
        """A message's own callback URL, signed as this endpoint's events are."""
        return Destination(url, self.signer, own_endpoint=False)

    def __repr__(self) -> str:
        return "Destination(•••)"


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One event, ready to be signed and sent."""

    destination: Destination
    body: bytes

    def __repr__(self) -> str:
        return "Delivery(•••)"


class Addresses(Protocol):
    """Opens what is sealed. Called once per attempt, on the event loop; must not wait."""

    def delivery(self, event: OutboxEvent, message: Message | None) -> Delivery | None:
        """None when it has no target: no endpoint and no callback URL, or their keys are destroyed.

        message: None with an event of another kind than a message's status.

        Raises KeysWithheld where that cannot be known now, and nothing else.
        A disabled endpoint is still given; the deliverer keeps its events. Events that may share a request have the
        same `Destination` object.
        """


class Job:
    """One event in memory. follower: the next event of the same message, told after this one. is_under_way: in a
    request that has no answer yet.
    """

    __slots__ = ("event", "follower", "is_under_way", "message")

    def __init__(self, event: OutboxEvent, message: Message | None) -> None:
        self.event = event
        self.message = message
        self.follower: Job | None = None
        self.is_under_way = False

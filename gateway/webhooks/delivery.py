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


class Destination:
    """Where requests go. Made once for an endpoint and used for every event, so that nothing is opened again.

    secrets: the live signing secrets, the newest first. signer: None when they make no sense. own_endpoint: the
    customer's configured endpoint; False for a message's own callback URL, whose failures say nothing about that
    endpoint. batch: events that it wants in one request, at most; with 1 each event is a request of its own.
    """

    __slots__ = ("batch", "own_endpoint", "shape", "signer", "url")

    def __init__(self, url: Personal, secrets: Sequence[Secret], *, own_endpoint: bool = True, batch: int = 1) -> None:
        self.url = url
        self.own_endpoint = own_endpoint
        self.batch = batch
        self.shape = JSON_POST
        self.signer: Signs | None
        try:
            self.signer = Signer(secrets)
        except BadSecret:
            self.signer = None

    def elsewhere(self, url: Personal) -> "Destination":
        """A message's own callback URL, signed as this endpoint's events are."""
        other = Destination(url, (), own_endpoint=False)
        other.signer = self.signer
        return other

    @classmethod
    def called(cls, url: Personal, shape: Shape, signer: Signs, *, own_endpoint: bool) -> "Destination":
        """Where one call goes that is not as webhooks are; see `gateway.webhooks.dialects`."""
        one = cls(url, (), own_endpoint=own_endpoint)
        one.shape, one.signer = shape, signer
        return one

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

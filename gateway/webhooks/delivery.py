"""What one webhook needs to leave: built by the app, which alone can open sealed addresses, secrets and references."""

from typing import Protocol

import msgspec

from gateway.message import Message, OutboxEvent
from redaction.personal import Personal, Secret


class Delivery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One webhook, ready to be signed and sent.

    secrets: the live signing secrets, the newest first. own_endpoint: the customer's configured endpoint; False for a
    message's own callback URL, whose failures say nothing about that endpoint.
    """

    url: Personal
    secrets: tuple[Secret, ...]
    body: bytes
    own_endpoint: bool = True

    def __repr__(self) -> str:
        return "Delivery(•••)"


class Addresses(Protocol):
    """Opens what is sealed. Called once per attempt, on the event loop; must not wait and must not raise."""

    def delivery(self, event: OutboxEvent, message: Message) -> Delivery | None:
        """None when there is nobody to tell: no endpoint and no callback URL, or their keys are destroyed.

        A disabled endpoint is still given; the deliverer keeps its events.
        """


class Job:
    """One event in memory. follower: the next event of the same message, told after this one. sent: monotonic s."""

    __slots__ = ("event", "follower", "message", "own_endpoint", "sent")

    def __init__(self, event: OutboxEvent, message: Message) -> None:
        self.event = event
        self.message = message
        self.follower: Job | None = None
        self.own_endpoint = True
        self.sent = 0.0

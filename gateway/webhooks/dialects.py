"""Callbacks as other products make them: a message that came by a façade is reported as its program expects.

`gateway.http_api.facades` has the words; here is what they are to give. A call goes the way of every webhook: through
the outbox, to an address that may be called, again until it is taken.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from gateway.model.content import Received
from gateway.model.message import Message, OutboxEvent
from gateway.model.submission import CallbackForm
from gateway.webhooks.shape import GET, Shape


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One call. more: further header lines, each with its line end, such as a signature."""

    url: str
    shape: Shape = GET
    body: bytes = b""
    more: bytes = b""

    def __repr__(self) -> str:
        return "Outgoing(•••)"


class Dialect(Protocol):
    """How one façade's programs are called. Waits for nothing."""

    def report(
        self, event: OutboxEvent, message: Message, person: str, form: CallbackForm, url: str
    ) -> Outgoing | None:
        """What became of a message; None where its program expects no call. person: what is shown of its number.

        url: that the program gave for it.
        """

    def received(self, event: OutboxEvent, message: Message, received: Received, url: str) -> Outgoing | None:
        """What a person wrote to a customer, whose endpoint has this URL; None where there is no call for it."""


Dialects = Mapping[str, Dialect]
"""By the façade's name."""


class Lines:
    """Stands where a signer does: header lines that are known already, and the event's id."""

    __slots__ = ("_more",)

    def __init__(self, more: bytes) -> None:
        self._more = more

    def headers(self, webhook_id: bytes, _timestamp_s: int, _body: bytes) -> bytes:
        """See `gateway.webhooks.signing.Signer`."""
        return b"webhook-id: %b\r\n%b" % (webhook_id, self._more)

"""The door as the HTTP endpoints see it; see `gateway.accept.door`."""

import asyncio
from typing import Protocol

from gateway.accept.request import MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.ledger.journal import Done
from gateway.model.message import Message
from gateway.model.submission import SmppForm


class Pending(Protocol):
    """A message on its way to the disk."""

    @property
    def message(self) -> Message: ...

    @property
    def durable(self) -> "asyncio.Future[bytes | bool | None]": ...


class Door(Protocol):
    """Where messages are taken in."""

    def accept(self, key: ApiKey, request: MessageRequest, *, idempotency: str | None) -> Pending:
        """Raises Refusal; then nothing is stored."""

    def offer(
        self,
        key: ApiKey,
        request: MessageRequest,
        form: SmppForm,
        done: Done,
        *,
        idempotency: str | None = None,
        index: int = 0,
    ) -> Message:
        """As `accept`; `done` is called with the id that stands for the message, or with False."""

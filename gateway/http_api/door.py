"""The door as the HTTP endpoints see it; see `gateway.accept.door`."""

from collections.abc import Sequence
from typing import Protocol

from gateway.accept.inquiry import Inquired
from gateway.accept.request import MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.ledger.journal import Done
from gateway.model.message import Message
from gateway.model.submission import NO_FORM, SmppForm
from gateway.model.verdict import Verdict
from redaction.personal import Msisdn


class Door(Protocol):
    """Where messages are taken in."""

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
        """`done` is called with the id that stands for the message once it is durable, or with False.

        index: place that the idempotency key covers it at. Raises Refusal; then nothing is stored, and `done` is not
        called.
        """

    def recipient(self, request: MessageRequest) -> Msisdn:
        """Whom a request names. Raises Refusal."""

    def expect(self, batches: int) -> None:
        """So many more batches are being offered, or so many fewer: their messages are made durable together."""

    def judge(self, key: ApiKey, request: MessageRequest, form: SmppForm = NO_FORM) -> Inquired:
        """Everything that would be said of a message, which is not sent."""

    async def look_up(self, key: ApiKey, inquired: Inquired) -> Sequence[Verdict]:
        """What is said besides of such a message, once consents and the balance are looked up."""

    def repeats(self, request: MessageRequest, message: Message, earlier: Message) -> bool:
        """Whether a message that was made of this request asks for the same as an earlier one of its idempotency key.

        Raises Refusal.
        """

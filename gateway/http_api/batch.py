"""The messages of one batch request: each stands or falls on its own, all are answered together.

Nothing waits for a single message: no future, task or coroutine of its own.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from gateway.accept.request import BatchItem, MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.http_api.decoding import decode_message, within
from gateway.http_api.door import Door
from gateway.http_api.replay import earlier_message
from gateway.http_api.replies import problem_view
from gateway.http_api.views import accepted_view
from gateway.ledger.contract import Accept, Ledger, WriteOp, WriteResult
from gateway.model.message import Message
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_FORM

TURN: Final = 32
"""Messages that are taken before the loop may turn to others."""


class BatchSender:
    """limit_bytes: of one message."""

    def __init__(self, door: Door, ledger: Ledger, limit_bytes: int) -> None:
        self._door = door
        self._ledger = ledger
        self._limit_bytes = limit_bytes

    async def send(
        self, key: ApiKey, messages: Sequence[MessageRequest | bytes], idempotency: str | None
    ) -> list[BatchItem]:
        """What became of each, in their order. A message that is not decoded yet is JSON."""
        fates = _Fates(len(messages))
        taken: list[Message | Refusal] = []
        for index, each in enumerate(messages):
            taken.append(self._take(key, each, idempotency, index, fates))
            if index % TURN == TURN - 1:
                await asyncio.sleep(0)
        await fates.known
        items: list[BatchItem] = []
        for index, one in enumerate(taken):
            if isinstance(one, Message) and one.id not in fates.unusual:
                items.append(BatchItem(message=accepted_view(one)))
            else:
                items.append(await self._unusual(key, one, fates, index))
        return items

    def _take(
        self, key: ApiKey, each: MessageRequest | bytes, idempotency: str | None, index: int, fates: "_Fates"
    ) -> Message | Refusal:
        try:
            request = self._decoded(each) if isinstance(each, bytes) else each
            return self._door.offer(key, request, NO_FORM, fates, idempotency=idempotency, index=index)
        except Refusal as refusal:
            fates.one_is_known()
            return refusal

    def _decoded(self, body: bytes) -> MessageRequest:
        if len(body) > self._limit_bytes:
            raise Refusal("body_too_large")
        return decode_message(body)

    async def _unusual(self, key: ApiKey, one: Message | Refusal, fates: "_Fates", index: int) -> BatchItem:
        """A message that was refused, or for which an earlier one stands."""
        if isinstance(one, Refusal):
            return _refused(one, index)
        standing = fates.unusual[one.id]
        try:
            if not isinstance(standing, bytes):
                raise Refusal("ledger_unavailable")
            earlier = await earlier_message(self._ledger, key.customer.id, standing)
        except Refusal as refusal:
            return _refused(refusal, index)
        return BatchItem(message=accepted_view(earlier))


class _Fates:
    """Called with what became of each message of a request; `known` is done when none is open.

    unusual: by the id of a message that is not simply durable now, the id that stands for it, or False.
    """

    __slots__ = ("_open", "known", "unusual")

    def __init__(self, messages: int) -> None:
        self._open = messages
        self.known: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.unusual: dict[bytes, WriteResult] = {}

    def __call__(self, op: WriteOp | None, result: WriteResult) -> None:
        assert isinstance(op, Accept)
        identifier = op.message.id
        if result != identifier:
            self.unusual[identifier] = result
        self.one_is_known()

    def one_is_known(self) -> None:
        self._open -= 1
        if not self._open and not self.known.done():
            self.known.set_result(None)


def _refused(refusal: Refusal, index: int) -> BatchItem:
    return BatchItem(error=problem_view(refusal.code, within(f"messages[{index}]", refusal.field)))

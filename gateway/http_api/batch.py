"""The messages of one batch request: each stands or falls on its own, all are answered together.

Nothing waits for a single message: no future, task or coroutine of its own. The loop turns to others in between, but a
commit waits until the batch is there, a while: many small ones cost and write more than one. What a customer has on its
way to the disk from all its batches is bounded, so that another one's message waits for a commit or two, not for all.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from gateway.accept.request import BatchItem, MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.http_api.decoding import decode_message, within
from gateway.http_api.replies import problem_view
from gateway.http_api.sending import SendPath
from gateway.ledger.contract import Accept, WriteOp, WriteResult
from gateway.model.message import Message
from gateway.model.refusals import Refusal, refusal_of

FIRST: Final = 2**32 - 1
"""The place of a batch's first message under its idempotency key; a single message has place 0 of the same key."""
TURN: Final = 32
"""Messages of a customer's batches, in equal parts, that are taken before the loop may turn to others."""
IN_HAND: Final = 1_024
"""Messages of a customer's batches that wait for a commit at once, in equal parts: a lone batch is never held back."""


class BatchSender:
    """limit_bytes: of one message."""

    def __init__(self, path: SendPath, limit_bytes: int) -> None:
        self._path = path
        self.limit_bytes = limit_bytes
        self._batches: dict[int, int] = {}

    async def send(
        self, key: ApiKey, messages: Sequence[MessageRequest | bytes], idempotency: str | None, admitted: int = 0
    ) -> list[BatchItem]:
        """What became of each, in their order. A message that is not decoded yet is JSON. admitted: so many of them
        are already.

        Raises Refusal when so many cannot be admitted; whatever one of them brings about is its own item's.
        """
        self._admit_rest(key, len(messages), admitted)
        refused = len(messages)
        self._count(key, 1)
        try:
            items = await self._send(key, messages, idempotency)
            refused = sum([item.error is not None for item in items])
        finally:
            self._count(key, -1)
            self._path.settle(key, len(messages), refused)
        return items

    def _admit_rest(self, key: ApiKey, messages: int, admitted: int) -> None:
        """All of them are admitted then, or none. Raises Refusal."""
        if messages == admitted:
            return
        try:
            self._path.admit(key, messages - admitted)
        except BaseException:
            if admitted:
                self._path.settle(key, admitted, admitted)
            raise

    def _count(self, key: ApiKey, more: int) -> None:
        customer = key.customer.id
        count = self._batches[customer] = self._batches.get(customer, 0) + more
        if not count:
            del self._batches[customer]

    async def _send(
        self, key: ApiKey, messages: Sequence[MessageRequest | bytes], idempotency: str | None
    ) -> list[BatchItem]:
        fates = _Fates(len(messages))
        taken = await self._offer(key, messages, idempotency, fates)
        await fates.known
        items: list[BatchItem] = []
        for index, one in enumerate(taken):
            if isinstance(one, Message) and one.id not in fates.unusual:
                items.append(self._shown(one, index, fates.persons[index]))
            else:
                items.append(await self._unusual(key, one, fates, index, messages[index]))
        return items

    async def _offer(
        self, key: ApiKey, messages: Sequence[MessageRequest | bytes], idempotency: str | None, fates: "_Fates"
    ) -> list[Message | Refusal]:
        """Each as it was offered, in turns with others."""
        taken: list[Message | Refusal] = []
        turns = 0
        expect = self._path.expect
        expect(1)
        try:
            for index, each in enumerate(messages):
                taken.append(self._take(key, each, idempotency, index, fates))
                turns += self._batches[key.customer.id]
                if turns >= TURN:
                    turns = 0
                    await asyncio.sleep(0)
                    few = fates.few(index + 1, IN_HAND // self._batches[key.customer.id])
                    if few is not None:
                        expect(-1)  # it waits for commits itself
                        try:
                            await few
                        finally:
                            expect(1)
        finally:
            expect(-1)
        return taken

    def _take(
        self, key: ApiKey, each: MessageRequest | bytes, idempotency: str | None, index: int, fates: "_Fates"
    ) -> Message | Refusal:
        try:
            request = self._decoded(each) if isinstance(each, bytes) else each
            message = self._path.offer(key, request, fates, idempotency, index or FIRST)
            fates.persons[index] = self._path.person(request, message)
            return message
        except Exception as error:
            fates.one_is_known()
            return refusal_of(error)

    def _decoded(self, body: bytes) -> MessageRequest:
        if len(body) > self.limit_bytes:
            raise Refusal("body_too_large")
        return decode_message(body)

    async def _unusual(
        self, key: ApiKey, one: Message | Refusal, fates: "_Fates", index: int, asked: MessageRequest | bytes
    ) -> BatchItem:
        """A message that was refused, or for which an earlier one stands."""
        if isinstance(one, Refusal):
            return _refused(one, index)
        try:
            request = self._decoded(asked) if isinstance(asked, bytes) else asked
            earlier = await self._path.earlier(key, fates.unusual[one.id], request, one)
        except Exception as error:
            return _refused(refusal_of(error), index)
        return self._shown(earlier, index, replayed=True)

    def _shown(self, message: Message, index: int, person: str = "", *, replayed: bool = False) -> BatchItem:
        try:
            return BatchItem(message=self._path.view(message, person), replayed=replayed)
        except Exception as error:
            return _refused(refusal_of(error), index)


class _Fates:
    """Called with what became of each message of a request; `known` is done when none is open.

    unusual: by the id of a message that is not simply durable now, the id that stands for it, or what became of it.
    persons: by place in the request, see `SendPath.person`.
    """

    __slots__ = ("_enough", "_few", "_messages", "_open", "known", "persons", "unusual")

    def __init__(self, messages: int) -> None:
        self._messages = messages
        self._open = messages
        self._enough = -1
        self._few: asyncio.Future[None] | None = None
        self.known: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.unusual: dict[bytes, WriteResult] = {}
        self.persons: list[str] = [""] * messages

    def __call__(self, op: WriteOp | None, result: WriteResult) -> None:
        assert isinstance(op, Accept)
        identifier = op.message.id
        if result != identifier:
            self.unusual[identifier] = result
        self.one_is_known()

    def few(self, offered: int, most: int) -> "asyncio.Future[None] | None":
        """Done once of those offered no more than so many are open; None where it is so."""
        self._enough = self._messages - offered + max(TURN, most)
        self._few = asyncio.get_running_loop().create_future() if self._open > self._enough else None
        return self._few

    def one_is_known(self) -> None:
        self._open -= 1
        if self._few is not None and self._open <= self._enough and not self._few.done():
            self._few.set_result(None)
        if not self._open and not self.known.done():
            self.known.set_result(None)


def _refused(refusal: Refusal, index: int) -> BatchItem:
    return BatchItem(error=problem_view(refusal.code, within(f"messages[{index}]", refusal.field)))

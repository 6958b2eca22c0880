"""The one way of messages that a façade was asked for: admitted, offered to the door, durable, and only then answered.

Several are taken all or none: each is looked at before the first is offered. What happens after that, such as a ledger
that goes away, may leave some of them untaken; then those that were taken are answered for.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from gateway.accept.judging import refuse
from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Order, Taken
from gateway.http_api.sending import SendPath
from gateway.ledger.contract import WriteOp, WriteResult
from gateway.model.message import Message
from gateway.model.refusals import Refusal, refusal_of

MOST: Final = 1_000
"""Messages of one request."""
TURN: Final = 32
"""Messages that are looked at or offered before the loop turns to others."""


async def take(path: SendPath, key: ApiKey, orders: Sequence[Order], idempotency: str | None = None) -> list[Taken]:
    """What was taken of these orders, durable. Raises Refusal when none is."""
    if len(orders) > MOST:
        raise Refusal("batch_too_long", "to")
    if len(orders) > 1:
        await _look(path, key, orders)
    path.admit(key, len(orders))
    if len(orders) == 1:
        return [Taken(orders[0], await _take(path, key, orders[0], idempotency, 0))]
    fates = await _offer(path, key, orders, idempotency)
    taken = [Taken(each, fate) for each, fate in zip(orders, fates, strict=True) if isinstance(fate, Message)]
    if not taken:
        raise next(refusal_of(each) for each in fates if isinstance(each, Exception))
    return taken


async def _look(path: SendPath, key: ApiKey, orders: Sequence[Order]) -> None:
    """Whether each could be taken. Raises Refusal for the first that could not."""
    for index, each in enumerate(orders):
        refuse(path.look(key, each.request, each.form))
        if not (index + 1) % TURN:
            await asyncio.sleep(0)


async def _offer(
    path: SendPath, key: ApiKey, orders: Sequence[Order], idempotency: str | None
) -> list[Message | BaseException]:
    """What became of each that is admitted; all wait for the disk together."""
    fates: list[asyncio.Task[Message]] = []
    try:
        for index, each in enumerate(orders):
            fates.append(asyncio.ensure_future(_take(path, key, each, idempotency, index)))
            if not (index + 1) % TURN:
                await asyncio.sleep(0)
    except BaseException:
        left = len(orders) - len(fates)
        path.settle(key, left, left)
        raise
    return await asyncio.gather(*fates, return_exceptions=True)


async def _take(path: SendPath, key: ApiKey, order: Order, idempotency: str | None, index: int) -> Message:
    """One that is admitted."""
    fate = _Fate(path, key)
    try:
        message = path.offer(key, order.request, fate, idempotency, index, order.form)
    except BaseException:
        path.settle(key, 1, 1)
        raise
    result = await fate.known
    if result == message.id:
        return message
    return await path.earlier(key, result, order.request, message)


class _Fate:
    """Called once with what became of a message, which is settled by then, whether anybody still waits or not."""

    __slots__ = ("_key", "_path", "known")

    def __init__(self, path: SendPath, key: ApiKey) -> None:
        self._path = path
        self._key = key
        self.known: asyncio.Future[WriteResult] = asyncio.get_running_loop().create_future()

    def __call__(self, _op: WriteOp | None, result: WriteResult) -> None:
        self._path.settle(self._key, 1, 0 if isinstance(result, bytes) else 1)
        if not self.known.done():
            self.known.set_result(result)

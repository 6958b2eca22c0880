"""The endpoints that send over aiohttp's lane: one message, or a batch. Bytes in, the one way, bytes out."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
from aiohttp import web

from gateway.accept.request import BatchAccepted, MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.batch import BatchSender
from gateway.http_api.body import read_json_body
from gateway.http_api.decoding import decode_batch
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.http_api.sending import SendPath, idempotency_of
from gateway.http_api.several import SeveralSender
from gateway.http_api.views import checked_view
from gateway.model.refusals import Refusal

MAX_BATCH_READS: Final = 32

_encode = msgspec.json.Encoder().encode


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of a body, messages of a batch, seconds for a body to arrive."""

    max_body_bytes: int
    max_batch_body_bytes: int
    max_batch: int
    read_timeout_s: float


class SendEndpoints:
    def __init__(self, path: SendPath, gatekeeper: Gatekeeper, replies: Replies, limits: Limits) -> None:
        self._path = path
        self._batches = BatchSender(path, limits.max_body_bytes)
        self._several = SeveralSender(path, self._batches, limits.max_batch)
        path.several = self._several.send
        self._gatekeeper = gatekeeper
        self._replies = replies
        self._limits = limits
        self._reading = 0

    def adopt(self, limits: Limits) -> None:
        """For requests from now on."""
        self._batches.limit_bytes = limits.max_body_bytes
        self._several.most = limits.max_batch
        self._limits = limits

    async def send(self, call: Call) -> Reply:
        request = call.request
        key = self._gatekeeper.open(request, "send")
        idempotency = idempotency_key(request)
        self._path.admit(key)
        try:
            body = await read_json_body(request, self._limits.max_body_bytes, self._limits.read_timeout_s)
        except BaseException:
            self._path.settle(key, 1, 1)
            raise
        answer = _Answer()
        self._path.send(key, body, idempotency, answer)
        taken, more = await answer.known
        return self._replies.of(202, taken, more=more + self._path.rate_lines(key))

    async def check(self, call: Call) -> Reply:
        """Counts against the key's throughput and nothing else."""
        key = self._gatekeeper.open(call.request, "send")
        self._path.admit_question(key)
        try:
            body = await read_json_body(call.request, self._limits.max_body_bytes, self._limits.read_timeout_s)
            found = await self._path.judge(key, body)
        finally:
            self._path.settle(key)
        return self._replies.of(200, _encode(checked_view(found)), more=self._path.rate_lines(key))

    async def send_batch(self, call: Call) -> Reply:
        request = call.request
        key = self._gatekeeper.open(request, "send")
        idempotency = idempotency_key(request)
        self._path.precheck(key)
        items = await self._batches.send(key, await self._read_batch(key, request), idempotency)
        refused = sum(item.error is not None for item in items)
        answer = BatchAccepted(len(items) - refused, refused, items)
        return self._replies.of(202, _encode(answer), more=self._path.rate_lines(key))

    async def _read_batch(self, key: ApiKey, request: web.BaseRequest) -> Sequence[MessageRequest | bytes]:
        """The messages of a batch. Only so many are read at a time, which bounds the memory that bodies take. One that
        is refused as a whole costs as much as the largest messages that it had room for.
        """
        limits = self._limits
        if self._reading >= MAX_BATCH_READS:
            raise Refusal("overloaded")
        self._reading += 1
        try:
            body = await read_json_body(request, limits.max_batch_body_bytes, limits.read_timeout_s)
        finally:
            self._reading -= 1
        try:
            messages = decode_batch(body, limits.max_body_bytes, limits.max_batch)
            if not messages:
                raise Refusal("batch_empty", "messages")
        except Refusal:
            self._path.charge(key, 1 + len(body) // limits.max_body_bytes)
            raise
        return messages


class _Answer:
    """See `gateway.http_api.sending.Waiter`. known: body and header lines, or the refusal. The client may be gone."""

    def __init__(self) -> None:
        self.known: asyncio.Future[tuple[bytes, bytes]] = asyncio.get_running_loop().create_future()

    def taken(self, body: bytes, more: bytes) -> None:
        if not self.known.done():
            self.known.set_result((body, more))

    def refused(self, refusal: Refusal) -> None:
        if not self.known.done():
            self.known.set_exception(refusal)


def idempotency_key(request: web.BaseRequest) -> str | None:
    """The Idempotency-Key header. Raises Refusal for one that is malformed or given twice."""
    values = request.headers.getall("Idempotency-Key", ())
    if len(values) > 1:
        raise Refusal("invalid_idempotency_key")
    return idempotency_of(values[0]) if values else None

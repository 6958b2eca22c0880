"""Sending a message over the express lane: parse, admit, accept; the answer is written when the commit is done.

The same steps in the same order as `MessageEndpoints.send`, without anything that waits.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from gateway.accounts.customers import ApiKey
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.decoding import decode_message
from gateway.http_api.door import Door
from gateway.http_api.express import ExpressConnection
from gateway.http_api.express_head import Usual
from gateway.http_api.messages import REPLAYED
from gateway.http_api.replay import earlier_message
from gateway.http_api.replies import Replies
from gateway.http_api.traffic import Traffic
from gateway.http_api.views import accepted_view
from gateway.ledger.contract import Ledger, WriteOp, WriteResult
from gateway.limits.admission import Admission
from gateway.model.message import Message
from gateway.model.refusals import Refusal, refusal_of
from gateway.model.submission import NO_FORM
from gateway.process.clock import Clock

ROUTE: Final = "/v1/messages"
_IDEMPOTENCY: Final = re.compile(rb"[ -~]{1,255}")
_encode = msgspec.json.Encoder().encode


class _Known:
    """What a connection's last Authorization header stood for."""

    __slots__ = ("authorization", "key", "version")

    def __init__(self, authorization: bytes, version: object, key: ApiKey) -> None:
        self.authorization: Final = authorization
        self.version: Final = version
        self.key: Final = key


class SendDesk:
    """is_open: whether requests may still be taken."""

    def __init__(
        self,
        *,
        door: Door,
        ledger: Ledger,
        gatekeeper: Gatekeeper,
        admission: Admission,
        replies: Replies,
        clock: Clock,
        traffic: Traffic,
        limit_bytes: int,
        is_open: Callable[[], bool],
    ) -> None:
        self._door = door
        self._ledger = ledger
        self._gatekeeper = gatekeeper
        self._admission = admission
        self._replies = replies
        self._clock = clock
        self._traffic = traffic
        self._is_open = is_open
        self._replays: set[asyncio.Task[None]] = set()
        self.limit_bytes = limit_bytes

    @property
    def open(self) -> bool:
        return self._is_open()

    def take(self, connection: ExpressConnection, usual: Usual, body: bytes) -> None:
        """See `gateway.http_api.express.Desk`."""
        self._traffic.began()
        try:
            key = self._key(connection, usual)
            idempotency = _idempotency(usual.idempotency)
            self._admission.admit(key, 1, self._clock.now_ms())
            self._accept(_Sending(self, connection, key), body, idempotency)
        except Exception as error:
            self._refuse(connection, refusal_of(error, "request"))

    def _key(self, connection: ExpressConnection, usual: Usual) -> ApiKey:
        known = connection.known
        version = self._gatekeeper.version
        if not isinstance(known, _Known) or known.authorization != usual.authorization or known.version is not version:
            key = self._gatekeeper.identify(usual.authorization.decode("ascii"))
            known = connection.known = _Known(usual.authorization, version, key)
        key = known.key
        self._gatekeeper.admit(key, "send", lambda: connection.remote, lambda: _forwarded(usual))
        return key

    def _accept(self, sending: "_Sending", body: bytes, idempotency: str | None) -> None:
        try:
            sending.message = self._door.offer(
                sending.key, decode_message(body), NO_FORM, sending, idempotency=idempotency
            )
        except BaseException:
            self._admission.settle(sending.key, 1, 1)
            raise

    def _refuse(self, connection: ExpressConnection, refusal: Refusal) -> None:
        reply = self._replies.problem(refusal)
        self._traffic.count(ROUTE, reply.status)
        self._traffic.left()
        connection.answer(reply.octets)

    def stored(self, sending: "_Sending", result: WriteResult) -> None:
        """A message is on disk, or an earlier one stands for it."""
        message = sending.message
        if result == message.id:
            self._accepted(sending, message, b"")
        else:
            task = asyncio.get_running_loop().create_task(self._replay(sending, result), name="replayed send")
            self._replays.add(task)
            task.add_done_callback(self._replays.discard)

    def refused(self, sending: "_Sending") -> None:
        """The ledger cannot take a message."""
        self._admission.settle(sending.key, 1, 1)
        self._refuse(sending.connection, Refusal("ledger_unavailable"))

    async def _replay(self, sending: "_Sending", standing: WriteResult) -> None:
        """Tell of the message that an earlier request with the same idempotency key made."""
        assert isinstance(standing, bytes)
        try:
            earlier = await earlier_message(self._ledger, sending.key.customer.id, standing)
        except Refusal as refusal:
            self._admission.settle(sending.key, 1, 1)
            self._refuse(sending.connection, refusal)
        else:
            self._accepted(sending, earlier, REPLAYED)

    def _accepted(self, sending: "_Sending", message: Message, more: bytes) -> None:
        self._admission.settle(sending.key, 1)
        self._traffic.count(ROUTE, 202)
        self._traffic.left()
        sending.connection.answer(self._replies.octets(202, _encode(accepted_view(message)), more))

    async def stop(self) -> None:
        """Wait for what `stored` started; each is one look into the ledger."""
        await asyncio.gather(*self._replays)


class _Sending:
    """One message on its way to the disk, and who waits for it."""

    __slots__ = ("_desk", "connection", "key", "message")

    message: Message

    def __init__(self, desk: SendDesk, connection: ExpressConnection, key: ApiKey) -> None:
        self._desk = desk
        self.connection = connection
        self.key = key

    def __call__(self, _op: WriteOp | None, result: WriteResult) -> None:
        try:
            if result is False:
                self._desk.refused(self)
            else:
                self._desk.stored(self, result)
        except Exception as error:  # the journal, which called, goes on
            self.connection.fail(error)


def _idempotency(raw: bytes | None) -> str | None:
    if raw is None:
        return None
    if not _IDEMPOTENCY.fullmatch(raw):
        raise Refusal("invalid_idempotency_key")
    return raw.decode("ascii")


def _forwarded(usual: Usual) -> Sequence[str]:
    return () if usual.forwarded is None else (usual.forwarded.decode("ascii"),)

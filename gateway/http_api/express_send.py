"""The desk of the express lane: whose request it is, then the way of every submission (`gateway.http_api.sending`)."""

from collections.abc import Callable
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.http_api.answering import INTERNAL, say_failed
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.express import ExpressConnection
from gateway.http_api.express_head import Foreign, Places, Usual
from gateway.http_api.facades.lane import FacadeLane
from gateway.http_api.replies import Replies
from gateway.http_api.request_ids import line_of
from gateway.http_api.sending import SendPath, idempotency_of
from gateway.http_api.traffic import Traffic
from gateway.model.refusals import Refusal, refusal_of

ROUTE: Final = "/v1/messages"


class _Known:
    """What a connection's last Authorization header stood for."""

    __slots__ = ("authorization", "key", "version")

    def __init__(self, authorization: bytes, version: object, key: ApiKey) -> None:
        self.authorization: Final = authorization
        self.version: Final = version
        self.key: Final = key


class SendDesk:
    """is_open: whether requests may still be taken. limit_bytes: of a body. facades: None where there are none."""

    def __init__(
        self,
        path: SendPath,
        gatekeeper: Gatekeeper,
        replies: Replies,
        traffic: Traffic,
        *,
        limit_bytes: int,
        is_open: Callable[[], bool],
        facades: FacadeLane | None = None,
    ) -> None:
        self._path = path
        self._gatekeeper = gatekeeper
        self._replies = replies
        self._traffic = traffic
        self._answers = traffic.answers(ROUTE)
        self._is_open = is_open
        self.limit_bytes = limit_bytes
        self._facades = facades

    @property
    def places(self) -> Places | None:
        return None if self._facades is None else self._facades.place

    @property
    def open(self) -> bool:
        return self._is_open()

    def take(self, connection: ExpressConnection, usual: Usual, body: bytes) -> None:
        """See `gateway.http_api.express.Desk`."""
        if isinstance(usual, Foreign):
            assert self._facades is not None
            self._facades.take(connection, usual, body)
            return
        self._traffic.began()
        connection.request_id = usual.request_id
        try:
            key = self._key(connection, usual)
            idempotency = None if usual.idempotency is None else idempotency_of(usual.idempotency.decode("ascii"))
            self._path.admit(key)
        except Exception as error:
            self.refused(connection, refusal_of(error, "request"))
            return
        self._path.send(key, body, idempotency, connection)

    def _key(self, connection: ExpressConnection, usual: Usual) -> ApiKey:
        known = connection.known
        version = self._gatekeeper.version
        if not isinstance(known, _Known) or known.authorization != usual.authorization or known.version is not version:
            authorization = usual.authorization.decode("ascii")
            key = self._gatekeeper.identify(authorization, lambda: connection.remote, usual.via)
            known = connection.known = _Known(usual.authorization, version, key)
            connection.seat.prove()
        key = known.key
        self._gatekeeper.admit(key, "send", lambda: connection.remote, usual.via)
        return key

    def taken(self, connection: ExpressConnection, body: bytes, more: bytes) -> None:
        """See `gateway.http_api.express.Desk`."""
        self._answers[202] += 1
        self._traffic.left()
        more += self._path.rate_lines(_key_of(connection)) + line_of(connection.named(self._replies.ids))
        connection.answer(self._replies.octets(202, body, more))

    def refused(self, connection: ExpressConnection, refusal: Refusal) -> None:
        """See `gateway.http_api.express.Desk`."""
        reply = self._replies.problem(refusal)
        self._answers[reply.status] += 1
        self._traffic.left()
        request_id = connection.named(self._replies.ids)
        if reply.status == INTERNAL:
            say_failed(request_id)
        connection.answer(reply.named(request_id).octets)


def _key_of(connection: ExpressConnection) -> ApiKey:
    """Of the request in hand, which was admitted."""
    assert isinstance(connection.known, _Known)
    return connection.known.key

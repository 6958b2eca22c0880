"""What is sent through façades over the express lane (`gateway.http_api.express`): read and answered as by
`gateway.http_api.facades.desk`, without aiohttp's request around it.

One message goes to the disk without a task. Several, or one that may repeat another, are carried out in a task, which
is contained and ends with the API.
"""

from collections.abc import Mapping
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.http_api.answering import INTERNAL, refusal_to_any, say_failed
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.express import ExpressConnection
from gateway.http_api.express_head import Foreign
from gateway.http_api.facades.asking import asked_of
from gateway.http_api.facades.dialect import Asked, Errand, Header, Order, Taken
from gateway.http_api.facades.places import FacadePlaces, Found, Place
from gateway.http_api.facades.sending import carry_out
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.sending import SendPath, untaken
from gateway.http_api.traffic import Traffic
from gateway.ledger.contract import WriteOp, WriteResult
from gateway.model.message import Message
from gateway.process.tasks import TaskOwner
from redaction.personal import Purpose


class _Known:
    """What the last credentials of a connection stood for."""

    __slots__ = ("facade", "key", "secret", "version")

    def __init__(self, secret: str, facade: str, version: object, key: ApiKey) -> None:
        self.secret: Final = secret
        self.facade: Final = facade
        self.version: Final = version
        self.key: Final = key


class FacadeLane:
    """Call `stop` at the end."""

    def __init__(
        self, places: FacadePlaces, path: SendPath, gatekeeper: Gatekeeper, traffic: Traffic, replies: Replies
    ) -> None:
        self._places = places
        self._path = path
        self._gatekeeper = gatekeeper
        self._traffic = traffic
        self._replies = replies
        self._tasks = TaskOwner()
        self._errands = 0

    def place(self, method: str, path: str, query: str, fields: Mapping[bytes, bytes]) -> Found | None:
        """See `gateway.http_api.express_head.Places`."""
        found = self._places.find(path, header_of(fields), query)
        return None if found is None or method not in found.place.endpoint.sends else found

    def take(self, connection: ExpressConnection, usual: Foreign, body: bytes) -> None:
        """See `gateway.http_api.express.Desk`."""
        self._traffic.began()
        connection.request_id = usual.request_id
        found = usual.place
        assert isinstance(found, Found)
        place = found.place
        try:
            asked = asked_of(found, usual.method, usual.path, usual.query, header_of(usual.fields), body)
            key = self._key(connection, usual, place, asked)
            errand = place.endpoint.sends[usual.method](asked, key)
            if len(errand.orders) == 1 and errand.once is None:
                self._send(_Sending(self, connection, place, key, errand), errand.orders[0])
            else:
                self._errands += 1
                work = self._carry_out(connection, place, key, errand)
                self._tasks.contain("request", f"errand {self._errands}", work)
        except Exception as error:
            self.refuse(connection, place, error)

    def _key(self, connection: ExpressConnection, usual: Foreign, place: Place, asked: Asked) -> ApiKey:
        login = place.endpoint.login(asked)
        gatekeeper, facade, scope = self._gatekeeper, place.facade.name, place.endpoint.scope_of(usual.method)
        known = connection.known
        secret = None if login is None else login.reveal(Purpose.CREDENTIAL)
        if (
            isinstance(known, _Known)
            and known.secret == secret
            and known.facade == facade
            and known.version is gatekeeper.version
        ):
            gatekeeper.admit(known.key, scope, lambda: connection.remote, usual.via, facade)
            return known.key
        version = gatekeeper.version
        key = gatekeeper.let_in(login, facade, scope, lambda: connection.remote, usual.via)
        connection.seat.prove()
        if secret is not None:
            connection.known = _Known(secret, facade, version, key)
        return key

    def _send(self, sending: "_Sending", order: Order) -> None:
        """Raises Refusal; then nothing is stored."""
        self._path.admit(sending.key)
        try:
            sending.message = self._path.offer(sending.key, order.request, sending, None, form=order.form)
        except BaseException:
            self._path.settle(sending.key, 1, 1)
            raise

    async def _carry_out(self, connection: ExpressConnection, place: Place, key: ApiKey, errand: Errand) -> None:
        try:
            reply = await carry_out(self._path, key, errand)
        except Exception as error:
            self.refuse(connection, place, error)
        else:
            self.answer(connection, place, reply)

    def stored(self, sending: "_Sending", result: WriteResult) -> None:
        """The commit is done, or failed."""
        is_taken = isinstance(result, bytes)
        self._path.settle(sending.key, 1, 0 if is_taken else 1)
        try:
            if not isinstance(result, bytes):
                raise untaken(result)
            reply = sending.errand.said([Taken(sending.errand.orders[0], sending.message)])
        except Exception as error:
            self.refuse(sending.connection, sending.place, error)
        else:
            self.answer(sending.connection, sending.place, reply)

    def refuse(self, connection: ExpressConnection, place: Place, error: Exception) -> None:
        """Say it in the façade's words."""
        self.answer(connection, place, place.refused(refusal_to_any(error)))

    def answer(self, connection: ExpressConnection, place: Place, reply: Reply) -> None:
        place.answers[reply.status] += 1
        self._traffic.left()
        request_id = connection.named(self._replies.ids)
        if reply.status == INTERNAL:
            say_failed(request_id)
        connection.answer(reply.named(request_id).octets)

    async def stop(self, deadline_s: float) -> None:
        """Wait for what was begun, a while."""
        await self._tasks.end(deadline_s)


class _Sending:
    """One message on its way to the disk, and who waits for it. The journal calls it once."""

    __slots__ = ("_lane", "connection", "errand", "key", "message", "place")

    message: Message

    def __init__(
        self, lane: FacadeLane, connection: ExpressConnection, place: Place, key: ApiKey, errand: Errand
    ) -> None:
        self._lane = lane
        self.connection = connection
        self.place = place
        self.key = key
        self.errand = errand

    def __call__(self, _op: WriteOp | None, result: WriteResult) -> None:
        self._lane.stored(self, result)


def header_of(fields: Mapping[bytes, bytes]) -> Header:
    """A header by its name, in whatever case."""

    def header(name: str) -> str:
        return fields.get(name.lower().encode("ascii"), b"").decode("ascii")

    return header

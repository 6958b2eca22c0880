"""What is asked of a message that was taken: query_sm, cancel_sm, replace_sm; of the customer's own only (S-51).

Each is a short task, because cancelling and replacing wait for a commit. They are bounded per bind, per customer and in
all; beyond that the peer gets ESME_RTHROTTLED. An error of one ends it alone, with ESME_RSYSERR.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

from gateway.accounts.customers import ApiKey
from gateway.ledger.contract import LedgerUnavailable, Page
from gateway.ledger.roles import Messages
from gateway.model.message import Message
from gateway.model.refusals import Refusal, refusal_of, smpp_status
from gateway.process.clock import Clock
from gateway.smpp_server.ids import SHORT, find_short, read_id
from gateway.smpp_server.link import Link
from gateway.smpp_server.wording import query_response
from operators.smpp import pdu as p
from operators.smpp import status as st

Errand = p.QuerySm | p.CancelSm | p.ReplaceSm

PER_LINK: Final = 16
PER_CUSTOMER: Final = 64
IN_ALL: Final = 256


class Desk(Protocol):
    """Where messages that wait can be taken back or rewritten."""

    async def cancel(self, customer: int, message_id: bytes) -> Message | None:
        """None when there is none of that id. Raises Refusal("not_cancellable")."""

    async def replace(self, key: ApiKey, message_id: bytes, said: p.ReplaceSm) -> Message | None:
        """None when there is none of that id. Raises Refusal."""


class Errands:
    """start: runs a contained task, given its kind and its name.

    senders: what a message's sender may be called, without a plus sign; nothing once that is forgotten.
    """

    def __init__(
        self,
        messages: Messages,
        desk: Desk,
        start: Callable[[str, str, Coroutine[Any, Any, None]], object],
        *,
        senders: Callable[[Message], frozenset[str]],
        clock: Clock,
    ) -> None:
        self._messages = messages
        self._desk = desk
        self._senders = senders
        self._clock = clock
        self._start = start
        self._number = 0
        self._running: dict[int, int] = {}

    def take(self, link: Link, asked: Errand) -> None:
        assert link.esme is not None
        key = link.esme.key
        running = self._running.get(key.customer.id, 0)
        if link.errands >= PER_LINK or running >= PER_CUSTOMER or sum(self._running.values()) >= IN_ALL:
            link.session.refuse(asked, st.RTHROTTLED)
            return
        link.errands += 1
        self._running[key.customer.id] = running + 1
        self._number += 1
        self._start("errand", f"smpp errand {self._number}", self._run(link, key, asked))

    async def _run(self, link: Link, key: ApiKey, asked: Errand) -> None:
        try:
            answer = await self._answer(link, key, asked)
        except LedgerUnavailable:
            link.session.refuse(asked, smpp_status(Refusal("ledger_unavailable")))
        except Exception as error:
            link.session.refuse(asked, smpp_status(refusal_of(error, "errand")))
        else:
            link.session.respond(answer)
        finally:
            link.errands -= 1
            self._ended(key.customer.id)
            link.answered()

    def _ended(self, customer: int) -> None:
        self._running[customer] -= 1
        if not self._running[customer]:
            del self._running[customer]

    async def _answer(self, link: Link, key: ApiKey, asked: Errand) -> p.Pdu:
        customer = key.customer.id
        identifier = await self._identifier(asked.message_id, customer, link.id_form)
        if isinstance(asked, p.QuerySm):
            message = await _found(self._messages.find(customer, identifier))
            self._verify(asked.source_addr, message)
            return query_response(asked, message)
        if isinstance(asked, p.CancelSm):
            if asked.source_addr:
                self._verify(asked.source_addr, await _found(self._messages.find(customer, identifier)))
            await _found(self._desk.cancel(customer, identifier))
            return p.CancelSmResp(sequence_number=asked.sequence_number)
        if link.terms.profile.alphabet == "gsm_packed":  # what it replaces does not say whether it was packed
            raise Refusal("not_replaceable")
        await _found(self._desk.replace(key, identifier, asked))
        return p.ReplaceSmResp(sequence_number=asked.sequence_number)

    async def _identifier(self, written: str, customer: int, form: str) -> bytes:
        """A message is named by its id: cancelling all between two addresses is not done (§4.9.1)."""
        identifier = read_id(written, form)
        if identifier is None and form == SHORT:
            identifier = await find_short(written, customer, self._clock.now_ms(), self._page)
        if identifier is None:
            raise Refusal("not_found", "message_id")
        return identifier

    async def _page(self, customer: int, since_ms: int, cursor: bytes, limit: int) -> Page:
        return await self._messages.list_messages(customer, status=None, since_ms=since_ms, cursor=cursor, limit=limit)

    def _verify(self, source: str, message: Message) -> None:
        """Who asks names the sender of the message, or nobody (§4.8.1, §4.9.1). Raises Refusal."""
        known = self._senders(message) if source else frozenset()
        if known and source.removeprefix("+") not in known:
            raise Refusal("invalid_sender", "from")


async def _found(looked_up: Awaitable[Message | None]) -> Message:
    """Unknown, erased and another customer's id look the same (Law 7)."""
    message = await looked_up
    if message is None:
        raise Refusal("not_found", "message_id")
    return message

"""What is asked of a message that was taken: query_sm, cancel_sm, replace_sm; of the customer's own only (S-51).

Each is a short task, because cancelling and replacing wait for a commit. They are bounded per bind, per customer and in
all; beyond that the peer is told ESME_RTHROTTLED. An error of one ends it alone, with ESME_RSYSERR.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

from gateway.accounts.customers import ApiKey
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.roles import Messages
from gateway.model.identifiers import parse_message_id
from gateway.model.message import Message
from gateway.model.refusals import Refusal, refusal_of, smpp_status
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

    async def cancel(self, key: ApiKey, message_id: bytes) -> Message | None:
        """None when there is none of that id. Raises Refusal("not_cancellable")."""

    async def replace(self, key: ApiKey, message_id: bytes, said: p.ReplaceSm) -> Message | None:
        """None when there is none of that id. Raises Refusal."""


class Errands:
    """start: runs a contained task, given its kind and its name."""

    def __init__(
        self, messages: Messages, desk: Desk, start: Callable[[str, str, Coroutine[Any, Any, None]], object]
    ) -> None:
        self._messages = messages
        self._desk = desk
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
            answer = await self._answer(key, asked)
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

    async def _answer(self, key: ApiKey, asked: Errand) -> p.Pdu:
        identifier = _identifier(asked.message_id)
        if isinstance(asked, p.QuerySm):
            return query_response(asked, await _found(self._messages.find(key.customer.id, identifier)))
        if isinstance(asked, p.CancelSm):
            await _found(self._desk.cancel(key, identifier))
            return p.CancelSmResp(sequence_number=asked.sequence_number)
        await _found(self._desk.replace(key, identifier, asked))
        return p.ReplaceSmResp(sequence_number=asked.sequence_number)


async def _found(looked_up: Awaitable[Message | None]) -> Message:
    """Unknown, erased and another customer's id look the same (Law 7)."""
    message = await looked_up
    if message is None:
        raise Refusal("not_found", "message_id")
    return message


def _identifier(written: str) -> bytes:
    """A message is named by its id: cancelling all between two addresses is not done (§4.9.1)."""
    if not written:
        raise Refusal("unsupported", "message_id")
    identifier = parse_message_id(written)
    if identifier is None:
        raise Refusal("not_found", "message_id")
    return identifier

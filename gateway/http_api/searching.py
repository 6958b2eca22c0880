"""A customer's messages to a number that somebody types: found by the names that the number has under living keys.

The number is kept nowhere. Names of earlier times cannot be made any more once their key is gone, so an answer says
from when on it is complete.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Final

import msgspec

from gateway.accounts.customers import ApiKey
from gateway.audit.acts import Act
from gateway.audit.entries import known
from gateway.audit.log import AuditLog
from gateway.http_api.auth import actor_of
from gateway.ledger.roles import Acts, Messages
from gateway.model.message import Message
from gateway.model.numbers import parse_number
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from redaction.personal import Msisdn
from redaction.sealed import Pseudonym

AT_ONCE: Final = 200
"""Messages that a search brings."""
OWN: Final = 1_000
"""And one that a customer makes, which goes on from page to page."""


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """names: of a number in a customer's records, under every living key. since_ms: from when on there are such keys;
    None where there are none. region: whose local spellings are understood.
    """

    names: Callable[[int, Msisdn], Collection[Pseudonym]]
    since_ms: Callable[[int], int | None]
    region: Callable[[], str]


class FoundByNumber(msgspec.Struct, frozen=True):
    """messages: newest first. is_whole: whether there are no more. since_ms: from when on all could be found."""

    messages: list[Message]
    is_whole: bool
    since_ms: int | None


class NumberSearch:
    """Walks through a customer's records, so one at a time."""

    def __init__(self, messages: Messages, naming: Naming) -> None:
        self._messages = messages
        self._naming = naming
        self._busy: Final = asyncio.Lock()

    async def find(self, customer: int, typed: str, most: int = AT_ONCE, field: str = "number") -> FoundByNumber:
        """field: where it was typed. Raises Refusal."""
        number = parse_number(typed, self._naming.region())
        if number is None:
            raise Refusal("invalid_number", field)
        names = list(self._naming.names(customer, number))
        if self._busy.locked():
            raise Refusal("overloaded")
        async with self._busy:
            found = await self._messages.list_subject(customer, names, most + 1) if names else []
        return FoundByNumber(list(found[:most]), len(found) <= most, self._naming.since_ms(customer))


class OwnSearch:
    """What a customer looks for among its own messages. Every search is in the audit log, without the number."""

    def __init__(self, search: NumberSearch, acts: Acts, clock: Clock) -> None:
        self._search = search
        self._acts = acts
        self._clock = clock

    async def find(self, key: ApiKey, typed: str) -> FoundByNumber:
        """Raises Refusal."""
        found = await self._search.find(key.customer.id, typed, OWN, field="recipient")
        audit = AuditLog(self._acts, self._clock, actor_of(key))
        said = {"what": "number", "numbers": {"found": len(found.messages)}}
        await audit.write(Act.MESSAGE_FIND, known("cus", key.customer.public_id), **said)
        return found

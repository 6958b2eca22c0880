"""Which customers got which version of the notice: by using the gateway since, or by saying that they read it.

Continued use is written down as a notice that was given, and never as consent (P-40): nothing here touches consents,
and no check of a message reads it.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Final, Literal

import msgspec

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.ledger.contract import ABSENT, ROW_FAULTS, Document, DocumentWrite
from gateway.ledger.document_keys import customer_of
from gateway.ledger.roles import Acts, Usage
from gateway.ledger.usage import HOUR_MS
from gateway.process.clock import Clock

KIND: Final = "notice_given"
AT_ONCE: Final = 100
"""Customers of one act."""
PAGE: Final = 1_000

Means = Literal["use", "read"]
"""use: a message was accepted in an hour that began after the version; read: somebody of the customer's said so."""


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """version: number of the newest one that the customer got."""

    version: int
    at_ms: int
    means: Means


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Given).decode


class NoticesGiven:
    """public_id: of a customer's number; '' for one that is gone."""

    def __init__(self, acts: Acts, usage: Usage, clock: Clock, actor: Actor, public_id: Callable[[int], str]) -> None:
        self._acts = acts
        self._usage = usage
        self._clock = clock
        self._actor = actor
        self._public_id = public_id

    async def all(self) -> dict[int, Given]:
        """By the customer's number. Raises LedgerUnavailable."""
        read = [(customer, _read(each)) async for customer, each in self._documents()]
        return {customer: given for customer, given in read if given is not None}

    async def of(self, customer: int) -> Given | None:
        """What one customer got last. Raises LedgerUnavailable."""
        document = await self._acts.find(KIND, str(customer))
        return None if document is None else _read(document)

    async def note_use(self, number: int, since_ms: int) -> int:
        """Write down who used the gateway since version `number` of that time; how many had it not yet.

        Raises LedgerUnavailable, and ChangedMeanwhile when another process does the same.
        """
        standing = {customer: each async for customer, each in self._documents()}
        first_hour = -(-since_ms // HOUR_MS)
        using: list[int] = []
        for customer in await self._usage.customers():
            document = standing.get(customer)
            given = None if document is None else _read(document)
            if document is not None and (given is None or given.version >= number):
                continue
            if await self._usage.of_customer(customer, first_hour, self._clock.now_ms() // HOUR_MS + 1):
                using.append(customer)
        for begin in range(0, len(using), AT_ONCE):
            await self._write(using[begin : begin + AT_ONCE], standing, number, "use")
        return len(using)

    async def note_read(self, customer: int, number: int) -> None:
        """A customer says that it read version `number`. Raises LedgerUnavailable and ChangedMeanwhile."""
        document = await self._acts.find(KIND, str(customer))
        await self._write([customer], {} if document is None else {customer: document}, number, "read")

    async def _write(self, customers: Iterable[int], standing: dict[int, Document], number: int, means: Means) -> None:
        now_ms = self._clock.now_ms()
        octets = _encode(Given(version=number, at_ms=now_ms, means=means))
        writes, entries = [], []
        for customer in customers:
            public_id, before = self._public_id(customer), standing.get(customer)
            if not public_id:
                continue
            writes.append(DocumentWrite(KIND, str(customer), octets, ABSENT if before is None else before.version))
            entries.append(
                entry(Act.NOTICE_GIVE, self._actor, public_id, now_ms=now_ms, what=means, numbers={"version": number})
            )
        if writes:
            await self._acts.act(writes, entries)

    async def _documents(self) -> AsyncIterator[tuple[int, Document]]:
        """With the customer that each is of."""
        after = ""
        while page := await self._acts.of_kind(KIND, after, PAGE):
            for each in page:
                customer = customer_of(each.key)
                if customer is not None:
                    yield customer, each
            after = page[-1].key


def _read(document: Document) -> Given | None:
    """None of what a later version wrote, which knows better."""
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None


async def forget_notices(acts: Acts, customer: int) -> int:
    """Of a customer that leaves; how many there were. Raises LedgerUnavailable."""
    if await acts.find(KIND, str(customer)) is None:
        return 0
    await acts.act([DocumentWrite(KIND, str(customer), None)])
    return 1

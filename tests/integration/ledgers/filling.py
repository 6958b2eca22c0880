"""Puts the contents of the stored ledgers into one, by its contract."""

from msgspec.structs import replace

from gateway.ledger.contract import Accept, Change, Count, DocumentWrite, Notify, TellLater, WriteOp
from gateway.ledger.roles import Ledger
from gateway.model.message import Message, OutboxEvent, Status
from tests.integration.ledgers import contents as c


def _operations() -> list[WriteOp]:
    first_told: dict[bytes, OutboxEvent] = {}
    for event in c.EVENTS:
        first_told.setdefault(event.message, replace(event, next_ms=c.NOW - 1, attempts=0))
    told = [_of(identifier) for identifier in first_told]
    rest = [each for each in c.MESSAGES if each.id not in first_told]
    operations: list[WriteOp] = []
    for message in (*told, *rest):
        stored = replace(message, status=Status.SUBMITTED) if message is c.DELIVERED else message
        digest = {c.WAITS.id: (c.DIGEST, c.DIGEST_UNTIL_MS), c.QUEUED.id: (c.OLD_DIGEST, c.NOW - 1)}.get(message.id)
        claimed, until_ms = digest or (None, 0)
        operations.append(Accept(stored, claimed, until_ms, first_told.get(message.id)))
    for message in c.MESSAGES:
        second = c.EVENTS[-1] if message is c.DELIVERED else None
        if message.operator_ids:
            operations.append(Change(message=message, links=c.links_of(message), event=second))
    operations += [Count(name, c.DAY, amount) for name, amount in c.COUNTS.items()]
    return operations


def _of(identifier: bytes) -> Message:
    return next(each for each in c.MESSAGES if each.id == identifier)


async def fill(ledger: Ledger) -> None:
    """An empty one, which is open alone and whose clock says NOW - 2: a digest is claimed that ends before NOW."""
    await ledger.formats.raise_to_newest()
    await ledger.apply(_operations())
    for event in await ledger.outbox.due(c.NOW, 10, ()):
        if event.message == c.CONTENT_OVER.id:
            await ledger.apply([TellLater(event.seq, c.NOW + c.HOUR_MS, 3)])
    await ledger.apply([Notify(replace(c.NOTICE))])
    for customer in c.CUSTOMERS:
        await ledger.accounts.save_customer(customer)
    for key in c.KEYS:
        await ledger.accounts.save_key(key)
    for esme in c.ESMES:
        await ledger.accounts.save_esme(esme)
    for endpoint in c.ENDPOINTS:
        await ledger.accounts.save_endpoint(endpoint)
    documents = [DocumentWrite(c.DOCUMENT_KIND, key, octets) for key, octets in c.DOCUMENTS.items()]
    await ledger.acts.act(documents, c.ENTRIES)
    await ledger.copies.add_traffic(c.TRAFFIC)

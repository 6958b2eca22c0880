"""Copying a ledger to another engine: everything in it, checked message by message, and again as often as needed.

What is at the target already is passed over, so a copy that was cut short is simply begun again. While the source's
nodes run, only what cannot change any more is copied: final messages whose undelivered events are known.
A last copy with the nodes stopped brings the rest. A message and its events become durable together.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

import msgspec

from gateway.keystore.installation import StoresDiffer
from gateway.ledger.contract import (
    INSTALLATION,
    Accept,
    Change,
    Count,
    Document,
    DocumentWrite,
    Exported,
    Notify,
    Reservation,
    Traffic,
    Used,
    WriteOp,
)
from gateway.ledger.permissions import EVER_MS, Permission, PermissionName, PermissionWrite, lift, put
from gateway.ledger.roles import Ledger
from gateway.ledger.usage import HOUR_MS, KEPT_HOURS
from gateway.limits.quotas import live_buckets
from gateway.model.held_lane import operator_of
from gateway.model.message import STATUS_EVENT, Link, Message, OutboxEvent, Status, is_about_message
from gateway.model.state import is_final
from gateway.process.clock import Clock
from redaction.masks import CLEAR_BELOW

PAGE: Final = 500
SETTLED_MS: Final = 60_000
"""How long before the copy a message must have been final, for its events to be among what was read."""
DAY_MS: Final = 86_400_000
TRAFFIC_ROWS: Final = 10_000_000


class Copied(msgspec.Struct, kw_only=True):
    """messages: copied now. present: there already. verified: read back, and the same. different: and not the same.
    left: that may still change. accounts: customers, keys, ESME accounts and endpoints. unreadable: those that
    cannot be read, and are not copied. documents: what people set. permissions: consents and suppressions. entries:
    audit entries that are not in the log yet. events: still to be delivered.
    """

    messages: int = 0
    present: int = 0
    verified: int = 0
    different: int = 0
    left: int = 0
    accounts: int = 0
    unreadable: int = 0
    documents: int = 0
    permissions: int = 0
    entries: int = 0
    events: int = 0
    events_missing: int = 0
    traffic: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the target has everything, and nothing else."""
        return not (self.different or self.left or self.unreadable or self.events_missing)


Events = Mapping[bytes, Sequence[OutboxEvent]]


async def copy_ledger(
    source: Ledger,
    target: Ledger,
    clock: Clock,
    *,
    source_runs: bool,
    told: Callable[[Copied], None] = lambda _: None,
) -> Copied:
    """Both are open, the target alone. told: called with the progress, after every page.

    The target belongs to the source's installation from then on. Raises StoresDiffer where it belongs to another one,
    and LedgerError.
    """
    copied = Copied()
    await _copy_installation(source, target)
    copied.accounts, copied.unreadable = await _copy_accounts(source, target)
    copied.documents = await _copy_documents(source, target)
    copied.permissions = await _copy_permissions(source, target)
    settled_ms = clock.now_ms() - SETTLED_MS if source_runs else None
    events = await _events_by_message(source)
    if any(each.kind != STATUS_EVENT for them in events.values() for each in them):
        await target.formats.raise_to_newest()  # older formats have no place for them
    cursor: bytes | None = None
    while True:
        page, cursor = await source.copies.messages(cursor, PAGE)
        wanted = [each for each in page if settled_ms is None or _is_settled(each.message, events, settled_ms)]
        copied.left += len(page) - len(wanted)
        await _copy_page(wanted, events, target, copied)
        told(copied)
        if cursor is None:
            break
    if not source_runs:
        copied.entries = await _copy_entries(source, target)
        await _copy_notices(events, target)
        await _copy_counts(source, target, clock)
        copied.traffic = await _copy_traffic(source, target)
        await _copy_usage(source, target, clock)
        await _copy_balances(source, target)
        copied.events, copied.events_missing = await _compare_events(events, target)
    return copied


async def _copy_installation(source: Ledger, target: Ledger) -> None:
    """Before anything else: it says whose messages these are."""
    installation = (await source.marks.all()).get(INSTALLATION)
    if installation is None:  # of an earlier version, which no gateway of this one has opened yet
        return
    if await target.marks.claim(INSTALLATION, installation) != installation:
        raise StoresDiffer("source and target belong to different installations")


# ------------------------------------------------------------------------------------------------------------- messages


def _is_settled(message: Message, events: Events, settled_ms: int) -> bool:
    final_ms = message.final_ms
    return is_final(message) and final_ms is not None and final_ms < settled_ms and message.id not in events


async def _copy_page(page: Sequence[Exported], events: Events, target: Ledger, copied: Copied) -> None:
    ids = [each.message.id for each in page]
    standing = await target.messages.find_many(ids)
    missing = [each for each, found in zip(page, standing, strict=True) if found is None]
    if not target.formats.masks_covered and any(each.message.last_two >= CLEAR_BELOW for each in missing):
        await target.formats.raise_to_newest()  # nodes that write older formats would show it so
    if any(each.message.record_tag for each in missing) and target.formats.tags_from_ms is None:
        await target.formats.raise_to_newest()  # older formats have no place for it
    operations = [op for each in missing for op in _operations(each, events.get(each.message.id, ()))]
    if operations:
        await target.apply(operations)
        copied.messages += len(missing)
    copied.present += len(page) - len(missing)
    for each, found in zip(page, await target.messages.find_many(ids), strict=True):
        same = found is not None and _is_same(each.message, found)
        copied.verified += same
        copied.different += not same


def _is_same(source: Message, target: Message) -> bool:
    """Content that was destroyed at the source since it was copied has its clock at the target as well."""
    content = target.content if source.content is None else source.content
    private = target.private if source.private is None else source.private
    return msgspec.structs.replace(source, content=content, private=private, warnings=()) == target


def _operations(exported: Exported, events: Sequence[OutboxEvent]) -> list[WriteOp]:
    """A message with all its events. Those beyond the first come with changes, which a final message does not take: so
    the message is written as one that is still open, and becomes what it is behind them.
    """
    message = exported.message
    operator = operator_of(message.operator)
    kept = message.operator_ids[: message.segments]
    links = tuple(Link(operator, each, segment) for segment, each in enumerate(kept) if each)
    first = events[0] if events and events[0].kind == STATUS_EVENT else None
    rest = events if first is None else events[1:]
    stored = msgspec.structs.replace(message, status=Status.SUBMITTED) if rest and is_final(message) else message
    operations: list[WriteOp] = [Accept(stored, exported.digest, exported.digest_until_ms, first)]
    for event in rest:
        operations.append(Change(message=stored, event=event) if event.kind == STATUS_EVENT else Notify(event))
    if rest or links:
        operations.append(Change(message=message, links=links))
    return operations


async def _copy_notices(events: Events, target: Ledger) -> None:
    """Events that are about no message, unless they are there."""
    there = await _events_by_message(target)
    for line, expected in events.items():
        if not is_about_message(expected[0]):
            found = [_told(each) for each in there.get(line, ())]
            await target.apply([Notify(each) for each in map(_told, expected) if each not in found])


# ----------------------------------------------------------------------------------------------------------------- news


async def _events_by_message(ledger: Ledger) -> Events:
    """In the order of their delivery."""
    found: dict[bytes, list[OutboxEvent]] = defaultdict(list)
    cursor: bytes | None = None
    while True:
        page, cursor = await ledger.copies.events(cursor, PAGE)
        for event in page:
            found[event.message].append(event)
        if cursor is None:
            break
    for events in found.values():
        events.sort(key=lambda event: event.seq)
    return found


async def _compare_events(events: Events, target: Ledger) -> tuple[int, int]:
    """How many the target has, and how many it lacks. Events of a message that is gone are delivered no more."""
    there = await _events_by_message(target)
    lacking = 0
    for message, expected in events.items():
        wanted, found = ([_told(each) for each in them] for them in (expected, there.get(message, ())))
        if wanted != found and (
            not is_about_message(expected[0]) or (await target.messages.find_many([message]))[0] is not None
        ):
            lacking += max(1, len(wanted) - len(found))
    return sum(map(len, there.values())), lacking


def _told(event: OutboxEvent) -> OutboxEvent:
    """Every ledger numbers events by itself."""
    return msgspec.structs.replace(event, seq=0)


# ------------------------------------------------------------------------------------------------------ everything else


async def _copy_accounts(source: Ledger, target: Ledger) -> tuple[int, int]:
    """With the numbers that they have; how many there are, and how many could not be read."""
    stored = await source.accounts.read()
    for customer in stored.customers:
        await target.accounts.save_customer(customer)
    for key in stored.keys:
        await target.accounts.save_key(key)
    for esme in stored.esmes:
        await target.accounts.save_esme(esme)
    for endpoint in stored.endpoints:
        await target.accounts.save_endpoint(endpoint)
    kept = {each.customer for each in stored.endpoints} | {it.id for it in stored.unreadable if it.kind == "endpoint"}
    for endpoint in await target.accounts.endpoints():
        if endpoint.customer not in kept:
            await target.accounts.delete_endpoint(endpoint.customer)
    copied = len(stored.customers) + len(stored.keys) + len(stored.esmes) + len(stored.endpoints)
    return copied, len(stored.unreadable)


async def _copy_documents(source: Ledger, target: Ledger) -> int:
    """Make the target's the same, kind by kind; how many there are. Versions are each ledger's own."""
    count = 0
    for kind in {*await source.copies.kinds(), *await target.copies.kinds()}:
        wanted, there = [
            {each.key: each.octets for each in await _of_kind(ledger, kind)} for ledger in (source, target)
        ]
        for key in wanted.keys() | there.keys():
            if wanted.get(key) != there.get(key):
                await target.acts.act([DocumentWrite(kind, key, wanted.get(key))])
        count += len(wanted)
    return count


async def _of_kind(ledger: Ledger, kind: str) -> list[Document]:
    found: list[Document] = []
    while page := await ledger.acts.of_kind(kind, found[-1].key if found else "", PAGE):
        found += page
    return found


async def _copy_permissions(source: Ledger, target: Ledger) -> int:
    """Make the target's the same; how many there are. A row gives way to one that was said later alone, so what differs
    is taken away first. Numbers are each ledger's own.
    """
    count = 0
    async for rows in _permissions(source):
        await _make_same(rows, target)
        count += len(rows)
    async for rows in _permissions(target):
        standing = await _standing(rows, source)
        gone = [each for each in rows if (each.name, each.word) not in standing]
        if gone:
            await target.permissions.change([lift(each.name, each.word, EVER_MS) for each in gone])
    return count


async def _make_same(rows: Sequence[Permission], target: Ledger) -> None:
    standing = await _standing(rows, target)
    writes: list[PermissionWrite] = []
    for each in rows:
        found = standing.get((each.name, each.word))
        if found is not None and _unnumbered(found) == _unnumbered(each):
            continue
        writes += [lift(each.name, each.word, EVER_MS), put(each)]
    if writes:
        await target.permissions.change(writes)


async def _standing(rows: Sequence[Permission], ledger: Ledger) -> dict[tuple[PermissionName, str], Permission]:
    """What a ledger has under the names of these rows."""
    names = list(dict.fromkeys(each.name for each in rows))
    found = await ledger.permissions.find(names)
    return {(each.name, each.word): each for of_name in found for each in of_name}


def _unnumbered(row: Permission) -> Permission:
    return msgspec.structs.replace(row, number=0)


async def _permissions(ledger: Ledger) -> AsyncIterator[Sequence[Permission]]:
    """All of them, page by page."""
    cursor: bytes | None = None
    while True:
        page, cursor = await ledger.permissions.page(cursor, PAGE)
        if page:
            yield page
        if cursor is None:
            return


async def _copy_entries(source: Ledger, target: Ledger) -> int:
    """Under their own numbers, by which the audit log knows what it has already; how many wait."""
    await target.acts.settle(await target.copies.last_entry())
    count = after = 0
    while page := await source.acts.pending(PAGE, after):
        after = page[-1].number
        count += len(page)
        await target.copies.put_entries(page, after)
    await target.copies.put_entries((), await source.copies.last_entry())
    return count


async def _copy_counts(source: Ledger, target: Ledger, clock: Clock) -> None:
    """Quotas of the days and months that are now somewhere, and of yesterday for who is late."""
    for day in live_buckets(clock.now_ms() - DAY_MS) | live_buckets(clock.now_ms()):
        there = await target.counters.counts(day)
        lacking = {name: count - there.get(name, 0) for name, count in (await source.counters.counts(day)).items()}
        operations = [Count(name, day, amount) for name, amount in lacking.items() if amount > 0]
        if operations:
            await target.apply(operations)


async def _copy_balances(source: Ledger, target: Ledger) -> None:
    """What customers who pay in advance have spent, and what is reserved of it."""
    reserved: dict[int, list[Reservation]] = defaultdict(list)
    cursor: bytes | None = None
    while True:
        page, cursor = await source.balances.reserved(cursor, PAGE)
        for each in page:
            reserved[each.customer].append(each)
        if cursor is None:
            break
    for customer in await source.accounts.customers():
        spent = await source.balances.spent(customer.id)
        if spent or reserved.get(customer.id):
            await target.balances.put(customer.id, spent, reserved.get(customer.id, ()))


async def _copy_traffic(source: Ledger, target: Ledger) -> int:
    """How many forgotten messages are counted."""
    there = Counter({_row(each): each.messages for each in await target.retention.traffic(0, TRAFFIC_ROWS)})
    segments = Counter({_row(each): each.segments for each in await target.retention.traffic(0, TRAFFIC_ROWS)})
    rows = await source.retention.traffic(0, TRAFFIC_ROWS)
    lacking = [
        msgspec.structs.replace(
            each, messages=each.messages - there[_row(each)], segments=each.segments - segments[_row(each)]
        )
        for each in rows
    ]
    await target.copies.add_traffic([each for each in lacking if each.messages > 0])
    return sum(each.messages for each in rows)


def _row(traffic: Traffic) -> Traffic:
    return msgspec.structs.replace(traffic, messages=0, segments=0)


async def _copy_usage(source: Ledger, target: Ledger, clock: Clock) -> None:
    """Copied messages are counted where they come to; here it becomes what the source has counted of all."""
    until = clock.now_ms() // HOUR_MS + 1
    for customer in sorted({*await source.usage.customers(), *await target.usage.customers()}):
        lacking: Counter[Used] = Counter()
        segments: Counter[Used] = Counter()
        for ledger, sign in ((source, 1), (target, -1)):
            for each in await ledger.usage.of_customer(customer, until - KEPT_HOURS, until):
                cell = msgspec.structs.replace(each, messages=0, segments=0)
                lacking[cell] += sign * each.messages
                segments[cell] += sign * each.segments
        await target.usage.add(
            [
                msgspec.structs.replace(cell, messages=lacking[cell], segments=segments[cell])
                for cell in lacking
                if lacking[cell] or segments[cell]
            ]
        )

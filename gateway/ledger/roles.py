"""The ledger's contract by roles: what whoever uses a ledger depends on is one or two of them.

An engine is a `Ledger`, which is opened and closed and has an object for each role; they share its connections. What
they promise together is in `gateway.ledger.contract`.
"""

from collections.abc import Collection, Container, Mapping, Sequence, Sized
from typing import Protocol

from gateway.ledger.contract import (
    Document,
    DocumentWrite,
    Exported,
    Found,
    LedgerFacts,
    LedgerFormat,
    Page,
    PendingEntry,
    Reservation,
    Reserving,
    StoredAccounts,
    StoredCustomer,
    StoredEndpoint,
    StoredEsme,
    StoredKey,
    TagDue,
    Traffic,
    Used,
    WriteOp,
    WriteResult,
)
from gateway.ledger.permissions import Permission, PermissionName, PermissionWrite
from gateway.model.message import Message, OutboxEvent, Status
from redaction.sealed import Pseudonym


class Commits(Protocol):
    """Makes batches durable.

    works_beside: the loop goes on while the store works on a batch that `apply` has handed over, and `apply` hands it
    over before it first waits. It may become so while the ledger is open.
    """

    @property
    def works_beside(self) -> bool: ...

    async def apply(self, batch: Sequence[WriteOp]) -> list[WriteResult]:
        """Make the batch durable, all or nothing. One caller at a time.

        Of operations that are applied, each event gets its `seq`: greater than any before, in the order of the batch;
        or none, where another node may be the one to deliver it: then it is read back like one from before the start.
        """


class Messages(Protocol):
    """What is stored of messages."""

    async def find(self, customer: int, message: bytes) -> Message | None:
        """A message of that customer; None for unknown, erased and another customer's alike (Law 7).

        Here and in both lists a record whose record_until_ms has come is gone, whether it was deleted yet or not.
        """

    async def find_many(self, messages: Sequence[bytes]) -> list[Message | None]:
        """By id whatever the customer, in the order asked; for the gateway's own loops."""

    async def list_messages(
        self, customer: int, *, status: Status | None, since_ms: int | None, cursor: bytes | None, limit: int
    ) -> Page: ...

    async def list_subject(self, customer: int, subjects: Sequence[Pseudonym], limit: int) -> Sequence[Message]:
        """All messages to a data subject, given by pseudonyms of every live epoch."""


class Work(Protocol):
    """What dispatch has to do, and the messages that receipts speak of."""

    async def claim_due(self, operator: str, now_ms: int, limit: int, exclude: Container[bytes]) -> Sequence[Message]:
        """Open messages of a lane with due_ms <= now, oldest due first, without those in `exclude`.

        They wait to be sent, or are submitted and were not heard of since.
        """

    async def lanes(self) -> Sequence[str]:
        """Every lane in which at least one message waits."""

    async def backlog(self, operator: str) -> int:
        """How many messages wait in the lane."""

    async def correlate(self, receipts: Sequence[tuple[str, tuple[str, ...]]]) -> Sequence[Found | None]:
        """For each (operator, candidate ids, best first) the segment it speaks of."""


class Outbox(Protocol):
    """Events that wait to be delivered to customers. unreadable: rows that `due` and `put_off` pass over."""

    @property
    def unreadable(self) -> Sized: ...

    async def due(
        self, now_ms: int, limit: int, exclude: Container[int], esme: int = 0, after: int = 0
    ) -> Sequence[OutboxEvent]:
        """Events with next_ms <= now in order of seq, only the first of each message, none with seq in `exclude`.

        Costs by what is due and not by what waits. Where more was put off until now than `limit`, what has been due for
        longest comes first. An event that is put off takes those behind it along.

        esme: those for the binds of this account; 0 for webhooks. after: only those with a greater seq.
        """

    async def put_off(
        self, customers: Collection[int], now_ms: int, limit: int, exclude: Container[int] = ()
    ) -> Sequence[OutboxEvent]:
        """Some of the events for these customers' webhooks that are due later than now; fewer than `limit` are all."""

    async def size(self, esme: int = 0) -> int:
        """How many there are, due or not."""


class Counters(Protocol):
    """Sums by name, in buckets."""

    async def count(self, name: str, bucket: int) -> int: ...

    async def counts(self, bucket: int) -> dict[str, int]:
        """All counters of a bucket."""


class Usage(Protocol):
    """What was sent, by the hour; written by the batches that accept and end messages."""

    async def of_customer(self, customer: int, from_hour: int, until_hour: int) -> Sequence[Used]:
        """Cells of these hours since the epoch, the last one not among them, in the order of hours."""

    async def customers(self) -> Sequence[int]:
        """Those that have any cell, in the order of their numbers."""

    async def add(self, rows: Sequence[Used]) -> None:
        """For a copy: what is added to each cell."""


class Balances(Protocol):
    """What customers who pay in advance have spent, and what is reserved of it; over all nodes."""

    async def reserve(self, asked: Sequence[Reserving]) -> Sequence[int | None]:
        """One after the other; what each customer has spent with it, None and nothing done where that is too much. What
        was reserved for a message before stands. Durable when this returns. Raises LedgerUnavailable.
        """

    async def settle(self, paid: Sequence[bytes], given_back: Sequence[bytes]) -> None:
        """These messages' reservations are spent for good, and these are spent no more; others stay. A message that has
        none changes nothing. Raises LedgerUnavailable.
        """

    async def spent(self, customer: int) -> int: ...

    async def reserved(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Reservation], bytes | None]:
        """Some `limit` reservations, each at least once in a whole reading. Cursors are as in `Copies`."""

    async def put(self, customer: int, micro: int, reserved: Sequence[Reservation]) -> None:
        """For a copy: what was spent in place of what stands, and reservations as they are."""


class AccountStore(Protocol):
    """Customers, keys, ESME accounts and endpoints.

    entries: audit entries of a write, which wait in `Acts.pending` once it is done and not otherwise.
    """

    async def version(self) -> int:
        """A number that changes whenever any of them changes, by whatever process. Cheap."""

    async def read(self) -> StoredAccounts:
        """All of them. A row that cannot be read is listed as such, and left out here as in the four lists below."""

    async def customers(self) -> Sequence[StoredCustomer]: ...

    async def keys(self) -> Sequence[StoredKey]: ...

    async def esmes(self) -> Sequence[StoredEsme]: ...

    async def endpoints(self) -> Sequence[StoredEndpoint]: ...

    async def save_customer(
        self,
        customer: StoredCustomer,
        *,
        read: int | None = None,
        accounts: int | None = None,
        entries: Sequence[bytes] = (),
    ) -> int:
        """Insert or replace by id; returns the id. Raises NameTaken.

        read: only over a row of this version, 0 for none. accounts: only if no account has changed since `version`
        was this. Raises ChangedMeanwhile; nothing is written then. Without them whatever stands is written over, which
        is for new rows and copies.
        """

    async def save_key(self, key: StoredKey, *, read: int | None = None, entries: Sequence[bytes] = ()) -> int:
        """As `save_customer`."""

    async def save_esme(self, esme: StoredEsme, *, read: int | None = None, entries: Sequence[bytes] = ()) -> int:
        """As `save_customer`."""

    async def save_endpoint(
        self, endpoint: StoredEndpoint, *, read: int | None = None, entries: Sequence[bytes] = ()
    ) -> None:
        """Insert or replace by customer; as `save_customer`."""

    async def delete_endpoint(self, customer: int, *, entries: Sequence[bytes] = ()) -> None: ...


class Acts(Protocol):
    """Documents that people's acts write, and the audit entries of acts; with accounts one domain of transactions."""

    async def version(self) -> int:
        """A number that changes with every act that writes documents, by whatever process. Cheap."""

    async def find(self, kind: str, key: str) -> Document | None: ...

    async def of_kind(self, kind: str, after: str = "", limit: int = 1000) -> Sequence[Document]:
        """The first `limit` in the order of keys (of their UTF-8), of those behind `after`."""

    async def act(self, writes: Sequence[DocumentWrite], entries: Sequence[bytes] = ()) -> None:
        """Do all writes, each of another document, and keep the entries; durable when this returns.

        Raises ChangedMeanwhile when another version stands than one that was read, and LedgerUnavailable: nothing of it
        is done then, but where that is OutcomeUnknown. ValueError for entries that are too large.
        """

    async def pending(self, limit: int, after: int = 0) -> Sequence[PendingEntry]:
        """The oldest entries that are not settled, of those with a greater number than `after`."""

    async def settle(self, through: int) -> None:
        """Forget the entries up to that number: they are in the log's tree, and on disk."""


class Permissions(Protocol):
    """What people permitted and forbade: consents and suppressions; with acts one domain of transactions.

    `Acts.version` changes with every write that stores a row or takes one away.
    """

    async def find(self, names: Sequence[PermissionName]) -> Sequence[Sequence[Permission]]:
        """The rows of each name in the order of their words, exactly, in one look-up for all of them."""

    async def change(self, writes: Sequence[PermissionWrite], entries: Sequence[bytes] = ()) -> Sequence[bool]:
        """Do the writes in their order, and keep the audit entries; all or nothing, and durable when this returns.

        Whether each was done: what keeps a row as it stands (`gateway.ledger.permissions`) is none. Raises
        LedgerUnavailable, and ValueError for entries that are too large.
        """

    async def in_the_way(self, after: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """Number and token of the first `limit` rows that stand in the way of messages, of those with a greater number
        than `after`, in order. A row that was taken away is there no more.
        """

    async def page(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Permission], bytes | None]:
        """Some `limit` rows of all customers, each once in a whole reading. Cursors are as in `Copies`."""

    async def forget_ended(self, now_ms: int, limit: int) -> int:
        """Delete rows that have ended, looking at some `limit` of them; how many there were. 0: none is left."""


class Retention(Protocol):
    """Forgets what is past its time."""

    async def forget_content(self, now_ms: int, limit: int) -> int:
        """Drop `content` and `private` of at most `limit` messages whose content_until_ms has come; their number.

        May give 0 while overdue records stand before the content: call it in turns with `forget_records`.
        """

    async def forget_records(self, now_ms: int, limit: int) -> int:
        """Delete at most `limit` messages whose record_until_ms has come; their number.

        Each is counted in `traffic` in the same transaction. Its links, outbox events and idempotency digests go with
        it. Content never outlives its record.
        """

    async def due_records(self, now_ms: int, limit: int) -> Sequence[Message]:
        """Those that `forget_records` would delete, in its order."""

    async def records_before(
        self, before_ms: int, cursor: bytes | None, limit: int
    ) -> tuple[Sequence[Message], bytes | None]:
        """Some `limit` messages whose ids are from before that time, whatever else is stored of them, each once in a
        whole reading. Cursors are as in `Copies`.
        """

    async def forget_these(self, messages: Sequence[bytes], *, counted: bool) -> int:
        """Delete these messages, in whoever's partition they are, with all that hangs on them; how many there were.

        counted: in `traffic`, as by `forget_records`.
        """

    async def empty_these(self, messages: Sequence[bytes]) -> int:
        """Drop `content` and `private` of those of these messages that are final, in whoever's partition they are; how
        many had any.
        """

    async def forget_leftovers(self, now_ms: int, limit: int) -> int:
        """Delete idempotency digests whose time is over, events and links of messages that are gone, and events about
        no message that are older than EVENT_KEPT_MS.

        Looks at some `limit` rows of each kind; how many were deleted.
        """

    async def checkpoint(self) -> None:
        """Clear what the store still holds of overwritten and deleted rows, as far as the engine can."""

    async def overdue(self, now_ms: int) -> Sequence[TagDue]:
        """What is past its time, by tag, counted to some thousands."""

    async def traffic(self, since_day: int, limit: int) -> Sequence[Traffic]:
        """Counts of forgotten records, oldest day first."""


class Copies(Protocol):
    """Reads a ledger from end to end, and writes what no operation does.

    Cursors are the engine's own: None begins, and None says that there is no more. What is written meanwhile may be
    among what is read or not.
    """

    async def messages(self, cursor: bytes | None, limit: int) -> tuple[Sequence[Exported], bytes | None]:
        """Some `limit` messages of all customers whose record clock runs, each once in a whole reading."""

    async def events(self, cursor: bytes | None, limit: int) -> tuple[Sequence[OutboxEvent], bytes | None]:
        """What waits to be delivered, due or not, all events of every message."""

    async def add_traffic(self, rows: Sequence[Traffic]) -> None:
        """Add to the counts of forgotten records."""

    async def kinds(self) -> Sequence[str]:
        """Of the documents that there are."""

    async def last_entry(self) -> int:
        """The number of the newest audit entry that was ever kept; 0 where none was."""

    async def put_entries(self, entries: Sequence[PendingEntry], last: int) -> None:
        """Keep audit entries under their own numbers; a new one's is greater than `last`, and than it was to be."""


class Formats(Protocol):
    """Which format records have."""

    @property
    def tags_from_ms(self) -> int | None:
        """In how many milliseconds from now every record that is written carries a tag of its own, so that one without
        is not ours; None while the format has none.
        """

    @property
    def masks_covered(self) -> bool:
        """Whether the last two digits are written as `redaction.masks` covers them; nodes of an earlier version would
        show them so.
        """

    async def state(self) -> LedgerFormat: ...

    async def raise_to_newest(self) -> LedgerFormat:
        """Write the newest format of this version from now on; every node does within a heartbeat.

        Raises FormatHeld while a node that is alive does not read it. It cannot be taken back.
        """


class Marks(Protocol):
    """Numbers with names, about the ledger as a whole; one says which installation it belongs to."""

    async def all(self) -> Mapping[str, int]: ...

    async def set(self, marks: Mapping[str, int]) -> None:
        """All of them together, in place of what stood there."""

    async def claim(self, name: str, value: int) -> int:
        """Set it where it is not set; what stands then."""


class Ledger(Commits, Protocol):
    """One store of messages, accounts and what waits to be delivered: open it, and use its roles."""

    @property
    def messages(self) -> Messages: ...

    @property
    def work(self) -> Work: ...

    @property
    def outbox(self) -> Outbox: ...

    @property
    def counters(self) -> Counters: ...

    @property
    def usage(self) -> Usage: ...

    @property
    def balances(self) -> Balances: ...

    @property
    def accounts(self) -> AccountStore: ...

    @property
    def acts(self) -> Acts: ...

    @property
    def permissions(self) -> Permissions: ...

    @property
    def retention(self) -> Retention: ...

    @property
    def copies(self) -> Copies: ...

    @property
    def formats(self) -> Formats: ...

    @property
    def marks(self) -> Marks: ...

    async def look(self) -> LedgerFacts:
        """Before `open`, and without making or changing anything. Raises LedgerUnavailable, LedgerCorrupt."""

    async def open(self, *, create: bool = True) -> None:
        """Migrate, recover, take the lock. Raises LedgerLocked, LedgerCorrupt, LedgerUnavailable.

        create: make a ledger where there is none; otherwise that raises NothingThere.
        """

    async def close(self) -> None: ...

    def id_octets(self, size: int, /) -> bytes:
        """Random octets for the id of a new message, which may say where it lies."""

    async def stored_fields(self) -> Sequence[str]:
        """Every "table.column" that this engine stores; compared with the inventory at start (P-07)."""

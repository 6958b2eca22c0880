"""The ledger's contract: what every engine keeps, in batches, and what it promises. `roles` says what it can be asked.

The ledger is a log of outcomes and not a queue that is polled: in the normal case it is written and not read. Writes
are operations gathered into one batch; `apply` returns when the whole batch is durable (Law 2), with one result per
operation, in order. Reads see every batch whose `apply` has returned.

Engines never see plaintext: this package cannot import the modules that know it.

All times are epoch milliseconds. Errors: `LedgerUnavailable` when the store cannot take a batch now (disk full, server
gone); nothing of that batch is then kept. `OutcomeUnknown`, which is one, when it is not known whether it took the
batch.

An engine may be shared by many nodes. It is then cut into partitions, each of which one node has at a time: a batch is
atomic per partition, work (what is due, the outbox, forgetting) is that of the node's own partitions, and a change of
a message that another node has is not done. When the store takes some partitions and not others, what it took is kept.
"""

import enum
from collections.abc import Iterable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from gateway.model.message import Link, Message, MessageClass, OutboxEvent, Status
from redaction.retention import RetentionTag
from redaction.sealed import Sealed


class LedgerError(Exception):
    """Base of what a ledger raises."""


class LedgerUnavailable(LedgerError):
    """The store cannot be written or read now; trying again later may help."""


class OutcomeUnknown(LedgerUnavailable):
    """The store has not confirmed a batch: some or all of it may be kept, and may be seen."""


class LedgerLocked(LedgerError):
    """Another node owns this ledger."""


class LedgerCorrupt(LedgerError):
    """What is stored is not what this version can read."""


class NothingThere(LedgerError):
    """There is no ledger, or no key store, where the settings say, and whoever asked makes none."""


class StoreReplaced(LedgerError):
    """A store that was there is empty now, or another one stands in its place: whoever works on it must stop."""


class FormatHeld(LedgerError):
    """The format cannot be raised: so many nodes that are alive do not read the newer one."""

    def __init__(self, nodes: int) -> None:
        super().__init__(f"{nodes} of the nodes that are alive cannot read the newer format")


class NameTaken(LedgerError):
    """Another account has this name."""


class ChangedMeanwhile(LedgerError):
    """What a write was to take the place of is no longer what was read."""

    def __init__(self) -> None:
        super().__init__("it was changed meanwhile; look at it again")


EVENT_KEPT_MS: Final = 30 * 24 * 3600 * 1000
"""An event that is about no message is forgotten so long after it happened, delivered or not."""


# ------------------------------------------------------------------------------------------------ write operations


class Accept(msgspec.Struct, frozen=True, gc=False):
    """Store a new message. Result: the id now standing for it, which is an earlier message's when the customer used the
    same idempotency digest before (then nothing is stored). The digest is remembered until `idempotency_until_ms`.
    event: of the message's status, for the customer, stored in the same transaction.

    before, sought: further digests of the same key, for which an earlier message may stand. Those in `before` other
    nodes may take for the present one: where nodes write at once, they are remembered as well, before the present one.
    """

    message: Message
    idempotency: bytes | None = None
    idempotency_until_ms: int = 0
    event: OutboxEvent | None = None
    before: tuple[bytes, ...] = ()
    sought: tuple[bytes, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Write the state of `message` (every mutable column), a snapshot that does not change any more. Result: DONE, or
    NOT_DONE.

    Not done when the stored status is already final, or, with `only_waiting`, when it is not accepted or queued. With
    `over_unknown` it is done over `unknown`, too.
    links: operator ids learned by this step. event: of the status, for the customer, stored in the same transaction.
    drop_content: forget the sealed body now.
    """

    message: Message
    links: tuple[Link, ...] = ()
    event: OutboxEvent | None = None
    drop_content: bool = False
    only_waiting: bool = False
    over_unknown: bool = False


class Replace(msgspec.Struct, frozen=True, gc=False):
    """Put another text, and its times, in place of those of a message that waits. Result: DONE, or NOT_DONE."""

    message: Message


class Told(msgspec.Struct, frozen=True, gc=False):
    """An outbox event has reached the customer; forget it. Result: DONE."""

    seq: int


class TellLater(msgspec.Struct, frozen=True, gc=False):
    """An outbox event could not be delivered; try again at `next_ms`. Result: DONE."""

    seq: int
    next_ms: int
    attempts: int


class Notify(msgspec.Struct, frozen=True, gc=False):
    """Store an event that no message's change brings: one of another kind than STATUS_EVENT, for the webhook; or once
    more that of a message, which whoever delivers reads from the ledger.

    Result: DONE; NOT_DONE when it is not stored, because nodes may be alive that cannot read it: until the ledger's
    format is 2 or newer on an engine that nodes share.
    """

    event: OutboxEvent


class Count(msgspec.Struct, frozen=True, gc=False):
    """Add `amount` to a counter, for example ("quota:17", 20780). Result: DONE."""

    name: str
    bucket: int
    amount: int


WriteOp = Accept | Change | Replace | Told | TellLater | Notify | Count


class Written(enum.Enum):
    """What became of an operation. ELSEWHERE, of an engine that nodes share: it was not done, because another node has
    the message by now. UNAVAILABLE, of a new message that waited in the journal: the store could not take it. UNKNOWN,
    of one as well: the store has not confirmed it, and may have it.
    """

    DONE = "done"
    NOT_DONE = "not done"
    ELSEWHERE = "elsewhere"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError("say which: none of them is true or false")


class Declined(msgspec.Struct, frozen=True, gc=False):
    """Of a new message that never came to the ledger: why its sender is refused, by a code of
    `gateway.model.refusals`, and the field that it is about.
    """

    code: str
    field: str | None = None


WriteResult = bytes | Written | Declined
"""Of a new message that was stored, or for which an earlier one stands: the id of the one that stands for it now."""


# ---------------------------------------------------------------------------------------------------------- accounts


MAX_NUMBER: Final = 2**31 - 1
MAX_MS: Final = 253_402_300_799_999
"""The end of the year 9999, which is as far as times can be shown."""
DIGEST_OCTETS: Final = 32
Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
Time = Annotated[int, Meta(ge=0, le=MAX_MS)]
PublicName = Annotated[str, Meta(min_length=1, max_length=64)]

# `version` of a stored account: what the ledger gives with the row when it is read, and compares when the row is
# written over it. It changes with every write of the row, and is never 0, which stands for no row. What a caller puts
# there is not stored.


class StoredCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A customer. `account` is the sealed name and contact data; `settings` is JSON without personal data."""

    id: Number  # 1.. ; 0 asks the ledger for the next one
    public_id: PublicName
    account: Sealed
    settings: bytes
    created_ms: Time
    disabled_ms: Time | None = None
    version: int = 0


class StoredKey(msgspec.Struct, frozen=True, kw_only=True):
    """An API key: `prefix` is shown to people, `digest` (32 bytes, keyed) finds it."""

    id: Number  # 0 asks the ledger for the next one
    customer: Number
    prefix: PublicName
    digest: Annotated[bytes, Meta(min_length=DIGEST_OCTETS, max_length=DIGEST_OCTETS)]
    scopes: tuple[str, ...]
    settings: bytes
    created_ms: Time
    expires_ms: Time | None = None
    revoked_ms: Time | None = None
    version: int = 0


class StoredEsme(msgspec.Struct, frozen=True, kw_only=True):
    """An account that binds over SMPP. `password` is an Argon2id hash in its usual text form."""

    id: Number  # 0 asks the ledger for the next one
    customer: Number
    system_id: PublicName
    password: str
    settings: bytes
    created_ms: Time
    revoked_ms: Time | None = None
    version: int = 0

    def __repr__(self) -> str:
        return f"StoredEsme(id={self.id})"


class StoredEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's webhook endpoint. URL and secret are sealed; `settings` is JSON (event names, batch size)."""

    customer: Number
    url: Sealed
    secret: Sealed
    settings: bytes
    state: Literal["enabled", "disabled"] = "enabled"
    failing_since_ms: Time | None = None
    disabled_ms: Time | None = None
    version: int = 0


ROW_FAULTS: Final = (ValueError, RecursionError)
"""What the reading of a row raises whose octets or values are not what this version stores."""


class Unreadable(msgspec.Struct, frozen=True):
    """Something of the accounts that this version cannot read. kind: "customer", "key", "esme" or "endpoint". id: its
    number, of an endpoint its customer's. name: how people name it, '' where that is lost too. reason: in fixed words.
    version: of the row.
    """

    kind: str
    id: int
    name: str
    reason: str
    version: int = 0


class StoredAccounts(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts in one reading, each kind by number; and the rows that are left out of it."""

    customers: tuple[StoredCustomer, ...] = ()
    keys: tuple[StoredKey, ...] = ()
    esmes: tuple[StoredEsme, ...] = ()
    endpoints: tuple[StoredEndpoint, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


# -------------------------------------------------------------------------------------------------------------- acts


MAX_OCTETS: Final = 60_000
"""Of a document, and of an audit entry, which a tile of the log takes with a length of two octets."""
MAX_DOCUMENT_NAME: Final = 64
"""Characters of a document's kind, and of its key."""
ABSENT: Final = 0
"""As the version that must stand: there is no such document."""


class Document(msgspec.Struct, frozen=True):
    """A row of what people set: accounts of people, desired state, requests, tasks.

    octets: what the owner of the kind encodes, sealed where it is personal. version: 1 or more; it changes with every
    write and never comes back.
    """

    kind: str
    key: str
    octets: bytes
    version: int

    def __repr__(self) -> str:
        return f"Document(kind={self.kind!r}, version={self.version})"


class DocumentWrite(msgspec.Struct, frozen=True):
    """octets: None deletes. read: the version that must stand, ABSENT for none; None: whatever stands."""

    kind: str
    key: str
    octets: bytes | None
    read: int | None = None

    def __post_init__(self) -> None:
        if not (0 < len(self.kind) <= MAX_DOCUMENT_NAME and 0 < len(self.key) <= MAX_DOCUMENT_NAME):
            raise ValueError("a document's kind and key have 1 to 64 characters")
        check_octets(() if self.octets is None else (self.octets,))

    def __repr__(self) -> str:
        return f"DocumentWrite(kind={self.kind!r}, read={self.read})"


class PendingEntry(msgspec.Struct, frozen=True):
    """An audit entry that is not in the log's tree yet. number: ascends, and is never used twice."""

    number: int
    octets: bytes


def check_octets(parts: Iterable[bytes]) -> None:
    """Raises ValueError for a document or an audit entry that is larger than MAX_OCTETS."""
    if any(len(each) > MAX_OCTETS for each in parts):
        raise ValueError(f"a document or an audit entry has at most {MAX_OCTETS} octets")


# ---------------------------------------------------------------------------------------------------------- answers


class Found(msgspec.Struct, frozen=True, gc=False):
    """A receipt's message and segment (0-based)."""

    message: Message
    segment: int


class TagDue(msgspec.Struct, frozen=True, kw_only=True):
    """What is overdue under one tag: messages that hold content, and records, past their time.

    The lags are those of the longest overdue, 0 when nothing is. oldest_ms: when the tag's oldest record was accepted;
    None when the tag is not among the oldest records of the ledger.
    """

    tag: RetentionTag
    content: int
    records: int
    content_lag_ms: int
    record_lag_ms: int
    oldest_ms: int | None


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """A cell of usage: messages of one customer that were accepted in one hour (`status` is that of then, `operator` is
    ''), or that ended so over one operator.

    hour: whole hours since the epoch, UTC, of the acceptance. country: calling code.
    """

    customer: int
    hour: int
    message_class: MessageClass
    country: int
    status: Status
    operator: str
    messages: int
    segments: int


class Reservation(msgspec.Struct, frozen=True, gc=False):
    """What an open message of a customer who pays in advance is to cost, in millionths of the unit of prices."""

    message: bytes
    customer: int
    micro: int


class Reserving(msgspec.Struct, frozen=True, gc=False):
    """most: how much the customer may have spent with it, in all."""

    reservation: Reservation
    most: int


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What remains of records that are gone: how many there were, without personal data.

    day: whole days since the epoch, UTC, of the acceptance. country: calling code. operator: '' if none took it.
    """

    day: int
    customer: int
    operator: str
    country: int
    message_class: MessageClass
    status: Status
    messages: int
    segments: int


class Page(msgspec.Struct, frozen=True):
    """Newest first; `cursor` is the id to go on from, or None at the end."""

    messages: tuple[Message, ...]
    cursor: bytes | None


class Exported(msgspec.Struct, frozen=True, gc=False):
    """A message, and the idempotency digest that stands for it, where the engine still knows it."""

    message: Message
    digest: bytes | None = None
    digest_until_ms: int = 0


class NodeFormat(msgspec.Struct, frozen=True):
    """A node that is alive, by its random name, and the newest format that it reads."""

    node: str
    reads: int


class LedgerFormat(msgspec.Struct, frozen=True, kw_only=True):
    """The format of what is stored. written: the newest that records may have, which is the one that nodes write.

    oldest, newest: what this version reads. nodes: those that share the ledger.
    """

    written: int
    oldest: int
    newest: int
    nodes: tuple[NodeFormat, ...] = ()


INSTALLATION: Final = "installation"
"""The mark that ledger and key store have in common: a random number, made when they were begun together."""

CLOCK_CONFIRMED: Final = "clock_confirmed_ms"
"""The mark that holds the time at which somebody last said that the system's clock is right."""
REACHED: Final = "reached_ms"
"""The mark that says until when ledger and key store were together: a time that both have, from the same moment."""
RPO_S: Final = 60.0
"""How much older than the other a store may be: so much a copy may lack, when it is taken continuously."""


class LedgerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What may be seen of a ledger without opening it.

    place: what to call it in a line for people. installation: its mark of that name; None if it has none, as those of
    earlier versions. holds_sealed: it has an account or a message, so that keys must exist. reached_ms: its mark
    `REACHED`.
    """

    place: str
    is_there: bool
    installation: int | None = None
    holds_sealed: bool = False
    reached_ms: int | None = None

"""The data inventory: every stored field, why it is kept, on which basis, for how long, and who receives it.

Start-up compares it with what the ledger stores and refuses to run on a field that is not here (PRIVACY.md P-07). To
add a column, add a line to its table below; `_table` takes the facts that columns share, and their meanings.
"""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final


class DataPurpose(enum.Enum):
    """What a stored field is for (PRIVACY.md P-08)."""

    OPERATE = "operate"
    CLIENT_MANAGEMENT = "client_management"
    MESSAGING = "messaging"
    SECURITY = "security"
    IMPROVEMENT = "improvement"
    LEGAL = "legal"


class LawfulBasis(enum.Enum):
    """Why it may be kept (PDPL; PRIVACY.md P-14)."""

    CONTRACT = "contract"
    CONSENT = "consent"
    LEGITIMATE_INTEREST = "legitimate_interest"
    LEGAL_OBLIGATION = "legal_obligation"


class Role(enum.Enum):
    """What the platform is with respect to a field: it decides, or it acts for its customer."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"


class Form(enum.Enum):
    """The form in which a field rests."""

    SEALED = "sealed"
    PSEUDONYM = "pseudonym"
    DIGEST = "digest"
    PLAIN = "plain"  # says nothing about a person by itself
    AGGREGATE = "aggregate"  # counts without a subject


class Clock(enum.Enum):
    """What ends a field's life."""

    CONTENT = "content"  # content clock of the message's retention tag
    RECORD = "record"  # record clock of the message's retention tag
    ACCOUNT = "account"  # until the customer's account ends
    ROW = "row"  # a time in the row itself
    DESTRUCTION = "destruction"  # until a destruction replaces it
    GATEWAY = "gateway"  # as long as the installation; names nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredField:
    """One column. name: "table.column"; recipients: who is given it, beside the customer who owns it."""

    name: str
    meaning: str
    purpose: DataPurpose
    basis: LawfulBasis
    role: Role
    form: Form
    clock: Clock
    recipients: tuple[str, ...] = ()


_MESSAGE = StoredField(
    name="message",
    meaning="",
    purpose=DataPurpose.MESSAGING,
    basis=LawfulBasis.CONTRACT,
    role=Role.PROCESSOR,
    form=Form.PLAIN,
    clock=Clock.RECORD,
)
_ACCOUNT = replace(
    _MESSAGE, name="account", purpose=DataPurpose.CLIENT_MANAGEMENT, role=Role.CONTROLLER, clock=Clock.ACCOUNT
)
_GATEWAY = replace(
    _ACCOUNT,
    name="gateway",
    purpose=DataPurpose.OPERATE,
    basis=LawfulBasis.LEGITIMATE_INTEREST,
    clock=Clock.GATEWAY,
)
_CREDENTIAL = replace(_ACCOUNT, purpose=DataPurpose.SECURITY)


def _table(table: str, shared: StoredField, columns: Mapping[str, str]) -> list[StoredField]:
    """Columns that differ in nothing but their meaning."""
    return [replace(shared, name=f"{table}.{column}", meaning=meaning) for column, meaning in columns.items()]


_FIELDS: Final[tuple[StoredField, ...]] = (
    # message: one row per message
    *_table(
        "message",
        replace(_MESSAGE, form=Form.PSEUDONYM),
        {"subject": "the other party's number as a keyed pseudonym, to answer and erase by number"},
    ),
    *_table(
        "message",
        replace(_MESSAGE, form=Form.SEALED, clock=Clock.CONTENT, recipients=("operator",)),
        {"content": "numbers and text"},
    ),
    *_table(
        "message",
        replace(_MESSAGE, form=Form.SEALED, clock=Clock.CONTENT),
        {
            "private": "what is needed to tell the customer, until the content's limit: its reference, callback URL,"
            " of a message over SMPP the addresses of sender and recipient as it wrote them, and of one by a façade"
            " what its callback repeats",
            "last_two": "last two digits of the other party's number, for masks: covered by the keys of its content",
        },
    ),
    *_table(
        "message",
        _MESSAGE,
        {
            "id": "random id of the message",
            "customer": "whose message it is",
            "country": "country calling code of the other party",
            "class": "one-time code, service, promotional and so on",
            "tag": "retention tag",
            "status": "status of the message",
            "segments": "number of SMS segments",
            "encoding": "character coding",
            "operator": "which operator took it",
            "accepted_ms": "time of acceptance",
            "due_ms": "when it may next be attempted",
            "expires_ms": "when it is given up",
            "content_until_ms": "when its content is due for destruction",
            "record_until_ms": "when its record is due for destruction",
            "attempts": "how often it was attempted",
            "retry_unknown": "whether segments of unknown fate are sent again",
            "submitted_ms": "when the operator took it",
            "final_ms": "time of the final status",
            "error": "error code of the operator, up to five digits or four letters, or of the gateway",
            "operator_ids": "keyed digests of the operator's ids of its segments, and sealed where it is asked by them",
            "parts": "state of each segment",
            "disclosure": "which fields left to the operator, as a code",
            "key_id": "which API key or ESME account sent it",
            "notify": "which receipts its sender asked for over SMPP",
            "record_tag": "shows that nobody else changed the record; keyed digest of its other fields",
        },
    ),
    # correlation: the operator's id of a segment to the message, for receipts
    *_table(
        "correlation",
        _MESSAGE,
        {
            "operator": "which operator",
            "operator_message_id": "keyed digest of its id of the segment",
            "message": "the message",
            "segment": "which segment",
        },
    ),
    # outbox: webhooks still to be delivered
    *_table(
        "outbox",
        replace(_MESSAGE, recipients=("customer webhook",)),
        {
            "seq": "order of the events",
            "customer": "whose event it is",
            "message": "about which message",
            "status": "what became of it",
            "at_ms": "when it happened",
            "next_ms": "next attempt to deliver it",
            "attempts": "attempts to deliver it",
            "esme": "whose binds get it instead of a webhook",
            "kind": "what sort of event it is",
        },
    ),
    *_table(
        "outbox",
        replace(_MESSAGE, recipients=("customer webhook",), clock=Clock.ROW),
        {"data": "what an event says that is not about a message; no personal data"},
    ),
    # inbox: what nodes leave for the node that has a message; taken out within seconds
    *_table(
        "inbox",
        replace(_MESSAGE, form=Form.SEALED, clock=Clock.CONTENT),
        {
            "content": "numbers and text that take the place of a message's",
            "private": "what is needed to tell the customer: reference, callback URL, addresses over SMPP,"
            " what the callback of a façade repeats",
            "last_two": "last two digits of the number, covered by the keys of the content",
        },
    ),
    *_table(
        "inbox",
        replace(_MESSAGE, clock=Clock.ROW),
        {
            "customer": "who wishes to cancel or replace a message",
            "message": "which",
            "until_ms": "when it is abandoned",
            "name": "random, to find the answer by",
            "answer": "whether it was done, for seconds",
            "segments": "number of SMS segments",
            "encoding": "character coding",
            "due_ms": "when it may next be attempted",
            "expires_ms": "when it is given up",
            "notify": "which receipts its sender asked for over SMPP",
            "operator": "whose receipt it is",
            "candidates": "the operator's id of the segment, in the forms that it may have been written in",
            "state": "what the receipt says",
            "error_code": "the operator's error code",
            "done_at_ms": "when the operator says that it happened",
        },
    ),
    # idempotency: so that a repeated request is not a second message
    *_table(
        "idempotency",
        replace(_MESSAGE, form=Form.DIGEST, clock=Clock.ROW),
        {"digest": "keyed digest of the Idempotency-Key, under a pepper that turns every day"},
    ),
    *_table(
        "idempotency",
        replace(_MESSAGE, clock=Clock.ROW),
        {"customer": "whose key", "message": "the message it made", "expires_ms": "when the row is deleted"},
    ),
    # customer, api_key, esme, endpoint: accounts
    *_table(
        "customer",
        replace(_ACCOUNT, form=Form.SEALED),
        {"account": "name, company, e-mail, phone of the account holder"},
    ),
    *_table(
        "customer",
        _ACCOUNT,
        {
            "id": "row id",
            "public_id": "random id that the customer sees",
            "settings": "limits, classes, senders granted, controls against abuse and countries written to",
            "created_ms": "when the account began",
            "disabled_ms": "when it was disabled",
            "version": "changes with the row, so that no change undoes another",
        },
    ),
    *_table(
        "api_key",
        replace(_CREDENTIAL, form=Form.DIGEST),
        {"digest": "keyed digest of the API key; the key itself is shown once and not kept"},
    ),
    *_table(
        "api_key",
        _CREDENTIAL,
        {
            "id": "row id",
            "customer": "whose key",
            "prefix": "its first characters, to recognise it by",
            "scopes": "what it may do",
            "settings": "address allow-list, limits, façades; the key itself, sealed, where one of them signs with it",
            "created_ms": "when it was made",
            "expires_ms": "when it ends",
            "revoked_ms": "when it was revoked",
            "version": "changes with the row, so that no change undoes another",
        },
    ),
    *_table(
        "esme",
        replace(_CREDENTIAL, form=Form.DIGEST),
        {"password": "Argon2id hash of the password; the password itself is shown once and not kept"},
    ),
    *_table(
        "esme",
        _CREDENTIAL,
        {
            "id": "row id",
            "customer": "whose account",
            "system_id": "the name it binds by",
            "settings": "address allow-list, binds, window, limits",
            "created_ms": "when it was made",
            "revoked_ms": "when it was revoked",
            "version": "changes with the row, so that no change undoes another",
        },
    ),
    *_table(
        "endpoint",
        replace(_CREDENTIAL, form=Form.SEALED),
        {"url": "where the customer's events go", "secret": "signing secret of the webhook"},
    ),
    *_table(
        "endpoint",
        _ACCOUNT,
        {
            "customer": "whose webhook",
            "state": "working, failing, disabled",
            "failing_since_ms": "since when it fails",
            "disabled_ms": "when it was disabled",
            "settings": "which events, rate",
            "version": "changes with the row, so that no change undoes another",
        },
    ),
    # document: what people set; audit_pending: entries on their way into the audit log
    *_table(
        "document",
        replace(_ACCOUNT, form=Form.SEALED, purpose=DataPurpose.OPERATE, clock=Clock.ROW),
        {"octets": "what its kind says, such as the desired state of an operator; what is personal in it is sealed"},
    ),
    *_table(
        "document",
        replace(_GATEWAY, clock=Clock.ROW),
        {
            "kind": "what sort of thing it is",
            "key": "a random id, or the name of a part of the gateway",
            "version": "changes with the row, so that no change undoes another",
        },
    ),
    *_table(
        "audit_pending",
        replace(_GATEWAY, purpose=DataPurpose.SECURITY, basis=LawfulBasis.LEGAL_OBLIGATION, clock=Clock.ROW),
        {"number": "order of the entries", "octets": "an audit entry until it is in the log; random ids, no number"},
    ),
    # permission: consents, until 24 months after their last use; suppressions, until opt-in, and soft ones to their end
    *_table(
        "permission",
        replace(_MESSAGE, form=Form.PSEUDONYM, basis=LawfulBasis.LEGAL_OBLIGATION, clock=Clock.ROW),
        {"token": "the person's number as a keyed token, under a lasting pepper of its own for each kind"},
    ),
    *_table(
        "permission",
        replace(_MESSAGE, basis=LawfulBasis.LEGAL_OBLIGATION, clock=Clock.ROW),
        {
            "kind": "a consent or a suppression",
            "customer": "whose messages it is about",
            "word": "purpose and option of a consent; all, a sender or a purpose that is suppressed",
            "stands": "whether it stands in the way of messages: withdrawn, or suppressed",
            "changed_ms": "when the person said it",
            "ends_ms": "when it is forgotten; 0: not before opt-in",
            "details": "proof: when, by which means and channel, which wording, a commitment to evidence",
            "number": "order of the writes",
        },
    ),
    # spending, reservation: customers who pay in advance
    *_table(
        "spending",
        replace(_GATEWAY, form=Form.AGGREGATE, basis=LawfulBasis.CONTRACT),
        {"customer": "who pays in advance", "micro": "what it has spent in all"},
    ),
    *_table(
        "reservation",
        replace(_GATEWAY, basis=LawfulBasis.CONTRACT, clock=Clock.ROW),
        {
            "message": "an open message; the row goes at its end",
            "customer": "whose message",
            "micro": "what it costs",
        },
    ),
    # traffic: what remains of messages whose record is gone
    *_table(
        "traffic",
        replace(_GATEWAY, form=Form.AGGREGATE, basis=LawfulBasis.CONTRACT),
        {
            "day": "day of acceptance",
            "customer": "whose messages",
            "operator": "which operator took them",
            "country": "country calling code of the other parties",
            "class": "one-time code, service, promotional and so on",
            "status": "their last status",
            "messages": "how many",
            "segments": "how many SMS segments",
        },
    ),
    # usage: thirteen months; Redis has the hour in two parts
    *_table(
        "usage",
        replace(_GATEWAY, form=Form.AGGREGATE, basis=LawfulBasis.CONTRACT),
        {
            "customer": "whose messages",
            "hour": "hour of acceptance",
            "class": "one-time code, service, promotional and so on",
            "country": "country calling code of the other parties",
            "status": "as they were accepted, or how they ended",
            "operator": "over which operator they ended",
            "messages": "how many",
            "segments": "how many SMS segments",
        },
    ),
    # demand: so that a limit holds over several machines; what is older than seconds counts no more
    *_table(
        "demand",
        replace(_GATEWAY, form=Form.AGGREGATE, basis=LawfulBasis.CONTRACT, clock=Clock.ROW),
        {
            "node": "a random name of each process that shares the ledger, and of its machine",
            "owner": "row id of a key, an ESME account or a customer that has a limit",
            "per_s": "messages a second that it sent there lately, or would have",
            "at_ms": "when that was; a minute after it the row is deleted",
        },
    ),
    # counter, meta: about nobody
    *_table(
        "counter",
        replace(_GATEWAY, form=Form.AGGREGATE, basis=LawfulBasis.CONTRACT),
        {"name": "what is counted; no number in it", "bucket": "which hour or day", "value": "how many"},
    ),
    *_table(
        "meta",
        _GATEWAY,
        {"key": "name of a fact about the ledger", "value": "schema version, which installation"},
    ),
    # keystore: apart from the data, never in its backups
    *_table(
        "keystore",
        replace(_GATEWAY, purpose=DataPurpose.SECURITY, form=Form.SEALED, clock=Clock.DESTRUCTION),
        {
            "blob": "the key state's table under its root",
            "segment": "parts of the key state under keys of the table",
            "roots": "roots that a vault wrapped, where nodes share them",
        },
    ),
    *_table(
        "keystore",
        replace(_GATEWAY, purpose=DataPurpose.SECURITY, clock=Clock.DESTRUCTION),
        {
            "version": "how often it was replaced",
            "marks": "which installation it belongs to, a random number that the ledger has too",
            "lock": "a random name of whoever changes it, for seconds",
            "nodes": "a random name of each node that shares it, the version that it has, and the end of its lease",
        },
    ),
)

INVENTORY: Final[Mapping[str, StoredField]] = MappingProxyType({field.name: field for field in _FIELDS})
"""Every stored field by its name, "table.column"."""


def undeclared(stored: Iterable[str]) -> list[str]:
    """The names in `stored` that the inventory lacks, in order; the gateway starts only when there are none."""
    return sorted(set(stored) - INVENTORY.keys())

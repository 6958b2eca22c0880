"""The data inventory of documents: every field of what people set, by the kind of document that it stands in.

The ledger stores a document as octets that its owner encodes (`redaction.inventory` has that row); what is in them is
declared here, and a test compares it with the types that are encoded. Field `key` is a document's key. What each kind
is called in the record of processing activities stands in `gateway.transparency.record_words`.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from redaction.inventory import Clock, DataPurpose, Form, LawfulBasis, Role, StoredField

_PERSON = StoredField(
    name="person",
    meaning="",
    purpose=DataPurpose.SECURITY,
    basis=LawfulBasis.CONTRACT,
    role=Role.CONTROLLER,
    form=Form.PLAIN,
    clock=Clock.ACCOUNT,
)
_SEALED = replace(_PERSON, form=Form.SEALED)
_DIGEST = replace(_PERSON, form=Form.DIGEST)
_WATCH = replace(_PERSON, basis=LawfulBasis.LEGITIMATE_INTEREST, clock=Clock.ROW)
_TRAIL = replace(_PERSON, basis=LawfulBasis.LEGAL_OBLIGATION, clock=Clock.ROW)
_DECISION = replace(_PERSON, purpose=DataPurpose.LEGAL, basis=LawfulBasis.LEGAL_OBLIGATION, clock=Clock.ROW)


def _kind(kind: str, shared: StoredField, fields: Mapping[str, str]) -> list[StoredField]:
    return [replace(shared, name=f"{kind}.{field}", meaning=meaning) for field, meaning in fields.items()]


_FIELDS: Final[tuple[StoredField, ...]] = (
    # person: an account of somebody who administers; erased 30 days after its owner left
    *_kind(
        "person",
        _PERSON,
        {"key": "random public id", "number": "of the key that everything about the person is sealed under"},
    ),
    *_kind(
        "person",
        _SEALED,
        {
            "standing": "roles, customer, when it began, was disabled or left, and who changed which field when",
            "contact": "name, e-mail address, telephone",
            "credentials": "Argon2id hash of the password, secret of the authenticator, digests of recovery codes,"
            " public keys of passkeys, their names and last use",
        },
    ),
    # person_name: whose an e-mail address is
    *_kind("person_name", _DIGEST, {"key": "keyed digest of the e-mail address that somebody signs in by"}),
    *_kind("person_name", _PERSON, {"octets": "id of the person"}),
    # session: 15 minutes without a request, ten hours in all
    *_kind("session", replace(_DIGEST, clock=Clock.ROW), {"key": "id of the person, and a keyed digest of the token"}),
    *_kind(
        "session",
        replace(_PERSON, clock=Clock.ROW),
        {
            "authority": "of the account when it began; another one ends it",
            "created_ms": "when it began",
            "seen_ms": "its last request, by the minute",
            "fresh_ms": "the last proof of who it is",
            "second": "whether a second factor was shown",
        },
    ),
    # signin: 180 days, of names that nobody has 7 days
    *_kind(
        "signin",
        replace(_WATCH, form=Form.SEALED),
        {
            "network": "/24 or /48 of the address that somebody signed in from",
            "address": "the whole one, for 7 days; sealed under the key of its day as well, which is destroyed then",
        },
    ),
    *_kind(
        "signin",
        _WATCH,
        {
            "key": "id of the person, if the name was somebody's, and the time",
            "outcome": "whether it succeeded",
            "means": "password, code, recovery code or passkey",
            "agent": "family, major version and kind of device of the browser",
        },
    ),
    # lock: a day after the last attempt
    *_kind("lock", replace(_WATCH, form=Form.DIGEST), {"key": "keyed digest of an e-mail address, or of a network"}),
    *_kind(
        "lock",
        _WATCH,
        {"attempts": "how many failed", "at_ms": "the last one", "until_ms": "when the next one is admitted"},
    ),
    # challenge: minutes
    *_kind("challenge", replace(_WATCH, form=Form.DIGEST), {"key": "keyed digest of a random number that was used"}),
    *_kind("challenge", _WATCH, {"octets": "when it is forgotten"}),
    # audit_sent: what customers were sent of the audit log
    *_kind(
        "audit_sent",
        replace(_PERSON, purpose=DataPurpose.SECURITY, clock=Clock.ROW),
        {
            "key": "always the same",
            "octets": "day of the last checkpoint that customers were sent, and whether all of them were",
        },
    ),
    # request: a year
    *_kind("request", replace(_DECISION, form=Form.SEALED), {"reason": "why it was asked, in words"}),
    *_kind(
        "request",
        _DECISION,
        {
            "key": "random id",
            "action": "what two persons are to decide",
            "obj": "random id of what it is about",
            "customer": "id of whose that is",
            "by": "id of who asked",
            "by_number": "of the key that the reason is sealed under",
            "asked_ms": "when",
            "until_ms": "when it is over",
            "state": "open, granted, used, refused or withdrawn",
            "second": "id of who answered",
            "salt": "random, of the commitment to the reason in the audit log",
            "is_noted": "whether the audit log has that it is over",
        },
    ),
    # balance: of a customer who pays in advance
    *_kind(
        "balance",
        replace(_PERSON, purpose=DataPurpose.CLIENT_MANAGEMENT),
        {"key": "number of the customer", "octets": "what it has paid, its margin, and when it is told"},
    ),
    # task: of a customer, 30 days after its end
    *_kind(
        "task",
        replace(_PERSON, purpose=DataPurpose.CLIENT_MANAGEMENT, clock=Clock.ROW),
        {
            "key": "random id",
            "customer": "number of the customer",
            "owner": "id of the customer",
            "since_ms": "from when on events are made anew",
            "until_ms": "before when",
            "asked_ms": "when it was asked for",
            "statuses": "of what kind of end",
            "state": "open, done, cancelled",
            "cursor": "id of the message where it goes on",
            "looked": "messages so far",
            "made": "events so far",
            "by": "random name of the process that works at it",
            "beat_ms": "when that last wrote",
            "ended_ms": "when it ended",
        },
    ),
    # quota: what a customer was warned of
    *_kind(
        "quota",
        replace(_PERSON, purpose=DataPurpose.CLIENT_MANAGEMENT),
        {"key": "number of the customer", "octets": "by day and month, the highest per cent that was said"},
    ),
    # token: 180 days after its end
    *_kind("token", replace(_DIGEST, clock=Clock.ROW), {"digest": "keyed digest of the token, which is shown once"}),
    *_kind(
        "token",
        replace(_PERSON, clock=Clock.ROW),
        {
            "key": "random id",
            "scopes": "what it may do",
            "customer": "id of whose it is",
            "label": "a word of its maker's that names nobody",
            "by": "id of who made it",
            "created_ms": "when it was made",
            "expires_ms": "when it ends",
            "revoked_ms": "when it was revoked",
        },
    ),
    # erasure: while a step of an erasure is under way
    *_kind(
        "erasure",
        _DECISION,
        {
            "key": "random name of the step, and which part of it this is",
            "began_ms": "when it began",
            "act": "which act of the audit log it is",
            "intent": "name of its intent in the audit log",
            "obj": "random id of what the act is about",
            "what": "a word for its certificate",
            "case": "random id of the case",
            "customer": "number of the customer whose messages these are",
            "public": "id of that customer",
            "ids": "random ids of the messages",
            "places": "tag, period and leaf of keys that are to be destroyed",
            "numbers": "how many messages, people and customers",
        },
    ),
    # erased: a quarter of an hour
    *_kind(
        "erased",
        _DECISION,
        {
            "key": "when, and the random name of the step",
            "at_ms": "when it was done",
            "ids": "random ids of messages that are no more, for processes to let go of",
        },
    ),
    # certificate: as long as its entry in the audit log, two years
    *_kind(
        "certificate",
        _DECISION,
        {
            "key": "random id",
            "statement": "what was destroyed, why and how, in counts, digests and random ids",
            "page": "the same for people to read",
        },
    ),
    # leaving: while a customer is being erased
    *_kind(
        "leaving",
        _DECISION,
        {
            "key": "id of the customer",
            "customer": "its number",
            "intent": "name of the intent in the audit log",
            "second": "id of who consented",
            "digest_before": "digest of the sealed key state before",
        },
    ),
    # hold: as long as the audit log; held: until it is released, or over, at most a year unless extended
    *_kind("hold", replace(_DECISION, form=Form.SEALED), {"citation": "by which order or law, in words"}),
    *_kind(
        "hold",
        _DECISION,
        {
            "key": "random id",
            "state": "being placed, standing, released",
            "key_number": "of the hold's key",
            "customer": "id of whose messages are held",
            "case": "random id of the case",
            "placed_ms": "when it was placed",
            "until_ms": "when it is over",
            "messages": "how many are held",
            "by": "id of who asked",
            "second": "id of who consented",
            "released_ms": "when it was released",
        },
    ),
    *_kind("held", replace(_DECISION, form=Form.SEALED), {"sealed": "record, text, numbers, reference of a message"}),
    *_kind("held", _DECISION, {"key": "random ids of the message and of the hold"}),
    # package: seven days, or until it is given
    *_kind(
        "package",
        _DECISION,
        {
            "key": "random id of the case",
            "key_number": "of the package's own key",
            "secret": "digest of the secret of whoever is given it",
            "until_ms": "when it is over",
            "parts": "how many documents it lies in",
        },
    ),
    *_kind("package_part", replace(_DECISION, form=Form.SEALED), {"sealed": "a part of what is held of a person"}),
    *_kind("package_part", _DECISION, {"key": "random id of the case, and which part"}),
    # breach: as long as its case
    *_kind(
        "breach",
        _DECISION,
        {
            "key": "random id of the case",
            "estimate": "how many people and messages it may concern, by customer and tag; of few not how many",
            "authority_ms": "when the authority was told",
            "people_ms": "when the people were told",
        },
    ),
    # disclosure: as long as what was decided of a case, 3 years
    *_kind(
        "disclosure",
        replace(_DECISION, form=Form.SEALED),
        {"instrument": "the authority that asked, and on what order"},
    ),
    *_kind(
        "disclosure",
        _DECISION,
        {
            "key": "random id",
            "key_number": "of the disclosure's own key",
            "case": "random id of the case",
            "made_ms": "when it was made",
            "messages": "of how many messages records were given",
            "with_texts": "of how many of them numbers and texts were given",
            "digest": "of the file that was given",
            "by": "id of who asked",
            "second": "id of who consented",
        },
    ),
    # case_waiting, case_code: until it is proved, at most 7 days; code_tally: a day
    *_kind(
        "case_waiting",
        replace(_DECISION, form=Form.SEALED),
        {"content": "number, contact and words of who asks, under a key of the day"},
    ),
    *_kind(
        "case_waiting",
        _DECISION,
        {"key": "random id that the case will have", "kind": "what is asked", "asked_ms": "when it was asked"},
    ),
    *_kind("case_code", replace(_DIGEST, clock=Clock.ROW), {"digest": "keyed digest of a code that proves a number"}),
    *_kind(
        "case_code",
        replace(_PERSON, clock=Clock.ROW),
        {"key": "random id of the case", "sent_ms": "when it was sent", "tries": "how often a code was typed"},
    ),
    *_kind(
        "code_tally",
        replace(_WATCH, form=Form.DIGEST),
        {"counts": "codes by a digest of a number, or of a network or customer, under a pepper of two days"},
    ),
    *_kind("code_tally", _WATCH, {"key": "the day", "total": "codes in all"}),
    # case: 3 years after its end; whom it is about, 30 days
    *_kind("case", replace(_DECISION, form=Form.SEALED), {"content": "number, contact and words of who asks"}),
    *_kind(
        "case",
        _DECISION,
        {
            "key": "random id",
            "kind": "what is asked, or what happened",
            "channel": "how it came",
            "state": "where it stands",
            "customer": "id of whom alone it concerns",
            "key_number": "of the case's own key",
            "received_ms": "when it was received, by whatever channel",
            "opened_ms": "when it was entered",
            "due_ms": "until when it is to be answered",
            "proof": "by what who asks is believed to be the person",
            "proof_ms": "since when",
            "delay": "why the answer takes longer",
            "refusal": "why it was refused",
            "duplicate_of": "id of a case of the same person and kind",
            "messages": "how many it concerned",
            "held": "of how many a copy stays under a hold",
            "certificates": "ids of certificates of destruction",
            "ended_ms": "when it ended",
            "decisions": "each step, when, and by whom, by random ids",
            "unattended": "whether nodes do by themselves what it asks for",
        },
    ),
    # ticket, ticket_post: a year after it was written, or until its author or customer is erased
    *_kind(
        "ticket",
        replace(_PERSON, purpose=DataPurpose.CLIENT_MANAGEMENT, clock=Clock.ROW),
        {
            "key": "random id",
            "topic": "what it is about",
            "state": "whom it waits for",
            "customer": "id of the customer whose it is",
            "number": "number of that customer",
            "message": "random id of the message that it is about",
            "by": "id of who opened it, or what kind of hand",
            "assigned": "id of who works at it",
            "opened_ms": "when it was opened",
            "changed_ms": "when something was done with it last",
            "posts": "how many pieces were written",
        },
    ),
    *_kind(
        "ticket_post",
        replace(_SEALED, purpose=DataPurpose.CLIENT_MANAGEMENT, clock=Clock.ROW),
        {"sealed": "what was written, without the numbers, ids, accounts, addresses and codes that were found in it"},
    ),
    *_kind(
        "ticket_post",
        replace(_PERSON, purpose=DataPurpose.CLIENT_MANAGEMENT, clock=Clock.ROW),
        {
            "key": "random id of the ticket, and which piece",
            "by": "id of who wrote it, or what kind of hand",
            "at_ms": "when it was written",
            "internal": "whether it is for the platform alone",
            "masked": "how many things of each kind were taken out",
            "keys": "numbers of the keys that it is sealed under: author, customer, day",
        },
    ),
    # fraud_block: until the block ends, or somebody lets it go
    *_kind(
        "fraud_block",
        _WATCH,
        {
            "key": "random id",
            "customer": "whose messages are refused",
            "range": "first digits of the numbers that they went to, all but five: a hundred thousand numbers",
            "numbers": "how many of them got messages in the hour, more than twenty",
            "began_ms": "when it began",
            "until_ms": "when it ends",
            "watched": "whether nothing is refused",
        },
    ),
    # fraud_override: until it is taken off the list, its person is erased or its customer leaves
    *_kind(
        "fraud_override",
        replace(_WATCH, form=Form.PSEUDONYM),
        {"key": "number of the customer, and a person's number as a keyed token under a lasting pepper"},
    ),
    *_kind("fraud_override", _WATCH, {"label": "what the number is, without a name"}),
    # fraud_review: until the customer leaves
    *_kind(
        "fraud_review",
        replace(_WATCH, clock=Clock.ACCOUNT),
        {
            "key": "number of the customer, and the control that held its messages",
            "at_ms": "when somebody decided on them",
            "releases": "whether they were sent, or dropped",
        },
    ),
    # reason: as long as the entries of the audit log that commit to it
    *_kind("reason", replace(_TRAIL, form=Form.SEALED), {"sealed": "why somebody who runs the gateway did something"}),
    *_kind("reason", _TRAIL, {"key": "commitment to the words, as the audit log has it", "at_ms": "when it was given"}),
    # problems: a day after the end of its process; problem_looked_at: until somebody looks at the same again
    *_kind(
        "problems",
        replace(_WATCH, purpose=DataPurpose.OPERATE),
        {"key": "name of a process", "at_ms": "when it was written", "seen": "warnings of its log, which name nobody"},
    ),
    *_kind(
        "problem_looked_at",
        replace(_WATCH, purpose=DataPurpose.OPERATE),
        {
            "key": "code of the warning",
            "by": "random id of who looked at it, or what kind of hand",
            "at_ms": "when that was",
            "last": "when it had come last by then",
        },
    ),
    # key_used: 400 days after its last use
    *_kind("key_used", replace(_PERSON, clock=Clock.ROW), {"key": "prefix of the API key", "octets": "its last day"}),
    # notice: as long as the installation
    *_kind(
        "notice",
        replace(_DECISION, clock=Clock.GATEWAY),
        {
            "key": "number of the version",
            "since_ms": "from when on people were told this",
            "notice": "what they were told of the processing, and whom to ask",
        },
    ),
    # notice_given: until the customer leaves
    *_kind(
        "notice_given",
        replace(_DECISION, clock=Clock.ACCOUNT),
        {
            "key": "number of the customer",
            "version": "number of the newest notice that it got",
            "at_ms": "when that was seen",
            "means": "by using the gateway since, or by saying that it read it",
        },
    ),
    # sender: until it is taken out of the register, or its customer leaves
    *_kind(
        "sender",
        replace(_PERSON, purpose=DataPurpose.OPERATE),
        {
            "key": "id of the customer, and the sender's name, short code or number",
            "classes": "that it may carry",
            "operators": "how it stands with each operator, since when and until when",
            "documents": "references of what was handed in; no copies",
            "hosts": "to which its links may lead",
            "basis": "of the processing, as its customer names it",
            "sensitive": "whether its texts may say what the law protects most",
        },
    ),
)

DOCUMENTS: Final[Mapping[str, StoredField]] = MappingProxyType({field.name: field for field in _FIELDS})
"""Every field of a document by its name, "kind.field"."""

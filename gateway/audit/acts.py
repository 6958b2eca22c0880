"""The acts that the audit log knows, and the keys that an entry of each may have. The list is closed.

A further act is one line in `Act` and one in `RULES`; a test walks both with canaries in every argument. `what` is one
of a few words that stand here, numbers are counts, digests are of states and never of what a person could be found by.
"""

import enum
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class Act(enum.Enum):
    """`object.verb`, as it stands in the log."""

    __hash__ = object.__hash__

    # customers and what is theirs
    CUSTOMER_ADD = "customer.add"
    CUSTOMER_SET = "customer.set"
    CUSTOMER_DISABLE = "customer.disable"
    CUSTOMER_ENABLE = "customer.enable"
    CUSTOMER_PAUSE = "customer.pause"
    CUSTOMER_RESUME = "customer.resume"
    CUSTOMER_READ = "customer.read"
    CUSTOMER_CORRECT = "customer.correct"
    CUSTOMER_ERASE = "customer.erase"
    SENDER_ADD = "sender.add"
    SENDER_SET = "sender.set"
    SENDER_REMOVE = "sender.remove"
    NUMBER_ADD = "number.add"
    NUMBER_REMOVE = "number.remove"
    KEY_ADD = "key.add"
    KEY_REVOKE = "key.revoke"
    ESME_ADD = "esme.add"
    ESME_SET = "esme.set"
    ESME_REVOKE = "esme.revoke"
    ESME_DISCONNECT = "esme.disconnect"
    WEBHOOK_SET = "webhook.set"
    WEBHOOK_SECRET = "webhook.secret"  # noqa: S105
    WEBHOOK_REMOVE = "webhook.remove"
    WEBHOOK_RESUME = "webhook.resume"
    WEBHOOK_DISABLE = "webhook.disable"
    WEBHOOK_TEST = "webhook.test"
    WEBHOOK_REPLAY = "webhook.replay"
    WEBHOOK_NOTE = "webhook.note"
    LIMIT_SET = "limit.set"
    BALANCE_SET = "balance.set"

    # people
    PERSON_ADD = "person.add"
    PERSON_SET = "person.set"
    PERSON_READ = "person.read"
    PERSON_DISABLE = "person.disable"
    PERSON_ENABLE = "person.enable"
    PERSON_REMOVE = "person.remove"
    PERSON_PASSWORD = "person.password"  # noqa: S105
    PERSON_TOTP = "person.totp"
    PERSON_PASSKEY = "person.passkey"
    PERSON_SESSIONS = "person.sessions"
    ROLE_GRANT = "role.grant"
    ROLE_WITHDRAW = "role.withdraw"
    TOKEN_ADD = "token.add"  # noqa: S105
    TOKEN_REVOKE = "token.revoke"  # noqa: S105
    LOGIN = "login"
    LOGIN_LOCKED = "login.locked"
    LOGOUT = "logout"
    REQUEST_MAKE = "request.make"
    REQUEST_CONSENT = "request.consent"
    REQUEST_REFUSE = "request.refuse"
    REQUEST_EXPIRE = "request.expire"
    REQUEST_USE = "request.use"

    # how a running gateway is steered
    OPERATOR_PAUSE = "operator.pause"
    OPERATOR_RESUME = "operator.resume"
    OPERATOR_REBIND = "operator.rebind"
    OPERATOR_THROUGHPUT = "operator.throughput"
    OPERATOR_REROUTE = "operator.reroute"
    OPERATOR_DRAIN = "operator.drain"
    ROUTE_CHANGE = "route.change"
    ACCEPTING = "accepting"
    DISPATCH = "dispatch"
    SETTINGS_RELOAD = "settings.reload"
    PROBLEM_ACKNOWLEDGE = "problem.acknowledge"
    RULEPACK_SWITCH = "rulepack.switch"
    TASK_BEGIN = "task.begin"
    TASK_END = "task.end"
    NODE_START = "node.start"
    NODE_STOP = "node.stop"
    NODE_DRAIN = "node.drain"
    NODE_TAKEOVER = "node.takeover"
    CLOCK_CONFIRM = "clock.confirm"

    # stores and keys
    INSTALLATION_BEGIN = "installation.begin"
    LEDGER_ACCEPT_RESTORE = "ledger.accept_restore"
    LEDGER_FORMAT = "ledger.format"
    LEDGER_BACKUP = "ledger.backup"
    LEDGER_COPY = "ledger.copy"
    KEYS_ACCEPT_RESTORE = "keys.accept_restore"
    KEYS_COPY = "keys.copy"
    KEYS_DESTROY = "keys.destroy"
    KEYS_RECOVER = "keys.recover"
    KEYS_ROTATE = "keys.rotate"
    KEYS_SNAPSHOT = "keys.snapshot"
    CUSTODIAN_SET = "custodian.set"
    CUSTODIAN_ASK = "custodian.ask"

    # personal data
    MESSAGE_FIND = "message.find"
    MESSAGE_SHOW = "message.show"
    OPENINGS_MINUTE = "openings.minute"
    RETENTION_RUN = "retention.run"
    RETENTION_POLICY = "retention.policy"
    SUBJECT_ERASE = "subject.erase"
    SUBJECT_ACCESS = "subject.access"
    MESSAGE_ERASE = "message.erase"
    MESSAGE_EMPTY = "message.empty"
    MESSAGE_DELETE = "message.delete"
    MESSAGE_CANCEL = "message.cancel"
    MESSAGE_NOTIFY = "message.notify"
    EXPORT_MAKE = "export.make"
    ASSESS = "assess"
    CASE_OPEN = "case.open"
    CASE_STEP = "case.step"
    CASE_CLOSE = "case.close"
    TICKET_OPEN = "ticket.open"
    TICKET_STEP = "ticket.step"
    BREACH_ESTIMATE = "breach.estimate"
    BREACH_DRAFT = "breach.draft"
    CONSENT_GIVE = "consent.give"
    CONSENT_WITHDRAW = "consent.withdraw"
    CONSENT_CORRECT = "consent.correct"
    CONSENT_IMPORT = "consent.import"
    CONSENT_SHOW = "consent.show"
    CONSENT_WORDING = "consent.wording"
    SUPPRESSION_ADD = "suppression.add"
    SUPPRESSION_REMOVE = "suppression.remove"
    FRAUD_OVERRIDE = "fraud.override"
    FRAUD_RELEASE = "fraud.release"
    FRAUD_REVIEW = "fraud.review"
    HOLD_PLACE = "hold.place"
    HOLD_EXTEND = "hold.extend"
    HOLD_RELEASE = "hold.release"
    BREAKGLASS_BEGIN = "breakglass.begin"
    BREAKGLASS_END = "breakglass.end"
    DISCLOSURE_MAKE = "disclosure.make"
    DISCLOSURE_SHOW = "disclosure.show"
    DESTRUCTION = "destruction"

    # what people are told
    NOTICE_PUBLISH = "notice.publish"
    NOTICE_GIVE = "notice.give"

    # the log itself
    AUDIT_ANEW = "audit.anew"
    AUDIT_PRUNE = "audit.prune"


class Rule(msgspec.Struct, frozen=True):
    """objects: with which word the id of its object begins; '' where it may have none. words: for `what`."""

    objects: tuple[str, ...]
    words: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()


def _rule(objects: str, *, words: Iterable[str] = (), numbers: str = "", digests: str = "") -> Rule:
    named = tuple(objects.split()) or ("",)
    return Rule(named, frozenset(words), frozenset(numbers.split()), frozenset(digests.split()))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ROLES: Final = _words(
    "owner developer support viewer operations privacy_officer auditor key_custodian customer_owner customer_developer"
    " customer_support customer_viewer customer_privacy_officer customer_auditor"
)
"""As `gateway.people.roles` names them."""
PURPOSES: Final = _words(
    "accept deliver inform_customer credential data_subject security legal improvement legal_hold support"
)
CERTIFIED: Final = _words("person message customer retention hold")
"""What a certificate of destruction is about."""
REFUSALS: Final = _words("forbidden unknown invalid changed expired locked wrong missing failed unavailable fork")
"""Why an act did not take place; `refused:` stands before it."""
_SWITCH: Final = ("on", "off")
_STATES: Final = "before after"
_CUSTOMER: Final = _rule("cus")
_PERSON: Final = _rule("usr")
_OPERATOR: Final = _rule("op", numbers="version per_s waiting")
_STORE: Final = _rule("", numbers="messages keys octets files version opened", digests=_STATES)
_PURPOSES_OF_CONSENT: Final = _words("promotional awareness all")
_CASE: Final = _rule("case", words=_words("access copy correction erasure withdraw object complaint breach disclosure"))
_CASE_STEP: Final = _rule(
    "case",
    words=_words("ask_proof prove expire restrict begin answer extend refuse show download"),
    numbers="messages customers held days",
)

RULES: Final[Mapping[Act, Rule]] = MappingProxyType(
    {
        Act.CUSTOMER_ADD: _CUSTOMER,
        Act.CUSTOMER_SET: _CUSTOMER,
        Act.CUSTOMER_DISABLE: _CUSTOMER,
        Act.CUSTOMER_ENABLE: _CUSTOMER,
        Act.CUSTOMER_PAUSE: _rule("cus", numbers="version"),
        Act.CUSTOMER_RESUME: _rule("cus", numbers="version"),
        Act.SENDER_ADD: _CUSTOMER,
        Act.SENDER_SET: _CUSTOMER,
        Act.SENDER_REMOVE: _CUSTOMER,
        Act.NUMBER_ADD: _rule("cus", numbers="keywords"),
        Act.NUMBER_REMOVE: _CUSTOMER,
        Act.KEY_ADD: _rule("key"),
        Act.KEY_REVOKE: _rule("key"),
        Act.ESME_ADD: _rule("esme"),
        Act.ESME_SET: _rule("esme"),
        Act.ESME_REVOKE: _rule("esme"),
        Act.ESME_DISCONNECT: _rule("esme", numbers="version"),
        Act.WEBHOOK_SET: _rule("cus", numbers="events"),
        Act.WEBHOOK_SECRET: _rule("cus", numbers="overlap_s"),
        Act.WEBHOOK_REMOVE: _CUSTOMER,
        Act.WEBHOOK_RESUME: _CUSTOMER,
        Act.WEBHOOK_DISABLE: _CUSTOMER,
        Act.WEBHOOK_TEST: _CUSTOMER,
        Act.WEBHOOK_REPLAY: _rule("cus task", numbers="events"),
        Act.WEBHOOK_NOTE: _rule("cus", words=("failing", "well", "disabled")),
        Act.LIMIT_SET: _rule("cus key op", numbers="version per_s per_day per_month"),
        Act.BALANCE_SET: _rule("cus", words=_SWITCH, numbers="version margin added taken"),
        Act.PERSON_ADD: _PERSON,
        Act.PERSON_SET: _PERSON,
        Act.PERSON_READ: _PERSON,
        Act.PERSON_DISABLE: _PERSON,
        Act.PERSON_ENABLE: _PERSON,
        Act.PERSON_REMOVE: _PERSON,
        Act.PERSON_PASSWORD: _PERSON,
        Act.PERSON_TOTP: _PERSON,
        Act.PERSON_PASSKEY: _PERSON,
        Act.PERSON_SESSIONS: _rule("usr", numbers="ended"),
        Act.ROLE_GRANT: _rule("usr token", words=ROLES),
        Act.ROLE_WITHDRAW: _rule("usr token", words=ROLES),
        Act.TOKEN_ADD: _rule("token", numbers="scopes"),
        Act.TOKEN_REVOKE: _rule("token"),
        Act.LOGIN: Rule(("usr", ""), words=frozenset({"password", "totp", "recovery", "passkey", "token"})),
        Act.LOGIN_LOCKED: Rule(("usr", ""), numbers=frozenset({"tries"})),
        Act.LOGOUT: _PERSON,
        Act.REQUEST_MAKE: _rule("request"),
        Act.REQUEST_CONSENT: _rule("request"),
        Act.REQUEST_REFUSE: _rule("request"),
        Act.REQUEST_EXPIRE: _rule("request"),
        Act.REQUEST_USE: _rule("request"),
        Act.OPERATOR_PAUSE: _OPERATOR,
        Act.OPERATOR_RESUME: _OPERATOR,
        Act.OPERATOR_REBIND: _OPERATOR,
        Act.OPERATOR_THROUGHPUT: _OPERATOR,
        Act.OPERATOR_REROUTE: _OPERATOR,
        Act.OPERATOR_DRAIN: _OPERATOR,
        Act.ROUTE_CHANGE: _rule("route", words=(*_SWITCH, "weights"), numbers="version"),
        Act.ACCEPTING: _rule("", words=_SWITCH, numbers="version"),
        Act.DISPATCH: _rule("", words=_SWITCH, numbers="version"),
        Act.SETTINGS_RELOAD: _rule("", numbers="version nodes", digests=_STATES),
        Act.PROBLEM_ACKNOWLEDGE: _rule("problem"),
        Act.RULEPACK_SWITCH: _rule("", numbers="version", digests=_STATES),
        Act.TASK_BEGIN: _rule("task"),
        Act.TASK_END: _rule("task", numbers="done"),
        Act.NODE_START: _rule("node", numbers="size"),
        Act.NODE_STOP: _rule("node"),
        Act.NODE_DRAIN: _rule("node", words=_SWITCH, numbers="version"),
        Act.NODE_TAKEOVER: _rule("node", numbers="partitions"),
        Act.CLOCK_CONFIRM: _rule("", numbers="away_ms"),
        Act.INSTALLATION_BEGIN: _rule("inst", numbers="put_aside"),
        Act.LEDGER_ACCEPT_RESTORE: _STORE,
        Act.LEDGER_FORMAT: _rule("", numbers="before after"),
        Act.LEDGER_BACKUP: _STORE,
        Act.LEDGER_COPY: _rule("", words=("begin",)),
        Act.KEYS_ACCEPT_RESTORE: _STORE,
        Act.KEYS_COPY: _rule("", words=("begin",)),
        Act.KEYS_DESTROY: _rule("", words=("period", "customer", "pepper", "secret"), numbers="keys", digests=_STATES),
        Act.KEYS_RECOVER: _STORE,
        Act.KEYS_ROTATE: _rule(
            "", words=("root", "credentials", "customer", "audit"), numbers="version", digests=_STATES
        ),
        Act.KEYS_SNAPSHOT: _STORE,
        Act.CUSTODIAN_SET: _rule("", numbers="secrets"),
        Act.CUSTODIAN_ASK: _rule("case", numbers="customers subjects secrets"),
        Act.MESSAGE_FIND: Rule(
            ("case", "cus", ""),
            words=_words("id reference number number_support number_data_subject number_security number_legal"),
            numbers=frozenset({"found"}),
        ),
        Act.MESSAGE_SHOW: _rule("msg"),
        Act.MESSAGE_CANCEL: _rule("msg"),
        Act.MESSAGE_NOTIFY: _rule("msg"),
        Act.OPENINGS_MINUTE: _rule("node", words=PURPOSES, numbers="opened refused minute"),
        Act.RETENTION_RUN: Rule(
            ("node", ""), numbers=frozenset({"keys", "content", "records", "leftovers", "minute", "due"})
        ),
        Act.RETENTION_POLICY: _CUSTOMER,
        Act.SUBJECT_ERASE: Rule(
            ("case", "request", "erasure"),
            numbers=frozenset({"messages", "periods", "customers", "subjects", "elsewhere", "held"}),
        ),
        Act.SUBJECT_ACCESS: Rule(("case", "request", "cus", ""), numbers=frozenset({"messages", "customers"})),
        Act.MESSAGE_ERASE: _rule("msg", numbers="messages periods elsewhere subjects customers held"),
        Act.MESSAGE_EMPTY: _rule("msg"),
        Act.MESSAGE_DELETE: _rule("msg"),
        Act.CUSTOMER_READ: _CUSTOMER,
        Act.CUSTOMER_CORRECT: _rule("cus", words=("name", "company", "email", "phone")),
        Act.CUSTOMER_ERASE: _rule("cus", numbers="messages"),
        Act.EXPORT_MAKE: Rule(("case", "request", "cus", ""), numbers=frozenset({"messages"})),
        Act.ASSESS: _rule(
            "", words=("sound", "unsound"), numbers="parts unsound leaks places messages after", digests="statement"
        ),
        Act.CASE_OPEN: _CASE,
        Act.CASE_STEP: _CASE_STEP,
        Act.CASE_CLOSE: _CASE,
        Act.TICKET_OPEN: _rule("ticket", words=_words("delivery sender webhook access billing privacy other")),
        Act.TICKET_STEP: _rule("ticket", words=_words("write note assign close show")),
        Act.BREACH_ESTIMATE: _rule("case", numbers="messages subjects customers"),
        Act.BREACH_DRAFT: _rule("case", words=("authority", "people")),
        Act.CONSENT_GIVE: _rule("cus", words=_PURPOSES_OF_CONSENT),
        Act.CONSENT_WITHDRAW: _rule("cus", words=_PURPOSES_OF_CONSENT),
        Act.CONSENT_CORRECT: _rule("cus", words=("given_ms", "means", "wording", "prior")),
        Act.CONSENT_IMPORT: _rule("cus file", words=("consents", "suppressions"), numbers="lines taken refused"),
        Act.CONSENT_SHOW: _rule("cus", numbers="rows"),
        Act.CONSENT_WORDING: _CUSTOMER,
        Act.SUPPRESSION_ADD: _rule("cus", words=_words("person link api import command operator erasure")),
        Act.SUPPRESSION_REMOVE: _CUSTOMER,
        Act.FRAUD_OVERRIDE: _rule("cus", words=("add", "remove")),
        Act.FRAUD_RELEASE: _rule("block"),
        Act.FRAUD_REVIEW: _rule(
            "cus", words=_words("release_same_text drop_same_text release_new_traffic drop_new_traffic")
        ),
        Act.HOLD_PLACE: _rule("hold case", numbers="messages"),
        Act.HOLD_EXTEND: _rule("hold case", numbers="messages"),
        Act.HOLD_RELEASE: _rule("hold case", numbers="messages"),
        Act.BREAKGLASS_BEGIN: _rule("msg case", numbers="minutes"),
        Act.BREAKGLASS_END: _rule("msg case", numbers="opened"),
        Act.DISCLOSURE_MAKE: _rule("disclosure", numbers="messages"),
        Act.DISCLOSURE_SHOW: _rule("disclosure"),
        Act.DESTRUCTION: _rule(
            "cert",
            words=CERTIFIED,
            numbers="messages subjects keys content records leftovers",
            digests="before after statement page",
        ),
        Act.NOTICE_PUBLISH: _rule("notice", numbers="version", digests="statement"),
        Act.NOTICE_GIVE: _rule("cus", words=("use", "read"), numbers="version"),
        Act.AUDIT_ANEW: _rule("", numbers="size", digests=_STATES),
        Act.AUDIT_PRUNE: _rule("", numbers="before after"),
    }
)
"""Of every act. Who did it, for which customer, with whose consent and the commitment to a reason may stand in each."""

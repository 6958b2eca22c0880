"""Who may do what: one table of actions and roles. What it does not grant is refused.

Roles of the platform reach every customer. A customer's roles, whose names begin with `customer_`, reach that customer
alone. Nobody has a role that reads texts: break-glass shows one, and takes two people. Machine tokens hold single
actions as their scopes, by the same table.

An action is named `object.verb`, as interfaces, the command line and the audit log name it. To add one, add a member
of `Action` and a line of `TABLE`; docs/people.md repeats the table, and a test compares them.
"""

import enum
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class Role(enum.StrEnum):
    """What somebody is employed for; people may have several."""

    OWNER = "owner"
    DEVELOPER = "developer"
    SUPPORT = "support"
    VIEWER = "viewer"
    OPERATIONS = "operations"
    PRIVACY_OFFICER = "privacy_officer"
    AUDITOR = "auditor"
    KEY_CUSTODIAN = "key_custodian"
    CUSTOMER_OWNER = "customer_owner"
    CUSTOMER_DEVELOPER = "customer_developer"
    CUSTOMER_SUPPORT = "customer_support"
    CUSTOMER_VIEWER = "customer_viewer"
    CUSTOMER_PRIVACY_OFFICER = "customer_privacy_officer"
    CUSTOMER_AUDITOR = "customer_auditor"


CUSTOMER_ROLES: Final = frozenset(each for each in Role if each.startswith("customer_"))
PLATFORM_ROLES: Final = frozenset(Role) - CUSTOMER_ROLES


class Action(enum.StrEnum):
    """Everything that somebody may be allowed to do."""

    # The system: nodes, settings, problems
    SYSTEM_READ = "system.read"  # nodes, workers, health, backlog
    SYSTEM_DRAIN = "system.drain"  # drain a node, and resume it
    SYSTEM_ACCEPTING = "system.accepting"  # take messages from customers, or not
    SYSTEM_DISPATCH = "system.dispatch"  # send to operators, or hold
    SETTINGS_READ = "settings.read"
    SETTINGS_RELOAD = "settings.reload"
    PROBLEM_READ = "problem.read"
    PROBLEM_ACKNOWLEDGE = "problem.acknowledge"
    LEDGER_READ = "ledger.read"
    LEDGER_MAINTAIN = "ledger.maintain"  # copies, formats, a restored one accepted
    # Operators and routes
    OPERATOR_READ = "operator.read"
    OPERATOR_PAUSE = "operator.pause"
    OPERATOR_RESUME = "operator.resume"
    OPERATOR_REBIND = "operator.rebind"
    OPERATOR_THROUGHPUT = "operator.throughput"
    OPERATOR_REROUTE = "operator.reroute"
    OPERATOR_DRAIN = "operator.drain"
    OPERATOR_TEST = "operator.test"  # a message to a number of the override list
    ROUTE_READ = "route.read"
    ROUTE_EXPLAIN = "route.explain"  # which route a number would take; the number is not kept
    ROUTE_CHANGE = "route.change"
    # Customers and what belongs to them
    CUSTOMER_READ = "customer.read"  # settings, limits, health
    CUSTOMER_PROFILE = "customer.profile"  # contact data in clear
    CUSTOMER_CORRECT = "customer.correct"  # contact data
    CUSTOMER_ADD = "customer.add"
    CUSTOMER_CHANGE = "customer.change"  # limits, classes, detection
    CUSTOMER_PAUSE = "customer.pause"  # and enable again
    CUSTOMER_DESTROY = "customer.destroy"
    NOTICE_READ = "notice.read"  # say that one's own customer read the privacy notice
    KEY_READ = "key.read"  # API keys, by prefix
    KEY_ADD = "key.add"
    KEY_REVOKE = "key.revoke"
    ESME_READ = "esme.read"
    ESME_CHANGE = "esme.change"  # add, revoke, profile
    ESME_DISCONNECT = "esme.disconnect"
    SENDER_READ = "sender.read"
    SENDER_CHANGE = "sender.change"
    NUMBER_READ = "number.read"
    NUMBER_CHANGE = "number.change"
    WEBHOOK_READ = "webhook.read"
    WEBHOOK_CHANGE = "webhook.change"  # set, remove, enable, disable
    WEBHOOK_SECRET = "webhook.secret"  # noqa: S105  a new secret beside the old one
    WEBHOOK_TEST = "webhook.test"
    WEBHOOK_RESEND = "webhook.resend"  # one event, resume, or everything since a time
    # Messages and counts
    MESSAGE_READ = "message.read"  # status and timeline, by id or by customer and reference; never text
    MESSAGE_FIND = "message.find"  # by a typed number, with purpose and case
    MESSAGE_CANCEL = "message.cancel"
    MESSAGE_NOTIFY = "message.notify"  # the customer once more
    MESSAGE_DESTROY = "message.destroy"  # its content
    USAGE_READ = "usage.read"  # counts; small cells hidden
    USAGE_SMALL = "usage.small"  # and small cells
    BALANCE_CHANGE = "balance.change"  # prepaid, quotas
    # Retention, holds and keys
    RETENTION_READ = "retention.read"
    RETENTION_CHANGE = "retention.change"
    RETENTION_SWEEP = "retention.sweep"
    HOLD_READ = "hold.read"
    HOLD_PLACE = "hold.place"
    HOLD_LIFT = "hold.lift"
    KEYS_READ = "keys.read"
    KEYS_ROTATE = "keys.rotate"
    KEYS_COPY = "keys.copy"  # and a restored store accepted
    CUSTODIAN_READ = "custodian.read"
    CUSTODIAN_ANSWER = "custodian.answer"
    # Rights of people who are written to
    CASE_READ = "case.read"
    CASE_OPEN = "case.open"
    CASE_WORK = "case.work"  # proof, extension, refusal, answer
    SUBJECT_ACCESS = "subject.access"  # what is held of a person, as counts and dates
    SUBJECT_EXPORT = "subject.export"  # as a package that leaves
    SUBJECT_CORRECT = "subject.correct"
    SUBJECT_OBJECT = "subject.object"  # withdrawal and objection
    SUBJECT_ERASE = "subject.erase"
    DISCLOSURE_READ = "disclosure.read"
    DISCLOSURE_MAKE = "disclosure.make"  # to an authority
    BREACH_READ = "breach.read"
    BREACH_WORK = "breach.work"
    CONSENT_READ = "consent.read"
    CONSENT_CHANGE = "consent.change"
    CONSENT_IMPORT = "consent.import"
    CONSENT_EXPORT = "consent.export"
    SUPPRESSION_READ = "suppression.read"
    SUPPRESSION_CHANGE = "suppression.change"
    BREAKGLASS_OPEN = "breakglass.open"  # one message's text, once
    # The support desk
    TICKET_READ = "ticket.read"  # where tickets stand, without words
    TICKET_SHOW = "ticket.show"  # what was written in one
    TICKET_OPEN = "ticket.open"
    TICKET_ANSWER = "ticket.answer"  # write in one, and close it
    TICKET_ASSIGN = "ticket.assign"
    # Rules and fraud
    RULES_READ = "rules.read"
    RULES_CHECK = "rules.check"  # a message without sending it
    RULES_SWITCH = "rules.switch"
    FRAUD_READ = "fraud.read"
    FRAUD_CHANGE = "fraud.change"
    OVERRIDE_CHANGE = "override.change"  # numbers that tests may go to
    # Evidence
    AUDIT_READ = "audit.read"
    AUDIT_EXPORT = "audit.export"
    AUDIT_PRUNE = "audit.prune"
    AUDIT_WITNESS = "audit.witness"  # who cosigns
    REPORT_READ = "report.read"  # policy, processing record, transfers, certificates
    ASSESS_RUN = "assess.run"
    # People and machines that administer
    PERSON_READ = "person.read"  # ids, roles, state
    PERSON_PROFILE = "person.profile"  # contact data in clear
    PERSON_ADD = "person.add"
    PERSON_ROLE = "person.role"
    PERSON_DISABLE = "person.disable"  # and enable again
    PERSON_RESET = "person.reset"  # password, second factor, passkeys, lock
    PERSON_CORRECT = "person.correct"
    PERSON_ERASE = "person.erase"
    SIGNIN_READ = "signin.read"
    SESSION_END = "session.end"
    TOKEN_READ = "token.read"  # noqa: S105
    TOKEN_ADD = "token.add"  # noqa: S105
    TOKEN_REVOKE = "token.revoke"  # noqa: S105
    REQUEST_READ = "request.read"  # what waits for a second person
    # One's own account
    OWN_READ = "own.read"  # contact data, history, sessions, sign-ins
    OWN_CORRECT = "own.correct"
    OWN_CREDENTIALS = "own.credentials"  # password, second factor, passkeys
    OWN_SESSION_END = "own.session_end"


class Rule(msgspec.Struct, frozen=True):
    """roles: who may do it. second: who may consent as the second person; empty where one is enough.

    fresh: whether somebody who is signed in has to prove it again first.
    """

    roles: frozenset[Role]
    second: frozenset[Role] = frozenset()
    fresh: bool = False

    @property
    def takes_two(self) -> bool:
        return bool(self.second)


_O, _D, _S, _V = Role.OWNER, Role.DEVELOPER, Role.SUPPORT, Role.VIEWER
_P, _R, _A, _K = Role.OPERATIONS, Role.PRIVACY_OFFICER, Role.AUDITOR, Role.KEY_CUSTODIAN
_CO, _CD, _CS, _CV = Role.CUSTOMER_OWNER, Role.CUSTOMER_DEVELOPER, Role.CUSTOMER_SUPPORT, Role.CUSTOMER_VIEWER
_CR, _CA = Role.CUSTOMER_PRIVACY_OFFICER, Role.CUSTOMER_AUDITOR
_EVERYBODY: Final = tuple(Role)


def _by(*roles: Role, fresh: bool = False) -> Rule:
    return Rule(frozenset(roles), fresh=fresh)


def _by_two(*roles: Role, second: tuple[Role, ...]) -> Rule:
    return Rule(frozenset(roles), frozenset(second), fresh=True)


TABLE: Final[Mapping[Action, Rule]] = MappingProxyType(
    {
        Action.SYSTEM_READ: _by(_O, _D, _S, _V, _P, _R, _A, _K),
        Action.SYSTEM_DRAIN: _by(_O, _P),
        Action.SYSTEM_ACCEPTING: _by(_O, _P),
        Action.SYSTEM_DISPATCH: _by(_O, _P),
        Action.SETTINGS_READ: _by(_O, _D, _P, _R, _A),
        Action.SETTINGS_RELOAD: _by(_O, _P),
        Action.PROBLEM_READ: _by(_O, _D, _S, _P, _R, _A),
        Action.PROBLEM_ACKNOWLEDGE: _by(_O, _D, _S, _P),
        Action.LEDGER_READ: _by(_O, _P, _R, _A),
        Action.LEDGER_MAINTAIN: _by(_O, _P, fresh=True),
        Action.OPERATOR_READ: _by(_O, _D, _S, _P, _R, _A),
        Action.OPERATOR_PAUSE: _by(_O, _P),
        Action.OPERATOR_RESUME: _by(_O, _P),
        Action.OPERATOR_REBIND: _by(_O, _P),
        Action.OPERATOR_THROUGHPUT: _by(_O, _P),
        Action.OPERATOR_REROUTE: _by(_O, _P),
        Action.OPERATOR_DRAIN: _by(_O, _P),
        Action.OPERATOR_TEST: _by(_O, _D, _P),
        Action.ROUTE_READ: _by(_O, _D, _S, _P, _R, _A),
        Action.ROUTE_EXPLAIN: _by(_O, _D, _S, _P),
        Action.ROUTE_CHANGE: _by(_O, _P),
        Action.CUSTOMER_READ: _by(_O, _D, _S, _P, _R, _A, _CO, _CD, _CS, _CR, _CA),
        Action.CUSTOMER_PROFILE: _by(_O, _S, _R, _CO, _CR, fresh=True),
        Action.CUSTOMER_CORRECT: _by(_O, _S, _R, _CO, fresh=True),
        Action.NOTICE_READ: _by(_CO, _CD, _CS, _CR, _CA),
        Action.CUSTOMER_ADD: _by(_O),
        Action.CUSTOMER_CHANGE: _by(_O, _P),
        Action.CUSTOMER_PAUSE: _by(_O, _P),
        Action.CUSTOMER_DESTROY: _by_two(_O, second=(_O, _R)),
        Action.KEY_READ: _by(_O, _D, _S, _P, _R, _A, _CO, _CD, _CS, _CA),
        Action.KEY_ADD: _by(_O, _CO, _CD, fresh=True),
        Action.KEY_REVOKE: _by(_O, _S, _P, _CO, _CD),
        Action.ESME_READ: _by(_O, _D, _S, _P, _R, _A, _CO, _CD, _CS, _CA),
        Action.ESME_CHANGE: _by(_O, _P, fresh=True),
        Action.ESME_DISCONNECT: _by(_O, _P, _CO, _CD),
        Action.SENDER_READ: _by(_O, _D, _S, _P, _R, _A, _CO, _CD, _CS, _CR, _CA),
        Action.SENDER_CHANGE: _by(_O, _R),
        Action.NUMBER_READ: _by(_O, _D, _S, _P, _R, _A, _CO, _CD, _CS, _CA),
        Action.NUMBER_CHANGE: _by(_O, _P),
        Action.WEBHOOK_READ: _by(_O, _D, _S, _P, _R, _A, _CO, _CD, _CS, _CR, _CA),
        Action.WEBHOOK_CHANGE: _by(_O, _P, _CO, _CD),
        Action.WEBHOOK_SECRET: _by(_O, _CO, _CD, fresh=True),
        Action.WEBHOOK_TEST: _by(_O, _D, _S, _P, _CO, _CD, _CS),
        Action.WEBHOOK_RESEND: _by(_O, _S, _P, _CO, _CD, _CS),
        Action.MESSAGE_READ: _by(_O, _D, _S, _P, _R, _A, _CO, _CD, _CS, _CR),
        Action.MESSAGE_FIND: _by(_S, _R, _CS, _CR),
        Action.MESSAGE_CANCEL: _by(_O, _S, _P, _CO, _CD, _CS),
        Action.MESSAGE_NOTIFY: _by(_O, _S, _P, _CO, _CD, _CS),
        Action.MESSAGE_DESTROY: _by(_R, _CR, fresh=True),
        Action.USAGE_READ: _by(_O, _D, _S, _V, _P, _R, _A, _CO, _CD, _CS, _CV, _CR, _CA),
        Action.USAGE_SMALL: _by(_O, _S, _P, _R, _A, _CO, _CD, _CS, _CR, _CA),
        Action.BALANCE_CHANGE: _by(_O, fresh=True),
        Action.RETENTION_READ: _by(_O, _D, _S, _P, _R, _A, _K, _CO, _CR, _CA),
        Action.RETENTION_CHANGE: _by(_R, _CO, _CR, fresh=True),
        Action.RETENTION_SWEEP: _by(_O, _P, _R),
        Action.HOLD_READ: _by(_O, _R, _A),
        Action.HOLD_PLACE: _by_two(_R, second=(_O, _R)),
        Action.HOLD_LIFT: _by_two(_R, second=(_O, _R)),
        Action.KEYS_READ: _by(_O, _P, _R, _A, _K),
        Action.KEYS_ROTATE: _by(_P, _K, fresh=True),
        Action.KEYS_COPY: _by(_K, fresh=True),
        Action.CUSTODIAN_READ: _by(_O, _R, _A, _K),
        Action.CUSTODIAN_ANSWER: _by(_K, fresh=True),
        Action.CASE_READ: _by(_O, _S, _R, _A, _CO, _CR, _CA),
        Action.CASE_OPEN: _by(_S, _R, _CO, _CS, _CR),
        Action.CASE_WORK: _by(_R, _CR),
        Action.SUBJECT_ACCESS: _by(_R, _CR),
        Action.SUBJECT_EXPORT: _by_two(_R, _CR, second=(_O, _R, _CO, _CR)),
        Action.SUBJECT_CORRECT: _by(_R, _CR),
        Action.SUBJECT_OBJECT: _by(_S, _R, _CS, _CR),
        Action.SUBJECT_ERASE: _by(_R, _CR, fresh=True),
        Action.DISCLOSURE_READ: _by(_O, _R, _A),
        Action.DISCLOSURE_MAKE: _by_two(_R, second=(_O, _R)),
        Action.BREACH_READ: _by(_O, _P, _R, _A),
        Action.BREACH_WORK: _by(_O, _R),
        Action.CONSENT_READ: _by(_R, _A, _CO, _CD, _CS, _CR, _CA),
        Action.CONSENT_CHANGE: _by(_R, _CD, _CS, _CR),
        Action.CONSENT_IMPORT: _by(_R, _CR, fresh=True),
        Action.CONSENT_EXPORT: _by(_R, _CR, fresh=True),
        Action.SUPPRESSION_READ: _by(_S, _R, _A, _CO, _CD, _CS, _CR, _CA),
        Action.SUPPRESSION_CHANGE: _by(_S, _R, _CD, _CS, _CR),
        Action.BREAKGLASS_OPEN: _by_two(_S, _P, _R, second=(_O, _R)),
        Action.TICKET_READ: _by(_O, _D, _S, _P, _R, _A, _CO, _CD, _CS, _CR, _CA),
        Action.TICKET_SHOW: _by(_S, _R, _CO, _CD, _CS, _CR),
        Action.TICKET_OPEN: _by(_O, _D, _S, _P, _R, _CO, _CD, _CS, _CR),
        Action.TICKET_ANSWER: _by(_S, _R, _CO, _CD, _CS, _CR),
        Action.TICKET_ASSIGN: _by(_O, _S, _R),
        Action.RULES_READ: _by(_O, _D, _S, _P, _R, _A, _CO, _CD, _CS, _CR, _CA),
        Action.RULES_CHECK: _by(_O, _D, _S, _P, _R, _CO, _CD, _CS, _CR),
        Action.RULES_SWITCH: _by(_O, _R, fresh=True),
        Action.FRAUD_READ: _by(_O, _S, _P, _R, _A),
        Action.FRAUD_CHANGE: _by(_O, _P),
        Action.OVERRIDE_CHANGE: _by(_O, _P, fresh=True),
        Action.AUDIT_READ: _by(_O, _R, _A, _CO, _CR, _CA),
        Action.AUDIT_EXPORT: _by(_R, _A),
        Action.AUDIT_PRUNE: _by_two(_A, second=(_O, _R)),
        Action.AUDIT_WITNESS: _by(_O, _A, fresh=True),
        Action.REPORT_READ: _by(_O, _R, _A, _CO, _CR, _CA),
        Action.ASSESS_RUN: _by(_O, _P, _R, _A),
        Action.PERSON_READ: _by(_O, _R, _A, _CO, _CA),
        Action.PERSON_PROFILE: _by(_O, _R, _CO, fresh=True),
        Action.PERSON_ADD: _by(_O, _CO, fresh=True),
        Action.PERSON_ROLE: _by(_O, _CO, fresh=True),
        Action.PERSON_DISABLE: _by(_O, _CO, fresh=True),
        Action.PERSON_RESET: _by(_O, _CO, fresh=True),
        Action.PERSON_CORRECT: _by(_O, _R, _CO, fresh=True),
        Action.PERSON_ERASE: _by(_O, _R, _CO, fresh=True),
        Action.SIGNIN_READ: _by(_O, _R, _A, _CO, _CA),
        Action.SESSION_END: _by(_O, _P, _CO),
        Action.TOKEN_READ: _by(_O, _P, _R, _A),
        Action.TOKEN_ADD: _by(_O, fresh=True),
        Action.TOKEN_REVOKE: _by(_O, _P),
        Action.REQUEST_READ: _by(_O, _S, _P, _R, _A, _CO, _CR, _CA),
        Action.OWN_READ: _by(*_EVERYBODY),
        Action.OWN_CORRECT: _by(*_EVERYBODY, fresh=True),
        Action.OWN_CREDENTIALS: _by(*_EVERYBODY, fresh=True),
        Action.OWN_SESSION_END: _by(*_EVERYBODY),
    }
)
"""The whole of it: who may do what, what takes two people, and what takes a fresh proof of who one is."""

OWN: Final = frozenset(each for each in Action if each.startswith("own."))
"""About one's own account. Who has not set up a second factor may do these alone."""
TWO_PERSONS: Final = frozenset(action for action, rule in TABLE.items() if rule.takes_two)
FRESH: Final = frozenset(action for action, rule in TABLE.items() if rule.fresh)


def may(roles: Iterable[Role], action: Action, own_customer: bool = False) -> bool:
    """Whether somebody with these roles may do this, or ask for it where it takes two.

    own_customer: whether what it is done to belongs to the customer whose roles these are. For one's own account that
    is so.
    """
    return _grants(TABLE[action].roles, roles, own_customer)


def may_consent(roles: Iterable[Role], action: Action, own_customer: bool = False) -> bool:
    """Whether somebody with these roles may be the second person."""
    return _grants(TABLE[action].second, roles, own_customer)


def _grants(granted: frozenset[Role], roles: Iterable[Role], own_customer: bool) -> bool:
    return any(each in granted and (own_customer or each in PLATFORM_ROLES) for each in roles)


def scopes(*, of_customer: bool) -> frozenset[Action]:
    """What a machine token may carry: what one alone may do, without a fresh proof and an account of one's own."""
    side = CUSTOMER_ROLES if of_customer else PLATFORM_ROLES
    return frozenset(action for action, rule in TABLE.items() if rule.roles & side) - FRESH - OWN


def token_may(held: Collection[Action], action: Action, *, of_customer: bool, own_customer: bool = False) -> bool:
    """Whether a machine token with these scopes may do this. of_customer: whether it belongs to a customer."""
    return action in held and action in scopes(of_customer=of_customer) and (own_customer or not of_customer)

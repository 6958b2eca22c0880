"""Whether the promises to people are kept in this installation as it runs. Pure: what was seen of it is an argument.

Each live check looks at facts of the stores, the keys, the log and the settings, and says in one line what it saw. A
promise without one is shown by a test alone, and what this version lacks is said and not left out.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

import msgspec

from config.operators import OperatorSettings
from config.rules import RulePack, pack_at
from config.settings import Settings
from gateway.accounts.settings import CustomerSettings
from gateway.consent.purposes import PURPOSES
from gateway.keystore.handing_over import TURNS_DAYS, Custodianship
from gateway.ledger.contract import TagDue
from gateway.model.consent_mode import ConsentMode
from gateway.model.times import rfc3339
from gateway.rights.case_states import Kind
from gateway.rights.disclosures import Disclosure
from gateway.tools.promises import PROMISES, Promise
from gateway.transparency.changes import Change
from gateway.transparency.transfers import Recipient, recipients
from gateway.transparency.versions import Version
from redaction.inventory import INVENTORY
from redaction.personal import Purpose
from redaction.seal import POLICY

LAG_S: Final = 900
"""What is overdue for longer is not forgotten on time."""
WAITING_S: Final = 900
"""An audit entry that waits longer for the log shows that nobody writes it."""
CELL: Final = 10
"""The smallest sum that may leave."""
_DAY_MS: Final = 24 * 3_600_000


class State(enum.Enum):
    """passed, failed: by a live check. tested: none can tell, and a test shows it. open: this version lacks it."""

    PASSED = "pass"
    FAILED = "fail"
    TESTED = "test"
    OPEN = "open"


class LogFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Of the audit log. flaw: '' where it is as it was signed. waiting: entries that are not in it yet, and for how
    long the oldest.
    """

    size: int
    flaw: str
    waiting: int
    waiting_s: float


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of an installation. strangers: stored fields without a row in the inventory. log: None where the
    settings leave it to other nodes. overdue_keys: keys of periods that should have been destroyed by now.
    rolls: a destruction kills older copies of the key store. late_cases: by kind, those whose time to answer is over.
    disclosures: the register of what authorities were given. told: the newest notice, None where there is none. due:
    what the settings say otherwise than it.
    """

    settings: Settings
    now_ms: int
    today: date
    strangers: Sequence[str]
    overdue: Sequence[TagDue]
    overdue_keys: int
    custodian: Custodianship
    rolls: bool
    log: LogFacts | None
    customers: Sequence[CustomerSettings]
    packs: Sequence[RulePack]
    late_cases: Mapping[str, int]
    disclosures: Sequence[Disclosure]
    told: Version | None
    due: Sequence[Change]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One promise. seen: what the live check saw; '' where there is none."""

    id: str
    promise: str
    state: State
    seen: str
    lacks: str
    shown_by: tuple[str, ...]


Found = tuple[bool | None, str]
"""Whether it is kept, None where that cannot be seen from here, and what was seen."""
Check = Callable[[Facts], Found]


def report(facts: Facts) -> list[Row]:
    """A row for each promise, in the order of their ids."""
    return [_row(each, facts) for each in PROMISES]


def _row(promise: Promise, facts: Facts) -> Row:
    check = CHECKS.get(promise.id)
    is_kept, seen = (None, "") if check is None else check(facts)
    kept = State.OPEN if promise.lacks else State.TESTED if is_kept is None else State.PASSED
    return Row(
        id=promise.id,
        promise=promise.promise,
        state=State.FAILED if is_kept is False else kept,
        seen=seen,
        lacks=promise.lacks,
        shown_by=promise.shown_by,
    )


# --------------------------------------------------------------------------------------------------------- the checks


def _inventory(facts: Facts) -> Found:
    if facts.strangers:
        return False, f"the inventory lacks {', '.join(facts.strangers)}"
    return True, f"{len(INVENTORY)} fields are declared, and nothing else is stored"


def _purposes(facts: Facts) -> Found:
    return _never(Purpose.IMPROVEMENT, POLICY)


def _never(purpose: Purpose, fields: Mapping[str, Sequence[Purpose]]) -> Found:
    opened = [field for field, purposes in fields.items() if purpose in purposes]
    said = ", ".join(opened) or "nothing"
    return not opened, f"for {purpose.value} may be opened: {said}"


def _basis(_facts: Facts) -> Found:
    purposes = {each.purpose.value for each in INVENTORY.values()}
    bases = {each.basis.value for each in INVENTORY.values()}
    return None, f"{len(purposes)} purposes on {', '.join(sorted(bases))}"


def _bodies(facts: Facts) -> Found:
    purposes = POLICY["content"]
    said = ", ".join(each.value for each in purposes)
    return Purpose.ACCEPT not in purposes, f"a body may be opened to {said}"


def _monitoring(facts: Facts) -> Found:
    bodies = {field: POLICY[field] for field in ("content", "inbound")}
    return _never(Purpose.SECURITY, bodies)


def _cells(facts: Facts) -> Found:
    least = facts.settings.admin.small_cells
    return least >= CELL, f"sums of fewer than {least} messages are hidden (admin.small_cells)"


def _consent(facts: Facts) -> Found:
    """A pack must ask for it, and customers must have it enforced."""
    pack = pack_at(facts.today, facts.packs)
    careless = [name for name in PURPOSES if not pack.of(name).needs_consent]
    if careless:
        return False, f"the rules of today ask for none: {', '.join(careless)}"
    loose = sum(each.consent is not ConsentMode.ENFORCE for each in facts.customers)
    said = f"{loose} of {len(facts.customers)} customers send without being asked for consents"
    return not loose, f"{said} (`customer set --consent enforce`)" if loose else said


def _egress(facts: Facts) -> Found:
    return None, "; ".join(f"{each.name}: {_fields(each)}" for each in facts.settings.operators) or "no operators"


def _fields(operator: OperatorSettings) -> str:
    allowed = operator.egress.allow
    return "the default contract" if allowed == "default" else ", ".join(allowed)


def _contracts(facts: Facts) -> Found:
    """An operator whose contract is over does not bind, which is how the promise is kept; one without is not bound."""
    unbound = [
        each.name for each in facts.settings.operators if _is_away(each) and not each.register.contract_reference
    ]
    if unbound:
        return False, f"no contract is named of {', '.join(unbound)}"
    return True, "; ".join(f"{each.name}: {_contract(each, facts.today)}" for each in facts.settings.operators) or (
        "no operators"
    )


def _is_away(operator: OperatorSettings) -> bool:
    """It says where it is, so it is on another machine."""
    return operator.register.country is not None


def _contract(operator: OperatorSettings, today: date) -> str:
    said = operator.register
    if not _is_away(operator):
        return "on this machine"
    if said.contract_expires is None:
        return said.contract_reference
    ended = " and has ended, the link does not bind" if said.contract_expires < today else ""
    return f"{said.contract_reference} until {said.contract_expires}{ended}"


def _clocks(facts: Facts) -> Found:
    """The periods of each tag, and whether anything has outlived them."""
    late = [each.tag for each in facts.overdue if max(each.content_lag_ms, each.record_lag_ms) > LAG_S * 1000]
    periods = "; ".join(
        f"{rule.tag}: content {_span(rule.content_limit_s)}, record {_span(rule.record_s)}"
        for rule in sorted(facts.settings.retention, key=lambda each: each.tag)
    )
    if late:
        return False, f"overdue for more than {_span(LAG_S)}: {', '.join(sorted(late))}; {periods}"
    return True, f"nothing is overdue; {periods}"


def _span(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _floors(facts: Facts) -> Found:
    floors = [each for each in facts.settings.retention if each.record_floor_s]
    said = "; ".join(f"{each.tag}: {_span(each.record_floor_s)} by {each.floor_citation}" for each in floors)
    return None, said or "no law is named that keeps records longer"


def _destruction(facts: Facts) -> Found:
    """Keys go on time, copies of them die, and names of people whose content is dead are with a custodian."""
    if facts.overdue_keys:
        return False, f"{facts.overdue_keys} keys of periods are there that should be destroyed"
    if not facts.rolls:
        return False, "the root cannot be replaced from here: older copies of the key store still open"
    since_ms = facts.custodian.since_ms
    if since_ms is None:
        return False, "no custodian is set: whoever holds the live keys names everybody in records (`custodian set`)"
    if facts.now_ms > since_ms + TURNS_DAYS * _DAY_MS:
        return False, f"the custodian's key is older than {TURNS_DAYS} days"
    return True, f"no key is overdue, old copies are dead, {facts.custodian.handed} secrets are with the custodian"


def _listeners(facts: Facts) -> Found:
    """Settings with a plain listener on a public address do not load, so whoever reads this has none."""
    settings = facts.settings
    said = [f"http {_way(settings.http)}"]
    if settings.smpp_server.port is not None:
        said.append(f"smpp {_way(settings.smpp_server)}")
    if settings.admin.port is not None:
        said.append(f"admin {_way(settings.admin)}")
    webhooks = settings.webhooks
    clear = [name for name in ("allow_loopback", "plain_hosts") if getattr(webhooks, name)]
    said += [f"webhooks may go out in clear (webhooks.{name})" for name in clear]
    return not clear, ", ".join(said)


def _way(listener: object) -> str:
    if getattr(listener, "tls_certificate", None) is not None:
        return "over TLS"
    if getattr(listener, "tls_terminated_upstream", False):
        return "behind a proxy that speaks TLS"
    return "in a declared tunnel" if getattr(listener, "tunnel", False) else "on loopback"


def _log(facts: Facts) -> Found:
    log = facts.log
    if log is None:
        return None, "the log is written by another node: ask there"
    if log.flaw:
        return False, log.flaw
    if log.waiting_s > WAITING_S:
        return False, f"{log.waiting} entries wait for the log, the oldest for {round(log.waiting_s)} s"
    return True, f"{log.size} entries are as they were signed, {log.waiting} wait"


def _transfers(facts: Facts) -> Found:
    """An operator abroad without a safeguard is held back, which is how the promise is kept; of others it is not."""
    rows = [each for each in recipients(facts.settings, {}) if each.kind != "customer"]
    unsound = [each.name for each in rows if not each.is_sound and each.kind != "operator"]
    if unsound:
        return False, f"no country is said of {'; '.join(unsound)} (privacy.stores.country)"
    return True, "; ".join(f"{each.name}: {_place(each)}" for each in rows)


def _place(recipient: Recipient) -> str:
    if not recipient.is_sound:
        return f"{recipient.country} without a safeguard, held back"
    return f"{recipient.country}, {recipient.safeguard}" if recipient.safeguard else recipient.country


def _disclosures(facts: Facts) -> Found:
    lone = sum(each.of.second in ("", each.of.by) for each in facts.disclosures)
    return not lone, f"{len(facts.disclosures)} disclosures in the register (`disclosure list`), {lone} by one person"


def _codes(facts: Facts) -> Found:
    """Without codes people prove by other channels who they are, which cannot be seen from here."""
    sender = facts.settings.rights.sender
    return (True, f"a code proves a number, from {sender}") if sender else (None, "no codes are sent (rights.sender)")


def _breaches(facts: Facts) -> Found:
    late = facts.late_cases.get(Kind.BREACH.value, 0)
    return not late, f"{late} breaches are known for longer than 72 hours and not answered (`breach list`)"


def _requests(facts: Facts) -> Found:
    late = {kind: count for kind, count in facts.late_cases.items() if kind != Kind.BREACH.value}
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(late.items()))
    return not late, f"past their time: {said}" if late else "no case is past its time"


def _controller(facts: Facts) -> Found:
    said = facts.settings.privacy.controller
    return bool(said), said or "nobody is named as responsible (privacy.controller)"


def _contact(facts: Facts) -> Found:
    said = facts.settings.privacy.contact
    return bool(said), said or "no contact is named (privacy.contact)"


def _notice(facts: Facts) -> Found:
    """Where no pages are served people are told elsewhere, which cannot be seen from here."""
    if not facts.settings.pages.enabled:
        return None, "no pages are served (pages.enabled)"
    if facts.told is None:
        return None, "nobody was told anything yet: a node does so at its start"
    told = f"version {facts.told.number} of {rfc3339(facts.told.since_ms)}, SHA-256 {facts.told.digest[:16]}"
    return not facts.due, f"{told}; the settings say {len(facts.due)} things otherwise" if facts.due else told


CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "P-01": _notice,
        "P-02": _controller,
        "P-07": _inventory,
        "P-08": _purposes,
        "P-09": _basis,
        "P-10": _bodies,
        "P-11": _monitoring,
        "P-12": _cells,
        "P-14": _consent,
        "P-16": _egress,
        "P-17": _contracts,
        "P-20": _disclosures,
        "P-21": _clocks,
        "P-22": _floors,
        "P-23": _destruction,
        "P-24": _listeners,
        "P-26": _log,
        "P-28": _breaches,
        "P-32": _codes,
        "P-37": _requests,
        "P-38": _transfers,
        "P-39": _notice,
        "P-41": _contact,
    }
)
"""By the id of the promise."""

"""The rights desk, put together of open stores: for a node, and for the command line beside it."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from config.settings import Settings
from gateway.accounts.administration import Accounts
from gateway.accounts.profile import AccountSealer
from gateway.audit.actor import Actor
from gateway.audit.log import AuditLog
from gateway.keystore.hold_keys import CASES, TICKET_DAYS, DayKeys, HoldKeys
from gateway.keystore.installation import shown
from gateway.keystore.keyring import Keyring
from gateway.keystore.store import Keystore
from gateway.ledger.contract import Notify
from gateway.ledger.roles import Ledger
from gateway.model.message import OutboxEvent
from gateway.process.clock import Clock
from gateway.retention.policies import RetentionPolicies
from gateway.rights.breaches import Breaches
from gateway.rights.case_clocks import keeping_of
from gateway.rights.cases import Cases
from gateway.rights.certificates import Certificates
from gateway.rights.disclosures import Disclosures
from gateway.rights.erasing import Around, Eraser, Publish
from gateway.rights.holds import Holds
from gateway.rights.leaving import Departures
from gateway.rights.packages import Packages
from gateway.rights.places import every_place
from gateway.rights.tracing import Tracer
from gateway.support.tickets import Hand, Tickets
from gateway.vault.vault import Vault
from redaction.seal import Sealer


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk stands on. public_id: of a customer. endpoints: numbers of customers that have a webhook, now."""

    settings: Settings
    ledger: Ledger
    keystore: Keystore
    keyring: Keyring
    policies: RetentionPolicies
    clock: Clock
    installation: int
    public_id: Callable[[int], str]


def tracer(on: Stands) -> Tracer:
    """What the ledger holds, rows that somebody changed among it."""
    return Tracer(on.ledger.messages, on.ledger.copies, on.keyring, on.policies)


def certificates(on: Stands, audit: AuditLog) -> Certificates:
    return Certificates(
        audit,
        on.keystore,
        on.clock,
        installation=shown(on.installation),
        slot=on.settings.keystore.root.kind,
    )


def eraser(on: Stands, actor: Actor, publish: Publish) -> Eraser:
    audit = AuditLog(on.ledger.acts, on.clock, actor)
    return Eraser(
        Around(
            acts=on.ledger.acts,
            retention=on.ledger.retention,
            keyring=on.keyring,
            audit=audit,
            certificates=certificates(on, audit),
            clock=on.clock,
            publish=publish,
            public_id=on.public_id,
            places=every_place(on.ledger, on.keyring, on.clock),
        )
    )


def holds(on: Stands, sealer: Sealer, audit: AuditLog) -> Holds:
    keys = HoldKeys(on.keystore, on.clock)
    return Holds(on.ledger.acts, keys, sealer, audit, certificates(on, audit), on.clock)


def cases(on: Stands, sealer: AccountSealer, actor: Actor) -> Cases:
    keys = HoldKeys(on.keystore, on.clock, CASES)
    return Cases(on.ledger.acts, keys, sealer, on.clock, actor, keeping_of(on.settings.rights))


def tickets(on: Stands, sealer: AccountSealer, hand: Hand) -> Tickets:
    days = DayKeys(on.keystore, on.clock, TICKET_DAYS)
    return Tickets(on.ledger.acts, days, sealer, on.clock, hand, on.settings.rights.ticket_s * 1000)


def own_tickets(on: Stands, sealer: AccountSealer, actor: Actor) -> Tickets:
    """In hands of the platform's that have no key of their own: a node, the command line."""
    return tickets(on, sealer, Hand(actor))


def breaches(on: Stands, sealer: AccountSealer, actor: Actor) -> Breaches:
    audit = AuditLog(on.ledger.acts, on.clock, actor)
    return Breaches(cases(on, sealer, actor), on.ledger.acts, audit, on.clock)


def disclosures(on: Stands, sealer: AccountSealer, vault: Vault, actor: Actor) -> Disclosures:
    audit, keys = AuditLog(on.ledger.acts, on.clock, actor), HoldKeys(on.keystore, on.clock, CASES)
    found = cases(on, sealer, actor)
    return Disclosures(found, on.ledger.acts, keys, sealer, audit, vault, on.public_id, on.clock)


def packages(on: Stands, sealer: AccountSealer, actor: Actor) -> Packages:
    audit = AuditLog(on.ledger.acts, on.clock, actor)
    return Packages(on.ledger.acts, HoldKeys(on.keystore, on.clock, CASES), sealer, audit, on.clock)


def departures(on: Stands, accounts: Accounts, audit: AuditLog) -> Departures:
    """accounts: in the same hands as the log."""
    return Departures(on.ledger, on.keyring, accounts, audit, certificates(on, audit), on.clock)


def publisher(ledger: Ledger, endpoints: Mapping[int, object]) -> Publish:
    """For whoever has no journal: straight into the ledger, for customers that have an endpoint."""

    async def publish(events: Sequence[OutboxEvent]) -> None:
        wanted = [Notify(each) for each in events if each.customer in endpoints]
        if wanted:
            await ledger.apply(wanted)

    return publish

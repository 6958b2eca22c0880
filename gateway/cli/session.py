"""Ledger, keys and accounts as the command line works with them, beside a running node or without one."""

import contextlib
import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import msgspec

from config.loader import load
from config.settings import Settings
from gateway.accounts.administration import Accounts
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.acts import Act
from gateway.audit.entries import named
from gateway.audit.log import AuditLog
from gateway.cli.output import Failed, note
from gateway.keystore.installation import Opened, Step, open_together, shown
from gateway.keystore.keyring import Keyring
from gateway.keystore.opening import keystore
from gateway.keystore.people_keys import PeopleKeys
from gateway.keystore.store import Keystore
from gateway.ledger.contract import LedgerLocked, StoredCustomer
from gateway.ledger.opening import desk_ledger
from gateway.ledger.roles import Ledger
from gateway.people.registry import Registry
from gateway.process.clock import SystemClock
from gateway.process.hardening import forbid_core_dumps
from gateway.retention.clock_watch import ClockWatch
from gateway.retention.rules import Rules, retention_rules
from redaction.seal import Sealer

_ID: Final = re.compile(r"cus_[0-9a-f]{1,32}|[0-9]{1,9}", re.ASCII)
"""What may be repeated of a customer's id that is none: a name could stand there by mistake."""


class Desk(msgspec.Struct, frozen=True):
    """What the verbs work with. audit: where they write down what they do, but for changes of accounts."""

    settings: Settings
    rules: Rules
    ledger: Ledger
    keystore: Keystore
    keyring: Keyring
    sealer: Sealer
    accounts: Accounts
    people: Registry
    audit: AuditLog
    installation: int
    clock: SystemClock


@contextlib.asynccontextmanager
async def open_desk(config: Path | None, *, alone: bool = False, may_begin: bool = False) -> AsyncIterator[Desk]:
    """Open ledger and key store. alone: only while no node runs; raises Failed otherwise. may_begin: make both where
    there is neither; all other verbs make nothing.
    """
    forbid_core_dumps()
    settings = load(config, os.environ)
    clock = SystemClock()
    rules = retention_rules(settings)
    ledger = desk_ledger(settings.ledger, clock, alone=alone)
    store = keystore(settings.keystore, clock, node=False)
    opened = await _open(store, ledger, clock, may_begin=may_begin)
    try:
        audit = AuditLog(ledger.acts, clock, COMMAND_LINE)
        await write_beginning(audit, opened)
        await _look_at_clock(clock, ledger)
        keyring = Keyring(store, rules.values(), clock)
        keyring.ensure_present()
        sealer = Sealer(store.state, clock.random)
        accounts = Accounts(
            ledger.accounts,
            clock,
            COMMAND_LINE,
            sealer=sealer,
            ensure_keys=keyring.ensure_customer,
            digest=keyring.credential_digest,
            epoch=keyring.credential_epoch,
        )
        people = Registry(ledger.acts, sealer, clock, keys=PeopleKeys(store, clock))
        yield Desk(settings, rules, ledger, store, keyring, sealer, accounts, people, audit, opened.installation, clock)
    finally:
        await ledger.close()
        store.close()


@contextlib.contextmanager
def open_keystore(settings: Settings, clock: SystemClock) -> Iterator[Keystore]:
    """The key store that the settings name, if there is one. Raises NothingThere."""
    store = keystore(settings.keystore, clock, node=False)
    store.open(create=False)
    try:
        yield store
    finally:
        store.close()


async def find_customer(desk: Desk, public_id: str) -> StoredCustomer:
    """By the id that the customer sees, or by number. Raises Failed."""
    for customer in await desk.accounts.customers():
        if public_id in (customer.public_id, str(customer.id)):
            return customer
    named = f"the id {public_id}" if _ID.fullmatch(public_id) else "this id"
    raise Failed(f"no customer has {named}", "unknown_customer")


async def customer_names(desk: Desk) -> dict[int, str]:
    """The id under which each customer is known, by the number that rows refer to it by."""
    return {each.id: each.public_id for each in await desk.accounts.customers()}


async def find_owner(desk: Desk, customer: str | None) -> int | None:
    """The number of the customer with this public id; None for all customers. Raises Failed."""
    return None if customer is None else (await find_customer(desk, customer)).id


async def _look_at_clock(clock: SystemClock, ledger: Ledger) -> None:
    watch = ClockWatch(clock, ledger.marks)
    await watch.begin()
    if not clock.is_sound:
        away_s = round(watch.guard.jump_ms / 1000)
        note(f"the system's clock is {away_s} s from where it should be: see `connect-gateway clock status`")


async def write_beginning(audit: AuditLog, opened: Opened) -> None:
    """Of a new installation, the first entry of its log."""
    if opened.step is Step.BEGIN:
        await audit.write(Act.INSTALLATION_BEGIN, named("inst", shown(opened.installation)))


async def _open(store: Keystore, ledger: Ledger, clock: SystemClock, *, may_begin: bool) -> Opened:
    try:
        opened = await open_together(store, ledger, may_begin=may_begin, random=clock.random)
    except LedgerLocked:
        raise Failed(
            "a running gateway owns this ledger and does this by itself; stop it first", "node_running"
        ) from None
    if opened.step is Step.BEGIN:
        note(f"there was nothing here: this is a new installation, {shown(opened.installation)}")
    return opened

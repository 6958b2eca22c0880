"""What a node keeps and reads: its keys and its ledger, opened together."""

import contextlib
import re
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from config.settings import Settings
from gateway.accounts.directory import Directory
from gateway.accounts.pepper_turn import Moves, PepperTurn
from gateway.audit.building import log_writer
from gateway.audit.cosigning import Cosigning, read_witness
from gateway.audit.sequencer import Sequencer
from gateway.control.follower import Follower
from gateway.keystore.high_water import HighWater
from gateway.keystore.installation import Opened, Step, look_together, open_together, shown
from gateway.keystore.keyring import Keyring
from gateway.keystore.opening import keystore as keystore_of
from gateway.keystore.store import Keystore
from gateway.ledger.opening import desk_ledger, node_ledger
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.node.consents import Consents, open_consents
from gateway.node.persons import Registry, open_people
from gateway.node.ruling import Rules as MessagingRules
from gateway.node.ruling import open_rules
from gateway.process.clock import Clock, GuardedClock
from gateway.process.logs import logger
from gateway.process.scrubbing import TIMES
from gateway.retention.clock_watch import ClockWatch
from gateway.retention.integrity import CheckedMessages, CheckedWork, Integrity
from gateway.retention.rules import Rules, retention_rules
from gateway.vault.vault import Vault
from redaction.inventory import undeclared
from redaction.locked import is_locked
from redaction.personal import Purpose
from redaction.seal import Sealer

if TYPE_CHECKING:
    from gateway.cluster.peers import Peers
    from gateway.ledger.redis.engine import RedisLedger

log = logger("gateway")


class StartRefused(Exception):
    """The node does not start; the text says why and what to do, without personal data."""


class Stores(msgspec.Struct, frozen=True, kw_only=True):
    """Open. messages, work: of the ledger, but records that somebody else changed are not there. watch: on the clock.
    peers: the other nodes on the ledger, where there may be any. audit: who did what. opened: how ledger and key store
    were. follower: of what is wanted of this process. consents: what is known of people's. messaging: what is asked of
    messages.
    """

    rules: Rules
    keystore: Keystore
    keyring: Keyring
    sealer: Sealer
    vault: Vault
    ledger: "SqliteLedger | RedisLedger"
    integrity: Integrity
    messages: CheckedMessages
    work: CheckedWork
    directory: Directory
    follower: Follower
    consents: Consents
    messaging: MessagingRules
    people: Registry
    pepper_turn: PepperTurn
    watch: ClockWatch
    high_water: HighWater
    audit: Sequencer
    cosigning: Cosigning
    opened: Opened
    peers: "Peers | None"


async def open_stores(
    settings: Settings,
    clock: GuardedClock,
    stack: contextlib.AsyncExitStack,
    *,
    machine: str | None,
    shares: Mapping[str, float],
) -> Stores:
    """machine: this one's name, if its workers are to be known by it. shares: by operator, which part of its node's
    throughput is this process's. What is opened is closed by `stack`.

    The first start makes them. Raises StartRefused, LedgerError and config.ConfigError.
    """
    rules = retention_rules(settings)
    keystore = keystore_of(settings.keystore, clock, node=True)
    ledger = node_ledger(settings.ledger, clock, machine=machine)
    opened = await open_together(keystore, ledger, may_begin=True, random=clock.random)
    stack.callback(keystore.close)
    stack.push_async_callback(ledger.close)
    watch = ClockWatch(clock, ledger.marks)
    await watch.begin()  # before anything is destroyed because its time has come
    if opened.step is not Step.GO_ON:
        log.info(_STEPS[opened.step], installation=shown(opened.installation))
    keyring = Keyring(keystore, rules.values(), clock, lambda: ledger.formats.tags_from_ms)
    keyring.ensure_present()
    if keyring.tags.are_made and ledger.formats.tags_from_ms is None:  # a ledger that was begun anew, or brought back
        await ledger.formats.raise_to_newest()
    integrity = Integrity(keyring.tags, ledger.retention)
    messages = CheckedMessages(ledger.messages, integrity)
    sealer = Sealer(
        keystore.state,
        clock.random,
        on_refused=record_refused_opening,
        before_use=keystore.check if keystore.is_leased else None,
    )
    keystore.check_alone()
    if not is_locked():
        log.warning("keys_not_locked")
    await _check_inventory(ledger)
    moves = Moves(keyring, keystore)
    directory = Directory(ledger.accounts, keyring.credential_digest, moves.note)
    await directory.refresh()
    follower = Follower(ledger.acts, clock, node_name(settings), shares)
    await follower.refresh()
    writer = log_writer(settings, keystore, keyring, clock, opened.installation)
    return Stores(
        rules=rules,
        keystore=keystore,
        keyring=keyring,
        sealer=sealer,
        vault=Vault(
            sealer, rules, clock.now_ms, ledger.formats, young_ms=round(settings.memory.horizon_s * 1000 / TIMES)
        ),
        ledger=ledger,
        integrity=integrity,
        messages=messages,
        work=CheckedWork(ledger.work, integrity),
        directory=directory,
        follower=follower,
        consents=await open_consents(ledger, keyring, clock),
        messaging=await open_rules(settings, ledger.acts, directory),
        people=open_people(ledger.acts, sealer, clock, keystore, directory),
        pepper_turn=PepperTurn(moves, directory, ledger.accounts, keystore, clock),
        watch=watch,
        high_water=HighWater(keystore, ledger.marks, clock),
        audit=Sequencer(ledger.acts, writer, clock, settings.audit.interval_s),
        cosigning=Cosigning(
            writer, [read_witness(each) for each in settings.audit.witnesses], clock, settings.audit.witness_interval_s
        ),
        opened=opened,
        peers=_peers(ledger, messages, clock),
    )


def _peers(ledger: "SqliteLedger | RedisLedger", messages: CheckedMessages, clock: Clock) -> "Peers | None":
    """What they need is not even imported where nobody else can be on the ledger."""
    if isinstance(ledger, SqliteLedger):
        return None
    from gateway.cluster.peers import Peers

    return Peers(ledger, messages, clock)


async def _check_inventory(ledger: "SqliteLedger | RedisLedger") -> None:
    strangers = undeclared(await ledger.stored_fields())
    if strangers:
        raise StartRefused(f"stored fields that the data inventory lacks: {', '.join(strangers)}")


async def check_stores(settings: Settings, clock: Clock) -> None:
    """That a node would open or begin them; nothing is opened or made. Raises as `open_stores` does."""
    keystore = keystore_of(settings.keystore, clock, node=False)
    await look_together(keystore, desk_ledger(settings.ledger, clock, alone=False), may_begin=True)


def node_name(settings: Settings) -> str:
    """What this node is called by those who run it."""
    return settings.node.name or re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:48] or "node"


_STEPS: Final = {Step.BEGIN: "installation_begun", Step.ADOPT: "installation_adopted"}


def record_refused_opening(purpose: Purpose, field: str) -> None:
    """A request for what the policy keeps closed (P-08)."""
    log.warning("opening_refused", purpose=purpose.value, field=field)

"""What `connect-gateway privacy` looks at: the facts of an installation, read beside whatever runs."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from config.rules import RulePack, all_packs, pack_at
from gateway.accounts.settings import read_customer
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.anchor import read_anchor
from gateway.audit.building import log_writer
from gateway.audit.checkpoint import read_checkpoint
from gateway.audit.tiles import CHECKPOINT
from gateway.audit.verify import verify
from gateway.audit.writing import LogWriter
from gateway.cli.session import Desk
from gateway.keystore.handing_over import custodianship
from gateway.keystore.hold_keys import CASES, HoldKeys
from gateway.ledger.contract import Used
from gateway.ledger.usage import HOUR_MS, KEPT_HOURS
from gateway.rights.case_clocks import keeping_of
from gateway.rights.cases import Cases
from gateway.rights.disclosures import register
from gateway.tools.evidence import LAG_S, Facts, LogFacts
from gateway.transparency.changes import changes
from gateway.transparency.notice import notice_of
from gateway.transparency.record import Sources
from gateway.transparency.transfers import Recipient, given, recipients
from gateway.transparency.versions import Versions
from redaction.inventory import undeclared
from redaction.notes import BadNote, read_note
from redaction.retention import period_dead_ms

MOST_WAITING: Final = 10_000


async def facts_of(desk: Desk) -> Facts:
    """Of this installation now. Opens no message. Raises LedgerUnavailable."""
    now_ms = desk.clock.now_ms()
    state = desk.keystore.state
    told = await Versions(desk.ledger.acts, desk.clock, COMMAND_LINE).newest()
    late_ms = now_ms - LAG_S * 1000
    overdue_keys = sum(
        tag in desk.rules and period_dead_ms(desk.rules[tag], period) < late_ms for tag, period in state.periods()
    )
    return Facts(
        settings=desk.settings,
        now_ms=now_ms,
        today=_today(desk),
        strangers=undeclared(await desk.ledger.stored_fields()),
        overdue=await desk.ledger.retention.overdue(now_ms),
        overdue_keys=overdue_keys,
        custodian=custodianship(state),
        rolls=desk.keystore.rolls,
        log=await _log(desk, now_ms),
        customers=[read_customer(each.settings).settings for each in await desk.accounts.customers()],
        packs=_packs(desk),
        told=told,
        due=[] if told is None else changes(told.notice, notice_of(desk.settings, pack_at(_today(desk), _packs(desk)))),
        disclosures=await register(desk.ledger.acts),
        late_cases=Counter(each.of.kind.value for each in await _cases(desk).all() if each.is_overdue(now_ms)),
    )


def _cases(desk: Desk) -> Cases:
    keys = HoldKeys(desk.keystore, desk.clock, CASES)
    keeping = keeping_of(desk.settings.rights)
    return Cases(desk.ledger.acts, keys, desk.sealer, desk.clock, COMMAND_LINE, keeping)


async def recipients_of(desk: Desk) -> list[Recipient]:
    """With what operators were given in the hours that usage is kept. Raises LedgerUnavailable."""
    until = desk.clock.now_ms() // HOUR_MS + 1
    cells = list[Used]()
    for customer in await desk.ledger.usage.customers():
        cells += await desk.ledger.usage.of_customer(customer, until - KEPT_HOURS, until)
    return recipients(desk.settings, given(cells))


async def sources_of(desk: Desk) -> Sources:
    """Raises LedgerUnavailable."""
    today = _today(desk)
    return Sources(
        settings=desk.settings,
        recipients=await recipients_of(desk),
        pack=pack_at(today, _packs(desk)),
        customers=len(await desk.accounts.customers()),
        updated=today.isoformat(),
    )


def _today(desk: Desk) -> date:
    return datetime.fromtimestamp(desk.clock.now_ms() / 1000, UTC).date()


def _packs(desk: Desk) -> Sequence[RulePack]:
    directory = desk.settings.rules.directory
    return all_packs(None if directory is None else Path(directory))


async def _log(desk: Desk, now_ms: int) -> LogFacts | None:
    writer = log_writer(desk.settings, desk.keystore, desk.keyring, desk.clock, desk.installation)
    if writer is None:
        return None
    waiting = await desk.ledger.acts.pending(MOST_WAITING)
    signed = read_anchor(desk.keystore.marks.all()).size
    waiting_s = 0.0
    if waiting:
        said = datetime.fromisoformat(json.loads(waiting[0].octets)["t"])
        waiting_s = max(0.0, now_ms / 1000 - said.timestamp())
    return LogFacts(size=signed, flaw=_flaw(writer, signed), waiting=len(waiting), waiting_s=waiting_s)


def _flaw(writer: LogWriter, signed: int) -> str:
    """What is wrong with what lies in the folder, measured by what was signed; '' for nothing."""
    if not signed:
        return ""
    try:
        note = read_note((writer.folder / CHECKPOINT).read_bytes())
        size = read_checkpoint(note).size
        if size < signed:
            return f"rolled back (size {size} < signed {signed})"
        flaw = verify(writer.folder, note, writer.key, former=writer.signer.former())
    except FileNotFoundError:
        return f"the folder lacks a log of {signed} entries that was signed"
    except BadNote as bad:
        return str(bad)
    return "" if flaw is None else str(flaw)

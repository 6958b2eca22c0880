"""What `ledger accept-restore` and `keys accept-restore` have in common: a copy was put in the place of a store."""

import os
from pathlib import Path

from config.loader import load
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.cli.output import Failed, run, show
from gateway.keystore.installation import KeysOlder, LedgerOlder, accept_restore
from gateway.keystore.opening import keystore as keystore_of
from gateway.ledger.contract import LedgerLocked
from gateway.ledger.opening import desk_ledger
from gateway.process.clock import SystemClock
from gateway.process.hardening import forbid_core_dumps
from gateway.process.logs import logger

log = logger("gateway")


def accept(older: type[LedgerOlder] | type[KeysOlder], config: Path | None, *, json: bool) -> None:
    """With all nodes stopped: that store is older than the other, and is to be used as it is."""
    forbid_core_dumps()
    settings, clock = load(config, os.environ), SystemClock()
    keystore = keystore_of(settings.keystore, clock, node=False)
    ledger = desk_ledger(settings.ledger, clock, alone=True)
    act = Act.LEDGER_ACCEPT_RESTORE if older is LedgerOlder else Act.KEYS_ACCEPT_RESTORE
    entries = [entry(act, COMMAND_LINE, "", now_ms=clock.now_ms())]
    try:
        said = run(accept_restore(keystore, ledger, clock.random, older, entries))
    except LedgerLocked:
        raise Failed("a running gateway owns this ledger; stop it first", "node_running") from None
    name = "ledger" if older is LedgerOlder else "keys"
    log.warning("restore_accepted", kind=name)
    show({"accepted": name, "because": said.partition(":")[0]}, json)

"""What `connect-gateway check` has to say of the custodian, where there is a key store already."""

from typing import Final

from config.problems import Problem, Severity
from config.settings import Settings
from gateway.cli.session import open_keystore
from gateway.keystore.handing_over import TURNS_DAYS, custodianship
from gateway.ledger.contract import LedgerError
from gateway.process.clock import SystemClock
from redaction.errors import SealError

_DAY_MS: Final = 24 * 3_600_000


def custodian_problems(settings: Settings) -> list[Problem]:
    """Warnings. Where no key store can be opened there are none: other verbs say why."""
    clock = SystemClock()
    try:
        with open_keystore(settings, clock) as store:
            said = custodianship(store.state)
    except (LedgerError, SealError, OSError):
        return []
    if said.since_ms is None:
        return [_warning("no custodian is set: whoever holds the live keys names everybody in records", "no_custodian")]
    if clock.now_ms() > said.since_ms + TURNS_DAYS * _DAY_MS:
        line = f"the custodian's key is older than {TURNS_DAYS} days: `custodian rotate`, and `custodian set`"
        return [_warning(line, "custodian_key_old")]
    return []


def _warning(message: str, code: str) -> Problem:
    return Problem(file="", line=0, key="", message=message, code=code, severity=Severity.WARNING)

"""How the command line says that something cannot be done: one line for people, and in it a stable code for programs.

connect-gateway: no customer has this id [unknown_customer]
"""

from typing import Final

from config.problems import ConfigError
from config.secret import SecretMissing
from gateway.accounts.administration import UnknownAccount
from gateway.cli.output import Failed
from gateway.keystore.redis import KeyServerUnfit
from gateway.keystore.root_slot import KeystoreLost
from gateway.keystore.store import KeystoreTaken
from gateway.ledger.contract import FormatHeld, LedgerCorrupt, LedgerError, LedgerLocked, LedgerUnavailable
from gateway.node.stores import StartRefused
from gateway.process.logs import describe_unexpected
from gateway.process.system_errors import system_code, system_text
from gateway.tools.leakscan import ScanImpossible
from gateway.tools.trial_site import StageFailed
from redaction.errors import SealError

CODES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (SecretMissing, "secret_missing"),
    (UnknownAccount, "unknown_account"),
    (LedgerLocked, "ledger_locked"),
    (LedgerCorrupt, "ledger_corrupt"),
    (LedgerUnavailable, "store_unavailable"),
    (KeystoreLost, "keystore_lost"),
    (KeystoreTaken, "keystore_taken"),
    (KeyServerUnfit, "key_server_unfit"),
    (FormatHeld, "format_held"),
    (LedgerError, "ledger_error"),
    (SealError, "keys_refused"),
    (StartRefused, "start_refused"),
    (StageFailed, "demo_failed"),
    (ScanImpossible, "scan_impossible"),
)
"""The first that fits."""


def lines(error: Exception) -> list[str]:
    """What to say of an error, and no more of one that nobody foresaw than its kind and place: its text may quote."""
    if isinstance(error, ConfigError):
        return [f"{problem} [{problem.code}]" for problem in error.problems]
    return [f"{_text(error)} [{code(error)}]"]


def code(error: Exception) -> str:
    if isinstance(error, Failed):
        return error.code
    if isinstance(error, OSError):
        return system_code(error)
    return next((each for kind, each in CODES if isinstance(error, kind)), "unexpected")


def _text(error: Exception) -> str:
    if isinstance(error, OSError):
        return system_text(error)
    if isinstance(error, (Failed, *(kind for kind, _ in CODES))):
        return str(error.args[0]) if error.args else type(error).__name__
    return f"unexpected {describe_unexpected(error)}"

"""How the command line says that something cannot be done: one line for people, and in it a stable code for programs.

connect-gateway: no customer has this id [unknown_customer]
"""

from typing import Final

from config.problems import ConfigError
from gateway.cli.output import Failed
from gateway.model.refusals import Refusal
from gateway.process.logs import describe_unexpected
from gateway.process.system_errors import system_code, system_text

CODES: Final = (
    ("config.secret.SecretMissing", "secret_missing"),
    ("gateway.accounts.invalid.InvalidSetting", "invalid_value"),
    ("gateway.control.wanted.Unreadable", "wanted_unreadable"),
    ("gateway.transparency.versions.VersionUnreadable", "version_unreadable"),
    ("gateway.accounts.administration.UnknownAccount", "unknown_account"),
    ("gateway.rules.clerk.UnknownSender", "unknown_sender"),
    ("gateway.fraud.blocks.UnknownBlock", "unknown_block"),
    ("gateway.people.registry.UnknownPerson", "unknown_person"),
    ("gateway.accounts.administration.VersionStale", "changed_meanwhile"),
    ("gateway.ledger.contract.ChangedMeanwhile", "changed_meanwhile"),
    ("gateway.ledger.contract.LedgerLocked", "ledger_locked"),
    ("gateway.ledger.contract.LedgerCorrupt", "ledger_corrupt"),
    ("gateway.ledger.contract.LedgerUnavailable", "store_unavailable"),
    ("gateway.ledger.contract.NothingThere", "nothing_there"),
    ("gateway.ledger.contract.StoreReplaced", "store_replaced"),
    ("gateway.keystore.installation.KeysMissing", "keys_missing"),
    ("gateway.keystore.installation.LedgerMissing", "ledger_missing"),
    ("gateway.keystore.installation.StoresDiffer", "stores_differ"),
    ("gateway.keystore.installation.LedgerOlder", "ledger_older"),
    ("gateway.keystore.installation.KeysOlder", "keys_older"),
    ("gateway.keystore.installation.NotOlder", "not_older"),
    ("gateway.keystore.root_slot.KeystoreLost", "keystore_lost"),
    ("gateway.keystore.custody.KeystoreTaken", "keystore_taken"),
    ("gateway.keystore.redis.KeyServerUnfit", "key_server_unfit"),
    ("gateway.keystore.layouts.LayoutBefore", "layout_before"),
    ("gateway.ledger.contract.FormatHeld", "format_held"),
    ("gateway.ledger.contract.LedgerError", "ledger_error"),
    ("gateway.audit.writing.ForkFound", "audit_fork"),
    ("redaction.body_signatures.BadSigningKey", "invalid_value"),
    ("redaction.notes.BadNote", "invalid_value"),
    ("redaction.custodian.NoCustodianKey", "invalid_value"),
    ("redaction.errors.SealError", "keys_refused"),
    ("gateway.custodian.folder.NoCustodian", "no_custodian"),
    ("gateway.custodian.folder.CustodianThere", "custodian_there"),
    ("gateway.custodian.folder.CustodianUnreadable", "custodian_unreadable"),
    ("gateway.custodian.folder.TooManyNumbers", "too_many_numbers"),
    ("gateway.custodian.folder.QuestionUnreadable", "question_unreadable"),
    ("gateway.custodian.folder.CustodianKeyUnknown", "custodian_key_unknown"),
    ("gateway.node.stores.StartRefused", "start_refused"),
    ("gateway.tools.trial_site.StageFailed", "demo_failed"),
    ("gateway.tools.leakscan.ScanImpossible", "scan_impossible"),
)
"""The first that fits. By name, so that a verb that fails need not import what other verbs are made of."""


def lines(error: Exception) -> list[str]:
    """What to say of an error, and of an unforeseen one only its kind and place: its text may quote data."""
    if isinstance(error, ConfigError):
        return [f"{problem} [{problem.code}]" for problem in error.problems]
    return [f"{_text(error)} [{code(error)}]"]


def code(error: Exception) -> str:
    if isinstance(error, Failed):
        return error.code
    if isinstance(error, OSError):
        return system_code(error)
    if isinstance(error, Refusal):
        return error.code
    return _known(error) or "unexpected"


def _known(error: Exception) -> str | None:
    kinds = {f"{each.__module__}.{each.__qualname__}" for each in type(error).__mro__}
    return next((each for kind, each in CODES if kind in kinds), None)


def _text(error: Exception) -> str:
    if isinstance(error, OSError):
        return system_text(error)
    if isinstance(error, Refusal):
        return error.kind.title if error.field is None else f"{error.field}: {error.kind.title}"
    if isinstance(error, Failed) or _known(error) is not None:
        return str(error.args[0]) if error.args else type(error).__name__
    return f"unexpected {describe_unexpected(error)}"

"""The log of an installation as its settings place it."""

from pathlib import Path

from config.settings import Settings
from gateway.audit.anchor import read_anchor
from gateway.audit.signing import DAY_MS, LogSigner
from gateway.audit.writing import LogWriter, log_name
from gateway.keystore.keyring import Keyring
from gateway.keystore.store import Keystore
from gateway.process.clock import Clock


def folder_of(settings: Settings) -> Path | None:
    """Where logs lie; None where others have them."""
    if settings.audit.dir is not None:
        return Path(settings.audit.dir)
    return Path(settings.ledger.path).parent / "audit" if settings.ledger.engine == "sqlite" else None


def log_writer(
    settings: Settings, keystore: Keystore, keyring: Keyring, clock: Clock, installation: int
) -> LogWriter | None:
    """None where the log is left to others. Its origin is the name of the settings, `audit`, and the log's own."""
    place = folder_of(settings)
    if place is None:
        return None
    name = log_name(installation, read_anchor(keystore.marks.all()).log)
    signer = LogSigner(
        f"{settings.audit.name}/audit/{name}",
        keystore,
        keyring,
        clock,
        overlap_ms=settings.audit.key_overlap_days * DAY_MS,
        ml_dsa=settings.audit.ml_dsa,
    )
    return LogWriter(place / name, signer, keystore)

"""The log of an installation as its settings place it."""

from pathlib import Path

from config.settings import Settings
from gateway.audit.anchor import read_anchor
from gateway.audit.writing import LogWriter, log_name
from gateway.keystore.keyring import Keyring
from gateway.keystore.store import Keystore


def folder_of(settings: Settings) -> Path | None:
    """Where logs lie; None where others have them."""
    if settings.audit.dir is not None:
        return Path(settings.audit.dir)
    return Path(settings.ledger.path).parent / "audit" if settings.ledger.engine == "sqlite" else None


def log_writer(settings: Settings, keystore: Keystore, keyring: Keyring, installation: int) -> LogWriter | None:
    """None where the log is left to others. Its origin is the name of the settings, `audit`, and the log's own."""
    place = folder_of(settings)
    if place is None:
        return None
    name = log_name(installation, read_anchor(keystore.marks.all()).log)
    return LogWriter(place / name, f"{settings.audit.name}/audit/{name}", keystore, keyring)

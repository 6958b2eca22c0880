"""The log of an installation as its settings place it."""

from pathlib import Path

from config.settings import Settings
from gateway.audit.writing import LogWriter, log_folder
from gateway.keystore.keyring import Keyring
from gateway.keystore.store import Keystore


def folder_of(settings: Settings) -> Path | None:
    """Where logs lie; None where others have them."""
    if settings.audit.dir is not None:
        return Path(settings.audit.dir)
    return Path(settings.ledger.path).parent / "audit" if settings.ledger.engine == "sqlite" else None


def origin_of(settings: Settings, installation: int) -> str:
    """The name of an installation's log, by which its checkpoints are signed."""
    return f"{settings.audit.name}/audit/{installation:016x}"


def log_writer(settings: Settings, keystore: Keystore, keyring: Keyring, installation: int) -> LogWriter | None:
    """None where the log is left to others."""
    place = folder_of(settings)
    if place is None:
        return None
    return LogWriter(log_folder(place, installation), origin_of(settings, installation), keystore, keyring)

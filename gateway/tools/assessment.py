"""An assessment of an installation: a search for leaks, and a drill that restores copies and destroys their keys.

The drill works on copies of ledger and key store in a folder of its own, in memory and on no disk, for there they lie
beside each other and beside a root. The live ones are read and never written. It counts what opens, shows nothing of
it, and leaves nothing behind unless it is killed; then until the machine is restarted.
"""

import shutil
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from config.settings import KeystoreSettings, RootSlotSettings, Settings
from gateway.keystore.opening import keystore
from gateway.keystore.recovery import opened_copy, recover
from gateway.keystore.store import Keystore
from gateway.ledger.sqlite.backup import back_up
from gateway.process.clock import Clock
from gateway.tools.leakscan import ScanReport
from redaction.keys import KeyState

MEMORY: Final = Path("/dev/shm")  # noqa: S108  a folder of its own is made there, for this user alone
"""A file system in memory."""
ROOM: Final = 2
"""So many times the ledger's file have to be free there."""
SHOWN: Final = 20
"""Finds of a search that are named."""
_encode: Final = msgspec.json.Encoder(order="sorted").encode


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """is_sound: None where it was not looked at. counts: figures. places: where something was found, never what."""

    name: str
    is_sound: bool | None
    said: str
    counts: dict[str, int] = {}
    places: tuple[str, ...] = ()


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """at: RFC 3339. Its digest stands in the audit log, which is signed."""

    version: int
    at: str
    installation: str
    tool: str
    parts: tuple[Part, ...]

    @property
    def is_sound(self) -> bool:
        return all(each.is_sound is not False for each in self.parts)

    @property
    def octets(self) -> bytes:
        """As it is kept."""
        return _encode(self) + b"\n"

    @property
    def digest(self) -> bytes:
        return sha256(self.octets).digest()


def leaks(found: ScanReport, *, known: int) -> Part:
    """known: values that were looked for besides the planted one; without any the search only proves that it finds."""
    places = tuple(f"{each.path} at {each.offset} ({each.form})" for each in found.leaks[:SHOWN])
    said = f"{len(found.leaks)} finds of {known} values" if known else "no values were given to look for"
    if not found.control_found:
        said = "the planted value was not found: the search proves nothing"
    counts = {"places": found.files, "octets": found.bytes, "unread": found.unread, "leaks": len(found.leaks)}
    is_sound = found.clean and (True if known else None)
    return Part(name="leaks", is_sound=is_sound, said=said, counts=counts, places=places)


def drill(settings: Settings, live: Keystore, clock: Clock) -> Part:
    """Restore copies, count what opens, destroy the keys of the copies, and count again with every copy of before.

    Raises LedgerUnavailable.
    """
    if settings.ledger.engine != "sqlite":
        said = "the ledger is on a server: restore its replica, and try `keys recover`"
        return Part(name="drill", is_sound=None, said=said)
    octets = Path(settings.ledger.path).stat().st_size
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM * octets:
        said = f"{MEMORY} has no room for a copy of the ledger, which must not lie beside keys on a disk"
        return Part(name="drill", is_sound=None, said=said)
    with tempfile.TemporaryDirectory(prefix="connect-gateway-drill-", dir=MEMORY) as name:
        return _drilled(Path(name), settings, live, clock)


def _drilled(folder: Path, settings: Settings, live: Keystore, clock: Clock) -> Part:
    data, copied = folder / "ledger.db", folder / "copied.db"
    back_up(Path(settings.ledger.path), data)
    live.snapshot(copied)
    roots = list(live.roots())
    before = _count([data], [copied], roots)
    state = opened_copy(copied, roots)
    if state is None:
        return Part(name="drill", is_sound=False, said="the copy of the key store does not open")
    path, root = folder / "keys" / "keys.db", folder / "root" / "root.key"
    place = KeystoreSettings(path=str(path), root=RootSlotSettings(path=str(root)))
    restored = keystore(place, clock, node=False)
    restored.open_with(state, live.installation)
    try:
        older = folder / "older.db"
        restored.snapshot(older)
        opens = _count([data], [older], restored.roots())
        restored.update(_destroy_periods, destroys=True)
        after = _count([data], [older, path], restored.roots())
    finally:
        restored.close()
    counts = {"messages": before[0], "opened": before[1], "restored": opens[1], "after": after[1]}
    is_sound = (opens[1] == before[1] and after[1] == 0) if before[1] else None  # nothing opened, so nothing was shown
    said = (
        f"of {before[0]} messages {opens[1]} open from copies, and {after[1]} once the keys of the copies are destroyed"
    )
    return Part(name="drill", is_sound=is_sound, said=said, counts=counts)


def _count(data: Sequence[Path], keystores: Sequence[Path], roots: Sequence[bytes]) -> tuple[int, int]:
    """Messages that hold something sealed, and those that any combination opens."""
    result = recover(data, keystores, roots)
    return max((each.messages for each in result.combinations), default=0), len(result.opened)


def _destroy_periods(state: KeyState) -> None:
    for tag, period in state.periods():
        state.drop_period(tag, period)

"""The attack on a running process's memory: old copies of data and key store, their root, and root's view of /proc.

Whatever a holder of the copies could do with octets found in memory takes one of the secrets that `dead_secrets` lists:
it derives them all from the copies, opened with the root of then, so that they can be looked for one by one.
"""

import hmac
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.keystore.root_slot import FileRootSlot
from gateway.ledger.sqlite.copies import SealedRow, key_blob, key_segments, sealed_rows
from redaction.customer_keys import LASTING_EPOCH, LASTING_PURPOSES
from redaction.errors import SealError
from redaction.keys import KeyState
from redaction.keys_at_rest import open_state
from redaction.primitives import descend
from redaction.puncture import LEVELS
from redaction.retention import RetentionTag
from redaction.seal import leaf_of, period_in
from redaction.sealed import Sealed
from redaction.segments import ID_BYTES, Segments

_RUN = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r(\S)\S+ \S+ \S+ \d+ *(.*)")
_INNER, _OUTER = 0x36, 0x5C
WORD_BYTES: Final = 8


def runs(pid: int) -> Iterator[tuple[str, int, bytes]]:
    """Name, address and octets of every run of memory that a process has written or may have."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            match = _RUN.fullmatch(line)
            if match is None or match[4].startswith(("[vvar", "[vsyscall", "[vdso")):
                continue
            begin, end = int(match[1], 16), int(match[2], 16)
            if match[3] != "w" and match[4]:
                continue  # code, and constants of files
            memory.seek(begin)
            octets = bytearray()
            while len(octets) < end - begin:
                try:
                    more = memory.read(end - begin - len(octets))
                except OSError:
                    break
                if not more:
                    break
                octets += more
            yield match[4] or "anonymous", begin, bytes(octets)


def found_in(pid: int, needles: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Where each needle, of at least `WORD_BYTES` octets, lies in the memory of a process: at any offset."""
    begins: dict[int, list[tuple[str, bytes]]] = {}
    for needle, value in needles.items():
        begins.setdefault(int.from_bytes(value[:WORD_BYTES], sys.byteorder), []).append((needle, value))
    wanted = frozenset(begins)
    found: dict[str, list[str]] = {}
    for name, start, octets in runs(pid):
        for first in range(WORD_BYTES if octets.count(0) < len(octets) else 0):
            words = memoryview(octets)[first : first + (len(octets) - first) // WORD_BYTES * WORD_BYTES].cast("Q")
            for word in wanted.intersection(words):
                for needle, value in begins[word]:
                    for at in _offsets(octets, value):
                        if at % WORD_BYTES == first:
                            found.setdefault(needle, []).append(f"{name} {start + at:x}")
    return found


def _offsets(octets: bytes, value: bytes) -> Iterator[int]:
    at = octets.find(value)
    while at >= 0:
        yield at
        at = octets.find(value, at + 1)


class Copies:
    """Data, key store and root of a stage as they are now. keys: a copy of the key store, where it is not in a file."""

    def __init__(self, stage_folder: Path, place: Path, keys: Path | None = None) -> None:
        place.mkdir()
        for path in [*(stage_folder / "data").glob("ledger.db*"), *(stage_folder / "keys").glob("keys.db")]:
            shutil.copyfile(path, place / path.name)
        self.data, self.keys = place / "ledger.db", keys or place / "keys.db"
        self.roots = tuple(FileRootSlot(stage_folder / "root" / "root.key").read())

    def state(self) -> KeyState:
        blob = key_blob(self.keys)
        assert blob is not None
        for root in self.roots:
            try:
                return open_state(blob, root, Segments(lambda ids: key_segments(self.keys, ids)))
            except SealError:
                continue
        raise AssertionError("the copy does not open")

    def rows(self) -> list[SealedRow]:
        """None of a ledger that is not in a file."""
        return list(sealed_rows(self.data)) if self.data.exists() else []

    def secrets(self, rows: Sequence[SealedRow]) -> dict[str, bytes]:
        """Every secret that these keys hold or lead to, as far as it serves for `rows`, by name."""
        return dict(_secrets(self.state(), self.roots, rows))


def dead_secrets(before: Copies, after: Copies) -> dict[str, bytes]:
    """Every secret that opened something of `before` and that `after` does not hold or lead to, by name."""
    rows = before.rows()
    alive = set(after.secrets(rows).values())
    dead = {name: value for name, value in before.secrets(rows).items() if value not in alive}
    return {shown: form for name, value in dead.items() for shown, form in _forms(name, value)}


def _forms(name: str, value: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, value
    if name.startswith("root"):
        yield f"{name} hex", value.hex().encode()
    yield f"{name} inner pad", bytes(each ^ _INNER for each in value)
    yield f"{name} outer pad", bytes(each ^ _OUTER for each in value)


def _secrets(state: KeyState, roots: Sequence[bytes], rows: Sequence[SealedRow]) -> Iterator[tuple[str, bytes]]:
    for number, root in enumerate(roots):
        yield f"root {number}", root
    for place in state.places():
        yield f"segment {place[:4].hex()}", place[ID_BYTES:]
    families = state.families
    for customer, key in families.customers.items():
        yield f"customer {customer}", key.value
        for purpose in LASTING_PURPOSES:
            yield f"pepper {customer} {purpose}", state.pepper(customer, purpose, LASTING_EPOCH)
    for (customer, purpose), epochs in families.peppers.items():
        for epoch, key in epochs.items():
            yield f"pepper {customer} {purpose} {epoch}", key.value
    for (purpose, tag, epoch), key in families.secrets.items():
        yield f"secret {purpose} {tag} {epoch}", key.value
        for customer in families.customers:
            yield f"pepper {customer} derived {purpose} {tag} {epoch}", state.pepper(customer, purpose, epoch, tag)
    for (tag, period), entry in families.periods.items():
        if entry.key.root():
            yield f"period {tag} {period}", entry.key.root()
    for number, row in enumerate(rows):
        for field, sealed in (("content", row.content), ("private", row.private)):
            if sealed is not None:
                yield from _of_field(state, row, sealed, f"{number} {field}")


def _of_field(state: KeyState, row: SealedRow, sealed: Sealed, name: str) -> Iterator[tuple[str, bytes]]:
    """The nodes of the tree that lead to its leaf, as far as they are there, and the field's own key."""
    period, leaf = period_in(sealed), leaf_of(sealed)
    entry = state.families.periods.get((RetentionTag(row.tag), period))
    if entry is None or entry.key.is_punctured(leaf):
        return
    first, node = entry.key._covering(leaf)
    for level in range(first, LEVELS + 1):
        node = descend(node, leaf, max(level - 1, first), level)
        yield f"node {row.tag} {period} level {level} of {name}", node
    customer = state.families.customers.get(row.customer)
    if customer is not None:
        yield f"message key {name}", _field_key(node + customer.value, row, sealed, name.split()[-1], period)


def _field_key(factors: bytes, row: SealedRow, sealed: Sealed, field: str, period: int) -> bytes:
    """As docs/sealed-format.md says."""
    label = b"".join(len(each).to_bytes(2, "big") + each for each in (field.encode(), row.tag.encode()))
    context = b"\0\1\1\0\x08" + row.customer.to_bytes(8, "big") + b"\0\x10" + row.id
    material = hmac.digest(factors, sealed[14:30] + context + label + b"\0\4" + period.to_bytes(4, "big"), "sha512")
    assert material[32:48] == sealed[30:46]
    return material[:32]

"""The recovery tool: what can be opened of copies, given everything that is live now, in every combination.

It serves two ends with one mechanism. After a disaster it says what a restored copy is worth. After an erasure it is
the attack: copies of data and key store from before, with every root and key store from now, must open nothing of what
was erased and all of the rest (PRIVACY.md P-23). It counts and names messages; what it opens it forgets at once.

Combinations: each data file with each key state that some root opens, and with the factors of different states mixed,
for a leaf of one and a customer key of another are still two factors.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final

import msgspec

from gateway.ledger.sqlite.copies import SealedRow, key_blob, key_segments, sealed_rows
from redaction.errors import KeyDestroyed, SealError
from redaction.keys import KeyState
from redaction.keys_at_rest import open_state
from redaction.personal import Purpose
from redaction.seal import Sealer
from redaction.sealed import Sealed
from redaction.segments import Segments

_FIELDS: Final = (("content", "inbound"), ("private",))
"""The fields as which the two columns may be sealed: content was sent to a person, or came from one."""


class Combination(msgspec.Struct, frozen=True, kw_only=True):
    """One data file with the period keys of one key store and the customer keys of another.

    opened: ids of messages of which any field opened. messages: those that hold sealed fields at all. refused: why
    fields did not open: the destroyed factor, or "integrity".
    """

    data: str
    periods_of: str
    customers_of: str
    messages: int
    opened: frozenset[bytes]
    refused: Mapping[str, int]


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """states: which key stores opened, by name, and "" for those that no root opens."""

    keystores_opened: Sequence[str]
    keystores_closed: Sequence[str]
    combinations: Sequence[Combination]

    @property
    def opened(self) -> frozenset[bytes]:
        """The messages that any combination opened."""
        return frozenset().union(*(each.opened for each in self.combinations))


def recover(data: Sequence[Path], keystores: Sequence[Path], roots: Sequence[bytes]) -> Recovery:
    """Try to open every message of `data`, ledger files, with `keystores`, key store files, under `roots`.

    The files are only read. Raises LedgerCorrupt or LedgerUnavailable for what is neither.
    """
    states = {str(path): state for path in keystores if (state := opened_copy(path, roots)) is not None}
    combinations = [
        _tried(path, (first, states[first]), (second, states[second]))
        for path, first, second in product(data, states, states)
    ]
    closed = [str(path) for path in keystores if str(path) not in states]
    return Recovery(keystores_opened=list(states), keystores_closed=closed, combinations=combinations)


def opened_copy(path: Path, roots: Sequence[bytes]) -> KeyState | None:
    """The key state of a copied key store; None where none of the roots opens it. Raises as `recover`."""
    blob = key_blob(path)
    for root in () if blob is None else roots:
        try:
            return open_state(blob or b"", root, Segments(partial(key_segments, path)))
        except SealError:
            continue
    return None


def _tried(path: Path, periods: tuple[str, KeyState], customers: tuple[str, KeyState]) -> Combination:
    factors = msgspec.structs.replace(customers[1].families, periods=periods[1].families.periods)
    sealer = Sealer(KeyState(factors), os.urandom)
    opened: set[bytes] = set()
    refused: Counter[str] = Counter()
    messages = 0
    for row in sealed_rows(path):
        messages += any(_held(row))
        for outcome in _outcomes(sealer, row):
            if outcome is None:
                opened.add(row.id)
            else:
                refused[outcome] += 1
    return Combination(
        data=str(path),
        periods_of=periods[0],
        customers_of=customers[0],
        messages=messages,
        opened=frozenset(opened),
        refused=dict(refused),
    )


def _held(row: SealedRow) -> tuple[bool, bool]:
    return row.content is not None, row.private is not None


def _outcomes(sealer: Sealer, row: SealedRow) -> Iterator[str | None]:
    """Why each sealed field of a row did not open; None if it did."""
    for names, sealed in zip(_FIELDS, (row.content, row.private), strict=True):
        if sealed is not None:
            tried = [_outcome(sealer, row, sealed, name) for name in names]
            yield next((each for each in tried if each != "integrity"), "integrity")


def _outcome(sealer: Sealer, row: SealedRow, sealed: Sealed, name: str) -> str | None:
    try:
        sealer.open(sealed, customer=row.customer, message_id=row.id, field=name, tag=row.tag, purpose=Purpose.LEGAL)
    except KeyDestroyed as gone:
        return gone.factor
    except SealError:
        return "integrity"
    return None

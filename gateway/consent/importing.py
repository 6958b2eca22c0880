"""Consents and suppressions from a file: CSV, read line by line, stored by the thousand, as often as one likes.

A line of consents: `number,purpose,time,means,wording` and an option behind it where there is one; of suppressions:
`number,scope`. A heading may stand above them. A line that cannot be read is left out, and reported by its number and a
reason; what stands in it is not repeated anywhere.
"""

import csv
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from gateway.consent.desk import Of, Tokens, given
from gateway.consent.purposes import PURPOSES, is_option, option_key, scope_of
from gateway.consent.rows import Consent, Means, Proof, Source, Suppression, suppression_row
from gateway.consent.wordings import Wording, named
from gateway.ledger.permissions import PermissionWrite, put
from gateway.ledger.roles import Permissions
from gateway.model.numbers import parse_number
from redaction.personal import Msisdn

AT_ONCE: Final = 1_000
"""Lines in one write."""
MOST_REPORTED: Final = 1_000
"""Bad lines that are reported one by one; of all of them there is a count by reason."""
LONGEST_LINE: Final = 1_000
AHEAD_MS: Final = 5 * 60 * 1000
"""Clocks differ; a consent of a later time than this has not been given yet."""


class BadLine(msgspec.Struct, frozen=True):
    """line: its number in the file, from 1. reason: one of `fields`, `number`, `purpose`, `scope`, `time`, `means`,
    `wording`, `option`.
    """

    line: int
    reason: str


class Imported(msgspec.Struct, kw_only=True):
    """lines: without heading and empty ones. taken: stored now. known: there already, or older than what is there.
    refused: by reason. bad: the first of them.
    """

    lines: int = 0
    taken: int = 0
    known: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    bad: list[BadLine] = msgspec.field(default_factory=list)


class _Bad(Exception):
    """The reason why a line cannot be taken."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How lines are read. region: of numbers without a country code. wordings: of the customer. file: id of this
    import, b"" for none.
    """

    of: Of
    tokens: Tokens
    region: str
    now_ms: int
    wordings: Mapping[bytes, Wording] = {}
    file: bytes = b""

    def consents(self, fields: Sequence[str]) -> list[PermissionWrite]:
        """What a line of consents stores. Raises _Bad."""
        if not 4 <= len(fields) <= 6:
            raise _Bad("fields")
        number, purpose, time, means, wording, option = (*fields, "", "")[:6]
        consent = Consent(
            purpose=_one_of(purpose, PURPOSES, "purpose"),
            option=_option(option),
            proof=Proof(
                given_ms=self._time(time),
                means=_MEANS[_one_of(means, _MEANS, "means")],
                wording=self._wording(wording),
                file=self.file,
            ),
        )
        return given(self.of.id, *self.tokens(self.of.id, self._number(number)), consent)

    def suppressions(self, fields: Sequence[str]) -> list[PermissionWrite]:
        """What a line of suppressions stores. Raises _Bad."""
        if not 1 <= len(fields) <= 2:
            raise _Bad("fields")
        scope = scope_of(fields[1].strip() if len(fields) > 1 else "all")
        if scope is None:
            raise _Bad("scope")
        _, token = self.tokens(self.of.id, self._number(fields[0]))
        stopped = Suppression(scope=scope, source=Source.IMPORT, since_ms=self.now_ms)
        return [put(suppression_row(self.of.id, token, stopped))]

    def _number(self, written: str) -> Msisdn:
        found = parse_number(written.strip(), self.region)
        if found is None:
            raise _Bad("number")
        return found

    def _time(self, written: str) -> int:
        try:
            moment = datetime.fromisoformat(written.strip())
        except ValueError:
            raise _Bad("time") from None
        if moment.tzinfo is None:
            raise _Bad("time")
        at_ms = round(moment.timestamp() * 1000)
        if not 0 < at_ms <= self.now_ms + AHEAD_MS:
            raise _Bad("time")
        return at_ms

    def _wording(self, written: str) -> bytes:
        if not written.strip():
            return b""
        found = named(self.wordings, written.strip())
        if found is None:
            raise _Bad("wording")
        return found


_MEANS: Final = {each.value: each for each in Means}


def _one_of(written: str, allowed: Collection[str], reason: str) -> str:
    word = written.strip().lower()
    if word not in allowed:
        raise _Bad(reason)
    return word


def _option(written: str) -> str:
    if not written.strip():
        return ""
    if not is_option(written):
        raise _Bad("option")
    return option_key(written)


Read = Callable[[Sequence[str]], list[PermissionWrite]]


async def take_in(
    lines: Iterable[str], read: Read, permissions: Permissions, *, dry_run: bool, turn: Callable[[], Awaitable[None]]
) -> Imported:
    """Store what the lines say. dry_run: read all of them, and store nothing. turn: called between writes.

    Raises LedgerUnavailable: what was stored by then stands, and the same file may be taken in again.
    """
    imported = Imported()
    for batch in _batches(lines, read, imported):
        if not dry_run:
            done = await permissions.change([write for writes in batch for write in writes])
            at = 0
            for writes in batch:
                imported.taken += done[at]
                imported.known += not done[at]
                at += len(writes)
        await turn()
    return imported


def _batches(lines: Iterable[str], read: Read, imported: Imported) -> Iterator[list[list[PermissionWrite]]]:
    """What lines store, by the thousand."""
    batch: list[list[PermissionWrite]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or (number == 1 and line.lstrip('\ufeff \t"').lower().startswith("number")):
            continue
        imported.lines += 1
        try:
            batch.append(read(_fields(line)))
        except _Bad as bad:
            imported.refused[reason := str(bad)] += 1
            if len(imported.bad) < MOST_REPORTED:
                imported.bad.append(BadLine(number, reason))
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _fields(line: str) -> list[str]:
    if len(line) > LONGEST_LINE:
        raise _Bad("fields")
    if '"' not in line:
        return line.rstrip("\r\n").lstrip("\ufeff").split(",")
    try:
        (fields,) = csv.reader([line.lstrip("\ufeff")], strict=True)
    except (csv.Error, ValueError):
        raise _Bad("fields") from None
    return fields

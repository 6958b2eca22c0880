"""What processes warn of, gathered: each writes what it saw, and people say what they have looked at.

A report stays for a day after its process has ended, since that is when one looks for what was wrong with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry, named
from gateway.ledger.contract import ROW_FAULTS, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock
from gateway.process.problems import Problems, Seen

KIND: Final = "problems"
LOOKED_AT: Final = "problem_looked_at"
EVERY_S: Final = 5.0
KEPT_MS: Final = 24 * 3600 * 1000
MOST: Final = 1_000


class Unknown(LookupError):
    """No process has warned of that."""


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    at_ms: int
    seen: tuple[Seen, ...]


class _LookedAt(msgspec.Struct, frozen=True, kw_only=True):
    """by: kind of the actor, and the id where there is one. last: of the problem then; '' where there was none."""

    by: str
    at_ms: int
    last: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Of all processes together. looked_at_ms: when somebody last said to have looked at it. is_open: nobody has, or it
    came again since.
    """

    seen: Seen
    is_open: bool
    by: str = ""
    looked_at_ms: int | None = None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Report).decode
_decode_looked_at: Final = msgspec.msgpack.Decoder(_LookedAt).decode


class ProblemReporter:
    """process: the random name of this one. Asked often, it writes at most every `EVERY_S`, and what is new alone."""

    def __init__(self, acts: Acts, clock: Clock, process: str, problems: Problems) -> None:
        self._acts = acts
        self._clock = clock
        self._process = process
        self._problems = problems
        self._written = 0
        self._due_s = 0.0

    async def report(self) -> None:
        """Raises LedgerUnavailable."""
        now_s, count = self._clock.monotonic(), self._problems.count
        if count == self._written or now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        now_ms = self._clock.now_ms()
        report = _encode(_Report(at_ms=now_ms, seen=tuple(self._problems.seen())))
        gone = [key for key, each in await _reports(self._acts) if each is None or each.at_ms + KEPT_MS < now_ms]
        writes = [DocumentWrite(KIND, key, None) for key in gone if key != self._process]
        await self._acts.act([DocumentWrite(KIND, self._process, report), *writes])
        self._written = count


async def problems(acts: Acts) -> Sequence[Problem]:
    """The latest first, `MOST` of them. Raises LedgerUnavailable."""
    seen = _together(each for _, report in await _reports(acts) if report is not None for each in report.seen)
    looked = await _looked_at(acts)
    found = [_problem(each, looked.get(each.code)) for each in seen.values()]
    return sorted(found, key=lambda each: each.seen.last, reverse=True)[:MOST]


async def look_at(acts: Acts, clock: Clock, actor: Actor, code: str) -> None:
    """Say that somebody has looked at it; it is open again when it comes again. Raises Unknown, LedgerUnavailable."""
    for each in await problems(acts):
        if each.seen.code == code:
            break
    else:
        raise Unknown(code)
    now_ms, by = clock.now_ms(), f"{actor.kind.value} {actor.id}".rstrip()
    write = DocumentWrite(LOOKED_AT, code, _encode(_LookedAt(by=by, at_ms=now_ms, last=each.seen.last)))
    await acts.act([write], [entry(Act.PROBLEM_ACKNOWLEDGE, actor, named("problem", code), now_ms=now_ms)])


async def _reports(acts: Acts) -> list[tuple[str, _Report | None]]:
    """None for one that cannot be read."""
    found: list[tuple[str, _Report | None]] = []
    for each in await acts.of_kind(KIND, "", MOST):
        try:
            found.append((each.key, _decode(each.octets)))
        except ROW_FAULTS:
            found.append((each.key, None))
    return found


async def _looked_at(acts: Acts) -> Mapping[str, _LookedAt]:
    """By code; of one that cannot be read nobody has looked at it."""
    found: dict[str, _LookedAt] = {}
    for each in await acts.of_kind(LOOKED_AT, "", MOST):
        with suppress(*ROW_FAULTS):
            found[each.key] = _decode_looked_at(each.octets)
    return found


def _together(seen: Iterable[Seen]) -> Mapping[str, Seen]:
    found: dict[str, Seen] = {}
    for each in seen:
        other = found.get(each.code)
        if other is not None:
            later = max(each, other, key=lambda one: one.last)
            count, first = each.count + other.count, min(each.first, other.first)
            each = msgspec.structs.replace(later, count=count, first=first)  # noqa: PLW2901
        found[each.code] = each
    return found


def _problem(seen: Seen, looked: _LookedAt | None) -> Problem:
    if looked is None:
        return Problem(seen=seen, is_open=True)
    return Problem(seen=seen, is_open=seen.last > looked.last, by=looked.by, looked_at_ms=looked.at_ms)

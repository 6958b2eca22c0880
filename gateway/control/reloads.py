"""Settings that are reloaded by all processes or by none: who asks, what processes answer, and when it counts.

    prepare    every process that is there reads its own file, and says what would change or what is wrong
    apply      written once all are ready, and the point from which it counts: each takes over what it had prepared
    abandon    written where one is not; each lets go of what it had prepared
    done       all that answered have applied it

A process that starts meanwhile reads its file anyway. Whoever asks may die: before `apply` nothing happens, after it
every process does its part. One reload is under way at a time; one that nobody goes on with is over after `STALE_S`.
"""

import asyncio
import enum
from collections.abc import Container, Iterable, Mapping, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Final

import msgspec

from config.changes import Change
from config.problems import Problem
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.control.reports import all_reports
from gateway.ledger.contract import ABSENT, MAX_OCTETS, ROW_FAULTS, ChangedMeanwhile, Document, DocumentWrite
from gateway.ledger.roles import Acts
from gateway.process.clock import Clock

ASKED: Final = "reload"
NOW: Final = "now"
SAID: Final = "reload_said"
"""Kinds of documents: the one reload, under `NOW`; and what each process says to it, under its random name."""

ANSWER_S: Final = 20.0
APPLY_S: Final = 40.0
"""Longer than the windows of links may take to empty."""
STALE_S: Final = 60.0
LOOK_S: Final = 0.1
MOST: Final = 200
"""Changes, and problems, that a process names, or fewer where those are long; of more it says how many."""


class Step(enum.Enum):
    LOOK = "look"
    PREPARE = "prepare"
    APPLY = "apply"
    ABANDON = "abandon"
    DONE = "done"


class State(enum.Enum):
    """Of a process. SILENT is what others say of it."""

    READY = "ready"
    REFUSED = "refused"
    APPLIED = "applied"
    SILENT = "silent"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """number: random. LOOK: say what `PREPARE` would find, and keep nothing."""

    number: str
    step: Step
    at_ms: int


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """By one process, to the reload of this number. changes: those that need a restart, too. before, after: SHA-256 of
    its settings, in hexadecimal digits; '' where they cannot be read. left_off: how many changes and problems found no
    room.
    """

    number: str
    state: State
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    before: str = ""
    after: str = ""
    left_off: int = 0


class NobodyThere(Exception):
    """No process runs on this ledger."""


class UnderWay(Exception):
    """Somebody else's reload is under way."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """said: what each process said last, by what people call it."""

    applied: bool
    said: dict[str, Said]


class Reloads:
    """The service behind the verb, the signal and the API. answer_s: how long a process may take for its answer."""

    def __init__(self, acts: Acts, clock: Clock, actor: Actor, answer_s: float = ANSWER_S) -> None:
        self._acts = acts
        self._clock = clock
        self._actor = actor
        self._answer_s = answer_s

    async def look(self) -> dict[str, Said]:
        """What a reload would do, by process. Raises NobodyThere, UnderWay, LedgerUnavailable."""
        names = await self._names()
        number = await self._ask(Step.LOOK, names)
        said = await self._answers(number, names, (State.READY, State.REFUSED), self._answer_s)
        await self._go_on(number, Step.DONE)
        return said

    async def reload(self) -> Outcome:
        """Raises as `look`."""
        names = await self._names()
        number = await self._ask(Step.PREPARE, names)
        said = await self._answers(number, names, (State.READY, State.REFUSED), self._answer_s)
        if any(each.state is not State.READY for each in said.values()):
            await self._go_on(number, Step.ABANDON)
            return Outcome(applied=False, said=said)
        await self._go_on(number, Step.APPLY, self._entry("intent", number, said))
        applied = await self._answers(number, names, (State.APPLIED, State.REFUSED), APPLY_S)
        await self._go_on(number, Step.DONE, self._entry("ok", number, said))
        return Outcome(applied=True, said={name: _with_changes(applied[name], said[name]) for name in said})

    async def _names(self) -> dict[str, str]:
        """What people call each process that is there, by its random name. Raises NobodyThere."""
        now_ms, found = self._clock.now_ms(), dict[str, str]()
        for key, report in (await all_reports(self._acts)).items():
            if report.is_live(now_ms):
                name = f"{report.node}/{report.worker}"
                found[key] = f"{name} ({key[:4]})" if name in found.values() else name
        if not found:
            raise NobodyThere
        return found

    async def _ask(self, step: Step, names: Container[str]) -> str:
        """Begin one, unless another is under way; its number. What another left unfinished is closed as aborted."""
        standing, now_ms = await self._acts.find(ASKED, NOW), self._clock.now_ms()
        before = None if standing is None else asked_in(standing)
        entries: list[bytes] = []
        if before is not None and before.step in (Step.PREPARE, Step.APPLY, Step.LOOK):
            if 0 <= now_ms - before.at_ms < STALE_S * 1000:
                raise UnderWay
            if before.step is Step.APPLY:
                entries.append(self._entry("aborted", before.number, {}))
        number = self._clock.random(8).hex()
        asked = Asked(number=number, step=step, at_ms=now_ms)
        gone = [DocumentWrite(SAID, each.key, None) for each in await self._said() if each.key not in names]
        try:
            await self._acts.act([_write(asked, ABSENT if standing is None else standing.version), *gone], entries)
        except ChangedMeanwhile:
            raise UnderWay from None
        return number

    async def _go_on(self, number: str, step: Step, *entries: bytes) -> None:
        """Raises UnderWay where somebody found ours stale, and begun another one."""
        standing = await self._acts.find(ASKED, NOW)
        before = None if standing is None else asked_in(standing)
        if standing is None or before is None or before.number != number:
            raise UnderWay
        asked = Asked(number=number, step=step, at_ms=self._clock.now_ms())
        try:
            await self._acts.act([_write(asked, standing.version)], entries)
        except ChangedMeanwhile:
            raise UnderWay from None

    async def _answers(
        self, number: str, names: Mapping[str, str], wanted: Sequence[State], limit_s: float
    ) -> dict[str, Said]:
        """Of each process; of one that says nothing in time, that it is silent."""
        found: dict[str, Said] = {}
        deadline_s = self._clock.monotonic() + limit_s
        while len(found) < len(names) and self._clock.monotonic() < deadline_s:
            for document in await self._said():
                said = said_in(document)
                if said is not None and said.number == number and document.key in names and said.state in wanted:
                    found[document.key] = said
            if len(found) < len(names):
                await asyncio.sleep(LOOK_S)
        silent = Said(number=number, state=State.SILENT)
        return {name: found.get(key, silent) for key, name in sorted(names.items(), key=itemgetter(1))}

    async def _said(self) -> Sequence[Document]:
        """By all processes, those that are no more among them."""
        return await self._acts.of_kind(SAID)

    def _entry(self, result: str, number: str, said: dict[str, Said]) -> bytes:
        """Of the audit log. A look changes nothing, and has none."""
        digests = {
            "before": _digest(each.before for each in said.values()),
            "after": _digest(each.after for each in said.values()),
        }
        return entry(
            Act.SETTINGS_RELOAD,
            self._actor,
            "",
            now_ms=self._clock.now_ms(),
            result=result,
            intent=number,
            numbers={"nodes": len(said)} if said else {},
            digests=digests if said else {},
        )


def asked_in(document: Document) -> Asked | None:
    """None for what another version wrote and this one cannot read."""
    try:
        return _read_asked(document.octets)
    except ROW_FAULTS:
        return None


def said_in(document: Document) -> Said | None:
    """As `asked_in`."""
    try:
        return _read_said(document.octets)
    except ROW_FAULTS:
        return None


def answer(process: str, said: Said) -> DocumentWrite:
    """As much of it as a document holds."""
    most = MOST
    while True:
        changes, problems = said.changes[:most], said.problems[:most]
        left_off = len(said.changes) - len(changes) + len(said.problems) - len(problems)
        octets = _encode(msgspec.structs.replace(said, changes=changes, problems=problems, left_off=left_off))
        if len(octets) <= MAX_OCTETS or not most:
            return DocumentWrite(SAID, process, octets)
        most = most * 3 // 4


def _write(asked: Asked, read: int) -> DocumentWrite:
    return DocumentWrite(ASKED, NOW, _encode(asked), read)


def _with_changes(last: Said, first: Said) -> Said:
    return msgspec.structs.replace(last, changes=first.changes, left_off=max(first.left_off, last.left_off))


def _digest(parts: Iterable[str]) -> bytes:
    """Of one process its own, of several that of theirs."""
    different = sorted(set(parts))
    return bytes.fromhex(different[0]) if len(different) == 1 else sha256("".join(different).encode()).digest()


_encode: Final = msgspec.json.Encoder().encode
_read_asked: Final = msgspec.json.Decoder(Asked).decode
_read_said: Final = msgspec.json.Decoder(Said).decode

"""What a process does for a reload: it prepares, says so, takes over what it prepared, and asks for one at SIGHUP."""

import asyncio
from contextlib import suppress
from typing import Final

from config.changes import Change
from config.problems import ConfigError, Problem, Severity
from gateway.audit.actor import NODE
from gateway.control.reloads import (
    ASKED,
    NOW,
    Asked,
    Reloads,
    Said,
    State,
    Step,
    UnderWay,
    answer,
    asked_in,
)
from gateway.ledger.contract import LedgerUnavailable
from gateway.ledger.roles import Acts
from gateway.node.reload import Prepared, Reload
from gateway.process.clock import Clock
from gateway.process.logs import logger
from operators.contained import report

PAUSE_S: Final = 0.5
AGAIN_S: Final = 1.0
"""Pause of a signal that finds another reload under way."""
TRIES: Final = 90

_UNEXPECTED: Final = (Problem(file="", line=0, key="", message="an error of the gateway's own", code="unexpected"),)

log = logger("gateway")


class Reloading:
    """Start `run` and `run_signals` as tasks. process: the random name of this one. asked: set by the signal."""

    def __init__(self, reload: Reload, acts: Acts, clock: Clock, process: str, asked: asyncio.Event) -> None:
        self._reload = reload
        self._acts = acts
        self._process = process
        self._asked = asked
        self._reloads = Reloads(acts, clock, NODE)
        self._version: int | None = None
        self._done: tuple[str, Step] | None = None
        self._prepared: tuple[str, Prepared] | None = None

    async def run(self) -> None:
        """Answer whoever asks, until cancelled."""
        while True:
            with suppress(LedgerUnavailable):
                await self._look()
            await asyncio.sleep(PAUSE_S)

    async def run_signals(self) -> None:
        """A reload at each signal, until cancelled. What comes while one is under way is one more."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await self._reload_all()
            except LedgerUnavailable as error:
                log.error("reload_failed", signal="SIGHUP", code="store_unavailable", reason=str(error))
            except Exception as error:
                report("task", error)
                log.error("reload_failed", signal="SIGHUP", code="unexpected")

    async def _reload_all(self) -> None:
        for _ in range(TRIES):
            try:
                outcome = await self._reloads.reload()
            except UnderWay:
                await asyncio.sleep(AGAIN_S)
                continue
            said = outcome.said.values()
            if outcome.applied:
                log.info("reloaded", signal="SIGHUP", count=sum(each.state is State.APPLIED for each in said))
            else:
                refusing = [name for name, each in outcome.said.items() if each.state is not State.READY]
                log.error("reload_failed", signal="SIGHUP", code="refused", reason=", ".join(refusing))
            return
        log.error("reload_failed", signal="SIGHUP", code="under_way")

    async def _look(self) -> None:
        version = await self._acts.version()
        if version == self._version:
            return
        standing = await self._acts.find(ASKED, NOW)
        asked = None if standing is None else asked_in(standing)
        if asked is not None and self._done != (asked.number, asked.step):
            await self._answer(asked)
            self._done = asked.number, asked.step
        self._version = version

    async def _answer(self, asked: Asked) -> None:
        if asked.step in (Step.LOOK, Step.PREPARE):
            await self._say(await self._judge(asked))
        elif asked.step is Step.APPLY:
            problems = await self._apply(asked.number)
            state = State.REFUSED if problems else State.APPLIED
            await self._say(Said(number=asked.number, state=state, problems=problems))
        else:
            self._prepared = None

    async def _judge(self, asked: Asked) -> Said:
        """What would change, and what is wrong; nothing has changed."""
        self._prepared = None
        changes: tuple[Change, ...] = ()
        after = ""
        try:
            reading = await self._reload.read()
            changes, after = self._reload.compare(reading), self._reload.digest(reading)
            prepared = await self._reload.prepare(reading)
            changes = prepared.changes
            if asked.step is Step.PREPARE:
                self._prepared = asked.number, prepared
            problems: tuple[Problem, ...] = ()
        except ConfigError as error:
            problems = tuple(each for each in error.problems if each.severity is Severity.ERROR)
        except Exception as error:
            report("task", error)
            problems = _UNEXPECTED
        if asked.step is Step.PREPARE:
            _tell(problems)
        return Said(
            number=asked.number,
            state=State.REFUSED if problems else State.READY,
            changes=changes,
            problems=problems,
            before=self._reload.digest(),
            after=after,
        )

    async def _apply(self, number: str) -> tuple[Problem, ...]:
        """What went wrong, which is a fault of ours. A process that started since has read its file anyway, and has
        nothing prepared.
        """
        standing, self._prepared = self._prepared, None
        if standing is None or standing[0] != number:
            return ()
        try:
            await self._reload.apply(standing[1])
        except Exception as error:
            report("task", error)
            return _UNEXPECTED
        for change in standing[1].changes:
            log.info("setting_changed", setting=change.setting, kind=change.what)
        log.info("settings_taken_over", count=len(standing[1].changes))
        return ()

    async def _say(self, said: Said) -> None:
        await self._acts.act([answer(self._process, said)])


def _tell(problems: tuple[Problem, ...]) -> None:
    for each in problems:
        more = {"path": each.file, "line": each.line} if each.file else {}
        log.error("reload_refused", setting=each.key, code=each.code, reason=each.message, **more)

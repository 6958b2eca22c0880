"""Settings that are read again while the node runs: all that changed is taken over, or nothing is.

    prepare    read, compare, build: whatever can go wrong does so here, and nothing has changed then
    apply      takes over what was prepared; waits for the windows of operators that change or go

A change that needs a restart is refused by `prepare`: a file means the same for a running node and its next start.
"""

import asyncio
from functools import partial
from typing import Final

import msgspec

from config.changes import Change, changes
from config.descriptors import TooFew
from config.problems import ConfigError, Problem, Severity
from config.reading import Reading, Source
from gateway.node import assembly
from gateway.node.fronts import Fronts, http_settings
from gateway.node.road import Road
from gateway.node.succession import Plan, Succession
from gateway.process.descriptors import within_limit
from gateway.process.logs import describe_unexpected, logger, set_level
from gateway.process.system_errors import system_text
from gateway.process.tls import Identity, identity
from gateway.webhooks.client import authorities
from gateway.webhooks.settings import delivery_settings
from operators.renewal import Renewal

DRAIN_S: Final = 10.0
"""For the windows of operators that change or go to empty."""

log = logger("gateway")


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """Ready to be taken over. authorities: of webhooks, where they are other ones."""

    reading: Reading
    changes: tuple[Change, ...]
    http: Identity | None
    smpp: Identity | None
    authorities: Renewal | None
    plan: Plan


class Reload:
    """Start `run` as a task, and call `ask` at SIGHUP. reading: by which the node was built."""

    def __init__(self, source: Source, reading: Reading, road: Road, fronts: Fronts, succession: Succession) -> None:
        self._source = source
        self._reading = reading
        self._road = road
        self._fronts = fronts
        self._succession = succession
        self._turn = asyncio.Lock()

    async def reload(self) -> tuple[Change, ...]:
        """Take over what changed; what that was. Raises ConfigError, and then nothing has changed."""
        async with self._turn:
            prepared = await self.prepare()
            await self.apply(prepared)
        return prepared.changes

    async def prepare(self) -> Prepared:
        """Raises ConfigError, and then nothing has changed."""
        before = self._reading
        reading = await asyncio.to_thread(self._source.read)
        found = changes(before.said, reading.said)
        waiting = [each for each in found if not each.live]
        if waiting:
            raise ConfigError(map(_needs_restart, waiting))
        own = reading.own
        try:
            own = within_limit(own)
        except TooFew:
            raise ConfigError([_problem("", "too few open files are allowed", "descriptors_too_few")]) from None
        plan = self._succession.plan(before.own, own)
        secrets = (Change(setting=each, live=True) for each in plan.secrets)
        return Prepared(
            reading=Reading(said=reading.said, own=own),
            changes=(*found, *secrets),
            http=_identity("http", own.http.tls_certificate, own.http.tls_key),
            smpp=_identity("smpp_server", own.smpp_server.tls_certificate, own.smpp_server.tls_key),
            authorities=await _authorities(before.own.webhooks.ca_file, own.webhooks.ca_file),
            plan=plan,
        )

    async def apply(self, prepared: Prepared) -> None:
        """What is new holds at once; returns when the operators that changed or went have emptied their windows."""
        own, plan = prepared.reading.own, prepared.plan
        set_level(own.log.level)
        self._adopt(prepared)
        self._succession.begin(plan)
        self._road.router.adopt(assembly.routes(own))
        self._reading = prepared.reading
        await self._succession.carry_out(plan, DRAIN_S)

    def _adopt(self, prepared: Prepared) -> None:
        """Everything but operators and routes. Nothing here reads a file or can be refused."""
        own, road = prepared.reading.own, self._road
        road.standing.settings = own
        self._fronts.http.adopt(http_settings(own), prepared.http, own.messages.max_validity_s)
        self._fronts.smpp_server.adopt(own.smpp_server, prepared.smpp)
        road.admission.adopt(own.http.max_inflight)
        road.door.adopt(own.messages, assembly.plain_counters(own))
        road.incoming.adopt(own.messages.default_region)
        road.dispatch.adopt(own.dispatch)
        road.settler.adopt(assembly.follow_up(own))
        road.outcomes.adopt(assembly.answer_s(own))
        road.deliverer.adopt(delivery_settings(own.webhooks), prepared.authorities)
        road.sweeper.adopt(own.sweeper)


async def keep_reloading(reload: Reload, asked: asyncio.Event) -> None:
    """At each signal, until cancelled. What came while one was under way is one more."""
    while True:
        await asked.wait()
        asked.clear()
        try:
            found = await reload.reload()
        except ConfigError as error:
            for each in error.problems:
                if each.severity is Severity.ERROR:
                    log.error("reload_refused", **_told(each))
        except Exception as error:
            log.error("reload_failed", signal="SIGHUP", reason=describe_unexpected(error))
        else:
            for change in found:
                log.info("setting_changed", setting=change.setting, kind=change.what)
            log.info("reloaded", signal="SIGHUP", count=len(found))


def _told(problem: Problem) -> dict[str, object]:
    more = {"path": problem.file, "line": problem.line} if problem.file else {}
    return {"signal": "SIGHUP", "setting": problem.key, "code": problem.code, "reason": problem.message, **more}


def _needs_restart(change: Change) -> Problem:
    return _problem(change.setting, f"{change.what}, which needs a restart; nothing was taken over", "restart_needed")


def _problem(key: str, message: str, code: str) -> Problem:
    return Problem(file="", line=0, key=key, message=message, code=code)


def _identity(section: str, certificate: str | None, key: str | None) -> Identity | None:
    try:
        return identity(certificate, key)
    except OSError as error:
        raise ConfigError([_problem(f"{section}.tls_certificate", system_text(error), "unusable")]) from None


async def _authorities(before: str | None, after: str | None) -> Renewal | None:
    """Made beside the loop, since those of the system take a while; None where the file has the same name."""
    if before == after:
        return None
    try:
        return await asyncio.to_thread(partial(authorities, after))
    except OSError as error:
        raise ConfigError([_problem("webhooks.ca_file", system_text(error), "unusable")]) from None

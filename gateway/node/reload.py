"""Settings that are read again while the node runs: all that changed is taken over, or nothing is.

    prepare    read, compare, build: whatever can go wrong does so here, and nothing has changed then
    apply      takes over what was prepared; waits for the windows of operators that change or go

A change that needs a restart is refused by `prepare`: a file means the same for a running node and its next start.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from config.changes import Change, changes
from config.descriptors import TooFew
from config.problems import ConfigError, Problem
from config.reading import Reading, Source
from gateway.node import assembly
from gateway.node.fronts import Fronts, http_settings
from gateway.node.road import Road
from gateway.node.ruling import packs_of, recipients_of, terms_of
from gateway.node.succession import Plan, Succession
from gateway.process.descriptors import within_limit
from gateway.process.logs import set_level
from gateway.process.system_errors import system_text
from gateway.process.tls import Identity, identity
from gateway.rules.choice import Packs
from gateway.rules.engine import Rules
from gateway.webhooks.client import authorities
from gateway.webhooks.settings import delivery_settings
from operators.renewal import Renewal

T = TypeVar("T")
_SHORT_S: Final = 0.0005


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """Ready to be taken over. authorities: of webhooks, where they are other ones.
    packs: of messaging rules, as their files say now."""

    reading: Reading
    changes: tuple[Change, ...]
    http: Identity | None
    smpp: Identity | None
    authorities: Renewal | None
    plan: Plan
    packs: Packs


class Reload:
    """One at a time. reading: by which the node was built. rules: for messages."""

    def __init__(
        self, source: Source, reading: Reading, road: Road, fronts: Fronts, succession: Succession, rules: Rules
    ) -> None:
        self._source = source
        self._reading = reading
        self._road = road
        self._fronts = fronts
        self._succession = succession
        self._rules = rules

    async def reload(self) -> tuple[Change, ...]:
        """Take over what changed; what that was. Raises ConfigError, and then nothing has changed."""
        prepared = await self.prepare(await self.read())
        await self.apply(prepared)
        return prepared.changes

    async def read(self) -> Reading:
        """The settings as they are written now. Raises ConfigError."""
        return await _beside(self._source.read)

    def compare(self, reading: Reading) -> tuple[Change, ...]:
        """What is another than what holds."""
        return changes(self._reading.said, reading.said)

    async def differs(self) -> tuple[Change, ...]:
        """In what the settings that are written now differ from those that hold. Raises ConfigError."""
        return self.compare(await self.read())

    def digest(self, reading: Reading | None = None) -> str:
        """SHA-256 of settings as they are written, in hexadecimal digits; of those that hold where none are given."""
        return sha256(msgspec.json.encode((reading or self._reading).said)).hexdigest()

    async def prepare(self, reading: Reading) -> Prepared:
        """Raises ConfigError, and then nothing has changed."""
        before, found = self._reading, self.compare(reading)
        waiting = [each for each in found if not each.live]
        if waiting:
            raise ConfigError(map(_needs_restart, waiting))
        own = reading.own
        try:
            own = within_limit(own)
        except TooFew:
            raise ConfigError([_problem("", "too few open files are allowed", "descriptors_too_few")]) from None
        plan = self._succession.plan(before.own, own)
        packs = await _beside(partial(packs_of, own))
        secrets = (Change(setting=each, live=True) for each in plan.secrets)
        return Prepared(
            reading=Reading(said=reading.said, own=own),
            changes=(*found, *secrets, *self._of_packs(packs)),
            http=_identity("http", own.http.tls_certificate, own.http.tls_key),
            smpp=_identity("smpp_server", own.smpp_server.tls_certificate, own.smpp_server.tls_key),
            authorities=await _authorities(before.own.webhooks.ca_file, own.webhooks.ca_file),
            plan=plan,
            packs=packs,
        )

    def _of_packs(self, packs: Packs) -> Iterator[Change]:
        """Packs that are others than those that hold, whatever the settings say."""
        before, after = ({pack.id: pack for pack in each.known} for each in (self._rules.packs, packs))
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                what = "changed" if name in before and name in after else "added" if name in after else "removed"
                yield Change(setting=f"rules[{name}]", what=what, live=True)  # type: ignore[arg-type]

    async def apply(self, prepared: Prepared) -> None:
        """What is new holds at once; returns when the operators that changed or went have emptied their windows."""
        own, plan = prepared.reading.own, prepared.plan
        set_level(own.log.level)
        self._adopt(prepared)
        self._succession.begin(plan)
        if own.routes != self._reading.own.routes:  # lines that stay keep what their limits have counted
            self._road.ways.routes.adopt(assembly.routes(own))
        self._reading = prepared.reading
        await self._succession.carry_out(plan)

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
        self._rules.adopt(prepared.packs, recipients_of(own), terms_of(own))


async def _beside(work: Callable[[], T]) -> T:
    """In a thread that gives the interpreter back ten times as soon as others do: what it does may take long, and
    messages go on meanwhile.
    """
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(_SHORT_S)
    try:
        return await asyncio.to_thread(work)
    finally:
        sys.setswitchinterval(usual_s)


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
        return await _beside(partial(authorities, after))
    except OSError as error:
        raise ConfigError([_problem("webhooks.ca_file", system_text(error), "unusable")]) from None

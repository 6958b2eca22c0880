"""Operators that come, go and change while the node runs, each without the others noticing.

    added      a lane and a link of its own; then the routes may name it
    changed    nothing new over the old link; its windows empty, it unbinds; the new one binds and takes over the lane
    removed    the routes name it no more; nothing new; its windows empty, it unbinds; what waits goes where routes say

The two links of a changed operator never stand at the same time: SMSCs count binds, and a listener has one owner.
"""

import asyncio
import contextlib
import hashlib
import socket
import ssl
from collections.abc import Container, Mapping, Sequence
from typing import Final

import msgspec

from config.missing_secrets import references
from config.operators import NetworkLinkSettings, OperatorSettings
from config.problems import ConfigError, Problem
from config.secret import SecretMissing
from config.settings import Settings
from gateway.delivery.dispatch.dispatch import Dispatch
from gateway.delivery.mobile_originated import Incoming
from gateway.node import assembly
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.process.system_errors import system_code, system_text
from gateway.process.tasks import TaskOwner
from operators.base import EventSink, Operator
from operators.contained import report
from operators.kinds import operator
from redaction.egress import EgressContract

DRAIN_LIMIT_S: Final = 30.0
SPARE_S: Final = 1.0
"""For the windows of a link to empty: as long as an answer may take, and a little more, at the most so long."""
START_AGAIN_S: Final = 1.0
"""Pause before a link is started again whose listener found its address taken."""

log = logger("gateway")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Links that are built and not started, the names of those that go, and why a link is another than before though
    its settings are the same: places whose secret is another one. answer_s: how long answers over old links may take.
    """

    added: tuple[Operator, ...]
    replaced: tuple[Operator, ...]
    removed: tuple[str, ...]
    contracts: Mapping[str, EgressContract]
    prints: Mapping[str, bytes]
    secrets: tuple[str, ...]
    answer_s: Mapping[str, float]


class Succession:
    """operators: by name, which this changes and everybody else reads. sink: takes what links report. settings:
    those by which the operators were built.

    Raises SecretMissing.
    """

    def __init__(
        self,
        operators: dict[str, Operator],
        dispatch: Dispatch,
        incoming: Incoming,
        sink: EventSink,
        clock: Clock,
        settings: Sequence[OperatorSettings],
        tasks: TaskOwner,
    ) -> None:
        self._operators = operators
        self._dispatch = dispatch
        self._incoming = incoming
        self._sink = sink
        self._clock = clock
        self._tasks = tasks
        self._key = clock.random(32)
        self._prints: Mapping[str, bytes] = {each.name: self._print(each) for each in settings}

    def plan(self, before: Settings, after: Settings) -> Plan:
        """Build what is new. Raises ConfigError, and then nothing has changed."""
        old = {each.name: each for each in before.operators}
        new = {each.name: each for each in after.operators}
        listening = {place[:2] for each in before.operators if (place := each.listens()) is not None}
        wrong: list[Problem] = []
        prints, built = dict[str, bytes](), dict[str, Operator]()
        for name, settings in new.items():
            try:
                prints[name] = self._print(settings)
                if settings != old.get(name) or prints[name] != self._prints.get(name):
                    _check(settings, listening)
                    built[name] = operator(settings, self._clock)
            except SecretMissing as error:
                wrong.append(_problem(name, str(error), "secret_missing"))
            except (OSError, ValueError) as error:  # ssl.SSLError is one
                wrong.append(_problem(name, _said(error), "unusable"))
        if wrong:
            raise ConfigError(wrong)
        return Plan(
            added=tuple(each for name, each in built.items() if name not in old),
            replaced=tuple(each for name, each in built.items() if name in old),
            removed=tuple(name for name in old if name not in new),
            contracts={name: assembly.contract(new[name]) for name in built},
            prints=prints,
            answer_s=assembly.answer_s(before),
            secrets=tuple(f"operators[{name}].password" for name in built if new[name] == old.get(name)),
        )

    def begin(self, plan: Plan) -> None:
        """Lanes for what comes, and an end of submissions to what goes; the next step is `carry_out`."""
        self._prints = plan.prints
        for each in plan.added:
            self._operators[each.name] = each
            self._dispatch.lanes.add(each, plan.contracts[each.name])
        self._dispatch.steering.again()
        for name in plan.removed:
            self._dispatch.leave(name)

    async def carry_out(self, plan: Plan) -> None:
        """Returns when windows are empty; what is unanswered after its time is as on a link that was lost."""
        await asyncio.gather(
            *(self._start(each) for each in plan.added),
            *(self._replace(each, plan.contracts[each.name], _drain_s(plan, each.name)) for each in plan.replaced),
            *(self._remove(name, _drain_s(plan, name)) for name in plan.removed),
        )

    async def _replace(self, successor: Operator, contract: EgressContract, deadline_s: float) -> None:
        name = successor.name
        await self._end(name, deadline_s)
        self._operators[name] = successor
        self._dispatch.lanes.by_name[name].succeed(successor, contract)
        self._dispatch.steering.again()
        await self._start(successor)

    async def _remove(self, name: str, deadline_s: float) -> None:
        await self._end(name, deadline_s)
        del self._operators[name]
        self._dispatch.forget(name)
        log.info("operator_removed", operator=name)

    async def _end(self, name: str, deadline_s: float) -> None:
        try:
            await self._operators[name].stop(deadline_s)
        except Exception as error:  # of this link; the others go on
            report("link", error)
        self._incoming.leave(name)

    async def _start(self, link: Operator) -> None:
        try:
            await link.start(self._sink)
        except OSError as error:
            log.error("operator_not_started", operator=link.name, code=system_code(error))
            self._tasks.contain("link", f"start {link.name} {id(link)}", self._keep_starting(link))

    async def _keep_starting(self, link: Operator) -> None:
        """Until it has started, or another one is in its place."""
        while self._operators.get(link.name) is link:
            await asyncio.sleep(START_AGAIN_S)
            with contextlib.suppress(OSError):
                await link.start(self._sink)
                log.info("operator_started", operator=link.name)
                return

    def _print(self, settings: OperatorSettings) -> bytes:
        """Of the secrets as they are now, which are kept in no other form. Raises SecretMissing."""
        digest = hashlib.blake2s(key=self._key)
        for path, reference in references(settings):
            digest.update(f"{path}\0{reference.resolve()}\0".encode())
        return digest.digest()


def _drain_s(plan: Plan, name: str) -> float:
    return min(DRAIN_LIMIT_S, plan.answer_s.get(name, 0.0) + SPARE_S)


def _check(settings: OperatorSettings, listening: Container[tuple[str, int]]) -> None:
    """That files can be used and addresses be had, as far as one can know. listening: where old links do.

    Raises OSError and ValueError.
    """
    if isinstance(settings, NetworkLinkSettings) and settings.tls.enabled:
        context = ssl.create_default_context(cafile=settings.tls.ca_file)
        if settings.tls.certificate is not None:
            context.load_cert_chain(settings.tls.certificate, settings.tls.key)
    place = settings.listens()
    if place is not None and place[:2] not in listening:
        _try_address(*place)


def _try_address(host: str, port: int, shared: bool) -> None:
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(family, kind) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        tried.bind(address)


def _said(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return system_text(error)
    return "the settings make no link"


def _problem(name: str, message: str, code: str) -> Problem:
    return Problem(file="", line=0, key=f"operators[{name}]", message=message, code=code)

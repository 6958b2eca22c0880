"""Erasing people and messages: the keys of what is sealed in every copy, then the rows and all that hangs on them.

In steps of a thousand people each, of which each is one act of the audit log: the intent, with what is to be done; the
other places that know the person; the leaves, under a fresh root; the rows with their links, digests and waiting
events; what is told to the customers; then the outcome with a certificate. Whoever dies between intent and outcome
leaves what another process needs to finish (`resume`); the places go by the number, which is kept nowhere, so they
are done before anything that cannot be seen as undone: who asked got no answer, and asks again.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

import msgspec

from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.keystore.keyring import Keyring
from gateway.ledger.roles import Acts, Retention
from gateway.model.message import OutboxEvent
from gateway.process.clock import Clock
from gateway.rights.certificates import NONE, Certificates, Destroyed
from gateway.rights.holds import held_messages
from gateway.rights.journal import IDS, Part, act_of, begun, finished, forget_done, written
from gateway.rights.journal import KEPT_MS as DONE_KEPT_MS
from gateway.rights.news import erased_events
from gateway.rights.places import Place
from gateway.rights.tracing import Passed, Trace
from redaction.keys import Place as KeyPlace
from redaction.retention import OTP

PEOPLE: Final = 1_000
"""Of one step, under one fresh root."""
MESSAGES: Final = 50_000
"""Of one step; one person's are never divided."""
ROWS: Final = 1_000
"""Deleted in one transaction."""
STALE_MS: Final = 10 * 60 * 1000
"""A step that began so long ago has nobody any more who finishes it."""

Publish = Callable[[Sequence[OutboxEvent]], Awaitable[None]]
"""Makes events durable, for customers' webhooks. Raises LedgerUnavailable."""


class Erasure(msgspec.Struct, kw_only=True):
    """What was done. leaves: of keys, that were destroyed now. elsewhere: entries of other places. held: messages of
    which a copy stays under a hold. passed: by operator, what it has been given of these people: it is to be told (IR
    8(2)). certificates: ids.
    """

    subjects: int = 0
    messages: int = 0
    leaves: int = 0
    elsewhere: int = 0
    held: int = 0
    customers: set[int] = set()
    passed: dict[str, Passed] = {}
    certificates: list[str] = []


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """act: of the audit log. what: a word of certificates. case: a random id, '' for none. obj: of the act; '' gives
    each step one of its own.
    """

    act: Act = Act.SUBJECT_ERASE
    what: str = "person"
    case: str = ""
    obj: str = ""


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What erasing works with. public_id: of a customer, by its number."""

    acts: Acts
    retention: Retention
    keyring: Keyring
    audit: AuditLog
    certificates: Certificates
    clock: Clock
    publish: Publish
    public_id: Callable[[int], str]
    places: Sequence[Place] = ()


class Eraser:
    def __init__(self, around: Around) -> None:
        self._around = around

    async def erase(
        self, traces: Sequence[Trace], purpose: Purpose, told: Callable[[Erasure], None] = lambda _: None
    ) -> Erasure:
        """All that these traces name. told: called after each step, with the sums.

        Raises LedgerUnavailable and KeysWithheld: the steps before stand, and the one that was begun is finished by
        `resume`, or by asking again.
        """
        total = Erasure()
        for step in _steps(sorted(traces, key=_first_place)):
            await self._step(step, purpose, total)
            told(total)
        if total.messages:
            await self._around.retention.checkpoint()
        return total

    async def resume(self, before_ms: int | None = None) -> int:
        """Finish what began before that time (ten minutes ago) and has no outcome, and delete what was kept of those
        that have; how many were finished. Raises LedgerUnavailable.
        """
        around, now_ms = self._around, self._around.clock.now_ms()
        standing = await begun(around.acts, now_ms - STALE_MS if before_ms is None else before_ms)
        for name, parts in standing.items():
            await self._finish(name, parts, Erasure())
        if standing:
            await around.retention.checkpoint()
        await forget_done(around.acts, now_ms - DONE_KEPT_MS)
        return len(standing)

    async def _step(self, step: Sequence[Trace], purpose: Purpose, total: Erasure) -> None:
        around = self._around
        name = around.clock.random(8).hex()
        numbers = {
            "messages": sum(len(each.ids) for each in step),
            "subjects": len(step),
            "customers": len({each.customer for each in step}),
        }
        numbers["held"] = await held_messages(around.acts, [each for trace in step for each in trace.ids])
        obj = purpose.obj or purpose.case or f"erasure_{name}"
        customer = _only(step, around.public_id)
        said = {"customer": customer} if customer else {}
        intent, writes, entries = around.audit.begun(purpose.act, obj, numbers=numbers, **said)
        parts = list(self._parts(step, purpose, intent, obj, numbers))
        await around.acts.act([*writes, *written(name, parts)], entries)
        total.held += numbers["held"]
        elsewhere = 0
        for place in around.places:
            for each in step:
                if each.subject is not None:
                    elsewhere += await place.forget(each.customer, each.subject.number)
        total.elsewhere += elsewhere
        for each in step:
            total.customers |= {each.customer} if each.ids else set()
            for operator, passed in each.passed.items():
                _merge(total.passed.setdefault(operator, Passed()), passed)
        total.subjects += len(step)
        await self._finish(name, parts, total, elsewhere)

    async def _finish(self, name: str, parts: Sequence[Part], total: Erasure, elsewhere: int = 0) -> None:
        """From the keys on; each of it may have been done before."""
        around, first = self._around, parts[0]
        before = around.certificates.digest()
        places = {place for part in parts for place in part.places}
        leaves = await around.keyring.forget(lambda _: places) if places else 0
        ids = [each for part in parts for each in part.messages()]
        for at in range(0, len(ids), ROWS):
            await around.retention.forget_these(ids[at : at + ROWS], counted=True)
        now_ms = around.clock.now_ms()
        events = [each for part in parts for each in erased_events(part.customer, part.messages(), now_ms)]
        if events:
            await around.publish(events)
        counts = first.numbers | {"leaves": leaves, "elsewhere": elsewhere}
        customers = {part.public for part in parts}
        destroyed = Destroyed(
            what=first.what,
            why="request",
            digest_before=before,
            counts=counts,
            techniques=("leaf_punctured", "rows_deleted", "log_emptied"),
            customer=customers.pop() if len(customers) == 1 else "all",
            case=first.case,
        )
        issued = around.certificates.issue(destroyed) if leaves or elsewhere or ids else NONE
        numbers = first.numbers | {"periods": leaves, "elsewhere": elsewhere}
        said = {} if destroyed.customer == "all" else {"customer": destroyed.customer}
        ended = around.audit.ended(act_of(first), first.obj, first.intent, numbers=numbers, **said)
        writes = [*ended[0], *issued.writes, *finished(name, parts, now_ms)]
        await around.acts.act(writes, [*ended[1], *issued.entries])
        total.messages += len(ids)
        total.leaves += leaves
        total.certificates += [issued.id] if issued.id else []

    def _parts(
        self, step: Sequence[Trace], purpose: Purpose, intent: str, obj: str, numbers: dict[str, int]
    ) -> Iterator[Part]:
        now_ms = self._around.clock.now_ms()
        for customer in sorted({each.customer for each in step}):
            theirs = [each for each in step if each.customer == customer]
            ids = [identifier for each in theirs for identifier in each.ids]
            places = [place for each in theirs for place in each.places]
            for at in range(0, max(1, len(ids), len(places)), IDS):
                yield Part(
                    began_ms=now_ms,
                    act=purpose.act.value,
                    intent=intent,
                    obj=obj,
                    what=purpose.what,
                    case=purpose.case,
                    customer=customer,
                    public=self._around.public_id(customer),
                    ids=b"".join(ids[at : at + IDS]),
                    places=places[at : at + IDS],
                    numbers=numbers,
                )


def _first_place(trace: Trace) -> KeyPlace:
    """Neighbours in the key state go together: a step then rewrites few of its segments."""
    return min(trace.places, default=(OTP, 0, 0))


def _steps(traces: Sequence[Trace]) -> Iterator[list[Trace]]:
    step, messages = list[Trace](), 0
    for each in traces:
        if step and (len(step) >= PEOPLE or messages + len(each.ids) > MESSAGES):
            yield step
            step, messages = [], 0
        step.append(each)
        messages += len(each.ids)
    if step:
        yield step


def _only(step: Sequence[Trace], public_id: Callable[[int], str]) -> str:
    """The customer that a step is about; '' where there are several."""
    customers = {each.customer for each in step}
    return public_id(customers.pop()) if len(customers) == 1 else ""


def _merge(into: Passed, more: Passed) -> None:
    into.messages += more.messages
    into.first_ms = min(into.first_ms or more.first_ms, more.first_ms)
    into.last_ms = max(into.last_ms, more.last_ms)

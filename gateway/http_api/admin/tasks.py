"""Making a customer's events anew, trying its endpoint at once, and the tasks that this takes."""

from collections.abc import Callable
from typing import Annotated, Final

from msgspec import Meta, Struct

from gateway.accept.validation import parse_time
from gateway.accounts.administration import Accounts
from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor
from gateway.audit.acts import Act
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.views import Because
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.ledger.contract import ChangedMeanwhile, StoredCustomer, StoredEndpoint
from gateway.ledger.roles import Ledger
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.roles import Action
from gateway.webhooks.endpoints import resumed
from gateway.webhooks.tasks import Task, Tasks, TooManyTasks, UnknownTask
from redaction.errors import alone

COVERS: Final = "What is still stored: no event of a record that was forgotten, and no text that was destroyed."


class ReplayRequest(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """since, until: times of the events, RFC 3339; until: now, where it is not said. types: empty for all."""

    since: Annotated[str, Meta(max_length=40)]
    until: Annotated[str, Meta(max_length=40)] | None = None
    types: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=16)] = []  # noqa: RUF012


class TaskView(Struct, frozen=True, kw_only=True):
    """looked_at: messages so far. events: that were made anew. covers: what can be among them."""

    id: str
    customer: str
    state: str
    since: str
    until: str
    types: list[str]
    looked_at: int
    events: int
    asked_at: str
    ended_at: str | None
    covers: str = COVERS


class TasksView(Struct, frozen=True):
    """Those that are open, and those that ended within 30 days."""

    tasks: list[TaskView]


class ResumedView(Struct, frozen=True, kw_only=True):
    """was: the state of the endpoint before."""

    customer: str
    was: str


class TaskEndpoints:
    """accounts: in the hands of an actor."""

    def __init__(self, parts: Parts, ledger: Ledger, accounts: Callable[[Actor], Accounts]) -> None:
        self._parts = parts
        self._ledger = ledger
        self._accounts = accounts

    async def replay(self, call: Call) -> Reply:
        asker, customer = await self._opened(call)
        asked = await self._parts.body(call, ReplayRequest)
        since_ms = _time(asked.since, "since")
        until_ms = self._parts.clock.now_ms() if asked.until is None else _time(asked.until, "until")
        tasks = self._tasks(await self._parts.actor(asker, asked))
        try:
            task = await tasks.begin(customer.id, customer.public_id, since_ms, until_ms, asked.types)
        except InvalidSetting:
            raise alone(Refusal("invalid_value", "types" if asked.types else "since")) from None
        except TooManyTasks:
            raise alone(Refusal("too_many_tasks")) from None
        return self._parts.answer(_view(task), 202)

    async def resume(self, call: Call) -> Reply:
        asker, customer = await self._opened(call)
        before: list[StoredEndpoint] = []

        def change(standing: StoredEndpoint | None) -> StoredEndpoint:
            if standing is None:
                raise Refusal("not_found")
            before[:] = [standing]
            return resumed(standing)

        accounts = self._accounts(await self._parts.why(call, asker))
        try:
            await accounts.set_endpoint(customer.id, change, Act.WEBHOOK_RESUME)
        except ChangedMeanwhile:
            raise alone(Refusal("changed_meanwhile")) from None
        return self._parts.answer(ResumedView(customer=customer.public_id, was=before[0].state))

    async def all(self, call: Call) -> Reply:
        """Whoever belongs to a customer sees that one's alone."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.WEBHOOK_READ, asker.customer):
            raise Refusal("not_allowed")
        found = await self._tasks(asker.actor).all()
        return self._parts.answer(
            TasksView([_view(each) for each in found if asker.customer in ("", each.replay.owner)])
        )

    async def show(self, call: Call) -> Reply:
        _, task = await self._found(call, Action.WEBHOOK_READ)
        return self._parts.answer(_view(task))

    async def cancel(self, call: Call) -> Reply:
        asker, task = await self._found(call, Action.WEBHOOK_RESEND)
        tasks = self._tasks(await self._parts.why(call, asker))
        return self._parts.answer(_view(await tasks.cancel(task.id)))

    async def _found(self, call: Call, action: Action) -> tuple[Asker, Task]:
        """Whoever may not have it is told what it would be of one that is not there."""
        asker = await self._parts.gate.identify(call.request)
        try:
            task = await self._tasks(asker.actor).find(call.argument)
        except UnknownTask:
            if not asker.may(action, asker.customer):
                raise alone(Refusal("not_allowed")) from None
            raise alone(Refusal("not_found")) from None
        return await self._parts.gate.open(call.request, action, task.replay.owner), task

    def _tasks(self, actor: Actor) -> Tasks:
        return Tasks(self._ledger.acts, self._parts.clock, actor)

    async def _opened(self, call: Call) -> tuple[Asker, StoredCustomer]:
        asker = await self._parts.gate.open(call.request, Action.WEBHOOK_RESEND, call.argument)
        for each in await self._ledger.accounts.customers():
            if each.public_id == call.argument:
                return asker, each
        raise Refusal("not_found")


def _time(written: str, field: str) -> int:
    found = parse_time(written)
    if found is None or found < 0:
        raise Refusal("invalid_value", field)
    return found


def _view(task: Task) -> TaskView:
    replay = task.replay
    return TaskView(
        id=task.id,
        customer=replay.owner,
        state=replay.state.value,
        since=rfc3339(replay.since_ms),
        until=rfc3339(replay.until_ms),
        types=[f"message.{each}" for each in replay.statuses],
        looked_at=replay.looked,
        events=replay.made,
        asked_at=rfc3339(replay.asked_ms),
        ended_at=rfc3339_or_none(replay.ended_ms or None),
    )

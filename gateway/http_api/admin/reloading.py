"""A reload that the admin API asks for: all processes take over what changed in their settings, or none does."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from gateway.audit.actor import Actor
from gateway.control.reloads import NobodyThere, Outcome, Reloads, Said, UnderWay
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.reload_views import ChangeView, LookView, ProblemLine, ProcessReload, ReloadView
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.model.refusals import Refusal
from gateway.people.roles import Action
from redaction.errors import alone

T = TypeVar("T")


class ReloadEndpoints:
    """reloads: in the hands of an actor."""

    def __init__(self, parts: Parts, reloads: Callable[[Actor], Reloads]) -> None:
        self._parts = parts
        self._reloads = reloads

    async def look(self, call: Call) -> Reply:
        """What a reload would do; nothing changes."""
        asker = await self._parts.gate.open(call.request, Action.SETTINGS_RELOAD)
        said = await _asked(self._reloads(asker.actor).look())
        return self._parts.answer(LookView(_processes(said)))

    async def reload(self, call: Call) -> Reply:
        """409 where nothing was taken over, with what is wrong or needs a restart."""
        asker = await self._parts.gate.open(call.request, Action.SETTINGS_RELOAD)
        actor = await self._parts.why(call, asker)
        outcome: Outcome = await _asked(self._reloads(actor).reload())
        view = ReloadView(applied=outcome.applied, processes=_processes(outcome.said))
        return self._parts.answer(view, 200 if outcome.applied else 409)


async def _asked(work: Awaitable[T]) -> T:
    """Raises Refusal."""
    try:
        return await work
    except UnderWay:
        raise alone(Refusal("reload_under_way")) from None
    except NobodyThere:
        raise alone(Refusal("no_node")) from None


def _processes(said: Mapping[str, Said]) -> list[ProcessReload]:
    return [
        ProcessReload(
            process=name,
            state=each.state.value,
            changes=[ChangeView(setting=a.setting, what=a.what, live=a.live) for a in each.changes],
            problems=[
                ProblemLine(code=a.code, setting=a.key, file=a.file, line=a.line, message=a.message)
                for a in each.problems
            ],
            left_off=each.left_off,
        )
        for name, each in said.items()
    ]

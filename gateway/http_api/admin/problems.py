"""What nodes and workers warned of, with cause and cure, and saying that somebody has looked at it."""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from gateway.control.problems import Problem, Unknown, look_at, problems
from gateway.http_api.admin.declaring import READ, does, named, shows
from gateway.http_api.admin.parts import Parts
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Route
from gateway.ledger.roles import Acts
from gateway.model.problem_meanings import MEANINGS
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339_or_none
from gateway.people.roles import Action
from redaction.errors import alone

_CODE: Final = re.compile("[a-z_]{1,40}", re.ASCII)


class ProblemView(Struct, frozen=True, kw_only=True):
    """code: the event of the log line. said: what its last line told. is_open: nobody has looked at it since it came
    last. by: who looked at it last.
    """

    code: str
    level: str
    count: int
    first_at: str
    last_at: str
    said: Mapping[str, str]
    cause: str | None
    cure: str | None
    is_open: bool
    looked_at: str | None
    by: str | None


class ProblemsView(Struct, frozen=True):
    """Of all processes since they were started, a day after their end at the most; the latest first."""

    problems: list[ProblemView]


class ProblemEndpoints:
    def __init__(self, parts: Parts, acts: Acts) -> None:
        self._parts = parts
        self._acts = acts

    async def all(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.PROBLEM_READ)
        return await self._answer()

    async def look_at(self, call: Call) -> Reply:
        asker = await self._parts.gate.open(call.request, Action.PROBLEM_ACKNOWLEDGE)
        if not _CODE.fullmatch(call.argument):
            raise Refusal("not_found")
        actor = await self._parts.why(call, asker)
        try:
            await look_at(self._acts, self._parts.clock, actor, call.argument)
        except Unknown:
            raise alone(Refusal("not_found")) from None
        return await self._answer()

    async def _answer(self) -> Reply:
        return self._parts.answer(ProblemsView([_view(each) for each in await problems(self._acts)]))


def _view(problem: Problem) -> ProblemView:
    seen = problem.seen
    meaning = MEANINGS.get(seen.code)
    return ProblemView(
        code=seen.code,
        level=seen.level,
        count=seen.count,
        first_at=seen.first,
        last_at=seen.last,
        said=seen.said,
        cause=None if meaning is None else meaning.cause,
        cure=None if meaning is None else meaning.cure,
        is_open=problem.is_open,
        looked_at=rfc3339_or_none(problem.looked_at_ms),
        by=problem.by or None,
    )


def problem_routes(parts: Parts, acts: Acts) -> list[Route]:
    endpoints = ProblemEndpoints(parts, acts)
    return [
        Route("GET", "/admin/v1/problems", endpoints.all, _ALL),
        Route("POST", "/admin/v1/problems/{code}/acknowledge", endpoints.look_at, _LOOK_AT),
    ]


_ALL: Final = shows(
    "list_problems",
    "List what nodes and workers warned of: how often, since when, cause and cure.",
    "System",
    Action.PROBLEM_READ,
    ProblemsView,
    "The problems, the latest first.",
)
_LOOK_AT: Final = does(
    "acknowledge_problem",
    "Say that somebody has looked at a problem; it is open again when it comes again.",
    "System",
    Action.PROBLEM_ACKNOWLEDGE,
    Answer(description="The problems, the latest first.", body=ProblemsView),
    of=(named("The problem's code.", "code"),),
    codes=READ,
)

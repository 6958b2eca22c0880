"""What answers under `/console/`: pages, forms and what they load.

    page:  who is it? → may it? → ask the API what the page needs → draw
    form:  who is it? → what was typed → ask the API to do it → see the page again (303), or the page with what is wrong

Whatever goes wrong is answered with a page.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from gateway.console.asking import Answer, Asking, Told, segment
from gateway.console.drawing import Drawing
from gateway.console.fields import Form, Wrong, body_of
from gateway.console.kept_parts import KeptParts
from gateway.console.paths import HOME, OWN, PROVE, SIGN_IN, page_route, with_query
from gateway.console.places import ID, Place, place_of
from gateway.console.screens import SCREENS, Need, Screen
from gateway.console.signing_in import SignInPages
from gateway.console.verb import Verb
from gateway.console.verbs import VERBS
from gateway.console.visits import Visit, visit_of
from gateway.html.assets import PREFIX
from gateway.http_api.answering import named, refusal_to_any
from gateway.http_api.body import UnreadBody
from gateway.http_api.browsers import LOOK_COOKIE, LOOK_RULES, Browsers, look_wanted, read_form
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call, Handler, Methods, RouteTable, parse_query
from gateway.http_api.traffic import NO_ROUTE, Traffic
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.people.roles import Action
from gateway.process.clock import Clock

_ALWAYS: Final = ("lang", "part", "done")
"""Parameters of every page: the look, the part to be kept fresh, the verb that was done."""


HOUR_MS: Final = 3_600_000


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong with a form. about: id of what it is about. fields: what is
    wrong, by name. typed: what is shown again; no password."""

    verb: str
    about: str
    refusal: Refusal
    title: str
    fields: Mapping[str, str]
    typed: Form


class Site:
    """answer: of the admin API. traffic: where answers are counted."""

    def __init__(self, answer: Answer, replies: Replies, traffic: Traffic, clock: Clock) -> None:
        self._api = Asking(answer)
        self._clock = clock
        self._replies = replies
        self._strays = traffic.answers(NO_ROUTE)
        self._drawing = Drawing()
        self._parts = KeptParts()
        self._browsers = Browsers(replies, self._drawing.assets)
        sign_in = SignInPages(self._api, self._drawing, self._browsers)
        self.table: Final = RouteTable(
            [
                *(page_route("GET", each.path, self._shown(each), *each.query, *_ALWAYS) for each in SCREENS),
                *(page_route("POST", each.path, self._done(each)) for each in VERBS.values()),
                *sign_in.routes(),
                page_route("GET", f"{PREFIX}{{name}}", self._browsers.asset),
            ],
            traffic,
        )

    def takes(self, request: web.BaseRequest) -> bool:
        """Whether it is asked for something of the console."""
        return request.raw_path.startswith(("/console", PREFIX))

    async def answer(self, request: web.BaseRequest) -> Reply:
        """The one answer to a request. Never raises for what a client sent."""
        path, _, query = request.raw_path.partition("?")
        answers = self._strays
        try:
            methods, argument = self.table.find(path)
            answers = methods.answers
            reply = await self._routed(request, methods, argument, query)
        except ConnectionError:
            raise
        except Exception as error:
            refusal = refusal_to_any(error)
            reply = self._refused(Call(request, "", {}), refusal)
            if isinstance(refusal, UnreadBody):
                reply.closing()
        answers[reply.status] += 1
        return named(self._replies, request, reply)

    async def _routed(self, request: web.BaseRequest, methods: Methods, argument: str, query: str) -> Reply:
        found = methods.find(request.method)
        if found is None:
            return self._without_handler(Call(request, argument, {}), methods)
        if argument and not ID.fullmatch(argument):
            raise Refusal("not_found")
        handler, known = found
        call = Call(request, argument, parse_query(query, known))
        return await self._looked(call) or await handler(call)

    async def _looked(self, call: Call) -> Reply | None:
        """Another look was chosen: it is kept in a cookie, and the page is seen again."""
        if "lang" not in call.query or call.request.method != "GET":
            return None
        kept = f"Set-Cookie: {LOOK_COOKIE}={look_wanted(call).value}; {LOOK_RULES}\r\n".encode()
        return self._browsers.go(with_query(_path_of(call), call.query, leaves=_ALWAYS), more=kept)

    def _without_handler(self, call: Call, methods: Methods) -> Reply:
        allow = b"Allow: %s\r\n" % methods.allow
        if call.request.method == "OPTIONS":
            return self._replies.empty(allow)
        return self._refused(call, Refusal("method_not_allowed"), more=allow)

    # ---------------------------------------------------------------------------------------------------------- pages

    def _shown(self, screen: Screen) -> Handler:
        async def handle(call: Call) -> Reply:
            visit = await self._visit(call, _path_of(call))
            if visit is None:
                return self._sign_in(call)
            if not visit.has_second and screen.path != OWN:
                return self._browsers.go(OWN)
            if screen.path == HOME and not visit.may(screen.action):
                return self._browsers.go(_first_of(visit))
            sought = call.query.get(screen.finds, "").strip()
            if sought and ID.fullmatch(sought):
                return self._browsers.go(f"{screen.path}/{sought}")
            is_shared = screen.is_shared and bool(call.query.get("part"))
            return await (self._part(call, screen, visit) if is_shared else self._drawn(call, screen, visit))

        return handle

    async def _part(self, call: Call, screen: Screen, visit: Visit) -> Reply:
        """What is kept fresh of a page, as it was drawn a moment ago for somebody who is shown the same."""
        now_ms = self._clock.now_ms()
        kept = self._parts.find(visit, now_ms)
        if kept is not None:
            return self._browsers.page(200, kept)
        reply = await self._drawn(call, screen, visit)
        if reply.status == 200:
            self._parts.keep(visit, reply.content, now_ms)
        return reply

    async def _drawn(self, call: Call, screen: Screen, visit: Visit, fault: Fault | None = None) -> Reply:
        """fault: of a form of this page. Raises Refusal."""
        if not visit.may(screen.action, screen.owner(call.argument, visit.customer)):
            is_others = screen.of_customer and visit.customer not in ("", call.argument)
            raise Refusal("not_found" if is_others else "not_allowed")
        told = await self._told(call, screen, visit)
        if isinstance(told, Told):
            return self._not_told(call, told)
        done = VERBS.get(call.query.get("done", ""))
        values = {
            **told,
            **screen.makes(told),
            "screen": screen,
            "id": call.argument,
            "fault": fault,
            "done": done,
            "asked": call.query,
        }
        octets = self._drawing.page(screen.template, visit, values, whole=not call.query.get("part"))
        return self._browsers.page(200, octets) if fault is None else self._browsers.refusal(fault.refusal, octets)

    async def _told(self, call: Call, screen: Screen, visit: Visit) -> Mapping[str, object] | Told:
        """What the page needs, by name; or the refusal of what it cannot do without."""
        values: dict[str, object] = {}
        for name, need in screen.needs.items():
            is_left_out = bool(call.query.get("part")) and not need.is_fresh
            if is_left_out or not visit.may(need.action, screen.owner(call.argument, visit.customer)):
                values[name] = None
                continue
            told = await self._api.look(call.request, _path(need, call, self._clock.now_ms()))
            if not told.is_done and not (need.is_optional and told.status == 404):
                return told
            values[name] = told.said if told.is_done else None
        return values

    def _not_told(self, call: Call, told: Told) -> Reply:
        if told.code == "not_signed_in":
            return self._sign_in(call)
        if told.code == "proof_needed":
            return self._browsers.go(f"{PROVE}?next={segment(_own_path(call))}")
        return self._refused(call, told.refusal)

    # ---------------------------------------------------------------------------------------------------------- forms

    def _done(self, verb: Verb) -> Handler:
        async def handle(call: Call) -> Reply:
            form = await read_form(call)
            place = place_of(verb, call.argument, form)
            visit = await self._visit(call, place.path)
            if visit is None:
                return self._sign_in(call)
            try:
                body = body_of(verb.fields, form)
            except Wrong as wrong:
                return await self._shown_again(call, verb, visit, form, place, wrong=wrong.why)
            told = await self._api.do(
                call.request,
                verb.method,
                verb.api.replace("{id}", segment(call.argument)),
                body if verb.takes_body else None,
                form_token=form.get("form_token", ""),
                over=form.get("version", ""),
            )
            return await self._answered(call, verb, visit, form, place, told)

        return handle

    async def _answered(self, call: Call, verb: Verb, visit: Visit, form: Form, place: Place, told: Told) -> Reply:
        back = place.path
        if told.code == "not_signed_in":
            return self._browsers.go(f"{SIGN_IN}?next={segment(back)}")
        if told.code == "proof_needed":
            return self._browsers.go(f"{PROVE}?next={segment(back)}")
        if not told.is_done:
            return await self._shown_again(call, verb, visit, form, place, told=told)
        if verb.shows:
            values = {"told": told.said, "verb": verb, "screen": place.screen, "id": place.argument, "back": back}
            return self._browsers.page(200, self._drawing.page(verb.shows, visit, values))
        return self._browsers.go(f"{back}?done={verb.name}")

    async def _shown_again(
        self,
        call: Call,
        verb: Verb,
        visit: Visit,
        form: Form,
        place: Place,
        *,
        wrong: Mapping[str, str] | None = None,
        told: Told | None = None,
    ) -> Reply:
        """The page of the form, with what is wrong and what was typed."""
        refusal = Refusal("invalid_value") if told is None else told.refusal
        title = "" if told is None else str(told.said.get("title", ""))
        fields = dict(wrong or {})
        if told is not None and told.said.get("field"):
            fields[str(told.said["field"])] = ""
        secret = {each.name for each in verb.fields if each.kind.value == "password"}
        typed = {name: value for name, value in form.items() if name not in secret}
        fault = Fault(verb=verb.name, about=call.argument, refusal=refusal, title=title, fields=fields, typed=typed)
        screen = place.screen
        if not visit.may(screen.action, screen.owner(place.argument, visit.customer)):
            raise refusal
        return await self._drawn(Call(call.request, place.argument, {}), screen, visit, fault)

    # ------------------------------------------------------------------------------------------------------- who it is

    async def _visit(self, call: Call, path: str) -> Visit | None:
        """Who is signed in; None for nobody. path: of the page, or of the one that a form leads back to.

        Raises Refusal where that cannot be said.
        """
        told = await self._api.look(call.request, "/admin/v1/session")
        if told.is_done:
            return visit_of(told.said, look_wanted(call), path)
        if told.code != "not_signed_in":
            raise told.refusal
        return None

    def _sign_in(self, call: Call) -> Reply:
        """A part that is kept fresh cannot sign anybody in: the script sees the status and loads the page again."""
        if call.query.get("part"):
            return self._refused(call, Refusal("not_signed_in"))
        return self._browsers.go(f"{SIGN_IN}?next={segment(_own_path(call))}")

    def _refused(self, call: Call, refusal: Refusal, *, more: bytes = b"") -> Reply:
        """more: further header lines, each with its line end."""
        values = {"code": refusal.code, "status": refusal.kind.http, "text": refusal.kind.title}
        octets = self._drawing.outside("refused.html", look_wanted(call), _path_of(call), values)
        return self._browsers.refusal(refusal, octets, more=more)


def _path_of(call: Call) -> str:
    return call.request.raw_path.partition("?")[0]


def _own_path(call: Call) -> str:
    """The page to come back to: of a form, the front page."""
    return _path_of(call) if call.request.method in ("GET", "HEAD") else HOME


def _path(need: Need, call: Call, now_ms: int) -> str:
    path = need.path.replace("{id}", segment(call.argument))
    since = {"since": rfc3339(now_ms - need.hours * HOUR_MS)} if need.hours else {}
    pairs = {name: call.query[name] for name in need.query if call.query.get(name)}
    return with_query(path, {**need.always, **since, **pairs})


def _first_of(visit: Visit) -> str:
    """The front page of who may not see how the gateway stands."""
    if visit.customer and visit.may(Action.CUSTOMER_READ, visit.customer):
        return f"/console/customers/{visit.customer}"
    if visit.customer:
        return f"/console/customers/{visit.customer}/traffic"
    return OWN

"""Signing in and out on pages, and proving again who one is: forms over the API's own endpoints.

A passkey needs the browser's script; without it, or without passkeys, there are password and code.
"""

from typing import Final

from gateway.console.asking import Asking, Told, segment
from gateway.console.drawing import Drawing
from gateway.console.fields import Form
from gateway.console.paths import PROVE, SIGN_IN, SIGN_OUT, next_of, page_route
from gateway.console.visits import visit_of
from gateway.http_api.browsers import Browsers, look_wanted, read_form
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call, Route

SESSION: Final = "/admin/v1/session"
_TAKES: Final = ("next", "lang")


class SignInPages:
    def __init__(self, api: Asking, drawing: Drawing, browsers: Browsers) -> None:
        self._api = api
        self._drawing = drawing
        self._browsers = browsers

    def routes(self) -> list[Route]:
        return [
            page_route("GET", SIGN_IN, self.show, *_TAKES),
            page_route("POST", SIGN_IN, self.begin),
            page_route("POST", SIGN_OUT, self.end),
            page_route("GET", PROVE, self.ask_proof, *_TAKES),
            page_route("POST", PROVE, self.prove),
        ]

    async def show(self, call: Call) -> Reply:
        return await self._page(call, next_of(call.query.get("next", "")))

    async def begin(self, call: Call) -> Reply:
        form = await read_form(call)
        wanted = next_of(form.get("next", ""))
        told = await self._api.do(call.request, "POST", SESSION, _credentials(form, "email", "password", "code"))
        if not told.is_done:
            return await self._page(call, wanted, told)
        return self._browsers.go(wanted, more=f"Set-Cookie: {told.cookie}\r\n".encode())

    async def end(self, call: Call) -> Reply:
        """Raises Refusal where the session goes on: the page of signing in would say that it has ended."""
        form = await read_form(call)
        token = form.get("form_token", "")
        told = await self._api.do(call.request, "DELETE", SESSION, None, form_token=token)
        _stop_at(told)
        cookie = f"Set-Cookie: {told.cookie}\r\n".encode() if told.cookie else b""
        return self._browsers.go(SIGN_IN, more=cookie)

    async def ask_proof(self, call: Call) -> Reply:
        return await self._proof_page(call, next_of(call.query.get("next", "")))

    async def prove(self, call: Call) -> Reply:
        form = await read_form(call)
        wanted = next_of(form.get("next", ""))
        told = await self._api.do(
            call.request,
            "POST",
            f"{SESSION}/proof",
            _credentials(form, "password", "code"),
            form_token=form.get("form_token", ""),
        )
        return self._browsers.go(wanted) if told.is_done else await self._proof_page(call, wanted, told)

    async def _proof_page(self, call: Call, wanted: str, refused: Told | None = None) -> Reply:
        told = await self._api.look(call.request, SESSION)
        _stop_at(told)
        if not told.is_done:
            return self._browsers.go(f"{SIGN_IN}?next={segment(wanted)}")
        visit = visit_of(told.said, look_wanted(call), PROVE)
        values = await self._values(call, wanted, refused)
        return self._answer(self._drawing.page("prove.html", visit, values), refused)

    async def _values(self, call: Call, wanted: str, refused: Told | None) -> dict[str, object]:
        """Beginning with a passkey writes nothing, so it is tried whether there are any."""
        begun = await self._api.do(call.request, "POST", f"{SESSION}/passkey/begin", None)
        code = "" if refused is None else refused.code
        return {"next": wanted, "asked": {"next": wanted}, "code": code, "has_passkeys": begun.is_done}

    async def _page(self, call: Call, wanted: str, refused: Told | None = None) -> Reply:
        values = await self._values(call, wanted, refused)
        return self._answer(self._drawing.outside("sign_in.html", look_wanted(call), SIGN_IN, values), refused)

    def _answer(self, octets: bytes, refused: Told | None) -> Reply:
        return self._browsers.page(200, octets) if refused is None else self._browsers.refusal(refused.refusal, octets)


def _stop_at(told: Told) -> None:
    """Raises Refusal for whatever is refused, but to somebody who is not signed in."""
    if told.code not in ("", "not_signed_in"):
        raise told.refusal


def _credentials(form: Form, *names: str) -> dict[str, object]:
    return {name: form.get(name, "").strip() if name != "password" else form.get(name, "") for name in names}

"""Ten things that people come for, done in a real browser: by mouse, by keyboard alone and without scripts, each in
English and in Arabic.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import pyotp
import pytest

from gateway.accounts.settings import DEFAULT_SCOPES, KeySettings
from gateway.people.roles import Action, Role
from gateway.webhooks.endpoint import SetAnew
from redaction.personal import Secret
from tests.bounds import LIMIT_S
from tests.browser import chromium, needs_browser
from tests.integration.admin_stage import PASSWORD, Admin, running_admin
from tests.integration.walker import Walker, Way

pytestmark = needs_browser
EVERYTHING: Final = (Role.OWNER, Role.OPERATIONS, Role.PRIVACY_OFFICER, Role.SUPPORT, Role.AUDITOR)
PAGES: Final = """
[privacy]
controller = "Sender LLC, Riyadh"
contact = "privacy@sender.sa"
stores.country = "SA"
[pages]
enabled = true
security_contact = "mailto:security@sender.sa"
[rights]
sender = "SENDER"
"""


class Stage(msgspec.Struct, frozen=True):
    """What somebody works at. number: of this one, so that each has things of its own. secret: of the authenticator."""

    admin: Admin
    browser: Any
    walker: Walker
    lang: str
    way: Way
    number: int
    email: str
    secret: str
    second: str

    @property
    def customer(self) -> str:
        return self.admin.customer

    @property
    def reference(self) -> str:
        return f"{4711 + self.number}"


async def sign_in(stage: Stage) -> None:
    walker = stage.walker
    await walker.goto(f"/console/sign-in?lang={stage.lang}")
    await walker.type("#email", stage.email)
    await walker.type("#password", PASSWORD)
    await walker.type("#code", pyotp.TOTP(stage.secret).at(stage.admin.node.clock.now_ms() // 1000))
    await walker.follow("main form.card button")
    assert await walker.see("a.brand") == "Connect Gateway"
    assert await walker.page.locator("html").get_attribute("dir") == ("rtl" if stage.lang == "ar" else "ltr")


async def find_why_a_message_did_not_arrive(stage: Stage) -> None:
    """Its operator is paused."""
    walker, admin = stage.walker, stage.admin
    steers = await admin.token(Action.OPERATOR_PAUSE, Action.OPERATOR_RESUME)
    why = {"reason": "ticket 1"}
    assert (await admin.ask("POST", "/admin/v1/operators/loop/pause", why, steers))[0] == 202
    await paused(stage, is_paused=True)
    body = {"to": "+966500000078", "from": "BRAND", "text": "canary text", "class": "transactional"}
    status, sent = await admin.try_to_send(**body, reference=stage.reference)
    assert status == 202
    await walker.follow("nav.wide a[href='/console/messages']")
    await walker.type("#find_by_reference-customer", stage.customer)
    await walker.type("#find_by_reference-reference", stage.reference)
    await walker.follow("form[action$='/by-reference'] button")
    await walker.follow(f"a[href='/console/messages/{sent['id']}']")
    assert await walker.see(".state") == {"en": "accepted", "ar": "مقبولة"}[stage.lang]
    await walker.follow("nav.wide a[href='/console/operators']")
    assert await walker.see("tr:has(a[href='/console/operators/loop']) .state.off")
    assert (await admin.ask("POST", "/admin/v1/operators/loop/resume", why, steers))[0] == 202
    await paused(stage, is_paused=False)


async def paused(stage: Stage, *, is_paused: bool) -> None:
    """Until every process has applied it."""
    headers = await stage.admin.token(Action.OPERATOR_READ)
    async with asyncio.timeout(LIMIT_S):
        while True:
            _, said, _ = await stage.admin.ask("GET", "/admin/v1/operators/loop", None, headers)
            wanted = said["wanted"]
            if (wanted["state"] == "paused") == is_paused and all(each["current"] for each in wanted["applied"]):
                return
            await asyncio.sleep(0.02)


async def pause_and_resume_an_operator(stage: Stage) -> None:
    walker = stage.walker
    await walker.follow("nav.wide a[href='/console/operators']")
    await walker.follow("a[href='/console/operators/spare']")
    for word in ("pause", "resume"):
        await walker.open(f"details:has(form[action$='/{word}']) > summary")
        await walker.type(f"#{word}_operator-reason", "ticket 1")
        await walker.follow(f"form[action$='/{word}'] button")
        assert walker.page.url.endswith(f"?done={word}_operator")


async def disable_a_key(stage: Stage) -> None:
    walker, admin = stage.walker, stage.admin
    (customer,) = await admin.accounts.customers()
    key, _ = await admin.accounts.add_key(customer.id, scopes=DEFAULT_SCOPES, settings=KeySettings())
    await walker.follow("nav.wide a[href='/console/customers']")
    await walker.follow(f"a[href='/console/customers/{stage.customer}']")
    await walker.follow("nav.tabs a[href$='/access']")
    await walker.follow(f"#revoke_key-{key.prefix}")
    await walker.follow(f"a[href='/console/customers/{stage.customer}']")
    await walker.follow("nav.tabs a[href$='/access']")
    assert await walker.see(f"tr:has-text('{key.prefix}') .state.off")


async def replay_webhooks(stage: Stage) -> None:
    walker = stage.walker
    await walker.goto(f"/console/customers/{stage.customer}")
    await walker.follow("nav.tabs a[href$='/webhook']")
    await walker.open("details:has(form[action$='/replay']) > summary")
    if stage.way is Way.KEYBOARD:
        await walker.type("#replay_customer-since", "11012026")
        await walker.page.keyboard.press("ArrowRight")
        await walker.page.keyboard.type("0100AM")
    else:
        await walker.page.fill("#replay_customer-since", "2026-11-01T01:00")
    await walker.follow("form[action$='/replay'] button")
    await walker.see(".note.good")


async def place_a_hold_by_two_persons(stage: Stage) -> None:
    walker, case = stage.walker, await a_case(stage)
    await walker.follow("nav.wide a[href='/console/requests']")
    await walker.open("details:has(form[action='/console/requests']) > summary")
    await walker.choose("#ask_request-action", "hold.place")
    await walker.type("#ask_request-object", case)
    await walker.type("#ask_request-reason", "a letter of the court")
    await walker.follow("form[action='/console/requests'] button")
    await walker.see(f"tr:has-text('{case}')")
    async with walking(stage.browser, stage.admin.url, stage.way, stage.second) as other:
        await other.goto(f"/console/requests?lang={stage.lang}")
        await other.follow(f"tr:has-text('{case}') form[action$='/consent'] button")
        assert await other.see(f"tr:has-text('{case}') .state.good")
    assert len(await stage.admin.entries("request.consent")) == stage.number + 1


async def a_case(stage: Stage) -> str:
    """Of somebody else's, under way."""
    body = {"kind": "complaint", "channel": "letter", "text": "words"}
    status, case, _ = await stage.admin.ask("POST", "/admin/v1/cases", body, await stage.admin.token(Action.CASE_OPEN))
    assert status == 201
    return str(case["id"])


async def answer_an_access_case(stage: Stage) -> None:
    walker, number = stage.walker, f"+96650000{stage.number:04d}"
    await walker.follow("nav.wide a[href='/console/cases']")
    await walker.open("details:has(form[action='/console/cases']) > summary")
    await walker.choose("#open_case-kind", "access")
    await walker.choose("#open_case-channel", "phone")
    await walker.type("#open_case-number", number)
    await walker.follow("form[action='/console/cases'] button")
    headers = await stage.admin.token(Action.CASE_READ)
    _, said, _ = await stage.admin.ask("GET", "/admin/v1/cases?state=received", None, headers)
    (case,) = [each["id"] for each in said["cases"] if each["kind"] == "access"]
    await walker.follow(f"a[href='/console/cases/{case}']")
    await walker.open("details:has(form[action$='/proof']) > summary")
    await walker.choose("#proof_case-proof", "document_seen")
    await walker.follow("form[action$='/proof'] button")
    await walker.open("details:has(form[action$='/execute']) > summary")
    await walker.follow("form[action$='/execute'] button")
    await walker.follow("main a.button")
    await walker.open("details:has(form[action$='/close']) > summary")
    await walker.follow("form[action$='/close'] button")
    assert len(await stage.admin.entries("case.close")) == stage.number + 1


async def look_up_the_proof_of_an_entry(stage: Stage) -> None:
    walker = stage.walker
    index = await stage.admin.signed("customer.add")
    await walker.follow("nav.wide a[href='/console/audit']")
    await walker.type("#act", "customer.add")
    await walker.follow("main form.row button")
    await walker.follow(f"a[href='/console/audit/{index}']")
    assert "customer.add" in await walker.see("pre >> nth=0")
    assert f"index {index}" in await walker.see("pre >> nth=1")


async def change_how_a_sender_stands(stage: Stage) -> None:
    walker, state = stage.walker, ("active", "refused")[stage.number % 2]
    await walker.goto(f"/console/customers/{stage.customer}")
    await walker.follow("nav.tabs a[href$='/rules']")
    await walker.open("details:has(form[action$='/sender-standing']) > summary")
    await walker.type("#sender_standing_customer-name", "SHOP")
    await walker.type("#sender_standing_customer-operator", "loop")
    await walker.choose("#sender_standing_customer-state", state)
    await walker.follow("form[action$='/sender-standing'] button")
    await walker.see(".note.good")
    assert await walker.see(f"tr:has-text('SHOP') .state.{'good' if state == 'active' else 'off'}")


async def read_the_notice_and_ask_for_something(stage: Stage) -> None:
    port = stage.admin.node.fronts.http.listener.port
    async with walking(stage.browser, f"http://127.0.0.1:{port}", stage.way) as public:
        await public.goto(f"/privacy?lang={stage.lang}")
        assert "Sender LLC" in await public.see("main")
        await public.follow("a[href^='/rights']")
        await public.tick("#kind-access")
        await public.type("#number", f"05{stage.number:08d}")
        await public.follow("form[action='/rights'] button")
        assert "R-" in await public.see("main")


Task = Callable[[Stage], Awaitable[None]]
TASKS: Final[tuple[Task, ...]] = (
    sign_in,
    find_why_a_message_did_not_arrive,
    pause_and_resume_an_operator,
    disable_a_key,
    replay_webhooks,
    place_a_hold_by_two_persons,
    answer_an_access_case,
    look_up_the_proof_of_an_entry,
    change_how_a_sender_stands,
    read_the_notice_and_ask_for_something,
)


@contextlib.asynccontextmanager
async def walking(browser: Any, url: str, way: Way, cookie: str = "") -> AsyncIterator[Walker]:
    """With a profile of its own. cookie: of somebody who is signed in."""
    context = await browser.new_context(java_script_enabled=way is not Way.NO_SCRIPT, locale="en-US")
    try:
        if cookie:
            name, _, value = cookie.partition("=")
            kept = {"name": name, "value": value, "url": url.replace("http:", "https:"), "secure": True}
            await context.add_cookies([kept])
        yield Walker(await context.new_page(), url, way)
    finally:
        await context.close()


async def walk(admin: Admin, browser: Any, way: Way, lang: str, number: int) -> None:
    """All ten, one after the other, as one person."""
    email = f"walker{number}@example.com"
    _, secret = await admin.person(*EVERYTHING, email=email)
    second, _ = await admin.person(Role.OWNER, email=f"second{number}@example.com")
    cookie = (await admin.session(second))["Cookie"]
    async with walking(browser, admin.url, way) as walker:
        stage = Stage(admin, browser, walker, lang, way, number, email, secret, cookie)
        for task in TASKS:
            await task(stage)


@contextlib.asynccontextmanager
async def place(folder: Path) -> AsyncIterator[tuple[Admin, Any]]:
    """A node with what the tasks need, and a browser."""
    async with running_admin(folder, more=PAGES) as admin, chromium() as browser:
        stores, clock = admin.node.stores, admin.node.clock
        url = Secret("https://nowhere.invalid/hook")
        anew = SetAnew(stores.sealer, clock.random, 1, url, lambda kept: kept, new_secret=False, now_ms=clock.now_ms())
        await admin.accounts.set_endpoint(1, anew)
        owner, _ = await admin.person(Role.OWNER, email="first@example.com")
        path, sender = f"/admin/v1/customers/{admin.customer}/sender-register", {"name": "SHOP"}
        assert (await admin.ask("POST", path, sender, await admin.session(owner)))[0] == 200
        yield admin, browser


async def test_ten_tasks_are_done_without_scripts_in_arabic(tmp_path: Path) -> None:
    """The quick one of the six."""
    async with place(tmp_path) as (admin, browser):
        await walk(admin, browser, Way.NO_SCRIPT, "ar", 0)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_ten_tasks_are_done_in_each_way_and_language(tmp_path: Path) -> None:
    """The quick one above has one of the six."""
    async with place(tmp_path) as (admin, browser):
        ways = [(way, lang) for way in Way for lang in ("en", "ar")]
        for number, (way, lang) in enumerate(ways):
            await walk(admin, browser, way, lang, number)

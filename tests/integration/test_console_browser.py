"""The console in a real browser: usable by everybody, from here alone, kept fresh, and the same without scripts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pyotp
import pytest

from gateway.console.screens import SCREENS
from gateway.html.looks import Look
from gateway.people.roles import Role
from tests.bounds import LIMIT_S
from tests.browser import THEMES, WIDTHS, chromium, faults_of, looking, needs_browser
from tests.integration.admin_stage import CANARY, PASSWORD, Admin, running_admin
from tests.scripted_smsc import scripted_smsc

pytestmark = needs_browser
LIMIT_MS = LIMIT_S * 1000
EVERYTHING = (Role.OWNER, Role.OPERATIONS, Role.PRIVACY_OFFICER, Role.SUPPORT, Role.AUDITOR)
CASE = {"kind": "access", "channel": "phone", "number": "+966500000001"}
NORTH = """
[[operators]]
kind = "smpp"
name = "north"
host = "127.0.0.1"
port = {port}
system_id = "gateway"
register.tunnel = true
"""
SOMEBODY = {"name": "Somebody", "email": "somebody@example.com", "roles": ["viewer"]}
Shown = tuple[str, int]
"""A theme, and a width in CSS pixels."""


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Admin, Any, str]]:
    """A node, a browser, and the cookie of somebody who may do everything."""
    async with running_admin(folder) as admin, chromium() as browser:
        person, _ = await admin.person(*EVERYTHING)
        yield admin, browser, (await admin.session(person))["Cookie"]


async def _paths(admin: Admin, cookie: str) -> list[str]:
    """All pages, each with something to be shown."""
    message = await admin.send(reference="4711")
    _, session, _ = await admin.ask("GET", "/admin/v1/session", None, {"Cookie": cookie})
    headers = {"Cookie": cookie, "X-Form-Token": session["form_token"]}
    _, case, _ = await admin.ask("POST", "/admin/v1/cases", CASE, headers)
    kinds = {"operators": "loop", "messages": message, "customers": admin.customer, "cases": case["id"]}
    asked = {"topic": "delivery", "text": "+966500000001 got nothing", "message": message, "customer": admin.customer}
    _, ticket, _ = await admin.ask("POST", "/admin/v1/tickets", asked, headers)
    _, person, _ = await admin.ask("POST", "/admin/v1/people", SOMEBODY, headers)
    kinds |= {"routes": await admin.route(), "tickets": ticket["id"], "audit": str(await admin.signed("customer.add"))}
    kinds["people"] = person["id"]
    found = (each.path.replace("{id}", kinds.get(each.path.split("/")[2], "")) for each in SCREENS)
    return ["/console/sign-in", "/console/prove", "/console/nowhere", *found]


async def _judged(folder: Path, *ways: tuple[Look, Sequence[Shown], int]) -> list[object]:
    """Whatever is wrong with pages, shown in these ways, with everything opened that can be. Of each way: the language,
    how it is shown, and every how manieth page is.
    """
    faults: list[object] = []
    async with running(folder) as (admin, browser, cookie):
        paths = await _paths(admin, cookie)
        async with looking(browser, admin.url, cookie, judged=True) as page:
            for look, shown, step in ways:
                await page.goto(f"{admin.url}/console/own?lang={look.value}")
                for path in paths[::step]:
                    await page.goto(admin.url + path)
                    assert page.url == admin.url + path
                    await page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
                    for theme, width in shown:
                        await page.emulate_media(color_scheme=theme)
                        await page.set_viewport_size({"width": width, "height": 900})
                        faults += [(path, look.value, theme, width, each) for each in await faults_of(page)]
    return faults


async def test_no_page_keeps_anybody_out(tmp_path: Path) -> None:
    """All in Arabic, dark and narrow; of the others every fourth, since they share the style."""
    assert await _judged(tmp_path, (Look.ARABIC, [("dark", 360)], 1), (Look.ENGLISH, [("light", 1280)], 4)) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("look", [Look.ENGLISH, Look.ARABIC])
async def test_no_page_keeps_anybody_out_in_any_theme_or_width(tmp_path: Path, look: Look) -> None:
    """All of them with all others; the quick one above has one of the eight, and some of a second."""
    assert await _judged(tmp_path, (look, list(product(THEMES, WIDTHS)), 1)) == []


async def test_the_judge_finds_what_is_wrong() -> None:
    async with chromium() as browser, looking(browser, "about:blank", judged=True) as page:
        await page.goto("about:blank")
        await page.set_content("<p style='color:#aaa;background:#fff;width:9999px'>pale</p><input>")
        found = " ".join(await faults_of(page))
        assert all(each in found for each in ("color-contrast", "label", "wider than the window"))


async def test_a_page_is_kept_fresh_by_its_script_alone_and_loads_from_here_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as (admin, browser, cookie), looking(browser, admin.url, cookie) as page:
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda each: said.append(each.text))
        page.on("pageerror", lambda each: said.append(str(each)))
        page.on("requestfailed", lambda each: said.append(each.url))
        page.on("request", lambda each: asked.append(each.url))
        await page.goto(f"{admin.url}/console/operators")
        await page.locator("#operators a", has_text="loop").focus()
        await page.evaluate("window.untouched = true")
        token = await page.locator("form[action='/console/sign-out'] input").get_attribute("value")
        headers = {"Cookie": cookie, "X-Form-Token": token or ""}
        status, _, _ = await admin.ask("POST", "/admin/v1/operators/loop/pause", {"reason": "ticket 1"}, headers)
        assert status == 202
        await (
            page.locator("#operators tr", has_text="loop")
            .locator(".state", has_text="paused")
            .wait_for(timeout=LIMIT_MS)
        )
        assert await page.evaluate("window.untouched"), "the page was not loaded again"
        assert await page.evaluate("document.activeElement.textContent") == "loop", "the focus stayed"
        assert said == []
        assert all(each.startswith(admin.url) for each in asked)


async def test_an_operator_that_goes_down_is_seen_without_touching_the_page(tmp_path: Path) -> None:
    async with scripted_smsc() as smsc, running_admin(tmp_path, more=NORTH.format(port=smsc.port)) as admin:
        person, _ = await admin.person(*EVERYTHING)
        cookie = (await admin.session(person))["Cookie"]
        async with chromium() as browser, looking(browser, admin.url, cookie) as page:
            await page.goto(f"{admin.url}/console/operators")
            row = page.locator("#operators tr", has_text="north")
            await row.locator(".state.good").first.wait_for(timeout=LIMIT_MS)
            await page.evaluate("window.untouched = true")
            await smsc.stop()
            await row.locator(".state.bad, .state.warn").first.wait_for(timeout=LIMIT_MS)
            assert await page.evaluate("window.untouched"), "the page was not loaded again"
            for path in ("/console/", "/console/operators/north"):
                answer = await page.goto(admin.url + path)
                assert answer.status == 200


async def test_without_scripts_everything_is_done_by_forms(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin, chromium() as browser:
        _, secret = await admin.person(*EVERYTHING)
        message = await admin.send(reference="4711")
        context = await browser.new_context(java_script_enabled=False)
        page = await context.new_page()
        await page.goto(f"{admin.url}/console/operators/loop")
        await page.fill("#email", CANARY)
        await page.fill("#password", PASSWORD)
        await page.fill("#code", pyotp.TOTP(secret).at(admin.node.clock.now_ms() // 1000))
        await page.click("main button")
        assert page.url == f"{admin.url}/console/operators/loop"
        await page.click("summary:has-text('Pause')")
        await page.fill("#pause_operator-reason", "ticket 1")
        await page.click("form[action$='/pause'] button")
        await page.click("summary:has-text('Resume')")
        await page.fill("#resume_operator-reason", "ticket 1")
        await page.click("form[action$='/resume'] button")
        await page.click("nav.wide a:has-text('Messages')")
        await page.fill("#find_by_reference-customer", admin.customer)
        await page.fill("#find_by_reference-reference", "4711")
        await page.click("form[action$='/by-reference'] button")
        await page.click(f"a[href$='{message}']")
        assert await page.locator("h1").inner_text() == "Message"
        await page.click("text=العربية >> nth=0")
        assert await page.locator("html").get_attribute("dir") == "rtl"
        await page.click(".bar button")
        assert page.url == f"{admin.url}/console/sign-in"
        await context.close()


async def test_somebody_adds_a_passkey_and_signs_in_by_it(tmp_path: Path) -> None:
    """The origin that passkeys are for is mapped to where the node listens."""
    origin = "http://localhost:4711"
    async with running_admin(tmp_path, more=f'[admin.passkeys]\norigin = "{origin}"\n') as admin:
        rule = f"--host-resolver-rules=MAP localhost:4711 {admin.url.removeprefix('http://')}"
        person, _ = await admin.person(*EVERYTHING)
        cookie = (await admin.session(person))["Cookie"]
        async with chromium(rule) as browser, looking(browser, origin, cookie) as page:
            devtools = await page.context.new_cdp_session(page)
            await devtools.send("WebAuthn.enable")
            kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
            await devtools.send(
                "WebAuthn.addVirtualAuthenticator",
                {"options": {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}},
            )
            await page.goto(f"{origin}/console/own")
            await page.fill("#passkey-name", "key on the desk")
            await page.click("[data-passkey=add]")
            await page.locator("tbody th", has_text="key on the desk").wait_for(timeout=LIMIT_MS)
            await page.click(".bar button")
            await page.click("[data-passkey=sign-in]")
            await page.wait_for_url(f"{origin}/console/", timeout=LIMIT_MS)
            assert await page.locator("h1").inner_text() == "Now"


async def test_an_operator_is_paused_by_the_keyboard_alone(tmp_path: Path) -> None:
    async with running(tmp_path) as (admin, browser, cookie), looking(browser, admin.url, cookie) as page:
        await page.goto(f"{admin.url}/console/operators/loop")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        while await page.evaluate("document.activeElement.textContent.trim()") != "Pause":
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.type("ticket 1")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/loop?done=pause_operator", timeout=LIMIT_MS)
        assert await admin.entries("operator.pause") != []

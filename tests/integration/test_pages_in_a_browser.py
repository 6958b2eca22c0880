"""Pages for everybody in a real browser: nothing is refused, nothing leaves, everybody can read and use them."""

import contextlib
from collections.abc import AsyncIterator
from itertools import product
from typing import Any

import pytest
import pytest_asyncio

from gateway.accounts.administration import Accounts, Profile
from gateway.accounts.settings import CustomerSettings, KeySettings
from gateway.audit.actor import COMMAND_LINE
from redaction.personal import MessageText, Purpose
from tests.browser import THEMES, WIDTHS, chromium, faults_of, looking, needs_browser
from tests.integration.page_stage import NUMBER, Site, served

PAGES = ("/privacy", "/rights", "/cookies", "/status", "/docs")
LANGUAGES = ("en", "ar")

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_browser]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with served(tmp_path_factory.mktemp("browsed")) as site:
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Any]:
    async with chromium() as browser:
        yield browser


@contextlib.asynccontextmanager
async def uncomplaining(browser: Any, url: str) -> AsyncIterator[Any]:
    """A page of which the browser finds nothing to refuse, that has no errors and asks no other host."""
    complaints: list[str] = []
    async with looking(browser, url) as page:
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(url) else complaints.append(asked.url))
        yield page
    assert complaints == []


@pytest.mark.slow
async def test_nothing_keeps_anybody_out_in_two_languages_two_themes_and_two_widths(site: Site, browser: Any) -> None:
    """The quick one below looks at every page once."""
    async with looking(browser, site.url, judged=True) as page:
        for theme, width in product(THEMES, WIDTHS):
            await page.emulate_media(color_scheme=theme)
            await page.set_viewport_size({"width": width, "height": 900})
            for path, lang in product(PAGES, LANGUAGES):
                await page.goto(f"{site.url}{path}" + ("" if path == "/docs" else f"?lang={lang}"))
                assert await faults_of(page) == [], (path, lang, theme, width)


async def test_no_page_keeps_anybody_out(site: Site, browser: Any) -> None:
    async with looking(browser, site.url, judged=True) as page:
        await page.emulate_media(color_scheme="dark")
        await page.set_viewport_size({"width": 360, "height": 900})
        for path in PAGES:
            await page.goto(f"{site.url}{path}" + ("" if path == "/docs" else "?lang=ar"))
            assert await faults_of(page) == [], path


@pytest.mark.policy("P-31")
async def test_the_jar_holds_the_cookies_that_the_table_says_and_only_after_a_yes(site: Site, browser: Any) -> None:
    async with uncomplaining(browser, site.url) as page:
        for path in PAGES:
            await page.goto(f"{site.url}{path}")
        assert await page.context.cookies() == []
        await page.goto(f"{site.url}/cookies?lang=en")
        table = set(await page.locator("tr:has-text('These pages') code").all_inner_texts())
        await page.get_by_role("button", name="Yes, count me").press("Enter")
        await page.get_by_text("You said yes").wait_for()
        assert {each["name"] for each in await page.context.cookies()} == table != set()
        await page.get_by_role("button", name="Do not count me any more").press("Enter")
        await page.get_by_text("Nothing is counted", exact=True).wait_for()
        assert await page.context.cookies() == []


async def test_a_request_is_made_and_proved_by_keyboard(site: Site, browser: Any) -> None:
    async with uncomplaining(browser, site.url) as page:
        await page.goto(f"{site.url}/rights?lang=en")
        await page.get_by_label("Erase what you hold of me").press("Space")
        await page.get_by_label("Your mobile number").fill(NUMBER)
        await page.get_by_role("button", name="Send me a code").press("Enter")
        await page.get_by_label("Code", exact=True).fill(await site.code())
        await page.get_by_role("button", name="Confirm").press("Enter")
        await page.get_by_text("Received and proved").wait_for()


async def test_the_api_is_tried_from_its_description(site: Site, browser: Any) -> None:
    node = site.node
    accounts = Accounts(
        node.stores.ledger.accounts,
        node.clock,
        COMMAND_LINE,
        sealer=node.stores.sealer,
        ensure_keys=node.stores.keyring.ensure_customer,
        digest=node.stores.keyring.credential_digest,
        epoch=node.stores.keyring.credential_epoch,
    )
    trial = Profile(name=MessageText("Trial"))
    customer = await accounts.add_customer(trial, CustomerSettings(senders={"INTERKEY": ()}))
    _, secret = await accounts.add_key(customer.id, scopes=("send",), settings=KeySettings())
    await node.stores.directory.refresh()
    async with uncomplaining(browser, site.url) as page:
        await page.goto(f"{site.url}/docs#check_message")
        await page.get_by_text("Try check_message").press("Enter")
        form = page.locator("details.try[data-path='/v1/messages/check']")
        await form.get_by_role("button", name="Send").click()
        await form.get_by_text("Type an API key first, above.").wait_for()
        await page.get_by_label("API key").fill(secret.reveal(Purpose.CREDENTIAL))
        await form.get_by_role("button", name="Send").press("Enter")
        await form.locator(".answer", has_text='"outcome"').wait_for()

"""Pages for everybody in a real browser: nothing is refused, nothing leaves, everybody can read and use them."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browsers import LOOKS, chromium, faults, needs_chromium, watched
from tests.integration.page_stage import NUMBER, Site, served

PAGES = ("/privacy", "/rights", "/cookies", "/status", "/docs")

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_chromium]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with served(tmp_path_factory.mktemp("browsed")) as site:
        yield site


@pytest.mark.slow
async def test_axe_finds_nothing_in_two_languages_two_themes_and_two_widths(site: Site) -> None:
    """The quick one below has a page of each kind in one look."""
    async with chromium() as browser:
        for lang, theme, width in LOOKS:
            async with watched(browser, site.url, theme=theme, width=width, bypass_csp=True) as seen:
                for path in PAGES:
                    await seen.page.goto(f"{site.url}{path}?lang={lang}")
                    assert await faults(seen.page) == [], (path, lang, theme, width)


@pytest.mark.policy("P-31")
async def test_one_visit_by_keyboard_without_complaints_and_with_the_cookies_that_the_table_says(site: Site) -> None:
    async with chromium() as browser:
        async with watched(browser, site.url, width=360, bypass_csp=True) as seen:
            await seen.page.goto(f"{site.url}/rights?lang=ar")
            assert await faults(seen.page) == []
        async with watched(browser, site.url) as seen:
            page = seen.page
            for path in PAGES:
                await page.goto(f"{site.url}{path}?lang=en")
            assert await page.context.cookies() == []
            await page.goto(f"{site.url}/cookies?lang=en")
            table = set(await page.locator("tr:has-text('These pages') code").all_inner_texts())
            await page.get_by_role("button", name="Yes, count me").press("Enter")
            await page.get_by_text("You said yes").wait_for()
            assert {each["name"] for each in await page.context.cookies()} == table
            await page.get_by_role("button", name="Do not count me any more").press("Enter")
            await page.get_by_text("Nothing is counted").wait_for()
            assert await page.context.cookies() == []
            assert seen.complaints == []


async def test_a_request_is_made_and_proved_without_script(site: Site) -> None:
    async with chromium() as browser, watched(browser, site.url, java_script_enabled=False) as seen:
        page = seen.page
        await page.goto(f"{site.url}/rights?lang=en")
        await page.get_by_label("Erase what you hold of me").check()
        await page.get_by_label("Your mobile number").fill(NUMBER)
        await page.get_by_role("button", name="Send me a code").press("Enter")
        await page.get_by_label("Code").fill(await site.code())
        await page.get_by_role("button", name="Confirm").press("Enter")
        await page.get_by_text("Received and proved").wait_for()
        assert seen.complaints == []

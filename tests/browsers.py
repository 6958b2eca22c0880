"""A real browser, for what HTTP alone cannot show: Debian's chromium, driven by playwright, judged by axe."""

import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import product
from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

CHROMIUM: Final = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here: apt-get install chromium")

LOOKS: Final = tuple(product(("en", "ar"), ("light", "dark"), (360, 1280)))
"""Language, theme and width."""


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


class Watched:
    """A page, and what its browser complained of: refused by the policy, errors, requests to other hosts."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "request", lambda asked: self.complaints.append(asked.url) if not asked.url.startswith(origin) else None
        )


@contextlib.asynccontextmanager
async def watched(
    browser: Browser, origin: str, *, theme: Any = "light", width: int = 1280, **more: Any
) -> AsyncIterator[Watched]:
    """A page in a profile of its own. more: as for `Browser.new_context`."""
    context: BrowserContext = await browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, **more
    )
    try:
        yield Watched(await context.new_page(), origin)
    finally:
        await context.close()


async def faults(page: Page) -> list[str]:
    """What axe finds wrong, and whether the page is wider than its window. The page's policy must be bypassed."""
    found = (await Axe().run(page)).response["violations"]
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*_named(found), *(["wider than the window"] if wide else [])]


def _named(violations: list[dict[str, Any]]) -> Iterator[str]:
    for each in violations:
        for node in each["nodes"]:
            yield f"{each['id']}: {node['target']}"

"""A real browser for tests of pages: one for a whole module, and what it finds wrong with a page.

The browser is the system's own chromium; where it is missing, or the packages that drive it, these tests are skipped.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, Final

import pytest

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser: Final = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (on Debian: chromium)")
THEMES: Final = ("light", "dark")
WIDTHS: Final = (360, 1280)
_OUT_OF_CARDS: Final = """
() => [...document.querySelectorAll('.card')].flatMap((card) => {
  const edge = card.getBoundingClientRect();
  return [...card.querySelectorAll('time, code, bdi, a, button, .state')]
    .filter((each) => !each.closest('.table, pre') && each.offsetParent)
    .filter((each) => {
      const box = each.getBoundingClientRect();
      return box.right > edge.right + 1 || box.left < edge.left - 1;
    })
    .map((each) => each.textContent.slice(0, 40));
})
"""
"""What is seen beyond the edge of the card that it stands in, where nothing scrolls."""
_RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


@asynccontextmanager
async def chromium(*options: str) -> AsyncIterator[Any]:
    """A browser of playwright's. options: of its command line."""
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *options])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def looking(browser: Any, url: str, cookie: str = "", *, judged: bool = False) -> AsyncIterator[Any]:
    """A page of a profile of its own, which may ask this host only. cookie: `name=value` of a session.

    judged: whether the judge of accessibility is brought in, which the policy of pages would refuse.
    """
    context = await browser.new_context(bypass_csp=judged, reduced_motion="reduce")
    try:
        if cookie:
            name, _, value = cookie.partition("=")
            await context.add_cookies(
                [{"name": name, "value": value, "url": url.replace("http:", "https:"), "secure": True}]
            )
        if judged:
            await context.add_init_script(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
        yield await context.new_page()
    finally:
        await context.close()


async def faults_of(page: Any) -> list[str]:
    """What is wrong with the page as it is shown now, by axe-core's rules for WCAG 2.2 AA; whether it is wider than
    the window, or something than its card; and whether something is shown that is to be hidden.
    """
    found = await page.evaluate(
        "async (tags) => (await axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}))"
        ".violations.map((each) => [each.id, each.nodes[0].html, each.nodes[0].failureSummary])",
        list(_RULES),
    )
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    shown = await page.evaluate("[...document.querySelectorAll('[hidden]')].filter((each) => each.offsetParent).length")
    out = await page.evaluate(_OUT_OF_CARDS)
    faults = [f"{name}: {html[:200]} {why[:300]}" for name, html, why in found]
    faults += [f"runs out of its card: {each}" for each in out]
    return faults + ["wider than the window"] * bool(wide) + ["hidden, and shown"] * bool(shown)

"""Somebody before a browser who does things in one way: with the mouse, with the keyboard alone, or without scripts.

What is looked for is named by what does not depend on the language: ids of fields, and where links and forms lead.
"""

import enum
from typing import Any, Final

from tests.bounds import LIMIT_S

LIMIT_MS: Final = LIMIT_S * 1000
MOST_TABS: Final = 400
"""Until something must have had the focus that can have it."""


class Way(enum.StrEnum):
    MOUSE = "mouse"
    KEYBOARD = "keyboard"
    NO_SCRIPT = "no script"


class Walker:
    """url: of what is looked at. page: of a browser, whose scripts are off for NO_SCRIPT."""

    def __init__(self, page: Any, url: str, way: Way) -> None:
        self.page = page
        self._url = url
        self._way = way

    async def goto(self, path: str) -> None:
        await self.page.goto(self._url + path)

    async def open(self, selector: str) -> None:
        """The line that opens something."""
        await self._press(selector)

    async def follow(self, selector: str) -> None:
        """A link or the button of a form, to where it leads."""
        async with self.page.expect_navigation(timeout=LIMIT_MS):
            await self._press(selector)

    async def _press(self, selector: str) -> None:
        if self._way is Way.KEYBOARD:
            await self._reach(selector)
            await self.page.keyboard.press("Enter")
        else:
            await self.page.click(selector, timeout=LIMIT_MS)

    async def tick(self, selector: str) -> None:
        if self._way is Way.KEYBOARD:
            await self._reach(selector)
            await self.page.keyboard.press("Space")
        else:
            await self.page.click(selector)

    async def type(self, selector: str, text: str) -> None:
        if self._way is Way.KEYBOARD:
            await self._reach(selector)
        else:
            await self.page.click(selector)
        await self.page.keyboard.type(text)

    async def choose(self, selector: str, value: str) -> None:
        """One of a list."""
        if self._way is not Way.KEYBOARD:
            await self.page.select_option(selector, value)
            return
        await self._reach(selector)
        for _ in range(await self.page.locator(f"{selector} option").count()):
            await self.page.keyboard.press("ArrowDown")
            if await self.page.locator(selector).input_value() == value:
                return
        raise AssertionError(f"{selector} has no {value}")

    async def see(self, selector: str) -> str:
        """What is written there, once it is there."""
        found = self.page.locator(selector).first
        await found.wait_for(timeout=LIMIT_MS)
        return str(await found.inner_text())

    async def _reach(self, selector: str) -> None:
        """From where the focus is on, as the tabulator key goes; round the page, if need be."""
        wanted = self.page.locator(selector).first
        await wanted.wait_for(timeout=LIMIT_MS)
        for _ in range(MOST_TABS):
            if await wanted.evaluate("(each) => each === document.activeElement"):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} is not reached by the keyboard")

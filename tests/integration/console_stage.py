"""A browser's part in asking the console over real sockets, without a browser: pages, and what stands in them."""

from collections.abc import Mapping
from html.parser import HTMLParser

import aiohttp

from gateway.http_api.admin.gate import FORM_TOKEN
from tests.html_flaws import flaws_of
from tests.integration.admin_stage import Admin

FORM = "application/x-www-form-urlencoded"


class Page(HTMLParser):
    """What stands in a page. faults: against the rule that nothing stands in it that a browser runs or fetches from
    elsewhere, and against being usable by everybody.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.faults: list[str] = flaws_of(text)
        self.forms: list[dict[str, str]] = []
        self.links: list[str] = []
        self.headings = 0
        self._labels: set[str] = set()
        self._fields: set[str] = set()
        self.feed(text)
        self.faults += [f"no label: {each}" for each in self._fields - self._labels]
        self.faults += [] if self.headings == 1 else [f"{self.headings} first headings"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.faults += [f"inline: {tag} {name}" for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.faults.append(f"inline: {tag}")
        for name in ("src", "href", "action"):
            if name in given and not given[name].startswith(("/", "#", "?")):
                self.faults.append(f"elsewhere: {given[name]}")
        self._note(tag, given)

    def _note(self, tag: str, given: dict[str, str]) -> None:
        if tag == "h1":
            self.headings += 1
        elif tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "label":
            self._labels.add(given.get("for", ""))
        elif tag == "form":
            self.forms.append({"": given.get("action", ""), "method": given.get("method", "get")})
        elif tag in ("input", "select", "textarea") and self.forms:
            self.forms[-1][given.get("name", "")] = given.get("value", "")
            if given.get("type") != "hidden":
                self._fields.add(given.get("id", ""))


class Visitor:
    """headers: of a session, or none."""

    def __init__(self, admin: Admin, client: aiohttp.ClientSession, headers: Mapping[str, str]) -> None:
        self._admin = admin
        self._client = client
        self.cookies = {"Cookie": headers["Cookie"]} if "Cookie" in headers else {}
        self.form_token = headers.get(FORM_TOKEN, "")

    async def get(self, path: str, **more: str) -> tuple[int, Page, Mapping[str, str]]:
        """more: header lines, by their names with `_` for `-`."""
        return await self._ask("GET", path, None, more)

    async def post(self, path: str, form: Mapping[str, str], **more: str) -> tuple[int, Page, Mapping[str, str]]:
        """With the form's token, unless the form says another one."""
        return await self._ask("POST", path, {"form_token": self.form_token, **form}, more)

    async def _ask(
        self, method: str, path: str, form: Mapping[str, str] | None, more: Mapping[str, str]
    ) -> tuple[int, Page, Mapping[str, str]]:
        headers = {**self.cookies, **{name.replace("_", "-"): value for name, value in more.items()}}
        async with self._client.request(
            method, self._admin.url + path, data=form, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, Page(await answer.text()), answer.headers

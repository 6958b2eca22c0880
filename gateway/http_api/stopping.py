"""The page behind a stop link: one button, no script, no cookie, no name. GET shows it, and POST alone stops anything:
what scans mail and messages follows links, and does not press buttons.
"""

import base64
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.purposes import scope_of_link
from gateway.http_api.replies import HTML, Replies, Reply
from gateway.http_api.routes import Call
from redaction.stop_links import StopLinks

_STYLE: Final = (
    ":root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--line:#d5dae1;--text:#1a2330;--strong:#0b4a8f;--on:#fff}"
    "@media(prefers-color-scheme:dark)"
    "{:root{--page:#10151c;--card:#19212b;--line:#36424f;--text:#e7ecf2;--strong:#8cc1fb;--on:#0b1622}}"
    "body{font:18px/1.7 system-ui,sans-serif;margin:0;padding:1.25rem 1rem;background:var(--page);color:var(--text)}"
    "section{max-width:30rem;margin:0 auto 1rem;padding:1.25rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:8px}h1{font-size:1.35rem;line-height:1.4;margin:0 0 .5rem}p{margin:0 0 1rem}"
    "button{font:inherit;font-weight:600;min-height:2.75rem;padding:.5rem 1.4rem;border:1px solid var(--strong);"
    "border-radius:6px;background:var(--strong);color:var(--on);cursor:pointer}"
    ":focus-visible{outline:3px solid var(--strong);outline-offset:2px}section>:last-child{margin-bottom:0}"
)
"""Of the ground's colours, but in the page: a proxy may lead nothing but `/s/` here."""
_DIGEST: Final = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_TEMPLATE: Final = "stop_page.html"

Words = Mapping[str, Mapping[str, str]]
_ASK: Final[Words] = {
    "ar": {
        "title": "إيقاف الرسائل",
        "text": "هل تريد إيقاف هذه الرسائل من هذا المرسل؟ لن تتأثر رسائل الخدمة ورموز التحقق.",
        "button": "إيقاف",
    },
    "en": {
        "title": "Stop messages",
        "text": "Do you want to stop these messages of this sender? Service messages and codes are not affected.",
        "button": "Stop",
    },
}
_DONE: Final[Words] = {
    "ar": {"title": "تم الإيقاف", "text": "لن تصلك هذه الرسائل من هذا المرسل بعد الآن.", "button": ""},
    "en": {"title": "Stopped", "text": "You will get no more of these messages of this sender.", "button": ""},
}
_UNKNOWN: Final[Words] = {
    "ar": {"title": "رابط غير معروف", "text": "هذا الرابط ليس من روابطنا. تحقق من أنه كامل.", "button": ""},
    "en": {"title": "Unknown link", "text": "This is no link of ours. See whether it is whole.", "button": ""},
}


class StopPage:
    """links: reads them. of: whose a customer's number is; None for nobody. desk: in the hands of the node."""

    def __init__(
        self,
        links: Callable[[], StopLinks],
        of: Callable[[int], Of | None],
        desk: ConsentDesk,
        replies: Replies,
    ) -> None:
        self._links = links
        self._of = of
        self._desk = desk
        self._replies = replies
        environment = Environment(autoescape=True, undefined=StrictUndefined)
        template = environment.from_string(files("gateway.http_api").joinpath(_TEMPLATE).read_text("utf-8"))
        style = Markup(_STYLE)  # noqa: S704  ours
        self._ask, self._done, self._unknown = (
            template.render(words=words, asks=words is _ASK, style=style).encode() for words in (_ASK, _DONE, _UNKNOWN)
        )

    async def show(self, call: Call) -> Reply:
        """Nothing is done, however often."""
        return self._page(404, self._unknown) if self._read(call) is None else self._page(200, self._ask)

    async def stop(self, call: Call) -> Reply:
        """Every node holds to it within a second; again is harmless."""
        found = self._read(call)
        if found is None:
            return self._page(404, self._unknown).closing()
        of, scope, token = found
        await self._desk.stop_by_link(of, token, scope)
        return self._page(200, self._done).closing()  # what a form sends along is not read

    def _read(self, call: Call) -> tuple[Of, str, bytes] | None:
        said = self._links().read(call.argument)
        if said is None:
            return None
        customer, purpose, token = said
        of, scope = self._of(customer), scope_of_link(purpose)
        return None if of is None or scope is None else (of, scope, token)

    def _page(self, status: int, body: bytes) -> Reply:
        return self._replies.of(status, body, HTML, policy=POLICY)

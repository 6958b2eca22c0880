"""Kannel's `/status` and `/store-status`, which monitoring programs read: the whole installation, and an empty store.

They ask with `password` alone, which is the whole key, and it needs the scope `operators`: the numbers are those of
everybody's messages together. What waits in the store is shown to nobody.
"""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qs

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked, Endpoint, Header
from gateway.http_api.facades.groups import Group, Said, group_of
from gateway.http_api.facades.kannel.drawing import DRAWINGS, Drawing
from gateway.http_api.facades.kannel.pace import Pace
from gateway.http_api.facades.kannel.whole import whole
from gateway.http_api.facades.kannel.words import WORDS
from gateway.http_api.facades.logins import joined
from gateway.http_api.facades.parts import Parts
from gateway.http_api.replies import Reply
from gateway.model.refusals import Refusal
from redaction.personal import Secret

PATH: Final = "/status"
STORE_PATH: Final = "/store-status"
DENIED: Final = Said(200, "Denied")
"""With 200, as Kannel says it."""
_ROOTS: Final = ("", "/cgi-bin")
_METHODS: Final = frozenset({"GET", "POST"})
_STRANGERS: Final = frozenset({Group.STRANGER, Group.FORBIDDEN})


def endpoints(parts: Parts) -> tuple[Endpoint, ...]:
    """In each form, with Kannel's old folder before it and without."""
    pages = _Pages(parts)
    return tuple(
        pages.row(f"{root}{path}{suffix}", drawing, said)
        for root in _ROOTS
        for suffix, drawing in DRAWINGS.items()
        for path, said in ((PATH, pages.status), (STORE_PATH, pages.store))
    )


def login(asked: Asked) -> Secret | None:
    """A user name and a password are the key as well, together."""
    user, password = asked.fields.take("username", "user"), asked.fields.take("password", "pass")
    return password if user is None else joined(user, password)


def claims(header: Header, query: str) -> bool:
    """Whether a request to `/status` is Kannel's, where our page for everybody is there, too: a browser without a
    password gets that.
    """
    return "text/html" not in header("Accept") or "password" in parse_qs(query, keep_blank_values=True)


class _Pages:
    def __init__(self, parts: Parts) -> None:
        self._replies = parts.replies
        self._reports = parts.sources.reports
        self._has_page = parts.sources.more is not None
        self._clock = parts.clock
        self._pace = Pace()

    def row(self, path: str, drawing: Drawing, said: Callable[[Drawing], Awaitable[str]]) -> Endpoint:
        async def work(_asked: Asked, _key: ApiKey) -> Reply:
            return self._drawn(drawing, 200, await said(drawing))

        def refused(refusal: Refusal) -> Reply:
            found = DENIED if group_of(refusal.code) in _STRANGERS else WORDS.of(refusal)
            more = self._replies.retry_after(refusal) if found.status in (429, 503) else b""
            return self._drawn(drawing, found.status, found.text, more)

        return Endpoint(
            path=path,
            methods=_METHODS,
            login=login,
            work=work,
            scope="operators",
            claims=claims if path == PATH and self._has_page else None,
            refused=refused,
        )

    async def status(self, drawing: Drawing) -> str:
        """Raises LedgerUnavailable."""
        return drawing.status(whole(await self._reports(), self._clock.now_ms(), self._pace))

    async def store(self, drawing: Drawing) -> str:
        return drawing.store

    def _drawn(self, drawing: Drawing, status: int, said: str, more: bytes = b"") -> Reply:
        return self._replies.of(status, drawing.framed(said), drawing.media, more=more)

"""Answers to browsers: pages, which nobody keeps, and what they load, which is kept for good under a digest's name."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from gateway.html.assets import CACHING, Assets
from gateway.html.looks import LOOK_COOKIE as LOOK_COOKIE
from gateway.html.looks import LOOK_S, Look, look_for, look_of
from gateway.html.policy import HEADERS, POLICY
from gateway.http_api.body import read_body
from gateway.http_api.replies import HTML, Replies, Reply
from gateway.http_api.routes import Call
from gateway.model.refusals import Refusal

LOOK_RULES: Final = f"Path=/; SameSite=Strict; Max-Age={LOOK_S}"


class Browsers:
    """assets: of the room whose pages these are."""

    def __init__(self, replies: Replies, assets: Assets) -> None:
        self._replies = replies
        self._assets = assets

    def page(self, status: int, body: bytes, *, more: bytes = b"") -> Reply:
        """more: further header lines, each with its line end."""
        return self._replies.of(status, body, HTML, policy=POLICY, more=HEADERS + more)

    def refusal(self, refusal: Refusal, body: bytes, *, more: bytes = b"") -> Reply:
        """A page that says what was refused, and when to try again where that helps. more: as of `page`."""
        status = refusal.kind.http
        wait = self._replies.retry_after(refusal) if status in (429, 503) else b""
        return self.page(status, body, more=wait + more)

    def go(self, path: str, *, more: bytes = b"") -> Reply:
        """See the other page (303), as after a form. path: of ours, with nothing that was typed."""
        return self._replies.of(303, b"", HTML, policy=POLICY, more=b"Location: %s\r\n" % path.encode("ascii") + more)

    async def asset(self, call: Call) -> Reply:
        """The route's argument is its name. Raises Refusal for one that there is not."""
        found = self._assets.by_name.get(call.argument)
        if found is None:
            raise Refusal("not_found")
        takes = "gzip" in call.request.headers.get("Accept-Encoding", "")
        more = HEADERS + b"Vary: Accept-Encoding\r\n" + (b"Content-Encoding: gzip\r\n" if takes else b"")
        body = found.squeezed if takes else found.octets
        return self._replies.of(200, body, found.media, more=more, caching=CACHING)


def look_wanted(call: Call) -> Look:
    """By the address (`lang`), by the cookie, or by what the browser speaks."""
    headers = call.request.headers
    named = look_of(call.query.get("lang", "")) or look_of(_cookie(headers.get("Cookie", "")))
    return named or look_for(headers.get("Accept-Language", ""))


def _cookie(line: str) -> str:
    for pair in line.split(";"):
        name, _, value = pair.partition("=")
        if name.strip(" \t") == LOOK_COOKIE:
            return value.strip(" \t")
    return ""


FORM: Final = "application/x-www-form-urlencoded"
FORM_BYTES: Final = 16_384
FORM_S: Final = 10.0
_FIELDS: Final = 64


async def read_form(call: Call) -> Mapping[str, str]:
    """What somebody filled in, by the names of fields; of a name that comes again the last.

    Raises Refusal for another media type, what is no form, and what another site had a browser send.
    """
    headers = call.request.headers
    if headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Refusal("not_allowed")
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != FORM:
        raise Refusal("unsupported_media_type")
    body = await read_body(call.request, FORM_BYTES, FORM_S)
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS))
    except ValueError:
        raise Refusal("invalid_parameter") from None

"""What a list of messages is asked for, in Twilio's words, which have `<` and `>` in names."""

import re
from typing import Final

from gateway.http_api.facades.twilio.form import Form
from gateway.http_api.facades.twilio.resources import PageAsked
from gateway.http_api.facades.twilio.sids import cursor_of
from gateway.http_api.facades.twilio.times import span
from gateway.http_api.listing import Wanted
from gateway.model.refusals import Refusal

DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 1_000
DAY, UNTIL, SINCE = "DateSent", "DateSent<", "DateSent>"
"""At that day or second, until the end of it, and from its beginning on."""
_FILTERS: Final = ("To", "From", DAY, UNTIL, SINCE)
_COUNT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


def page_asked(path: str, form: Form) -> PageAsked:
    """Raises Refusal."""
    size = _count(form, "PageSize", DEFAULT_PAGE)
    if not 1 <= size <= MAX_PAGE:
        raise Refusal("invalid_parameter", "PageSize")
    return PageAsked(
        path=path,
        filters={name: form[name] for name in _FILTERS if form.get(name)},
        size=size,
        number=_count(form, "Page", 0),
        token=form.get("PageToken", ""),
    )


def wanted(asked: PageAsked) -> Wanted:
    """By time and place. A time is that of the acceptance. Raises Refusal."""
    cursor = cursor_of(asked.token) if asked.token else None
    if asked.token and cursor is None:
        raise Refusal("invalid_parameter", "PageToken")
    since: list[int] = []
    until: list[int] = []
    for name in (DAY, UNTIL, SINCE):
        raw = asked.filters.get(name)
        if raw is not None:
            times = span(raw)
            if times is None:
                raise Refusal("invalid_parameter", name)
            since += times[:1] if name != UNTIL else ()
            until += times[1:] if name != SINCE else ()
    return Wanted(since_ms=max(since, default=None), until_ms=min(until, default=None), cursor=cursor, limit=asked.size)


def _count(form: Form, name: str, default: int) -> int:
    raw = form.get(name)
    if not raw:
        return default
    if not _COUNT.fullmatch(raw):
        raise Refusal("invalid_parameter", name)
    return int(raw)

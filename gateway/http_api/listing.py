"""A customer's list of its messages: what may be asked for, and the page that answers it."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from gateway.accept.validation import parse_time
from gateway.http_api.walking import Way, walk
from gateway.ledger.contract import Page
from gateway.ledger.roles import Messages
from gateway.model.identifiers import first_id, parse_cursor
from gateway.model.message import Message, MessageClass, Status
from gateway.model.refusals import Refusal

DEFAULT_PAGE: Final = 50
MAX_PAGE: Final = 200
DIRECTIONS: Final = ("inbound", "outbound")
MAX_REFERENCE: Final = 255
MAX_WALKS: Final = 2
"""Of a customer at a time: each looks at up to 20,000 records, while others send."""
_LIMIT: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """since_ms, until_ms: accepted then or later, and before. is_inbound: None for both. reference: the customer's own.
    cursor: only messages that come after the one of that id in the list.
    """

    status: Status | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    message_class: MessageClass | None = None
    is_inbound: bool | None = None
    reference: str | None = None
    cursor: bytes | None = None
    limit: int = DEFAULT_PAGE

    @property
    def before(self) -> bytes | None:
        """The id below which all ids are that are wanted."""
        if self.until_ms is None:
            return self.cursor
        until = first_id(self.until_ms)
        return until if self.cursor is None else min(until, self.cursor)


def wanted(query: Mapping[str, str]) -> Wanted:
    """Raises Refusal."""
    direction = _one_of(query, "direction", DIRECTIONS)
    status, message_class = _one_of(query, "status", Status), _one_of(query, "class", MessageClass)
    reference = query.get("reference")
    if reference is not None and not 0 < len(reference) <= MAX_REFERENCE:
        raise Refusal("invalid_parameter", "reference")
    return Wanted(
        status=None if status is None else Status(status),
        since_ms=_time(query, "since"),
        until_ms=_time(query, "until"),
        message_class=None if message_class is None else MessageClass(message_class),
        is_inbound=None if direction is None else direction == "inbound",
        reference=reference,
        cursor=_cursor(query),
        limit=_limit(query),
    )


class Lister:
    """reveal_reference: opens the customer's own reference of a message. monotonic: seconds."""

    def __init__(
        self, messages: Messages, reveal_reference: Callable[[Message], str | None], monotonic: Callable[[], float]
    ) -> None:
        self._messages = messages
        self._reveal = reveal_reference
        self._monotonic = monotonic
        self._walks: Counter[int] = Counter()

    async def page(self, customer: int, wanted: Wanted) -> Page:
        """Newest first. Raises LedgerUnavailable, and Refusal where keys are withheld or too much is asked at once."""
        way = Way(
            customer=customer,
            status=Status.RECEIVED if wanted.is_inbound and wanted.status is None else wanted.status,
            since_ms=wanted.since_ms,
            cursor=wanted.before,
            limit=wanted.limit,
        )
        fits = self._fits(wanted)
        if not fits and wanted.limit <= MAX_PAGE:
            return await self._messages.list_messages(
                customer, status=way.status, since_ms=way.since_ms, cursor=way.cursor, limit=way.limit
            )
        with self._one_more(customer):
            return await walk(self._messages, way, lambda each: all(fit(each) for fit in fits), self._monotonic)

    @contextmanager
    def _one_more(self, customer: int) -> Iterator[None]:
        """A walk of a customer. Raises Refusal where it has enough of them under way."""
        if self._walks[customer] >= MAX_WALKS:
            raise Refusal("overloaded")
        self._walks[customer] += 1
        try:
            yield
        finally:
            self._walks[customer] -= 1
            if not self._walks[customer]:
                del self._walks[customer]

    def among(self, found: Sequence[Message], wanted: Wanted) -> Page:
        """Of messages that were found otherwise, newest first."""
        fits = [*self._fits(wanted), *_of_place(wanted)]
        fit = [each for each in found if all(one(each) for one in fits)]
        has_more = len(fit) > wanted.limit
        return Page(tuple(fit[: wanted.limit]), fit[wanted.limit - 1].id if has_more else None)

    def _fits(self, wanted: Wanted) -> list[Callable[[Message], bool]]:
        """What no index of the ledger knows; that which costs most is asked last."""
        fits: list[Callable[[Message], bool]] = []
        if wanted.message_class is not None:
            fits.append(lambda each: each.message_class is wanted.message_class)
        if wanted.is_inbound is not None and not (wanted.is_inbound and wanted.status is None):
            fits.append(lambda each: (each.status is Status.RECEIVED) is wanted.is_inbound)
        if wanted.reference is not None:
            fits.append(lambda each: self._reveal(each) == wanted.reference)
        return fits


def _of_place(wanted: Wanted) -> list[Callable[[Message], bool]]:
    """What the ledger's own list looks at."""
    before, since = wanted.before, b"" if wanted.since_ms is None else first_id(wanted.since_ms)
    is_inbound = wanted.is_inbound and wanted.status is None
    return [
        lambda each: each.id >= since and (before is None or each.id < before),
        lambda each: wanted.status is None or each.status is wanted.status,
        lambda each: not is_inbound or each.status is Status.RECEIVED,
    ]


def _one_of(query: Mapping[str, str], name: str, known: Iterable[str]) -> str | None:
    raw = query.get(name)
    if raw is not None and raw not in list(known):
        raise Refusal("invalid_parameter", name)
    return raw


def _time(query: Mapping[str, str], name: str) -> int | None:
    raw = query.get(name)
    if raw is None:
        return None
    found_ms = parse_time(raw)
    if found_ms is None:
        raise Refusal("invalid_parameter", name)
    return max(0, found_ms)


def _limit(query: Mapping[str, str]) -> int:
    raw = query.get("limit")
    if raw is None:
        return DEFAULT_PAGE
    if not _LIMIT.fullmatch(raw) or int(raw) > MAX_PAGE:
        raise Refusal("invalid_parameter", "limit")
    return int(raw)


def _cursor(query: Mapping[str, str]) -> bytes | None:
    raw = query.get("cursor")
    if raw is None:
        return None
    cursor = parse_cursor(raw)
    if cursor is None:
        raise Refusal("invalid_parameter", "cursor")
    return cursor

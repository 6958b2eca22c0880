"""Until when a case is to be answered, and how long what it holds is kept. Times are epoch milliseconds."""

from typing import Final

import msgspec

from config.rights import RightsSettings
from gateway.model.refusals import Refusal
from gateway.rights.case_states import REQUESTS, Kind

HOUR_MS: Final = 3600 * 1000
DAY_MS: Final = 24 * HOUR_MS
REQUEST_MS: Final = 30 * DAY_MS
"""Of people's requests (IR 3); one extension by as long at the most."""
PROCESSOR_MS: Final = 10 * DAY_MS
"""Of those that concern one customer, who has to answer the person within its own 30 days."""
BREACH_MS: Final = 72 * HOUR_MS
COMPLAINT_MS: Final = 90 * DAY_MS
LONGEST_EXTENSION: Final = 30
"""Days."""
PROOF_MS: Final = 7 * DAY_MS
"""How long a request waits for proof of who asks."""
OLDEST_MS: Final = 366 * DAY_MS
"""So long ago something may have been received that is entered now."""


class Keeping(msgspec.Struct, frozen=True):
    """How long after the end of a case what it holds is kept: number, contact and words, and what was decided."""

    content_ms: int
    record_ms: int


def keeping_of(settings: RightsSettings) -> Keeping:
    return Keeping(settings.case_content_s * 1000, settings.case_record_s * 1000)


def due_ms(kind: Kind, received_ms: int, customer: str) -> int:
    """Counted from when it was received, by whatever channel, and not from when it was entered.

    customer: whom alone it concerns; '' for all.
    """
    if kind is Kind.BREACH:
        return received_ms + BREACH_MS
    if kind is Kind.COMPLAINT:
        return received_ms + COMPLAINT_MS
    return received_ms + (PROCESSOR_MS if customer and kind in REQUESTS else REQUEST_MS)


def extended_to_ms(kind: Kind, due_at_ms: int, was_extended: bool, now_ms: int, days: int) -> int:
    """The later end. Raises Refusal: once, of people's requests, and told before the end that stands."""
    if not 1 <= days <= LONGEST_EXTENSION:
        raise Refusal("invalid_value", "days")
    if kind not in REQUESTS:
        raise Refusal("not_extendable")
    if was_extended:
        raise Refusal("already_extended")
    if now_ms >= due_at_ms:
        raise Refusal("extension_too_late")
    return due_at_ms + days * DAY_MS


def check_received(received_ms: int, now_ms: int) -> None:
    """Raises Refusal for what is still to come, and for what is older than a year."""
    if not now_ms - OLDEST_MS <= received_ms <= now_ms:
        raise Refusal("invalid_value", "received_at")

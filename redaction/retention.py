"""How long a message lives: its retention tag and what the tag means.

Every record carries a tag from the moment it is written, and the tag is bound into the encryption (PRIVACY.md P-21).
Two clocks run per message: *content* (body and sealed number) and *record* (status, times, codes, pseudonym). This
module only computes; it reads no clock. Times are epoch milliseconds, durations are seconds.
"""

from dataclasses import replace

from redaction.retention_rules import DEFAULT_RULES as DEFAULT_RULES
from redaction.retention_rules import DISCARD as DISCARD
from redaction.retention_rules import OTP as OTP
from redaction.retention_rules import PROMOTIONAL as PROMOTIONAL
from redaction.retention_rules import TRANSACTIONAL as TRANSACTIONAL
from redaction.retention_rules import RetentionRule as RetentionRule
from redaction.retention_rules import RetentionTag as RetentionTag
from redaction.retention_rules import RetentionWish as RetentionWish


def shortened(rule: RetentionRule, wish: RetentionWish) -> RetentionRule:
    """The rule of a tag as one customer wants it: never longer than the tag, never shorter than the law (P-22).

    The period key stays the tag's. So a shorter content clock empties the row and refuses every opening in time, while
    the key that an old copy of the row needs goes with its period.
    """
    record_s = max(_shorter(rule.record_s, wish.record_s), rule.record_floor_s)
    return replace(
        rule,
        content_after_final_s=_sooner(rule.content_after_final_s, wish.content_after_final_s),
        content_limit_s=min(_shorter(rule.content_limit_s, wish.content_limit_s), record_s),
        record_s=record_s,
    )


def _shorter(given: int, wanted: int | None) -> int:
    return given if wanted is None else min(given, wanted)


def _sooner(given: int | None, wanted: int | None) -> int | None:
    """None waits for the limit."""
    if given is None or wanted is None:
        return wanted if given is None else given
    return min(given, wanted)


def content_until_ms(rule: RetentionRule, accepted_ms: int, final_ms: int | None) -> int:
    """When the content is due for destruction. `final_ms` is the time of the final receipt, None before it."""
    limit_ms = accepted_ms + rule.content_limit_s * 1000
    if final_ms is None or rule.content_after_final_s is None:
        return limit_ms
    return min(limit_ms, final_ms + rule.content_after_final_s * 1000)


def record_until_ms(rule: RetentionRule, accepted_ms: int) -> int:
    """When the record is due to be aggregated and deleted."""
    return accepted_ms + rule.record_s * 1000


def period_of(rule: RetentionRule, now_ms: int) -> int:
    """The index of the period whose key seals what is accepted at `now_ms`."""
    return now_ms // (rule.period_s * 1000)


def period_dead_ms(rule: RetentionRule, period: int) -> int:
    """When all content of a period is due, so that its key can be destroyed whole.

    The last message of a period is accepted just before the next one begins, and lives `content_limit_s` at most.
    """
    return ((period + 1) * rule.period_s + rule.content_limit_s) * 1000

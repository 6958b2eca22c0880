"""What a retention tag means, and the tags that there are. Durations are seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NewType

RetentionTag = NewType("RetentionTag", str)
"""The name of a retention rule. The defaults are below; configuration may add more."""

OTP = RetentionTag("otp")
TRANSACTIONAL = RetentionTag("transactional")
PROMOTIONAL = RetentionTag("promotional")
DISCARD = RetentionTag("discard")

_HOUR_S = 3_600
_DAY_S = 24 * _HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """What a tag means.

    content_after_final_s: seconds from the final receipt to the destruction of the content; 0 destroys at the
    receipt, None waits for the limit.
    content_limit_s: content is destroyed at the latest this long after acceptance.
    record_s: the record is aggregated and deleted this long after acceptance.
    period_s: how much time one period key covers.
    content_after_submit: content is destroyed as soon as the last segment is answered.
    record_floor_s: the law wants the record for so long, whatever a customer asks for. floor_citation: which law.
    """

    tag: RetentionTag
    content_after_final_s: int | None
    content_limit_s: int
    record_s: int
    period_s: int
    content_after_submit: bool = False
    record_floor_s: int = 0
    floor_citation: str = ""

    def __post_init__(self) -> None:
        if not self.tag:
            raise ValueError("a retention rule needs a tag")
        if self.content_after_final_s is not None and self.content_after_final_s < 0:
            raise ValueError("content_after_final_s is negative")
        if min(self.content_limit_s, self.record_s, self.period_s) <= 0:
            raise ValueError("content_limit_s, record_s and period_s are positive")
        if self.content_limit_s > self.record_s:
            raise ValueError("content cannot outlive its record")
        if self.record_floor_s > self.record_s:
            raise ValueError("a record is kept at least as long as the law says")
        if self.record_floor_s and not self.floor_citation:
            raise ValueError("a legal floor names its law")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionWish:
    """What a customer asks for under one tag; None leaves the tag's time. Only what is shorter is heard."""

    content_after_final_s: int | None = None
    content_limit_s: int | None = None
    record_s: int | None = None

    def __post_init__(self) -> None:
        if self.content_after_final_s is not None and self.content_after_final_s < 0:
            raise ValueError("content_after_final_s is negative")
        if min(1 if each is None else each for each in (self.content_limit_s, self.record_s)) <= 0:
            raise ValueError("content_limit_s and record_s are positive")


DEFAULT_RULES: Mapping[RetentionTag, RetentionRule] = MappingProxyType(
    {
        OTP: RetentionRule(
            tag=OTP, content_after_final_s=0, content_limit_s=600, record_s=90 * _DAY_S, period_s=_HOUR_S
        ),
        TRANSACTIONAL: RetentionRule(
            tag=TRANSACTIONAL,
            content_after_final_s=_DAY_S,
            content_limit_s=3 * _DAY_S,
            record_s=90 * _DAY_S,
            period_s=_DAY_S,
        ),
        PROMOTIONAL: RetentionRule(
            tag=PROMOTIONAL,
            content_after_final_s=None,
            content_limit_s=7 * _DAY_S,
            record_s=90 * _DAY_S,
            period_s=_DAY_S,
        ),
        DISCARD: RetentionRule(
            tag=DISCARD,
            content_after_final_s=0,
            content_limit_s=_DAY_S,
            record_s=30 * _DAY_S,
            period_s=_DAY_S,
            content_after_submit=True,
        ),
    }
)

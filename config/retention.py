"""How long messages are kept, per retention tag (P-21). Durations are seconds."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

_HOUR_S: Final = 3_600
_DAY_S: Final = 24 * _HOUR_S


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[retention]]` table per tag. A default tag keeps what its table leaves out; a new tag says everything."""

    tag: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="Name of the tag.")] = "transactional"
    content_after_final_s: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="Content is destroyed this long after the final receipt; unset waits for the limit."),
    ] = None
    content_limit_s: Annotated[
        int, Meta(ge=1, description="Content is destroyed at the latest this long after acceptance.")
    ] = 3 * _DAY_S
    record_s: Annotated[
        int, Meta(ge=1, description="The record is aggregated and deleted this long after acceptance.")
    ] = 90 * _DAY_S
    period_s: Annotated[int, Meta(ge=60, description="How much time one period key covers.")] = _DAY_S
    content_after_submit: Annotated[
        bool, Meta(description="Destroy the content as soon as the last segment is answered.")
    ] = False
    record_floor_s: Annotated[
        int, Meta(ge=0, description="The law wants the record so long, whatever a customer asks for.")
    ] = 0
    floor_citation: Annotated[str, Meta(description="Which law that is; needed with a floor.")] = ""


DEFAULT_RETENTION: Final = (
    RetentionSettings(tag="otp", content_after_final_s=0, content_limit_s=600, period_s=_HOUR_S),
    RetentionSettings(tag="transactional", content_after_final_s=_DAY_S),
    RetentionSettings(tag="promotional", content_limit_s=7 * _DAY_S),
    RetentionSettings(
        tag="discard",
        content_after_final_s=0,
        content_limit_s=_DAY_S,
        record_s=30 * _DAY_S,
        content_after_submit=True,
    ),
)
"""The four tags that always exist."""

REQUIRED_OF_A_NEW_TAG: Final = ("content_limit_s", "record_s", "period_s")


def fill_rules(tables: list[dict[str, object]]) -> list[dict[str, object]]:
    """The written tables, each filled up from the default rule of its tag, then the remaining defaults."""
    defaults = {rule.tag: msgspec.structs.asdict(rule) for rule in DEFAULT_RETENTION}
    filled = [defaults.pop(str(table.get("tag")), {}) | table for table in tables]
    return filled + list(defaults.values())


def missing_keys(table: dict[str, object]) -> list[str]:
    """What a table leaves out although no default rule fills it."""
    if table.get("tag") in {rule.tag for rule in DEFAULT_RETENTION}:
        return []
    return [key for key in ("tag", *REQUIRED_OF_A_NEW_TAG) if key not in table]

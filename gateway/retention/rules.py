"""The rules of retention, from the settings."""

from collections.abc import Mapping

from config.settings import Settings
from redaction.retention import RetentionRule, RetentionTag

Rules = Mapping[RetentionTag, RetentionRule]


def retention_rules(settings: Settings) -> Rules:
    """Every rule, by tag."""
    return {
        RetentionTag(said.tag): RetentionRule(
            tag=RetentionTag(said.tag),
            content_after_final_s=said.content_after_final_s,
            content_limit_s=said.content_limit_s,
            record_s=said.record_s,
            period_s=said.period_s,
            content_after_submit=said.content_after_submit,
            record_floor_s=said.record_floor_s,
            floor_citation=said.floor_citation,
        )
        for said in settings.retention
    }

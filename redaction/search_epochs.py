"""Epochs by which people are found in records: six hours each, with a secret for every retention tag.

A message belongs to the epoch in which its content clock begins: that of its acceptance, or of its due time where it is
scheduled. The secret of tag and epoch stays while content of both can still be opened, and for a day after the epoch's
end at least, so that an erasure finds the person in everything whose content lives. Secrets of the present epoch and
the next are there ahead of time; those of scheduled messages are made at the first need.

Layouts before this one had epochs of 90 days, which all tags shared. What was named under them keeps its name; their
secrets and peppers stay for as long as they did.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from redaction.customer_keys import SEARCH_SINCE, CustomerKeys
from redaction.epoch_secrets import SEARCH
from redaction.retention import RetentionRule, RetentionTag, period_dead_ms, period_of

HOUR_MS: Final = 3_600_000
EPOCH_MS: Final = 6 * HOUR_MS
FORMER_EPOCH_MS: Final = 90 * 24 * HOUR_MS
"""Before there were secrets for each tag."""
LINGERS_MS: Final = 24 * HOUR_MS
"""How long a secret stays on the nodes after its epoch, at least."""


def epoch_of(at_ms: int) -> int:
    """The epoch of what begins then."""
    return at_ms // EPOCH_MS


def former_epoch_of(at_ms: int) -> int:
    """The same before there were secrets for each tag."""
    return at_ms // FORMER_EPOCH_MS


def begins_ms(epoch: int) -> int:
    """When an epoch begins."""
    return epoch * EPOCH_MS


def ends_ms(epoch: int) -> int:
    """When an epoch is over."""
    return (epoch + 1) * EPOCH_MS


def serving(keys: CustomerKeys, tag: RetentionTag, at_ms: int) -> tuple[int, str]:
    """Epoch and tag of the secret that names people in what begins then. The tag is '' for an epoch of before."""
    epoch = at_ms // EPOCH_MS
    if keys.has_secret(SEARCH, epoch, tag):
        return epoch, tag
    first = keys.first_tagged(SEARCH) if keys.layout >= SEARCH_SINCE else None
    return (former_epoch_of(at_ms), "") if first is None or epoch < first else (epoch, tag)


def is_there(keys: CustomerKeys, tag: RetentionTag, at_ms: int) -> bool:
    """Whether what begins then can be named."""
    return keys.layout < SEARCH_SINCE or keys.has_secret(SEARCH, epoch_of(at_ms), tag)


def wanted(tags: Iterable[RetentionTag], now_ms: int) -> list[tuple[RetentionTag, int]]:
    """Tags and epochs that should have a secret now: of the present epoch and the next."""
    epoch = epoch_of(now_ms)
    return [(tag, each) for tag in tags for each in (epoch, epoch + 1)]


def leaves_ms(rule: RetentionRule, epoch: int) -> int:
    """From when on no content of the epoch can be opened, and its secret need not be on a node."""
    last_ms = ends_ms(epoch) - 1
    return max(period_dead_ms(rule, period_of(rule, last_ms)), ends_ms(epoch) + LINGERS_MS)


def is_over(rules: Mapping[RetentionTag, RetentionRule], tag: str, epoch: int, now_ms: int) -> bool:
    """Whether every record of the epoch is gone. A tag that means nothing any more has the longest clock there is, and
    '' is that of an epoch of before.
    """
    rule = rules.get(RetentionTag(tag))
    longest_s = max((each.record_s for each in rules.values()), default=0)
    ended_ms = ends_ms(epoch) if tag else (epoch + 1) * FORMER_EPOCH_MS
    return ended_ms + (longest_s if rule is None else rule.record_s) * 1000 <= now_ms

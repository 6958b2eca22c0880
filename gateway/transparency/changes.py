"""What one notice says otherwise than another, in facts that any language can put into words. Pure."""

from collections.abc import Mapping
from typing import Final

import msgspec

from gateway.transparency.notice import Notice, Period

Fact = tuple[str | int, ...]
"""What is said of one thing: words of closed lists and of the settings; a number is a time in seconds."""
NOTHING: Final[Fact] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is said otherwise. before, after: empty where it is not said at all."""

    section: str
    name: str
    before: Fact
    after: Fact


def changes(before: Notice, after: Notice) -> list[Change]:
    """In the order of sections and names."""
    was, now = facts(before), facts(after)
    return [
        Change(section=key[0], name=key[1], before=was.get(key, NOTHING), after=now.get(key, NOTHING))
        for key in sorted(was.keys() | now.keys())
        if was.get(key) != now.get(key)
    ]


def facts(notice: Notice) -> Mapping[tuple[str, str], Fact]:
    """Everything that a notice says, by section and name."""
    said: dict[tuple[str, str], Fact] = {}
    said |= {("who", name): (getattr(notice, name),) for name in ("controller", "contact", "officer")}
    said |= {("purposes", each.key): each.data or ("none",) for each in notice.purposes}
    for period in notice.periods:
        said["content", period.tag] = _content(period)
        said["record", period.tag] = (period.record_s, *filter(None, (period.citation,)))
    said |= {("kept", each.what): (each.seconds,) for each in notice.kept}
    said |= {
        ("recipients", f"{each.kind}: {each.name}"): tuple(filter(None, (each.country, each.safeguard, *each.fields)))
        for each in notice.recipients
    }
    said |= {("cookies", each.name): (each.purpose, each.seconds) for each in notice.cookies}
    said["consent", "classes"] = notice.consent_for
    said["rights", "answer"] = (notice.answer_s,)
    said["rights", "complaint"] = (notice.complain_s,)
    return {key: fact for key, fact in said.items() if any(fact)}


def _content(period: Period) -> Fact:
    if period.at_once:
        return "at_once", period.content_limit_s
    if period.content_after_final_s is None:
        return (period.content_limit_s,)
    return period.content_after_final_s, "after_final", period.content_limit_s

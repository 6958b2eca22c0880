"""Whether a run is a measurement: every message sent was accepted, submitted, recorded and told, and none of it twice.

Pure: evidence in, complaints out. A run with one complaint gives no figures.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec

SHOWN = 5


class Wrong(Exception):
    """A run that lost or repeated a message is no measurement."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What each witness saw of one lot of messages.

    sent: how many there were. statuses: of the answers, by code. ids: as they were answered.
    submitted: times that each message reached the operator whole, by index; parts that came twice or not at all are in
    `broken`. recorded: final status by id, as the gateway tells; None where nothing is recorded.
    told: how often the customer was told of each id's end; None where nobody is told.
    flaws: what a witness saw that is not as it was sent or asked for, by what it is, with how often.
    synced, commits: how often the target forced its writes to disk, and how often it had to at least; None where that
    is not counted.
    """

    sent: int
    statuses: Mapping[str, int]
    good_status: str
    ids: Sequence[str]
    submitted: int
    broken: Sequence[int] = ()
    recorded: Mapping[str, str] | None = None
    told: Mapping[str, int] | None = None
    flaws: Mapping[str, int] = MappingProxyType({})
    synced: int | None = None
    commits: int = 0


def verify(seen: Evidence) -> list[str]:
    """Everything that is wrong, in words without personal data; empty when the run is true."""
    wrong = []
    if dict(seen.statuses) != {seen.good_status: seen.sent}:
        wrong.append(f"answers were {dict(seen.statuses)}, not {seen.sent} times {seen.good_status}")
    if seen.ids and len(set(seen.ids)) != seen.sent:
        wrong.append(f"{len(set(seen.ids))} different ids were answered for {seen.sent} messages")
    if seen.submitted != seen.sent or seen.broken:
        wrong.append(
            f"{seen.submitted} of {seen.sent} messages reached the operator once and whole; not: {_some(seen.broken)}"
        )
    if seen.recorded is not None:
        wrong += _recorded(seen.ids, seen.recorded)
    if seen.told is not None:
        wrong += _told(seen.ids, seen.told)
    wrong += [f"{count} {what}" for what, count in seen.flaws.items() if count]
    if seen.synced is not None and seen.synced < seen.commits:
        wrong.append(
            f"what was answered was forced to disk {seen.synced} times, where {seen.commits} commits are the least:"
            " answers do not wait for the disk"
        )
    return wrong


def demand(seen: Evidence) -> None:
    """Raises Wrong with every complaint."""
    complaints = verify(seen)
    if complaints:
        raise Wrong("; ".join(complaints))


def _recorded(ids: Sequence[str], recorded: Mapping[str, str]) -> list[str]:
    wrong = []
    missing, strange = set(ids) - recorded.keys(), recorded.keys() - set(ids)
    if missing:
        wrong.append(f"{len(missing)} accepted messages are not recorded: {_some(missing)}")
    if strange:
        wrong.append(f"{len(strange)} messages are recorded that nobody sent: {_some(strange)}")
    others = {name: status for name, status in recorded.items() if status != "delivered"}
    if others:
        wrong.append(f"not every message was delivered: {dict(Counter(others.values()))}: {_some(others)}")
    return wrong


def _told(ids: Sequence[str], told: Mapping[str, int]) -> list[str]:
    wrong = []
    untold = [each for each in ids if not told.get(each)]
    if untold:
        wrong.append(f"{len(untold)} messages were not told of: {_some(untold)}")
    twice = [each for each, times in told.items() if times > 1]
    if twice:
        wrong.append(f"{len(twice)} messages were told of twice: {_some(twice)}")
    strange = told.keys() - set(ids)
    if strange:
        wrong.append(f"{len(strange)} were told of that nobody sent: {_some(strange)}")
    return wrong


def _some(items: Iterable[object]) -> str:
    return ", ".join(str(each) for each in sorted(items, key=str)[:SHOWN]) or "none"

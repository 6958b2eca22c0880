"""Parts of pages are kept for a moment, for those who see the same."""

import msgspec
import pytest

from gateway.console.kept_parts import KEPT_MS, MOST, KeptParts
from gateway.console.visits import Visit
from gateway.html.looks import Look
from gateway.people.roles import Role

VISIT = Visit(
    look=Look.ENGLISH,
    path="/console/",
    person="usr_1",
    roles=frozenset({Role.OWNER}),
    customer="",
    has_second=True,
    form_token="of one session",
)


@pytest.mark.parametrize(("after_ms", "is_kept"), [(0, True), (KEPT_MS - 1, True), (KEPT_MS, False), (-1, False)])
def test_a_part_is_kept_for_a_moment(after_ms: int, is_kept: bool) -> None:
    parts = KeptParts()
    parts.keep(VISIT, b"part", 10_000)
    other = msgspec.structs.replace(VISIT, person="usr_2", form_token="of another")
    assert (parts.find(other, 10_000 + after_ms) == b"part") == is_kept


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/console/operators"},
        {"roles": frozenset({Role.OWNER, Role.AUDITOR})},
        {"customer": "cus_1"},
        {"has_second": False},
        {"look": Look.ARABIC},
    ],
    ids=lambda each: ",".join(each),
)
def test_who_sees_something_else_gets_nothing_of_it(other: dict[str, object]) -> None:
    parts = KeptParts()
    parts.keep(VISIT, b"part", 0)
    assert parts.find(msgspec.structs.replace(VISIT, **other), 0) is None


def test_so_many_are_kept_and_no_more() -> None:
    parts = KeptParts()
    visits = [msgspec.structs.replace(VISIT, path=f"/console/operators/{each}") for each in range(MOST + 1)]
    for each in visits:
        parts.keep(each, b"part", 0)
    assert sum(parts.find(each, 0) is not None for each in visits) == 1

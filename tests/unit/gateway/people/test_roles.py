"""docs/people.md says who may do what; the code grants that and nothing else."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from gateway.people.roles import (
    CUSTOMER_ROLES,
    FRESH,
    OWN,
    PLATFORM_ROLES,
    TABLE,
    TWO_PERSONS,
    Action,
    Role,
    Rule,
    may,
    may_consent,
    scopes,
    token_may,
)

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "people.md"
HEAD = "| action | platform | customers | two persons: the second | fresh |\n|---|---|---|---|---|\n"

Line = tuple[str, ...]


def cell(roles: frozenset[Role]) -> str:
    return ", ".join(each for each in Role if each in roles) or "–"


def line_of(action: Action, rule: Rule) -> str:
    platform, customers = rule.roles & PLATFORM_ROLES, rule.roles & CUSTOMER_ROLES
    words = (f"`{action}`", cell(platform), cell(customers), cell(rule.second), "yes" if rule.fresh else "–")
    return "| " + " | ".join(words) + " |\n"


def table_of_the_code() -> str:
    """As docs/people.md is to have it."""
    return HEAD + "".join(line_of(action, TABLE[action]) for action in Action)


def lines_of_the_document() -> dict[str, Line]:
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (.*) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {action: tuple(rest.split(" | ")) for action, rest in rows}


def names(cell_: str) -> set[str]:
    return set() if cell_ == "–" else set(cell_.split(", "))


DOCUMENTED = lines_of_the_document()


def test_the_document_has_the_table_of_the_code() -> None:
    assert table_of_the_code() in DOCUMENT.read_text(encoding="utf-8")


def test_every_action_has_one_rule_and_one_line() -> None:
    assert TABLE.keys() == set(Action)
    assert DOCUMENTED.keys() == {each.value for each in Action}


@pytest.mark.policy("P-25")
@pytest.mark.parametrize("own", [True, False], ids=["own", "other"])
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_a_role_may_what_the_document_says_and_nothing_else(action: Action, role: Role, own: bool) -> None:
    platform, customers, second, fresh = DOCUMENTED[action]
    reached = own or not role.startswith("customer_")
    assert may([role], action, own) == (role in names(platform) | names(customers) and reached)
    assert may_consent([role], action, own) == (role in names(second) and reached)
    assert (action in FRESH) == (fresh == "yes")


def test_several_roles_may_what_any_of_them_may() -> None:
    for first, other in combinations(Role, 2):
        for action in Action:
            assert may([first, other], action, True) == (may([first], action, True) or may([other], action, True))


def test_no_role_is_no_right() -> None:
    assert not any(may([], action, own) for action in Action for own in (True, False))


@pytest.mark.policy("P-10")
def test_only_break_glass_speaks_of_text_and_takes_two() -> None:
    assert Action.BREAKGLASS_OPEN in TWO_PERSONS
    assert not [each for each in Action if re.search(r"text|body|content", each)]


def test_what_the_policy_wants_two_persons_for_takes_two() -> None:
    wanted = {"hold.lift", "subject.export", "customer.destroy", "audit.prune", "breakglass.open", "disclosure.make"}
    assert {each.value for each in TWO_PERSONS} >= wanted
    assert TWO_PERSONS <= FRESH


def test_people_who_watch_change_nothing() -> None:
    changing = re.compile(r"\.(?!read|small|export|witness|prune|run)")
    for role in (Role.VIEWER, Role.AUDITOR, Role.CUSTOMER_VIEWER, Role.CUSTOMER_AUDITOR):
        granted = {action for action in Action if may([role], action, True)} - OWN
        assert not [each for each in granted if changing.search(each)], role


def test_a_viewer_sees_counts_without_small_cells() -> None:
    assert may([Role.VIEWER], Action.USAGE_READ)
    assert not may([Role.VIEWER], Action.USAGE_SMALL)
    assert not may([Role.VIEWER], Action.MESSAGE_READ)


def test_who_holds_keys_reads_no_messages_and_finds_nobody() -> None:
    granted = {action for action in Action if may([Role.KEY_CUSTODIAN], action)}
    assert not [each for each in granted if each.startswith(("message", "subject", "case", "customer", "breakglass"))]


def test_everybody_may_see_to_the_own_account() -> None:
    assert all(may([role], action, True) for role in Role for action in OWN)


@pytest.mark.parametrize("of_customer", [True, False])
@pytest.mark.parametrize("action", Action)
def test_a_token_may_what_it_carries_and_no_role_of_its_side_lacks(action: Action, of_customer: bool) -> None:
    side = CUSTOMER_ROLES if of_customer else PLATFORM_ROLES
    possible = bool(TABLE[action].roles & side) and action not in FRESH and action not in OWN
    assert (action in scopes(of_customer=of_customer)) == possible
    assert token_may([action], action, of_customer=of_customer, own_customer=True) == possible
    assert token_may([action], action, of_customer=of_customer) == (possible and not of_customer)
    others = [each for each in Action if each != action]
    assert not token_may(others, action, of_customer=of_customer, own_customer=True)

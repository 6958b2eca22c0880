"""Tokens of machines: shown once, bounded in what and for how long."""

import pytest

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import COMMAND_LINE, ActorKind
from gateway.people.registry import UnknownPerson
from gateway.people.roles import FRESH, OWN, Action
from gateway.people.tokens import DAY_MS, LONGEST_LIFE_MS, Tokens, read_scopes, token_is_over
from redaction.personal import Purpose, Secret
from tests.unit.gateway.people.office import Office

READ = (Action.OPERATOR_READ, Action.SYSTEM_READ)
CUSTOMER = "cus_0123456789abcdef"


async def test_a_token_may_what_it_carries_until_it_ends() -> None:
    office = Office()
    tokens = Tokens(office.registry)
    made, secret = await tokens.add(COMMAND_LINE, READ, life_ms=DAY_MS, label="watcher")
    found = await tokens.find(secret)
    assert found == made
    assert {each for each in Action if found.may(each)} == set(READ)
    assert (found.actor.kind, found.actor.id) == (ActorKind.TOKEN, made.id)
    office.clock.advance(DAY_MS / 1000)
    assert await tokens.find(secret) is None
    assert [each.label for each in await tokens.all()] == ["watcher"]


async def test_a_revoked_token_is_refused_at_once() -> None:
    office = Office()
    tokens = Tokens(office.registry)
    made, secret = await tokens.add(COMMAND_LINE, READ, life_ms=DAY_MS)
    for _ in range(2):
        await tokens.revoke(COMMAND_LINE, made.id)
    assert await tokens.find(secret) is None
    assert await office.acts_told() == ["token.add", "token.revoke"]
    for unknown in ("", "token_ffffffffffffffff"):
        with pytest.raises(UnknownPerson):
            await tokens.revoke(COMMAND_LINE, unknown)


async def test_the_secret_is_nowhere_in_the_ledger_and_nothing_near_it_is_taken() -> None:
    office = Office()
    tokens = Tokens(office.registry)
    _, secret = await tokens.add(COMMAND_LINE, READ, life_ms=DAY_MS)
    said = secret.reveal(Purpose.CREDENTIAL)
    assert said.rpartition("_")[2].encode() not in await office.octets()
    for wrong in ("", said[:-1], said[:-1] + ("A" if said[-1] != "A" else "B"), said.upper(), f"{said} ", "ü" * 64):
        assert await tokens.find(Secret(wrong)) is None


@pytest.mark.parametrize("action", sorted(FRESH | OWN))
async def test_no_token_does_what_takes_a_person(action: Action) -> None:
    with pytest.raises(InvalidSetting):
        await Tokens(Office().registry).add(COMMAND_LINE, [*READ, action], life_ms=DAY_MS)


async def test_a_customers_token_reaches_that_customer() -> None:
    tokens = Tokens(Office().registry)
    made, _ = await tokens.add(COMMAND_LINE, [Action.USAGE_READ], life_ms=DAY_MS, customer=CUSTOMER)
    assert made.may(Action.USAGE_READ, CUSTOMER)
    assert not made.may(Action.USAGE_READ)
    assert not made.may(Action.USAGE_READ, "cus_ffffffffffffffff")
    with pytest.raises(InvalidSetting):
        await tokens.add(COMMAND_LINE, [Action.OPERATOR_PAUSE], life_ms=DAY_MS, customer=CUSTOMER)


@pytest.mark.parametrize(
    ("life_ms", "label"), [(0, ""), (-1, ""), (LONGEST_LIFE_MS + 1, ""), (DAY_MS, "x" * 65), (DAY_MS, "a\n")]
)
async def test_every_token_ends_and_labels_are_short(life_ms: int, label: str) -> None:
    with pytest.raises(InvalidSetting):
        await Tokens(Office().registry).add(COMMAND_LINE, READ, life_ms=life_ms, label=label)


def test_scopes_are_actions() -> None:
    assert read_scopes(["operator.read", "system.read"]) == set(READ)
    with pytest.raises(InvalidSetting):
        read_scopes(["everything"])


async def test_a_token_is_kept_for_a_while_after_its_end() -> None:
    office = Office()
    await Tokens(office.registry).add(COMMAND_LINE, READ, life_ms=DAY_MS)
    (document,) = await office.acts.of_kind("token")
    end_ms = office.clock.now_ms() + DAY_MS
    assert not token_is_over(document, end_ms + 179 * DAY_MS)
    assert token_is_over(document, end_ms + 180 * DAY_MS)

"""What a ledger says of itself as a whole: its marks, and what may be seen without opening it."""

import pytest

from gateway.ledger.contract import INSTALLATION, LedgerFacts, NothingThere
from gateway.ledger.redis.engine import RedisLedger
from gateway.ledger.roles import Ledger
from gateway.ledger.sqlite.engine import SqliteLedger
from tests.contract.conftest import ENGINES, Engine
from tests.contract.records import a_customer, a_message, accepts


def marked(ledger: Ledger) -> SqliteLedger | RedisLedger:
    assert isinstance(ledger, SqliteLedger | RedisLedger)
    return ledger


def unopened(engine: Engine) -> SqliteLedger | RedisLedger:
    return marked(ENGINES[engine.name](engine.place, engine.clock, False))


async def seen(engine: Engine) -> tuple[bool, int | None, bool]:
    facts: LedgerFacts = await unopened(engine).look()
    return facts.is_there, facts.installation, facts.holds_sealed


async def test_a_ledger_is_made_only_when_asked_for(engine: Engine) -> None:
    before = sorted(engine.place.rglob("*"))
    for _ in range(2):
        assert await seen(engine) == (False, None, False)
        ledger = unopened(engine)
        with pytest.raises(NothingThere, match="there is no ledger"):
            await ledger.open(create=False)
        await ledger.close()
    assert sorted(engine.place.rglob("*")) == before
    await engine.open()
    assert await seen(engine) == (True, None, False)


async def test_a_mark_is_claimed_once_and_stays(engine: Engine) -> None:
    ledger = marked(await engine.open())
    assert await ledger.marks.all() == {}
    assert await ledger.marks.claim(INSTALLATION, 1 << 62) == 1 << 62
    assert await ledger.marks.claim(INSTALLATION, 5) == 1 << 62
    await ledger.marks.set({"one": 1, "other": -3})
    await ledger.marks.set({"other": 4})
    assert await ledger.marks.all() == {INSTALLATION: 1 << 62, "one": 1, "other": 4}
    assert await seen(engine) == (True, 1 << 62, False)
    await ledger.close()
    again = unopened(engine)
    await again.open(create=False)
    assert await again.marks.all() == {INSTALLATION: 1 << 62, "one": 1, "other": 4}
    await again.close()


async def test_marks_are_no_accounts(engine: Engine) -> None:
    ledger = marked(await engine.open())
    version = await ledger.accounts.version()
    await ledger.marks.set({"accounts": 9})
    assert await ledger.accounts.version() == version


async def test_an_account_or_a_message_is_something_sealed(engine: Engine) -> None:
    ledger = await engine.open()
    await ledger.apply(accepts(a_message()))
    assert await seen(engine) == (True, None, True)


async def test_a_customer_is_something_sealed(engine: Engine) -> None:
    ledger = await engine.open()
    await ledger.accounts.save_customer(a_customer())
    assert await seen(engine) == (True, None, True)

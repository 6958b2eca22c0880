"""The format of what is stored: what is written, what can be read, and that it may be raised under messages."""

from gateway.ledger.contract import Ledger
from tests.contract.conftest import Engine
from tests.contract.records import a_message, accepts, final, submitted


async def test_what_is_written_can_be_read(ledger: Ledger) -> None:
    found = await ledger.format()
    assert found.oldest <= found.written <= found.newest
    assert all(each.reads >= found.written for each in found.nodes)


async def test_a_raised_format_is_the_newest_and_stays(engine: Engine) -> None:
    ledger = await engine.open()
    before, after = a_message(), a_message()
    await ledger.apply(accepts(before))
    raised = await ledger.raise_format()
    assert raised.written == raised.newest
    await ledger.apply([*accepts(after), submitted(before, "B"), submitted(after, "A")])
    assert await ledger.find_many([before.id, after.id]) == [before, after]
    await ledger.close()
    ledger = await engine.open()
    assert (await ledger.format()).written == raised.newest
    await ledger.apply([final(before), final(after)])
    assert await ledger.find_many([before.id, after.id]) == [before, after]

"""The format of what is stored: what is written, what can be read, and that it may be raised under messages."""

from gateway.ledger.roles import Ledger
from tests.contract.conftest import Engine
from tests.contract.records import a_message, accepts, final, submitted


async def test_what_is_written_can_be_read(ledger: Ledger) -> None:
    found = await ledger.formats.state()
    assert found.oldest <= found.written <= found.newest
    assert all(each.reads >= found.written for each in found.nodes)


async def test_a_raised_format_is_the_newest_and_stays(engine: Engine) -> None:
    ledger = await engine.open()
    before, after = a_message(), a_message()
    await ledger.apply(accepts(before))
    raised = await ledger.formats.raise_to_newest()
    assert raised.written == raised.newest
    await ledger.apply([*accepts(after), submitted(before, "B"), submitted(after, "A")])
    assert await ledger.messages.find_many([before.id, after.id]) == [before, after]
    await ledger.close()
    ledger = await engine.open()
    assert (await ledger.formats.state()).written == raised.newest
    await ledger.apply([final(before), final(after)])
    assert await ledger.messages.find_many([before.id, after.id]) == [before, after]

"""A record that somebody else changed is seen by its own tag, whatever of it was changed, and destroyed."""

import itertools
from collections.abc import AsyncIterator, Sequence
from copy import copy
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from config.settings import SweeperSettings
from gateway.keystore.keyring import Keyring
from gateway.keystore.record_tags import YEAR_MS, Verdict
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.contract import Accept, Change, Replace, WriteOp, WriteResult
from gateway.ledger.fields import FIELDS
from gateway.ledger.roles import Ledger
from gateway.model.message import Message, MessageClass, OutboxEvent, Status, message_id
from gateway.retention.integrity import CheckedMessages, CheckedWork, Integrity, TaggedCommits
from gateway.retention.sweeper import Sweeper
from redaction.retention import DEFAULT_RULES, OTP
from redaction.sealed import Pseudonym, Sealed
from tests.contract.conftest import Engine
from tests.contract.records import DAY_MS, DONE, a_message, an_event, final, submitted
from tests.contract.spoiling import Spoiler

pytestmark = pytest.mark.case("privacy-5")

DAY_S: Final = DAY_MS // 1000
SCHEDULE_S: Final = 30 * DAY_S
YEAR_2036_MS: Final = 2_082_758_400_000
OTHERWISE: Final[dict[str, Any]] = {
    "customer": 8,
    "subject": Pseudonym(b"somebody else".ljust(16)),
    "country": 971,
    "last_two": 79,
    "message_class": MessageClass.OTP,
    "tag": OTP,
    "status": Status.EXPIRED,
    "segments": 2,
    "encoding": "ucs2",
    "operator": "zain",
    "accepted_ms": YEAR_2036_MS,
    "expires_ms": YEAR_2036_MS,
    "content_until_ms": YEAR_2036_MS,
    "record_until_ms": YEAR_2036_MS,
    "attempts": 7,
    "retry_unknown": False,
    "submitted_ms": 1_800_000_000_001,
    "final_ms": None,
    "error": "007",
    "operator_ids": ("another",),
    "parts": b"\4",
    "disclosure": 1,
    "key_id": 4,
    "notify": 1,
    "record_tag": bytes(8),
}
"""Another value for every field that a tag is over, and another tag."""
NOT_TAGGED: Final = {"id", "content", "private", "due_ms"}
"""The id is what a record is found by; sealed fields authenticate themselves."""


class World:
    """A ledger, and what a node has in front of it. spoiler: writes past all of it."""

    def __init__(self, engine: Engine, ledger: Ledger, folder: Path) -> None:
        self.clock = engine.clock
        self.ledger = ledger
        self.spoiler = Spoiler(engine.name, engine.place)
        self.store = Keystore(folder / "keys.db", FileRootSlot(folder / "root.key"), self.clock)
        self.store.open()
        rules = DEFAULT_RULES.values()
        self.keyring = Keyring(self.store, rules, self.clock, lambda: ledger.formats.tags_from_ms)
        self.keyring.ensure_present()
        self.tags = self.keyring.tags
        self.commits = TaggedCommits(ledger, self.tags)
        self.integrity = Integrity(self.tags, ledger.retention)
        self.messages = CheckedMessages(ledger.messages, self.integrity)
        self.work = CheckedWork(ledger.work, self.integrity)
        self.sweeper = Sweeper(
            retention=ledger.retention,
            keyring=self.keyring,
            clock=self.clock,
            settings=SweeperSettings(messages_per_s=0),
            integrity=self.integrity,
            schedule_s=SCHEDULE_S,
        )
        self._numbers = itertools.count(1)

    def message(self, **fields: Any) -> Message:
        """Accepted now."""
        number, now_ms = next(self._numbers), self.clock.now_ms()
        usual: dict[str, Any] = {
            "id": message_id(now_ms, number, number.to_bytes(8, "big")),
            "accepted_ms": now_ms,
            "due_ms": now_ms,
            "expires_ms": now_ms + DAY_MS,
            "content_until_ms": now_ms + 3 * DAY_MS,
            "record_until_ms": now_ms + 90 * DAY_MS,
        }
        return a_message(**(usual | fields))

    async def apply(self, *operations: WriteOp) -> list[WriteResult]:
        return await self.commits.apply(operations)

    async def delivered(self, **fields: Any) -> Message:
        """Stored, with a link and a content that is gone."""
        message = self.message(**fields)
        name = message.id.hex()
        await self.apply(Accept(copy(message)))
        await self.apply(submitted(message, name), final(message, tell=True, drop_content=True))
        (stored,) = await self.ledger.messages.find_many([message.id])
        assert stored is not None
        return stored

    async def there(self, message: Message) -> bool:
        """Whether it is stored, whatever its tag."""
        return (await self.ledger.messages.find_many([message.id]))[0] is not None


@pytest.fixture
async def world(engine: Engine, tmp_path: Path) -> AsyncIterator[World]:
    ledger = await engine.open()
    await ledger.formats.raise_to_newest()
    made = World(engine, ledger, tmp_path)
    made.clock.advance(DAY_S)  # all nodes write tags by now
    yield made
    made.store.close()


def test_there_is_another_value_for_every_field_that_is_stored() -> None:
    assert OTHERWISE.keys() | NOT_TAGGED == {each.name for each in FIELDS}


async def test_every_step_leaves_a_right_tag(world: World) -> None:
    message = world.message()

    async def is_right() -> bool:
        (found,) = await world.messages.find_many([message.id])
        return found is not None and world.tags.check(found) is Verdict.RIGHT

    await world.apply(Accept(copy(message)))
    assert await is_right()
    message.status, message.operator, message.attempts = Status.QUEUED, "zain", 3
    await world.apply(Change(message=copy(message)))
    assert await is_right()
    message.operator, message.error = "stc", "retried"  # only in memory until the message is replaced
    revised = replace(message, content=Sealed(b"\1another"), segments=2, parts=bytes(2), encoding="ucs2", notify=1)
    assert await world.apply(Replace(revised)) == [DONE]
    assert await is_right()
    message = revised
    await world.apply(submitted(message, "", "two"))
    assert await is_right()
    await world.apply(final(message))
    assert await is_right()
    world.clock.advance(4 * DAY_S)
    assert await world.ledger.retention.forget_content(world.clock.now_ms(), 10) == 1
    assert await is_right()
    assert world.integrity.broken == 0


QUEUED: Final[list[dict[str, Any]]] = [{}, {"only_waiting": True}, {"over_unknown": True}, {"tell": True}]
"""What may be said with a change that leaves the message open."""


@pytest.mark.parametrize("further", QUEUED, ids=str)
@pytest.mark.parametrize("first", QUEUED, ids=str)
async def test_changes_that_come_in_one_batch_leave_a_right_tag(
    world: World, first: dict[str, Any], further: dict[str, Any]
) -> None:
    """An earlier one is written, or not, as its engine likes."""
    message = world.message()

    def queued(*, tell: bool = False, **options: Any) -> Change:
        message.attempts += 1
        return Change(message=copy(message), event=an_event(message) if tell else None, **options)

    await world.apply(Accept(copy(message)))
    message.status = Status.QUEUED
    await world.apply(queued(), queued(**first), queued(**further))
    await world.apply(queued(**first), queued(**further), submitted(message, "one"), final(message))
    (found,) = await world.messages.find_many([message.id])
    assert found is not None
    assert (found.status, world.tags.check(found)) == (Status.DELIVERED, Verdict.RIGHT)


async def test_a_changed_field_is_named_counted_and_destroyed(world: World) -> None:
    for broken, (name, value) in enumerate(OTHERWISE.items(), 1):
        message = await world.delivered()
        assert getattr(message, name) != value
        world.spoiler.change_record(message.id, name, value)
        with capture_logs() as lines:
            assert await world.messages.find_many([message.id]) == [None], name
        assert [(each["event"], each["field"], each["message_id"]) for each in lines] == [
            ("integrity_error", "record", message.id.hex())
        ]
        assert world.integrity.broken == broken
        assert not await world.there(message)
        assert message.id not in {each.message for each in await told(world)}
        assert await world.work.correlate([("stc", (message.id.hex(),))]) == [None]


async def told(world: World) -> Sequence[OutboxEvent]:
    return await world.ledger.outbox.due(world.clock.now_ms() + DAY_MS, 1000, ())


@pytest.mark.parametrize("name", ["customer", "record_until_ms", "status"])
async def test_whoever_looks_for_it_destroys_it(world: World, name: str) -> None:
    """Also where it is not the customer's any more, or over, by what was changed."""
    message = await world.delivered()
    world.spoiler.change_record(message.id, name, 1 if name == "record_until_ms" else OTHERWISE[name])
    assert await world.messages.find(7, message.id) is None
    assert (world.integrity.broken, await world.there(message)) == (1, False)


async def test_lists_and_people_do_not_show_it(world: World) -> None:
    good, bad, worse = [await world.delivered(subject=Pseudonym(b"somebody".ljust(16))) for _ in range(3)]
    world.spoiler.change_record(bad.id, "disclosure", 0)
    world.spoiler.change_record(worse.id, "error", "x")
    assert await world.messages.list_subject(7, [good.subject], 10) == [good]
    assert world.integrity.broken == 2
    bad = await world.delivered()
    world.spoiler.change_record(bad.id, "disclosure", 0)
    page = await world.messages.list_messages(7, status=None, since_ms=None, cursor=None, limit=10)
    assert page.messages == (good,)
    assert world.integrity.broken == 3


async def test_it_is_not_sent(world: World) -> None:
    good, bad = world.message(), world.message()
    await world.apply(Accept(copy(good)), Accept(copy(bad)))
    world.spoiler.change_record(bad.id, "expires_ms", YEAR_2036_MS)
    found = await world.work.claim_due("stc", world.clock.now_ms(), 10, ())
    assert [each.id for each in found] == [good.id]
    assert not await world.there(bad)
    assert await world.ledger.work.backlog("stc") == 1


async def test_a_receipt_does_not_find_it(world: World) -> None:
    good, bad = world.message(), world.message()
    for each, name in ((good, "g"), (bad, "b")):
        await world.apply(Accept(copy(each)))
        await world.apply(submitted(each, name))
    world.spoiler.change_record(bad.id, "retry_unknown", False)
    found = await world.work.correlate([("stc", ("g",)), ("stc", ("b",))])
    assert [each and each.message.id for each in found] == [good.id, None]
    assert world.integrity.broken == 1


async def test_a_record_under_another_id_is_destroyed(world: World) -> None:
    message = await world.delivered()
    now_ms = world.clock.now_ms()
    for other in (message_id(now_ms, 9, b"\7" * 8), message_id(now_ms + 5 * YEAR_MS, 9, b"\7" * 8)):
        world.spoiler.copy_record(message.id, other)
        assert await world.messages.find_many([other, message.id]) == [None, message]
        assert await world.ledger.messages.find_many([other]) == [None]
    assert world.integrity.broken == 2


async def test_a_young_record_without_a_tag_is_destroyed_and_an_old_one_is_not(world: World) -> None:
    young, old = world.message(), world.message(id=message_id(world.clock.now_ms() - 2 * DAY_MS, 1, b"\7" * 8))
    await world.ledger.apply([Accept(young), Accept(old)])
    assert await world.messages.find_many([young.id, old.id]) == [None, old]
    assert world.integrity.broken == 1
    await world.apply(Change(message=old))  # its next change gives it one
    (found,) = await world.ledger.messages.find_many([old.id])
    assert found is not None
    assert found.record_tag == world.tags.tag(old) != b""


async def test_a_clock_set_to_2036_keeps_nothing(world: World) -> None:
    message, beside = await world.delivered(), await world.delivered()
    world.spoiler.change_record(message.id, "record_until_ms", YEAR_2036_MS)
    world.clock.advance(91 * DAY_S)
    await world.sweeper.sweep()
    assert (await world.there(beside), await world.there(message)) == (False, True)
    world.clock.advance(SCHEDULE_S)
    assert (await world.sweeper.sweep()).records == 0
    world.clock.advance(1)
    assert (await world.sweeper.sweep()).records == 1
    assert not await world.there(message)
    assert world.integrity.broken == 1
    assert await counted(world) == 1


async def counted(world: World) -> int:
    return sum(each.messages for each in await world.ledger.retention.traffic(0, 100))


async def test_what_was_changed_is_not_counted_in_what_remains(world: World) -> None:
    good, bad = await world.delivered(), await world.delivered()
    world.spoiler.change_record(bad.id, "segments", 200)
    world.clock.advance(91 * DAY_S)
    assert (await world.sweeper.sweep()).records == 2
    assert (await world.there(good), await world.there(bad)) == (False, False)
    (traffic,) = await world.ledger.retention.traffic(0, 10)
    assert (traffic.messages, traffic.segments) == (1, 1)
    assert world.integrity.broken == 1


async def test_records_from_before_tags_go_by_their_id_whatever_they_say(world: World) -> None:
    accepted_ms = world.clock.now_ms() - 2 * DAY_MS
    old = world.message(id=message_id(accepted_ms, 1, b"\7" * 8), record_until_ms=YEAR_2036_MS)
    await world.ledger.apply([Accept(old)])
    world.clock.advance(118 * DAY_S)
    assert (await world.sweeper.sweep()).records == 0
    world.clock.advance(2 * DAY_S)
    assert (await world.sweeper.sweep()).records == 1
    assert (world.integrity.broken, await world.there(old)) == (0, False)


async def test_a_right_record_lives_as_long_as_it_says(world: World) -> None:
    """Scheduled further ahead than is allowed by now."""
    message = world.message(record_until_ms=world.clock.now_ms() + 200 * DAY_MS, due_ms=None)
    await world.apply(Accept(copy(message)))
    world.clock.advance(199 * DAY_S)
    await world.sweeper.sweep()
    assert await world.there(message)
    world.clock.advance(DAY_S)
    assert (await world.sweeper.sweep()).records == 1
    assert (world.integrity.broken, await world.there(message)) == (0, False)


async def test_what_no_version_wrote_is_destroyed_too(world: World) -> None:
    good, *bad = [await world.delivered() for _ in range(4)]
    if world.spoiler.is_redis:
        record = world.spoiler.record(bad[0].id)
        for each, octets in zip(bad, (b"", b"\x83\xff" + record[2:], record[:40]), strict=True):
            world.spoiler.put_record(each.id, octets or b"\x83")
    else:
        for each, change in zip(bad, ("status = 99", "class = 'x'", "operator_ids = 7"), strict=True):
            world.spoiler.write(f"UPDATE message SET {change} WHERE id = ?", each.id)
    assert await world.messages.find_many([good.id, *(each.id for each in bad)]) == [good, None, None, None]
    assert world.integrity.broken == 3
    assert [await world.there(each) for each in (good, *bad)] == [True, False, False, False]

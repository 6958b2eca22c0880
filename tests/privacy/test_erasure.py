"""Erasure beats backups: copies of data and key store from before, with all that is live afterwards, are worth nothing.

The attack is the product's own recovery tool. Each test first shows that it opens everything with the root of before:
a tool that cannot open proves nothing.
"""

import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.keystore.keyring import Keyring
from gateway.keystore.recovery import Recovery, recover
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.contract import Change
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.message import Message, message_id
from gateway.model.times import rfc3339
from gateway.process.clock import ManualClock
from gateway.retention.erasure import Erased, erase_person
from gateway.retention.policies import RetentionPolicies
from gateway.vault.vault import Received
from redaction.errors import KeyDestroyed, KeysWithheld
from redaction.personal import MessageText, Msisdn, Purpose
from redaction.retention import DEFAULT_RULES, TRANSACTIONAL
from redaction.seal import Sealer
from redaction.sealed import Sealed
from tests.contract.records import a_message, accepts
from tests.unit.gateway.road import CUSTOMER, EVERY_CLASS, Road, an_api_key, running_road

STORED = Path(__file__).parents[1] / "integration" / "keystores"
DAY = 24 * 3_600
SUBJECTS = 101
ERASED = 37
OTHER_CUSTOMER = 2
KINDS: tuple[Mapping[str, Any], ...] = (
    {"message_class": "otp", "text": "Your code is 482913", "reference": "order 7"},
    {"message_class": "transactional", "text": "رمز التحقق الخاص بك هو ٤٨٢٩١٣"},
    {"message_class": "promotional", "text": "Fresh dates today", "callback_url": "https://example.sa/told"},
    {"message_class": "transactional", "text": "Nothing of this is kept", "retention": "discard"},
)

Sent = Mapping[str, frozenset[bytes]]
"""Ids of the messages to each number."""


def number(index: int) -> str:
    return f"+9665{10_000_000 + index}"


def msisdn(index: int) -> Msisdn:
    return Msisdn(number(index)[1:], 966)


async def erase(road: Road, person: Msisdn) -> Erased:
    """After what was sent is on the disk."""
    await road.settled()
    return await erase_person(road.ledger.messages, road.keyring, road.policies, CUSTOMER, person)


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    """Nobody submits, so that every message still holds its content."""
    async with running_road(tmp_path, down=["loop"]) as road:
        yield road


async def send_to_everybody(road: Road) -> Sent:
    """One message of each kind to each of the subjects, through the door."""
    return {
        number(index): frozenset([await road.send(to=number(index), **kind) for kind in KINDS])
        for index in range(SUBJECTS)
    }


class Backup:
    """Copies of the two files, the log included, and the roots as they stood."""

    def __init__(self, road: Road, live: Path, place: Path) -> None:
        place.mkdir()
        self.data, self.keys = place / "ledger.db", place / "keys.db"
        for name in ("ledger.db", "ledger.db-wal", "keys.db"):
            shutil.copyfile(live / name, place / name)
        self.roots = tuple(FileRootSlot(live / "root.key").read())
        self.live = live

    def attack(self) -> Recovery:
        """With both data files, both key stores, and the roots of now."""
        roots = FileRootSlot(self.live / "root.key").read()
        return recover([self.data, self.live / "ledger.db"], [self.keys, self.live / "keys.db"], roots)

    def restore(self) -> Recovery:
        """With the root of then."""
        return recover([self.data], [self.keys], self.roots)


def everything(sent: Sent) -> frozenset[bytes]:
    return frozenset().union(*sent.values())


@pytest.mark.policy("P-23")
@pytest.mark.policy("P-34")
async def test_of_one_erased_among_101_nothing_opens_and_of_100_neighbours_everything(
    road: Road, tmp_path: Path
) -> None:
    sent = await send_to_everybody(road)
    backup = Backup(road, tmp_path, tmp_path / "backup")
    assert backup.restore().opened == everything(sent)

    await erase(road, msisdn(ERASED))

    attacked = backup.attack()
    assert attacked.keystores_closed == [str(backup.keys)]
    assert attacked.opened == everything(sent) - sent[number(ERASED)]
    assert len(attacked.opened) == 100 * len(KINDS)
    assert {each.refused["subject"] for each in attacked.combinations} == {len(KINDS) + 2}  # two have private fields


@pytest.mark.policy("P-23")
async def test_of_an_expired_period_nothing_opens_and_of_the_others_everything(road: Road, tmp_path: Path) -> None:
    sent = await send_to_everybody(road)
    backup = Backup(road, tmp_path, tmp_path / "backup")
    assert backup.restore().opened == everything(sent)
    longer = await road.ledger.messages.list_messages(CUSTOMER, status=None, since_ms=None, cursor=None, limit=1_000)
    promotional = frozenset(each.id for each in longer.messages if each.tag == "promotional")

    road.clock.advance(4 * DAY + 1)  # the last content of the day's transactional period is due, promotional is not
    assert road.keyring.ensure_present() > 0

    attacked = backup.attack()
    assert attacked.keystores_closed == [str(backup.keys)]
    assert attacked.opened == promotional
    assert len(promotional) == SUBJECTS


@pytest.mark.policy("P-23")
async def test_of_a_customer_who_left_nothing_opens_and_of_the_others_everything(road: Road, tmp_path: Path) -> None:
    road.keyring.ensure_customer(OTHER_CUSTOMER)
    leaving = an_api_key(customer_id=OTHER_CUSTOMER, classes=EVERY_CLASS.classes)
    stays = [await road.send(to=number(index)) for index in range(20)]
    leaves = [await road.send(to=number(index), key=leaving) for index in range(20)]
    backup = Backup(road, tmp_path, tmp_path / "backup")
    assert backup.restore().opened == {*stays, *leaves}

    assert road.keyring.forget_customer(OTHER_CUSTOMER)

    attacked = backup.attack()
    assert attacked.opened == set(stays)
    assert {each.refused["customer"] for each in attacked.combinations} == {20}


@pytest.mark.policy("P-23")
async def test_an_old_key_store_opens_nothing_with_the_root_of_today(road: Road, tmp_path: Path) -> None:
    await send_to_everybody(road)
    backup = Backup(road, tmp_path, tmp_path / "backup")
    await erase(road, msisdn(ERASED))
    only_old = recover([backup.data], [backup.keys], FileRootSlot(tmp_path / "root.key").read())
    assert only_old.opened == frozenset()
    assert (only_old.keystores_opened, only_old.keystores_closed) == ([], [str(backup.keys)])


@pytest.mark.policy("P-23")
async def test_factors_of_different_times_do_not_add_up(road: Road, tmp_path: Path) -> None:
    """Two old key states that both open, as if their roots had been stolen: only what each could open by itself."""
    first = await road.send(to=number(1))
    before = Backup(road, tmp_path, tmp_path / "before")
    await erase(road, msisdn(1))
    between = Backup(road, tmp_path, tmp_path / "between")
    road.keyring.ensure_customer(OTHER_CUSTOMER)
    stolen = recover([before.data], [before.keys, between.keys], [*before.roots, *between.roots])
    opened = {(each.periods_of, each.customers_of): each.opened for each in stolen.combinations}
    assert opened == {
        (str(before.keys), str(before.keys)): {first},
        (str(before.keys), str(between.keys)): {first},
        (str(between.keys), str(before.keys)): frozenset(),
        (str(between.keys), str(between.keys)): frozenset(),
    }


async def test_who_was_forgotten_can_be_written_to_again_and_forgotten_again(road: Road, tmp_path: Path) -> None:
    first = await road.send(to=number(1), reference="a")
    await erase(road, msisdn(1))
    second = await road.send(to=number(1), reference="b")
    with pytest.raises(KeyDestroyed):
        road.vault.open_content(await road.stored(first))
    message = await road.stored(second)
    assert road.vault.open_content(message).to == msisdn(1)
    assert road.vault.open_private(message).reference is not None
    await erase(road, msisdn(1))
    with pytest.raises(KeyDestroyed):
        road.vault.open_content(message)
    with pytest.raises(KeyDestroyed):
        road.vault.open_private(message)
    assert road.vault.open_content(await road.stored(await road.send(to=number(2))))


@pytest.mark.policy("P-23")
async def test_what_a_person_wrote_is_recovered_and_erased_like_what_was_written_to_one(
    road: Road, tmp_path: Path
) -> None:
    ids = []
    for index in (1, 2):
        now_ms = road.clock.now_ms()
        subject = road.keyring.pseudonymise(CUSTOMER, msisdn(index), TRANSACTIONAL, now_ms)
        identifier = message_id(now_ms, index, bytes(8))
        received = Received(msisdn(index), "INTERKEY", MessageText("stop it"))
        content, last_two = road.vault.seal_received(
            received, customer=CUSTOMER, message_id=identifier, tag=TRANSACTIONAL, leaf=subject.leaf, now_ms=now_ms
        )
        record = a_message(
            id=identifier,
            customer=CUSTOMER,
            content=content,
            private=None,
            last_two=last_two,
            subject=subject.pseudonym,
            accepted_ms=now_ms,
            record_until_ms=now_ms + 90 * DAY * 1000,
        )
        await road.ledger.apply(accepts(record))
        ids.append(identifier)
    backup = Backup(road, tmp_path, tmp_path / "backup")
    assert backup.restore().opened == set(ids)
    await erase(road, msisdn(1))
    assert backup.attack().opened == {ids[1]}


# ------------------------------------------------------------------------------------------------- what is punctured


def nodes(road: Road) -> dict[tuple[str, int], bool]:
    """By period, whether something was punctured in it."""
    return {name: not entry.key.root() for name, entry in road.store.state.families.periods.items()}


@pytest.mark.case("privacy-10")
@pytest.mark.policy("P-34")
async def test_only_periods_in_which_the_person_has_messages_are_punctured(road: Road) -> None:
    for index in (1, 2):
        await road.send(to=number(index))
        await road.send(to=number(index), message_class="promotional", text="Fresh dates")
    assert await erase(road, msisdn(3)) == Erased(0, 0)
    assert not any(nodes(road).values())
    version = road.store.version
    assert await erase(road, msisdn(1)) == Erased(2, 2)
    assert road.store.version == version + 1
    assert sum(nodes(road).values()) == 2
    assert len(nodes(road)) > 6
    assert await erase(road, msisdn(1)) == Erased(2, 0), "there is nothing left to destroy"
    assert road.store.version == version + 1, "and no root rolls for that"


async def emptied(road: Road, identifier: bytes) -> Message:
    """Its row without what was sealed, as after its content clock."""
    message = await road.stored(identifier)
    message.content = message.private = None
    await road.ledger.apply([Change(message=message, drop_content=True)])
    return message


@pytest.mark.case("privacy-10")
@pytest.mark.policy("P-23")
async def test_copies_of_what_was_emptied_before_are_erased_by_the_pseudonym_alone(road: Road, tmp_path: Path) -> None:
    """The row names its leaf, though nothing sealed is left in it; a scheduled one lies in a later period."""
    later_ms = road.clock.now_ms() + 3 * DAY * 1000
    gone = [await road.send(to=number(1)), await road.send(to=number(1), schedule_at=rfc3339(later_ms))]
    stays = [await road.send(to=number(2)), await road.send(to=number(2), schedule_at=rfc3339(later_ms))]
    await road.settled()
    backup = Backup(road, tmp_path, tmp_path / "backup")
    assert backup.restore().opened == {*gone, *stays}
    for each in gone:
        await emptied(road, each)
    assert (await erase(road, msisdn(1))).places >= 2
    assert backup.attack().opened == set(stays)


@pytest.mark.case("privacy-10")
@pytest.mark.policy("P-23")
@pytest.mark.parametrize("is_emptied", [False, True])
async def test_what_versions_before_sealed_opens_and_is_erased(tmp_path: Path, is_emptied: bool) -> None:
    """Under leaves that a pepper gave; both from a store of that version."""
    rows = msgspec.json.decode((STORED / "sealed_2.json").read_bytes())
    slot = FileRootSlot(tmp_path / "root.key")
    slot.write((bytes.fromhex((STORED / "layout_2.root").read_text(encoding="ascii")),))
    shutil.copy(STORED / "layout_2.db", tmp_path / "keys.db")
    clock = ManualClock(20_833 * DAY * 1000 + 1)
    store = Keystore(tmp_path / "keys.db", slot, clock)
    store.open()
    ledger = SqliteLedger(tmp_path / "ledger.db", clock)
    await ledger.open()
    sealer = Sealer(store.state, clock.random)

    def opened(row: Any) -> bytes:
        return sealer.open(
            Sealed(bytes.fromhex(row["content"])),
            customer=row["customer"],
            message_id=bytes.fromhex(row["id"]),
            field="content",
            tag=row["tag"],
            purpose=Purpose.DELIVER,
        )

    for row in rows:
        assert opened(row) == f"to {row['person']}".encode()
        record = a_message(
            id=bytes.fromhex(row["id"]),
            customer=row["customer"],
            tag=row["tag"],
            subject=bytes.fromhex(row["subject"]),
            content=None if is_emptied else bytes.fromhex(row["content"]),
            private=None,
            accepted_ms=clock.now_ms(),
            record_until_ms=clock.now_ms() + 90 * DAY * 1000,
        )
        await ledger.apply(accepts(record))
    keyring = Keyring(store, DEFAULT_RULES.values(), clock)
    person = rows[0]["person"]
    policies = RetentionPolicies(DEFAULT_RULES)
    erased = await erase_person(ledger.messages, keyring, policies, rows[0]["customer"], Msisdn(person, 966))
    assert erased.messages == 4
    for row in rows:
        if row["person"] == person:
            with pytest.raises(KeyDestroyed, match="subject"):
                opened(row)
        else:
            assert opened(row) == f"to {row['person']}".encode()
    await ledger.close()
    store.close()


@pytest.mark.policy("P-34")
async def test_keys_that_are_withheld_erase_nobody(road: Road) -> None:
    await road.send(to=number(1))
    road.store.state.withhold()
    with pytest.raises(KeysWithheld):
        await erase(road, msisdn(1))

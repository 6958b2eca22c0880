"""A row that somebody edited is not served: an integrity error, counted, and the message ends.

The file is edited beside a running node by whoever can write it, while no operator is up; then one comes up.
"""

import sqlite3
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from zlib import crc32

import pytest

from gateway.model.message import Status
from redaction.errors import KeyDestroyed
from redaction.retention import PROMOTIONAL
from tests.unit.gateway.road import CUSTOMER, Road, running_road

Edit = Callable[[sqlite3.Connection, bytes, bytes], None]
"""What is done to the first of two messages; the second one may be taken from."""
OTHER_CUSTOMER = 2
DAY = 24 * 3_600


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with running_road(tmp_path, down=["loop"]) as road:
        road.keyring.ensure_customer(OTHER_CUSTOMER)
        road.clock.advance(1)  # records have tags from now on
        yield road


def taken_from_another(database: sqlite3.Connection, first: bytes, second: bytes) -> None:
    database.execute(
        "UPDATE message SET content = (SELECT content FROM message WHERE id = ?) WHERE id = ?", (second, first)
    )


def taken_from_the_other_field(database: sqlite3.Connection, first: bytes, _second: bytes) -> None:
    database.execute("UPDATE message SET content = private, private = content WHERE id = ?", (first,))


def given_to_another_customer(database: sqlite3.Connection, first: bytes, _second: bytes) -> None:
    database.execute("UPDATE message SET customer = ? WHERE id = ?", (OTHER_CUSTOMER, first))


def tagged_to_live_longer(database: sqlite3.Connection, first: bytes, _second: bytes) -> None:
    database.execute("UPDATE message SET tag = 'promotional' WHERE id = ?", (first,))


def tagged_to_live_longer_with_its_check_made_to_fit(
    database: sqlite3.Connection, first: bytes, _second: bytes
) -> None:
    """The check in the header is no secret; the commitment behind it is what holds."""
    tagged_to_live_longer(database, first, _second)
    (content,) = database.execute("SELECT content FROM message WHERE id = ?", (first,)).fetchone()
    period = content[1:5]
    aad = struct.pack(">HBHQH16s", 1, 1, 8, CUSTOMER, 16, first)
    aad += b"".join(struct.pack(">H", len(each)) + each for each in (b"content", PROMOTIONAL.encode(), period))
    fitting = struct.pack(">I", crc32(content[5:10], crc32(aad)))
    replace_content(database, first, content[:10] + fitting + content[14:])


def made_to_wait(database: sqlite3.Connection, first: bytes, _second: bytes) -> None:
    database.execute("UPDATE message SET expires_ms = 1 << 50 WHERE id = ?", (first,))


def cut(database: sqlite3.Connection, first: bytes, _second: bytes) -> None:
    database.execute("UPDATE message SET content = substr(content, 1, length(content) - 1) WHERE id = ?", (first,))


def cut_to_nothing(database: sqlite3.Connection, first: bytes, _second: bytes) -> None:
    replace_content(database, first, b"\x01")


def one_bit_flipped(database: sqlite3.Connection, first: bytes, _second: bytes) -> None:
    (content,) = database.execute("SELECT content FROM message WHERE id = ?", (first,)).fetchone()
    replace_content(database, first, content[:-1] + bytes([content[-1] ^ 1]))


def replace_content(database: sqlite3.Connection, identifier: bytes, content: bytes) -> None:
    database.execute("UPDATE message SET content = ? WHERE id = ?", (content, identifier))


@pytest.mark.policy("P-21")
@pytest.mark.parametrize(
    "edit",
    [
        taken_from_another,
        taken_from_the_other_field,
        cut,
        cut_to_nothing,
        one_bit_flipped,
    ],
)
async def test_an_edited_row_is_counted_and_not_served(road: Road, tmp_path: Path, edit: Edit) -> None:
    first = await road.send(reference="mine")
    second = await road.send(to="+966500000079", reference="mine too")
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        edit(database, first, second)
    database.close()

    await road.operators["loop"].start(road.sort)

    await road.becomes(second, Status.SUBMITTED)
    (message,) = await road.ledger.messages.find_many([first])
    assert message is not None
    assert (message.status, message.error) == (Status.FAILED, "integrity_error")
    assert [each.token.message.id for _, each, _ in road.submitted] == [second]  # type: ignore[attr-defined]
    assert road.sealer.broken == {"content": 1}
    assert road.dispatch.counters.unopenable == 1


@pytest.mark.policy("P-21")
@pytest.mark.case("privacy-5")
@pytest.mark.parametrize(
    "edit",
    [given_to_another_customer, tagged_to_live_longer, tagged_to_live_longer_with_its_check_made_to_fit, made_to_wait],
)
async def test_what_a_row_says_of_itself_is_held_by_its_own_tag(road: Road, tmp_path: Path, edit: Edit) -> None:
    first = await road.send(reference="mine")
    second = await road.send(to="+966500000079", reference="mine too")
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        edit(database, first, second)
    database.close()

    await road.operators["loop"].start(road.sort)

    await road.becomes(second, Status.SUBMITTED)
    assert await road.ledger.messages.find_many([first]) == [None]
    assert [each.token.message.id for _, each, _ in road.submitted] == [second]  # type: ignore[attr-defined]
    assert road.integrity.broken == 1
    assert road.sealer.broken == {}


@pytest.mark.policy("P-21")
async def test_a_clock_edited_to_live_longer_does_not_outlive_its_key(road: Road, tmp_path: Path) -> None:
    identifier = await road.send()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("UPDATE message SET content_until_ms = 1 << 50, expires_ms = 1 << 50")
    database.close()
    road.clock.advance(5 * DAY)
    road.keyring.ensure_present()
    with pytest.raises(KeyDestroyed):
        road.vault.open_content(await road.stored(identifier))

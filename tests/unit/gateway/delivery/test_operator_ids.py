"""Operators' ids and codes are an operator's text: what is kept of them holds no number."""

from pathlib import Path
from typing import Any

import pytest

from gateway.delivery.follow_up import FollowUp
from gateway.delivery.operator_ids import UNLISTED, listed
from gateway.model.message import Status
from operators.base import Accepted, DeliveryReceipt, MtMessage, ReceiptState, SubmitResult
from tests.unit.gateway.delivery.receipts.submitting import submitted
from tests.unit.gateway.road import LONG, Road, running_road
from tests.unit.gateway.stage import until

NUMBER = "966537319440"
HOUR_S = 3600
IDS = [
    f"{NUMBER}-193",
    f"id/{NUMBER}",
    f"{int(NUMBER):x}-{NUMBER[::-1]}",
    f"Maryam Alqahtani {NUMBER}",
    f"~{NUMBER}",
    f"={NUMBER}",
    "مريم ٩٦٦٥٣٧٣١٩٤٤٠",
]


def with_id(given: str) -> dict[str, object]:
    """Of an operator that names the segments of a message so."""

    def answer(_message: MtMessage, segment: int, _identifier: str) -> SubmitResult:
        return Accepted(f"{given}{segment or ''}")

    return {"loop": answer}


def files(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


async def receipt(road: Road, identifier: str, error: str | None = None, handle: str = "handle") -> None:
    state = ReceiptState.DELIVERED if error is None else ReceiptState.UNDELIVERABLE
    road.sort([DeliveryReceipt("loop", ("none", identifier), state, error, None, handle)])
    await until(road.acknowledged)


@pytest.mark.case("privacy-4")
@pytest.mark.policy("P-05")
@pytest.mark.parametrize("given", IDS)
async def test_an_operators_id_is_kept_as_a_digest_and_found_after_a_restart(tmp_path: Path, given: str) -> None:
    async with running_road(tmp_path, answers=with_id(given), digests=True) as road:
        identifier = await submitted(road)
    async with running_road(tmp_path, answers=with_id(given), digests=True) as road:
        assert given not in "".join((await road.stored(identifier)).operator_ids)
        assert given.encode() not in files(tmp_path)
        await receipt(road, given)
        await road.becomes(identifier, Status.DELIVERED)
        assert given.encode() not in files(tmp_path)


@pytest.mark.case("privacy-4")
@pytest.mark.parametrize("given", IDS)
async def test_an_operator_is_asked_by_the_id_that_it_gave(tmp_path: Path, given: str) -> None:
    asked = FollowUp({"loop": HOUR_S}, grace_s=HOUR_S)
    options: dict[str, Any] = {"answers": with_id(given), "digests": True, "follow_up": asked}
    async with running_road(tmp_path, **options) as road:
        identifier = await submitted(road, text=LONG, validity=4 * HOUR_S)
    async with running_road(tmp_path, **options) as road:
        road.clock.advance(HOUR_S)
        loop = road.operators["loop"]
        await until(lambda: len(loop.queries) == 3)
        assert [each.operator_message_id for each in loop.queries] == [given, f"{given}1", f"{given}2"]
        assert given.encode() not in files(tmp_path)
        await receipt(road, f"{given}1", error="34")
        ended = await road.becomes(identifier, Status.UNDELIVERED)
        assert len(ended.operator_ids) == 3  # what it was asked by is gone with the need for it


@pytest.mark.case("privacy-4")
async def test_ids_of_before_an_upgrade_are_found(tmp_path: Path) -> None:
    """For a day nodes of the version before may have to read them; theirs are read for as long as receipts come."""
    async with running_road(tmp_path, answers=with_id("A")) as road:
        first = await submitted(road)
        since_ms = road.clock.now_ms() + 1
    async with running_road(tmp_path, answers=with_id("B"), digests_since_ms=since_ms) as road:
        road.clock.advance(1)
        second = await submitted(road)
        assert (await road.stored(first)).operator_ids == ("A",)
        assert (await road.stored(second)).operator_ids != ("B",)
        road.clock.advance(HOUR_S)
        for given, identifier in (("A", first), ("B", second)):
            road.receipt(given, ReceiptState.DELIVERED)
            await road.becomes(identifier, Status.DELIVERED)


@pytest.mark.case("privacy-4")
@pytest.mark.parametrize("code", [None, "0", "034", "99999", "EABS", "0B"])
def test_a_code_stays(code: str | None) -> None:
    assert listed(code) == code


@pytest.mark.case("privacy-4")
@pytest.mark.parametrize("code", ["", "731944", "82998599", NUMBER, "MARYAM", "ab-1", "٧٣١", "1 2", "ABSENT_SUB"])
def test_what_could_hold_more_than_a_code_is_no_code(code: str) -> None:
    assert listed(code) == UNLISTED


@pytest.mark.case("privacy-4")
async def test_no_record_holds_an_operators_words(tmp_path: Path) -> None:
    async with running_road(tmp_path, digests=True) as road:
        identifier = await submitted(road)
        await receipt(road, "1", error="82998599")
        assert (await road.becomes(identifier, Status.UNDELIVERED)).error == UNLISTED
        assert b"82998599" not in files(tmp_path)

"""A package of what is held of a person: whole, given once, dead after a week, and of nobody else."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from gateway.audit.actor import COMMAND_LINE
from gateway.ledger.contract import DocumentWrite
from gateway.rights.building import packages
from gateway.rights.case_states import Kind, Proof, State
from gateway.rights.package_content import NAMES
from gateway.rights.packages import PACKAGE, PART, PART_OCTETS, Head, Packages
from redaction.personal import Purpose, Secret
from tests.unit.gateway.rights.desk import Rights, number
from tests.unit.gateway.rights.test_cases import CANARY, desk, refusal, said, work
from tests.unit.gateway.road import CUSTOMER, Road, running_road

SECOND = "usr_0000000000000002"


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    async with running_road(tmp_path, down=["loop"]) as road:
        yield road


def kept(road: Road) -> Packages:
    return packages(Rights(road).on, road.sealer, COMMAND_LINE)


async def test_a_package_has_what_is_held_of_a_person_and_is_given_once(road: Road) -> None:
    own, other = await road.send(to=number(1), text="canary text"), await road.send(to=number(2))
    await road.settled()
    desks = desk(road)
    await desks.refuse((await desks.open(said(kind=Kind.CORRECTION, proof=Proof.LOGIN))).id, "unfounded")
    unproven = await desks.open(said(kind=Kind.ERASURE))
    case = await desks.open(said(kind=Kind.COPY))
    assert await refusal(work(road).pack(kept(road), case.id, None, SECOND)) == "proof_missing"
    await desks.prove(case.id, Proof.DOCUMENT_SEEN)
    assert await refusal(work(road).pack(kept(road), unproven.id, None, SECOND)) == "unsupported"
    objection = await desks.open(said(kind=Kind.OBJECT, proof=Proof.LOGIN))
    await work(road).execute(objection.id, CUSTOMER)
    made = await work(road).pack(kept(road), case.id, None, SECOND)
    assert (await desks.find(case.id)).of.state is State.ANSWERED
    for document in [*await road.ledger.acts.of_kind(PART), *await road.ledger.acts.of_kind(PACKAGE)]:
        assert own.hex().encode() not in document.octets
        assert made.secret.reveal(Purpose.CREDENTIAL).encode() not in document.octets
    assert await refusal(kept(road).take(case.id, Secret("AAAAAAAAAAAAAAAAAAAAAA"))) == "not_found"
    octets = await kept(road).take(case.id, made.secret)
    assert await refusal(kept(road).take(case.id, made.secret)) == "not_found"
    assert not await road.ledger.acts.of_kind(PART)
    with zipfile.ZipFile(io.BytesIO(octets)) as file:
        assert tuple(file.namelist()) == NAMES
        packed, page = json.loads(file.read(NAMES[0])), file.read(NAMES[1]).decode()
    assert [each["id"] for each in packed["messages"]] == [own.hex()]
    assert [(each["kind"], each["refused_because"]) for each in packed["requests"] if each["refused_because"]] == [
        ("correction", "unfounded")
    ]
    assert unproven.id not in json.dumps(packed)
    assert len(packed["stopped"]) == 1
    assert own.hex() in page
    for each in ("<script", "canary text", CANARY, other.hex(), number(2), "http://", "https://"):
        assert each not in page + json.dumps(packed)
    assert page.count('dir="rtl"') == 1
    rights = Rights(road)
    (entry,) = await rights.entries("export.make")
    assert (entry["by2"], entry["n"]) == (SECOND, {"messages": 1})
    assert (await rights.entries("case.step"))[-1]["what"] == "download"


async def test_a_package_dies_after_seven_days_and_with_the_next_one(road: Road) -> None:
    case = await desk(road).open(said(kind=Kind.ACCESS, proof=Proof.LOGIN))
    first = await kept(road).make(case, bytes(PART_OCTETS) + b"end", 0)
    assert len(await road.ledger.acts.of_kind(PART)) == 2
    second = await kept(road).make(case, b"another", 0)
    assert await refusal(kept(road).take(case.id, first.secret)) == "not_found"
    assert len(await road.ledger.acts.of_kind(PART)) == 1
    road.clock.advance(7 * 86_400)
    assert await refusal(kept(road).take(case.id, second.secret)) == "not_found"
    assert await kept(road).sweep() == 1
    assert await kept(road).sweep() == 0
    assert not [*await road.ledger.acts.of_kind(PART), *await road.ledger.acts.of_kind(PACKAGE)]


async def test_what_was_begun_and_never_finished_is_given_to_nobody_and_swept(road: Road) -> None:
    case = await desk(road).open(said(kind=Kind.ACCESS, proof=Proof.LOGIN))
    made = await kept(road).make(case, b"octets", 0)
    (document,) = await road.ledger.acts.of_kind(PACKAGE)
    begun = replace(msgspec.msgpack.decode(document.octets, type=Head), secret=b"")
    await road.ledger.acts.act([DocumentWrite(PACKAGE, case.id, msgspec.msgpack.encode(begun))])
    assert await refusal(kept(road).take(case.id, made.secret)) == "not_found"
    road.clock.advance(7 * 86_400)
    assert await kept(road).sweep() == 1
    assert begun.key_number not in Rights(road).on.keystore.state.customers()
    assert not await road.ledger.acts.of_kind(PART)


async def test_a_package_in_parts_is_put_together_again(road: Road) -> None:
    case = await desk(road).open(said(kind=Kind.ACCESS, proof=Proof.LOGIN))
    octets = bytes(range(256)) * 500
    made = await kept(road).make(case, octets, 0)
    assert await kept(road).take(case.id, made.secret) == octets

"""Ids and references tell nobody how much traffic there is, and parts of two messages are never joined."""

import itertools
from pathlib import Path

import pytest

from gateway.delivery.dispatch.references import ShortReferences
from gateway.model.identifiers import concat_reference, message_id
from gateway.model.message import Message
from gateway.process.clock import SystemClock
from gateway.process.tasks import TaskOwner
from gateway.retention.minimise import Minimiser
from redaction.personal import Msisdn
from redaction.retention import OTP
from redaction.sealed import Pseudonym
from tests.contract.records import NOW, a_message
from tests.unit.gateway.road import CUSTOMER, LONG, running_road
from tests.unit.gateway.stage import until


def messages(count: int, **fields: object) -> list[Message]:
    same = {"subject": Pseudonym(b"s" * 16), "segments": 3} | fields
    return [a_message(id=message_id(NOW, n * 7919, n.to_bytes(8, "big")), **same) for n in range(count)]


@pytest.mark.case("privacy-9")
async def test_octets_of_ids_do_not_count(tmp_path: Path) -> None:
    """Whoever sends twice learns nothing of what others sent in between."""
    async with running_road(tmp_path) as road:
        clock, person = SystemClock(), Msisdn("966537319440", 966)
        minimiser = Minimiser(
            vault=road.vault, policies=road.policies, clock=clock, keyring=road.keyring, contain=TaskOwner().contain
        )
        ids = [minimiser.identify(CUSTOMER, person, OTP, road.clock.now_ms())[0] for _ in range(64)]
    drawn = [int.from_bytes(each[6:8], "big") for each in ids]
    steps = [(after - before) % 65536 for before, after in itertools.pairwise(drawn)]
    assert sum(step < 256 for step in steps) < 8
    for octet in range(6, 16):
        assert len({each[octet] for each in ids}) > 32


@pytest.mark.case("privacy-9")
async def test_an_operator_sees_no_octets_of_an_id(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        ids = [await road.send(text=LONG) for _ in range(32)]
        await until(lambda: len(road.submitted) == 3 * len(ids))
        seen = {message.concat_ref for _, message, _ in road.submitted}
        short = [message.short_ref for _, message, _ in road.submitted]
    assert len({int.from_bytes(each[at : at + 2], "big") for each in ids for at in range(6, 15)} & seen) < 8
    assert len(seen) > 28
    assert len(set(short)) == len(ids)


@pytest.mark.smpp("S-38")
@pytest.mark.parametrize("count", [2, 20, 255])
def test_no_reference_comes_twice_among_those_of_a_sender_to_a_person(count: int) -> None:
    references = ShortReferences()
    given = [references.of(each, "INTERKEY", is_begun=False) for each in messages(count)]
    assert len(set(given)) == count


@pytest.mark.smpp("S-38")
def test_every_attempt_of_a_message_has_the_same_reference() -> None:
    references = ShortReferences()
    some = messages(100)
    first = [references.of(each, "INTERKEY", is_begun=False) for each in some]
    assert [references.of(each, "INTERKEY", is_begun=True) for each in some] == first


@pytest.mark.smpp("S-38")
def test_the_rest_of_a_message_goes_on_with_its_reference_after_a_restart() -> None:
    (begun,) = messages(1)
    before = ShortReferences().of(begun, "INTERKEY", is_begun=False)
    assert ShortReferences().of(begun, "INTERKEY", is_begun=True) == before == concat_reference(begun.id) & 0xFF


def test_what_is_remembered_has_a_bound() -> None:
    references = ShortReferences(limit=10)
    for number, each in enumerate(messages(300)):
        each.subject = Pseudonym(number.to_bytes(16, "big"))
        assert 0 <= references.of(each, "INTERKEY", is_begun=False) <= 0xFF
    assert (len(references._given), len(references._used)) == (10, 10)

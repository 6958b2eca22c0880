"""Records as octets: what goes in comes out."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.contract import LedgerCorrupt
from gateway.ledger.fields import FIELDS, Field, Kind
from gateway.ledger.redis.fields import STORED_FIELDS
from gateway.ledger.redis.packing import NEWEST, OLDEST, Records, pack_event, unpack_event
from gateway.model.message import Message, MessageClass, OutboxEvent, Status, is_about_message
from redaction.inventory import undeclared
from redaction.retention import RetentionTag
from redaction.sealed import Pseudonym, Sealed
from tests.contract.records import NOW, a_message, a_notice, an_event
from tests.integration.before import packing as before

times = st.integers(1, 2**45)
words = st.text(max_size=40)
octets = st.binary(min_size=1, max_size=400)


@st.composite
def messages(draw: st.DrawFn) -> Message:
    segments = draw(st.integers(1, 255))
    return Message(
        id=draw(st.binary(min_size=16, max_size=16)),
        customer=draw(st.integers(0, 2**32 - 1)),
        key_id=draw(st.integers(-(2**31), 2**31 - 1)),
        subject=Pseudonym(draw(st.binary(min_size=16, max_size=16))),
        country=draw(st.integers(0, 999)),
        last_two=draw(st.integers(0, 99)),
        message_class=draw(st.sampled_from(MessageClass)),
        tag=RetentionTag(draw(st.text("abc_", min_size=1, max_size=20))),
        status=draw(st.sampled_from(Status)),
        segments=segments,
        encoding=draw(st.sampled_from(["gsm7", "ucs2", "binary", "other"])),
        operator=draw(words),
        accepted_ms=draw(times),
        due_ms=draw(st.none() | times),
        expires_ms=draw(times),
        content_until_ms=draw(times),
        record_until_ms=draw(times),
        content=draw(st.none() | octets.map(Sealed)),
        private=draw(st.none() | octets.map(Sealed)),
        retry_unknown=draw(st.booleans()),
        attempts=draw(st.integers(0, 1_000)),
        submitted_ms=draw(st.none() | times),
        final_ms=draw(st.none() | times),
        error=draw(st.none() | words),
        operator_ids=tuple(draw(st.lists(words, max_size=5))),
        parts=draw(st.binary(min_size=segments, max_size=segments)),
        disclosure=draw(st.integers(0, 2**63 - 1)),
        notify=draw(st.integers(0, 255)),
    )


class Further(Message, kw_only=True):
    """A message of a later build, which knows two fields more."""

    route: int = 5
    left_ms: int | None = None


FURTHER = (*FIELDS, Field("route", Kind.NUMBER), Field("left_ms", Kind.TIME_OR_NONE, changes=True))


def records(number: int = OLDEST) -> Records:
    made = Records()
    made.write(number)
    return made


def later(number: int = NEWEST) -> Records:
    """As a build with two fields more packs."""
    made = Records(FURTHER, Further)
    made.write(number)
    return made


def further(message: Message, **fields: Any) -> Further:
    return Further(**(msgspec.structs.asdict(message) | fields))


@given(messages(), st.sampled_from(range(OLDEST, NEWEST + 1)))
def test_a_message_comes_out_as_it_went_in(message: Message, number: int) -> None:
    assert records().unpack_message(message.id, records(number).pack_message(message)) == message


@given(messages())
def test_a_record_of_the_oldest_format_is_what_the_version_before_reads_and_writes(message: Message) -> None:
    octets = before.pack_message(message)
    assert records().pack_message(message) == later(OLDEST).pack_message(further(message, route=7)) == octets
    assert before.unpack_message(message.id, octets) == records().unpack_message(message.id, octets) == message
    assert records().pack_state(message) == before.pack_state(message)


@given(messages())
def test_builds_with_different_fields_read_each_others_records(message: Message) -> None:
    theirs = further(message, route=7, left_ms=message.accepted_ms + 9)
    assert later().unpack_message(message.id, later().pack_message(theirs)) == theirs
    assert records().unpack_message(message.id, later().pack_message(theirs)) == message
    assert later().unpack_message(message.id, records(NEWEST).pack_message(message)) == further(message)
    assert later().unpack_message(message.id, records(OLDEST).pack_message(message)) == further(message)


def test_links_are_read_out_of_a_state_with_further_fields() -> None:
    message = further(a_message(operator="stc", operator_ids=("a", "", "c"), segments=3, parts=bytes(3)), left_ms=NOW)
    assert records().unpack_links(later().pack_state(message)) == [("stc", "a"), ("stc", "c")]


def test_a_record_of_a_newer_format_is_not_guessed_at() -> None:
    record = bytearray(records(NEWEST).pack_message(a_message()))
    assert record[0] == 128 + NEWEST
    record[0] += 1
    with pytest.raises(LedgerCorrupt, match=f"format {NEWEST + 1}"):
        records().unpack_message(bytes(16), bytes(record))


def test_the_first_format_holds_what_it_always_held() -> None:
    assert " ".join(each.name for each in FIELDS if each.since == OLDEST) == before.FIELDS


@given(st.integers(0, 2**53), times, times, st.integers(0, 65_535), st.sampled_from(Status), st.integers(0, 99))
def test_an_event_comes_out_as_it_went_in(
    seq: int, at_ms: int, next_ms: int, attempts: int, status: Status, esme: int
) -> None:
    event = an_event(a_message(), at_ms=at_ms, next_ms=next_ms, attempts=attempts, status=status, seq=seq, esme=esme)
    assert isinstance(event, OutboxEvent)
    assert unpack_event(seq.to_bytes(8, "big") + pack_event(event), esme) == event


def test_links_are_those_that_the_state_names() -> None:
    record = records().pack_message(a_message(operator="stc", operator_ids=("a", "", "c"), segments=3, parts=bytes(3)))
    state_bytes = int.from_bytes(record[25:27], "big")
    assert records().unpack_links(record[31 : 31 + state_bytes]) == [("stc", "a"), ("stc", "c")]


def test_a_usual_record_is_small() -> None:
    content = Sealed(bytes(286))
    message = a_message(operator="stc", operator_ids=("1f03a9c2",), content=content, private=None, submitted_ms=1)
    for number in range(OLDEST, NEWEST + 1):
        assert len(records(number).pack_message(message)) - len(content) < 110


def test_every_stored_field_is_one_of_a_message_and_in_the_inventory() -> None:
    stored = {each.removeprefix("message.") for each in STORED_FIELDS if each.startswith("message.")}
    assert stored == {*Message.__struct_fields__} - {"message_class", "warnings"} | {"class"}
    assert not undeclared(STORED_FIELDS)


def test_an_event_of_another_kind_comes_out_as_it_went_in_and_may_grow() -> None:
    notice = a_notice(seq=7, data=b'{"size":41}', attempts=2)
    member = notice.seq.to_bytes(8, "big") + pack_event(notice)
    assert unpack_event(member, 0) == notice
    kind, grown = msgspec.msgpack.encode([notice.kind, notice.data]), [notice.kind, notice.data, "what comes later"]
    assert unpack_event(member.replace(kind, msgspec.msgpack.encode(grown)), 0) == notice
    assert not is_about_message(unpack_event(member, 0))


def test_an_event_of_a_status_is_what_the_version_before_reads_and_writes() -> None:
    event = an_event(a_message(), seq=9)
    assert pack_event(event) == before.pack_event(event)
    assert before.unpack_event(event.seq.to_bytes(8, "big") + pack_event(event), 0) == event

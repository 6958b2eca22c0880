"""A record's own tag: what it is over, under which key, and when there must be one."""

from copy import copy
from hashlib import blake2s
from itertools import count
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from gateway.keystore.record_tags import (
    PURPOSE,
    YEAR_MS,
    RecordTags,
    Verdict,
    dead_years,
    lacking_years,
    make_year,
)
from gateway.model.message import Message, Status, message_id, unreadable
from redaction.keys import PLATFORM, KeyState
from redaction.retention import DEFAULT_RULES
from tests.contract.records import NOW, a_message, submitted

RIGHT, NONE, WRONG = Verdict.RIGHT, Verdict.NONE, Verdict.WRONG
YEAR = NOW // YEAR_MS
LONGEST_MS = max(rule.record_s for rule in DEFAULT_RULES.values()) * 1000


def a_state(*years: int, since_ms: int = NOW - 10, first: int = 1) -> KeyState:
    """With keys of these years."""
    state, drawn = KeyState(), count(first)
    for year in years:
        make_year(state, year, lambda size: next(drawn).to_bytes(size, "big"), since_ms)
    return state


def tags_of(state: KeyState, now_ms: int = NOW) -> RecordTags:
    tags = RecordTags(lambda: now_ms)
    tags.take(state)
    return tags


@pytest.fixture
def tags() -> RecordTags:
    return tags_of(a_state(YEAR, YEAR + 1))


def tagged(tags: RecordTags, **fields: Any) -> Message:
    message = a_message(**fields)
    message.record_tag = tags.tag(message)
    return message


def test_a_tag_is_what_is_written_down(tags: RecordTags) -> None:
    """docs/sealed-format.md."""
    message = a_message()
    submitted(message, "one", "")
    fields = (
        message.id, message.subject, 966, 78, 1, "transactional", 2, 1, "gsm7", "stc", NOW, NOW + 24 * 3_600_000,
        NOW + 3 * 24 * 3_600_000, NOW + 90 * 24 * 3_600_000, 1, True, NOW + 100, None, "", "one\x1f", b"\1", 31, 3, 0,
    )  # fmt: skip
    octets = (7).to_bytes(8, "big") + msgspec.msgpack.encode(fields)
    key = (1).to_bytes(32, "big")
    assert tags.tag(message) == blake2s(octets, key=key, person=b"cgw tag", digest_size=8).digest()


def test_a_tag_is_of_its_id_its_customer_and_its_installation(tags: RecordTags) -> None:
    message = tagged(tags)
    assert tags.check(message) is RIGHT
    assert tags.check(replace(message, id=message_id(NOW, 5, b"\7" * 8))) is WRONG
    assert tags.check(replace(message, customer=8)) is WRONG
    other = tags_of(a_state(YEAR, first=7))
    assert other.check(message) is WRONG
    assert len(message.record_tag) == 8


def test_what_engines_change_of_themselves_is_outside(tags: RecordTags) -> None:
    message = tagged(tags)
    assert tags.check(replace(message, content=None, private=None, due_ms=None)) is RIGHT
    assert tags.check(replace(message, error="")) is RIGHT  # as one engine gives back what has none


def test_words_do_not_run_into_each_other(tags: RecordTags) -> None:
    message = tagged(tags, operator="stc", encoding="gsm7", operator_ids=("a", "b"))
    assert tags.check(replace(message, operator="stcg", encoding="sm7")) is WRONG
    assert tags.check(replace(message, operator_ids=("a", "", "b"))) is WRONG


def test_records_of_two_years_have_the_keys_of_theirs() -> None:
    next_ms = (YEAR + 1) * YEAR_MS
    both, later = tags_of(a_state(YEAR, YEAR + 1), next_ms), tags_of(a_state(YEAR + 1, first=2), next_ms)
    first, second = (tagged(both, id=message_id(at_ms, 1, b"\7" * 8)) for at_ms in (next_ms - 1, next_ms))
    assert [both.check(each) for each in (first, second)] == [RIGHT, RIGHT]
    assert [later.check(each) for each in (first, second)] == [NONE, RIGHT]


def test_only_ids_that_are_younger_than_their_key_must_have_one(tags: RecordTags) -> None:
    for at_ms, verdict in ((NOW - 11, NONE), (NOW - 10, NONE), (NOW - 9, WRONG)):
        assert tags.check(a_message(id=message_id(at_ms, 1, b"\7" * 8))) is verdict
    remade = tags_of(a_state(YEAR, since_ms=NOW + 5, first=9))  # the key store was lost, and another brought back
    assert remade.check(tagged(tags)) is NONE


def test_an_id_from_a_year_to_come_is_nobodys(tags: RecordTags) -> None:
    assert tags.check(a_message(id=message_id(NOW + 2 * YEAR_MS, 1, b"\7" * 8))) is WRONG


def test_a_year_that_has_come_without_a_key_has_no_tags() -> None:
    """A clock that was two years behind was set right, and another node has not made the key yet."""
    at_ms = NOW + 2 * YEAR_MS
    tags = RecordTags(lambda: at_ms)
    tags.take(a_state(YEAR, YEAR + 1))
    message = tagged(tags, id=message_id(at_ms, 1, b"\7" * 8))
    assert (message.record_tag, tags.check(message)) == (b"", NONE)
    tags.take(a_state(YEAR, YEAR + 1, YEAR + 2, since_ms=at_ms + 20_000))
    assert tags.check(message) is NONE


def test_a_row_that_cannot_be_read_is_wrong_however_old() -> None:
    for tags in (RecordTags(lambda: NOW), tags_of(a_state(YEAR)), tags_of(a_state(YEAR, since_ms=NOW + 1))):
        assert tags.check(unreadable(a_message().id)) is WRONG
        assert tags.check(unreadable(b"")) is WRONG
    spoiled: Any = {"customer": "7", "status": 3, "operator_ids": None}
    tags = tags_of(a_state(YEAR))
    for name, value in spoiled.items():
        assert tags.check(replace(tagged(tags), **{name: value})) is WRONG


def test_without_keys_there_are_no_tags_and_nothing_is_wrong() -> None:
    tags = RecordTags(lambda: NOW)
    assert tags.tag(a_message()) == b""
    assert tags.check(a_message()) is NONE
    assert not tags.are_made


def test_keys_stay_while_the_key_store_is_away() -> None:
    state = a_state(YEAR)
    tags = tags_of(state)
    message = tagged(tags)
    state.withhold()
    tags.take(state)
    assert tags.check(message) is RIGHT
    message.status = Status.DELIVERED
    message.record_tag = tags.tag(message)
    assert tags.check(message) is RIGHT


def test_a_year_has_its_key_before_it_begins_and_until_its_records_are_gone() -> None:
    state = a_state()
    assert lacking_years(state, NOW) == [YEAR, YEAR + 1]
    state = a_state(YEAR, YEAR + 1)
    assert lacking_years(state, NOW) == []
    assert lacking_years(state, NOW + YEAR_MS) == [YEAR + 2]
    rules = tuple(DEFAULT_RULES.values())
    dead_ms = (YEAR + 3) * YEAR_MS + LONGEST_MS
    assert dead_years(state, rules, dead_ms - 1) == []
    assert dead_years(state, rules, dead_ms) == [YEAR]


def test_new_keys_are_taken_and_dead_ones_forgotten() -> None:
    state = a_state(YEAR)
    tags = tags_of(state)
    message = tagged(tags)
    make_year(state, YEAR + 1, lambda size: b"\5" * size, NOW)
    tags.take(state)
    assert tags.check(message) is RIGHT
    later = tagged(tags, id=message_id(NOW + YEAR_MS, 1, b"\7" * 8))
    assert later.record_tag
    state.drop_epoch(PLATFORM, PURPOSE, YEAR)
    tags.take(state)
    assert (tags.check(copy(message)), tags.check(later)) == (NONE, RIGHT)

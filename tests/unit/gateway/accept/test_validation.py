"""What a request must be: one table of refusals, and what comes of what is taken."""

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from config.settings import MessageSettings
from gateway.accept.request import MessageRequest
from gateway.accept.validation import TAG_OF, Validator, parse_time
from gateway.accounts.customers import ApiKey
from gateway.model.message import MessageClass
from gateway.model.refusals import KINDS, Refusal
from gateway.model.submission import Submission
from operators.smpp.segments import plan
from redaction.personal import Purpose
from tests.unit.gateway.road import a_request, an_api_key

NOW_MS = 1_800_000_000_000  # 2027-01-15T08:00:00Z
VALIDATOR = Validator(MessageSettings(), plan, lambda url: url.startswith("https://"))
URL = "https://example.sa/"


def check(key: ApiKey | None = None, **changes: Any) -> Submission:
    return VALIDATOR.check(key or an_api_key(), a_request(**changes), NOW_MS)


REFUSALS = [
    ({"to": ""}, "empty_field", "to"),
    ({"to": "12"}, "invalid_number", "to"),
    ({"to": "++966500000078"}, "invalid_number", "to"),
    ({"to": "+966+500000078"}, "invalid_number", "to"),
    ({"to": "+966" + "5" * 40}, "invalid_number", "to"),
    ({"source": ""}, "empty_field", "from"),
    ({"source": "ab"}, "invalid_sender", "from"),
    ({"source": "twelve chars"}, "invalid_sender", "from"),
    ({"source": "a\nb"}, "invalid_sender", "from"),
    ({"source": "متجر"}, "invalid_sender", "from"),
    ({"source": "STRANGER"}, "sender_not_registered", "from"),
    ({"source": "interkey"}, "sender_not_registered", "from"),
    ({"text": ""}, "empty_field", "text"),
    ({"text": " "}, "empty_field", "text"),
    ({"text": " \t\r\n"}, "empty_field", "text"),
    ({"text": "\u200b"}, "empty_field", "text"),
    ({"text": "\u00a0\u3000\u2003"}, "empty_field", "text"),
    ({"text": "\ufeff\u200e\u2066 \u2060"}, "empty_field", "text"),
    ({"text": "\u2800\u3164"}, "empty_field", "text"),
    ({"text": "a\0b"}, "forbidden_character", "text"),
    ({"text": "a\ud800b"}, "forbidden_character", "text"),
    ({"text": "x" * 4_097}, "text_too_long", "text"),
    ({"text": "x" * 1_531}, "text_too_long", "text"),
    ({"text": "س" * 671}, "text_too_long", "text"),
    ({"message_class": "spam"}, "invalid_class", "class"),
    ({"message_class": "OTP"}, "invalid_class", "class"),
    ({"message_class": ""}, "invalid_class", "class"),
    ({"message_class": "promotional"}, "class_not_granted", "class"),
    ({"validity": 0}, "invalid_validity", "validity"),
    ({"validity": -1}, "invalid_validity", "validity"),
    ({"validity": 172_801}, "invalid_validity", "validity"),
    ({"schedule_at": ""}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "tomorrow"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-01-15T08:00:00"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-02-30T08:00:00Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "9999-12-31T23:59:59-23:59"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "9999-12-31T23:00:00-01:30"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "9999-12-31T23:59:60Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "9999-12-31T23:59:59.9999Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "0001-01-01T00:00:00+03:00"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "0001-01-01T00:00:00.000+00:01"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-02-14T08:00:01Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "٢٠٢٧-01-15T08:00:00Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-W02-5T09:00:00Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-W02-5T09:00:00+03:00"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "20270115T090000+0300"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-01-15T12:00:00+03"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-01-15T12:00:00+0300"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-01-15T12:00:00+03:00:00"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-01-15T09:00:00,5Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-01-15T09:00.5Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-01-15T09Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-01-15T24:00:00Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-015T09:00:00Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-01-15T09:00:00Z\n"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2027-01-15T07:54:59Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "1448-09-01T21:00:00+03:00"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "1970-01-01T00:00:00Z"}, "invalid_schedule", "schedule_at"),
    ({"schedule_at": "2026-01-15T09:00:00Z"}, "invalid_schedule", "schedule_at"),
    ({"retention": "otp"}, "invalid_retention", "retention"),
    ({"retention": ""}, "invalid_retention", "retention"),
    ({"reference": ""}, "empty_field", "reference"),
    ({"reference": "x" * 256}, "field_too_long", "reference"),
    ({"reference": "a\x7fb"}, "forbidden_character", "reference"),
    ({"callback_url": "http://example.sa/"}, "invalid_url", "callback_url"),
    ({"callback_url": ""}, "invalid_url", "callback_url"),
    ({"callback_url": URL + "x" * 2_048}, "invalid_url", "callback_url"),
]


@pytest.mark.case("interfaces-22")
@pytest.mark.case("texts-11")
@pytest.mark.case("texts-12")
@pytest.mark.case("texts-15")
@pytest.mark.parametrize(("changes", "code", "field"), REFUSALS)
def test_a_request_that_cannot_be_carried_is_refused_by_code_and_field(
    changes: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        check(**changes)
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"text": "x" * 1_530}, "ten segments"),
        ({"text": "س" * 670}, "ten segments in Arabic"),
        ({"text": "line\r\nline\tand page\f"}, "usual white space"),
        ({"validity": 1}, "the shortest validity"),
        ({"validity": 172_800}, "the longest validity"),
        ({"schedule_at": "2027-02-14T08:00:00Z"}, "the latest schedule"),
        ({"reference": "x" * 255}, "the longest reference"),
        ({"callback_url": URL + "x" * (2_048 - len(URL))}, "the longest URL"),
    ],
)
def test_what_just_fits_is_taken(changes: dict[str, Any], what: str) -> None:
    assert check(**changes), what


def test_a_plain_request_becomes_a_typed_submission() -> None:
    taken = check(text="hello", reference="order 1", callback_url=URL, flash=True)
    assert taken.to.reveal(Purpose.ACCEPT) == "966500000078"
    assert (taken.source, taken.text.reveal(Purpose.ACCEPT)) == ("INTERKEY", "hello")
    assert (taken.segments, taken.encoding, taken.validity_s) == (1, "gsm7", 86_400)
    assert (taken.flash, taken.receipt, taken.schedule_at_ms) == (True, True, None)


def test_a_submission_shows_nothing_when_it_is_printed() -> None:
    shown = repr(check(text="between us", reference="order 1", callback_url=URL))
    assert not any(value in shown for value in ("between us", "order 1", "example.sa", "500000078"))


# --------------------------------------------------------------------------------------------------------------- class


def test_a_text_that_reads_like_a_code_is_a_code_where_no_class_is_named() -> None:
    assert check(message_class=UNSET, text="Your code is 4711").message_class is MessageClass.OTP
    assert check(message_class=UNSET, text="hello").message_class is MessageClass.TRANSACTIONAL


GUESSED = "Your login code is 4711"


@pytest.mark.case("interfaces-8")
@pytest.mark.parametrize(
    ("key", "asked"),
    [
        ({}, {"validity": 86_400}),
        ({}, {"validity": 601}),
        ({}, {"schedule_at": "2027-01-16T08:00:00Z"}),
        ({"classes": frozenset({MessageClass.TRANSACTIONAL})}, {}),
        ({"senders": {"INTERKEY": ("transactional",)}}, {}),
    ],
)
def test_what_a_customer_says_or_may_do_wins_over_a_guess(key: dict[str, Any], asked: dict[str, Any]) -> None:
    taken = check(an_api_key(**key), message_class=UNSET, text=GUESSED, **asked)
    assert (taken.message_class, taken.tag) == (MessageClass.TRANSACTIONAL, "transactional")
    assert taken.validity_s == asked.get("validity", 86_400)


def test_a_guess_stands_where_it_takes_nothing() -> None:
    taken = check(message_class=UNSET, text=GUESSED, validity=300)
    assert (taken.message_class, taken.validity_s) == (MessageClass.OTP, 300)


def test_the_customers_default_class_is_used() -> None:
    key = an_api_key(default_class="awareness")
    assert check(key, message_class=UNSET, text="hello").message_class is MessageClass.AWARENESS


def test_a_key_sends_what_it_was_granted_and_nothing_else() -> None:
    key = an_api_key(classes=frozenset({MessageClass.PROMOTIONAL}))
    assert check(key, message_class="promotional").message_class is MessageClass.PROMOTIONAL
    with pytest.raises(Refusal, match="class_not_granted"):
        check(key, message_class="transactional")


def test_a_sender_carries_only_its_classes() -> None:
    key = an_api_key(senders={"ALERTS": ("warning",)})
    assert check(key, source="ALERTS", message_class="warning").source == "ALERTS"
    with pytest.raises(Refusal, match="sender_not_registered"):
        check(key, source="ALERTS", message_class="transactional")


@pytest.mark.case("interfaces-15")
def test_a_callback_url_needs_an_endpoint_whose_secret_signs() -> None:
    judge = Validator(MessageSettings(), plan, lambda url: True, lambda customer: customer != 1)
    with pytest.raises(Refusal) as refused:
        judge.check(an_api_key(), a_request(callback_url=URL), NOW_MS)
    assert (refused.value.code, refused.value.field) == ("callback_without_endpoint", "callback_url")
    assert judge.check(an_api_key(), a_request(), NOW_MS)
    assert judge.check(an_api_key(customer_id=2), a_request(callback_url=URL), NOW_MS).callback_url is not None


@pytest.mark.case("interfaces-9")
@pytest.mark.parametrize("spelled", ["966500000001", "+966500000001", "00966500000001"])
def test_a_number_that_is_registered_is_a_sender_however_it_is_written(spelled: str) -> None:
    key = an_api_key(senders={"966500000001": ()})
    assert check(key, source=spelled).source == "966500000001"
    with pytest.raises(Refusal, match="sender_not_registered"):
        check(key, source=spelled[:-1] + "2")


@pytest.mark.policy("P-21")
@pytest.mark.parametrize("message_class", [each for each in MessageClass if each is not MessageClass.PROMOTIONAL])
def test_the_class_decides_the_tag_unless_the_customer_wants_less(message_class: MessageClass) -> None:
    assert check(message_class=message_class.value).tag == TAG_OF[message_class]
    assert check(message_class=message_class.value, retention="discard").tag == "discard"


def test_a_code_is_valid_for_a_shorter_time() -> None:
    assert check(message_class="otp").validity_s == 600
    assert check(message_class="otp", validity=60).validity_s == 60


# ---------------------------------------------------------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("raw", "offset_s"),
    [
        ("2027-01-15T08:01:00Z", 60),
        ("2027-01-15T11:01:00+03:00", 60),
        ("2027-01-15t08:01:00z", 60),
        ("2027-01-15 08:01:00Z", 60),
        ("2027-01-15T08:01:00.250Z", 60.25),
        ("2027-01-15T07:59:00Z", 0),
        ("2027-01-15T07:55:00Z", 0),
        ("2027-01-15T10:00Z", 7_200),
        ("2027-01-15T13:00+03:00", 7_200),
        ("2027-01-15T10:00:00.123456789Z", 7_200.123),
        ("2027-01-15T23:59:60Z", 16 * 3_600),
        ("2027-01-15T08:01:00-00:00", 60),
    ],
)
@pytest.mark.case("interfaces-22")
@pytest.mark.case("texts-12")
def test_a_schedule_is_a_moment_and_one_just_past_is_now(raw: str, offset_s: float) -> None:
    assert check(schedule_at=raw).schedule_at_ms == NOW_MS + offset_s * 1000


@given(st.text(max_size=40) | st.from_regex(r"\A[0-9+:TZ. -]{17,40}\Z"))
def test_no_text_breaks_the_reading_of_times(raw: str) -> None:
    assert parse_time(raw) is None or raw.isascii()


@given(st.integers(0, 9_999_999_999_999))
def test_a_time_written_as_rfc_3339_is_read_exactly(at_ms: int) -> None:
    moment = datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000)
    assert parse_time(moment.isoformat()) == at_ms


@given(st.builds(MessageRequest, to=st.text(max_size=20), source=st.text(max_size=12), text=st.text(max_size=20)))
def test_whatever_comes_is_taken_or_refused(request: MessageRequest) -> None:
    with contextlib.suppress(Refusal):
        VALIDATOR.check(an_api_key(), request, NOW_MS)


@pytest.mark.parametrize("code", sorted({code for _, code, _ in REFUSALS}))
def test_every_refusal_has_its_row_in_the_table_of_errors(code: str) -> None:
    assert code in KINDS


@pytest.mark.parametrize(
    ("plain", "text", "sent", "encoding"),
    [
        (True, "“Hello” – it’s…", '"Hello" - it\'s...', "gsm7"),
        (False, "“Hello” – it’s…", "“Hello” – it’s…", "ucs2"),
        (True, "“مرحبا” – …", "“مرحبا” – …", "ucs2"),
    ],
)
def test_typographic_characters_become_plain_where_a_customer_wants_it_and_gains_by_it(
    plain: bool, text: str, sent: str, encoding: str
) -> None:
    submission = check(an_api_key(plain_punctuation=plain), text=text)
    assert (submission.text.reveal(Purpose.ACCEPT), submission.encoding) == (sent, encoding)


@pytest.mark.case("smpp-20")
@pytest.mark.smpp("S-59")
def test_a_byte_order_mark_is_no_part_of_a_text() -> None:
    for said, text in (("\ufeffhello", "hello"), ("\ufeffمرحبا", "مرحبا"), ("a\ufeffb", "a\ufeffb")):
        assert check(text=said).text.reveal(Purpose.DELIVER) == text

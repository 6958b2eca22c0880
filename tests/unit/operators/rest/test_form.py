"""The form of messages and answers over HTTP: what leaves, and what is understood."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.operators import RestCallback, RestFields, RestSettings, RestSuccess
from operators.base import Accepted, DeferReason, Deferred, MtMessage, Refused, Unknown, UnknownReason
from operators.rest.answer import Answer, Flaw
from operators.rest.form import AnswerForm, MessageForm, reference_of
from operators.rest.reading import find_in
from redaction.personal import MessageText, Msisdn

ALL = RestFields(receipt="dlr", validity="ttl", reference="ref", flash="class0")


def said(fields: RestFields = ALL, constants: tuple[str, ...] = (), **more: Any) -> Any:
    form = MessageForm(RestSettings(fields=fields, constants=constants), {})
    base: dict[str, Any] = {"source": "INTERKEY", "validity_s": 60}
    message = MtMessage(token=0, destination=Msisdn("966512345678", 966), text=MessageText("نص"), **(base | more))
    return json.loads(form.body(message, "fresh"))


@pytest.mark.policy("P-16")
def test_a_message_is_the_fields_that_have_a_name_and_no_more() -> None:
    three = {"to": "+966512345678", "from": "INTERKEY", "text": "نص"}
    assert said(RestFields()) == three
    assert said() == {**three, "dlr": True, "ttl": 60, "ref": "fresh", "class0": False}
    assert said(RestFields(source=None)) == {"to": "+966512345678", "text": "نص"}


def test_constants_are_in_every_message_and_never_displace_a_field() -> None:
    assert said(RestFields(), ("channel=sms", "note=a=b", "to=nobody"))["to"] == "+966512345678"
    assert said(RestFields(), ("channel=sms", "note=a=b"))["note"] == "a=b"


def test_what_the_contract_took_away_is_absent() -> None:
    assert said(source="", validity_s=None, receipt=False) == {
        "to": "+966512345678", "text": "نص", "dlr": False, "ref": "fresh", "class0": False
    }  # fmt: skip


def test_a_personal_number_as_sender_has_its_plus() -> None:
    assert said(source=Msisdn("966512345679", 966))["from"] == "+966512345679"


NOW_MS = 1_792_567_680_000  # Wed, 21 Oct 2026 07:28:00 GMT


def answer(status: int, body: bytes = b"", flaw: Flaw | None = None, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, body, flaw, True)


FORM = AnswerForm(RestSettings(id="data.0.id"))


@pytest.mark.parametrize(
    ("status", "body", "retry_after", "result"),
    [
        (200, b'{"data": [{"id": "a-1"}]}', None, Accepted("a-1")),
        (202, b'{"data": [{"id": 17}]}', None, Accepted("17")),
        (201, b'{"data": []}', None, Accepted("")),
        (204, b"", None, Accepted("")),
        (200, b"<html>", None, Accepted("")),
        (200, b'{"data": [{"id": "' + b"x" * 255 + b'"}]}', None, Accepted("x" * 255)),
        (200, b'{"data": [{"id": "' + b"x" * 256 + b'"}]}', None, Accepted("")),
        (200, b'{"data": [{"id": true}]}', None, Accepted("")),
        (429, b"", "7", Deferred(DeferReason.THROTTLED, 429, 7.0)),
        (429, b"", "999999", Deferred(DeferReason.THROTTLED, 429, 300.0)),
        (503, b"", None, Deferred(DeferReason.QUEUE_FULL, 503, 1.0)),
        (401, b"", None, Deferred(DeferReason.TRANSIENT, 401, 1.0)),
        (505, b"", None, Deferred(DeferReason.TRANSIENT, 505, 1.0)),
        (500, b"", None, Unknown(UnknownReason.TIMEOUT)),
        (504, b"", None, Unknown(UnknownReason.TIMEOUT)),
        (400, b"", None, Refused(400)),
        (422, b'{"data": [{"id": "a-1"}]}', None, Refused(422)),
    ],
)
def test_an_answer_means(status: int, body: bytes, retry_after: str | None, result: object) -> None:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    assert FORM.result(answer(status, body, headers=headers), NOW_MS) == result


@pytest.mark.case("nodes-5")
@pytest.mark.parametrize(
    "status", [101, 301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 407, 410, 418, 421, 501, 530]
)
def test_a_status_that_is_not_of_the_message_is_a_fault_of_the_link(status: int) -> None:
    assert FORM.result(answer(status), NOW_MS) == Deferred(DeferReason.TRANSIENT, status, 1.0)


@pytest.mark.case("nodes-5")
def test_the_statuses_that_refuse_a_message_are_those_that_are_listed() -> None:
    assert [FORM.result(answer(each), NOW_MS) for each in (400, 422, 451)] == [Refused(400), Refused(422), Refused(451)]
    form = AnswerForm(RestSettings(refused_statuses=(404, 503)))
    assert [form.result(answer(each), NOW_MS) for each in (404, 503)] == [Refused(404), Refused(503)]
    assert form.result(answer(400), NOW_MS) == Deferred(DeferReason.TRANSIENT, 400, 1.0)


@pytest.mark.case("nodes-9")
@pytest.mark.parametrize(
    ("retry_after", "date", "wait_s"),
    [
        ("Wed, 21 Oct 2026 07:28:30 GMT", None, 30.0),
        ("Wed, 21 Oct 2026 07:28:30 GMT", "Wed, 21 Oct 2026 07:28:20 GMT", 10.0),  # its clock is not ours
        ("Wednesday, 21-Oct-26 07:28:30 GMT", None, 30.0),
        ("Wed Oct 21 07:28:30 2026", None, 30.0),
        ("Wed, 21 Oct 2026 07:00:00 GMT", None, 1.0),
        ("Wed, 21 Oct 2099 07:00:00 GMT", None, 300.0),
        ("Wed, 99 Oct 2026 07:28:30 GMT", None, 1.0),
        ("9" * 500, None, 300.0),
        ("soon", None, 1.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(retry_after: str, date: str | None, wait_s: float) -> None:
    headers = {"retry-after": retry_after, **({} if date is None else {"date": date})}
    assert FORM.result(answer(429, headers=headers), NOW_MS) == Deferred(DeferReason.THROTTLED, 429, wait_s)


@pytest.mark.case("nodes-9")
@pytest.mark.parametrize(
    ("written", "read"),
    [("17.0", "17"), ("17.50", "17.50"), ("1e3", "1000"), ("-0.0", "0"), ("9" * 40, "9" * 40),
     ("12345678901234567890.0", "12345678901234567890"), ("1e999999999", ""), ("1e99999999999999999999", "")],
)  # fmt: skip
def test_an_id_that_is_a_number_is_its_digits(written: str, read: str) -> None:
    assert FORM.result(answer(200, b'{"data": [{"id": %s}]}' % written.encode()), NOW_MS) == Accepted(read)


@pytest.mark.case("nodes-3")
def test_a_conflict_is_a_refusal_unless_an_earlier_attempt_may_have_been_taken() -> None:
    body = b'{"data": [{"id": "a-1"}]}'
    assert FORM.result(answer(409, body), NOW_MS) == Refused(409)
    assert FORM.result(answer(409, body), NOW_MS, doubtful=True) == Accepted("a-1")
    assert FORM.result(answer(409), NOW_MS, doubtful=True) == Accepted("")
    assert FORM.result(answer(400, body), NOW_MS, doubtful=True) == Refused(400)


@pytest.mark.case("nodes-3")
def test_a_reference_is_the_message_s_and_not_its_id() -> None:
    first, second = bytes(range(16)), bytes(range(1, 17))
    assert reference_of(first) == reference_of(first) != reference_of(second)
    assert first.hex() not in str(reference_of(first))
    assert reference_of(b"") is None


@pytest.mark.case("nodes-8")
def test_what_has_no_id_is_known_by_our_reference_where_receipts_name_it() -> None:
    form = AnswerForm(RestSettings(callback=RestCallback(reference="ref")))
    assert form.result(answer(200), NOW_MS, reference="fresh") == Accepted("fresh")
    assert form.result(answer(200, b'{"id": 1}'), NOW_MS, reference="fresh") == Accepted("1")
    assert form.result(answer(500), NOW_MS, reference="fresh") == Unknown(UnknownReason.TIMEOUT, "fresh")
    assert form.result(answer(409), NOW_MS, doubtful=True, reference="fresh") == Accepted("fresh")
    assert FORM.result(answer(500), NOW_MS, reference="fresh") == Unknown(UnknownReason.TIMEOUT)


TAKEN, TRIED_AGAIN, REFUSED = Accepted("1"), Deferred(DeferReason.TRANSIENT, 200, 1.0), Refused(422)
BY_WORD = RestSuccess(path="status", words=("OK", "0"), refused=("rejected", "-3"))
BY_ID = RestSuccess(path="id")
BY_ERROR = RestSuccess(path="id", refused=("invalid_number", "17"), refused_path="error.code")


@pytest.mark.case("nodes-4")
@pytest.mark.parametrize(
    ("rule", "body", "result"),
    [
        (BY_WORD, b'{"id": 1, "status": "ok"}', TAKEN),
        (BY_WORD, b'{"id": 1, "status": 0}', TAKEN),
        (BY_WORD, b'{"id": 1, "status": 0.0}', TAKEN),
        (BY_WORD, b'{"id": 1, "status": " Rejected"}', REFUSED),
        (BY_WORD, b'{"id": 1, "status": -3}', REFUSED),
        (BY_WORD, b'{"id": 1, "status": "later"}', TRIED_AGAIN),
        (BY_WORD, b'{"id": 1}', TRIED_AGAIN),
        (BY_ID, b'{"id": 1}', TAKEN),
        (BY_ID, b"{}", TRIED_AGAIN),
        (BY_ID, b"", TRIED_AGAIN),
        (BY_ID, b'{"id": ""}', TRIED_AGAIN),
        (BY_ID, b'{"id": null, "error": "no credit"}', TRIED_AGAIN),
        (BY_ID, b"<html>maintenance</html>", TRIED_AGAIN),
        (BY_ID, b"<response><id>1</id></response>", TRIED_AGAIN),
        (BY_ERROR, b'{"error": {"code": "invalid_number"}}', REFUSED),
        (BY_ERROR, b'{"error": {"code": 17}}', REFUSED),
        (BY_ERROR, b'{"error": {"code": "overload"}}', TRIED_AGAIN),
        (RestSuccess(path="ok", words=("true",)), b'{"id": 1, "ok": true}', TAKEN),
        (RestSuccess(path="ok", words=("true",)), b'{"id": 1, "ok": false}', TRIED_AGAIN),
        (RestSuccess(path="0.code", words=("1701",)), b'[{"code": "1701"}]', Accepted("")),
        (RestSuccess(refused=("rejected",), refused_path="status"), b'{"status": "rejected"}', REFUSED),
        (RestSuccess(refused=("rejected",), refused_path="status"), b'{"id": 1}', TAKEN),
        (RestSuccess(), b'{"error": "x"}', Accepted("")),
    ],
)
def test_a_rule_says_what_a_success_is(rule: RestSuccess, body: bytes, result: object) -> None:
    assert AnswerForm(RestSettings(success=rule)).result(answer(200, body), NOW_MS) == result


@pytest.mark.case("nodes-4")
def test_a_success_that_cannot_be_read_whole_is_taken_whatever_the_rule() -> None:
    form = AnswerForm(RestSettings(success=BY_WORD))
    assert form.result(answer(200, b'{"sta', Flaw.BODY), NOW_MS) == Accepted("")
    assert form.result(answer(200, b'{"status": "rejected"}', Flaw.BODY), NOW_MS) == Refused(422)


BY_TEXT = RestSettings(
    answer_pattern=r"^(?P<status>\w+)(?:[:|]\s*(?P<id>[\w-]+))?",
    success=RestSuccess(path="status", words=("OK", "1701")),
)
BY_XML = RestSettings(answer_pattern="<id>(?P<id>[^<]+)</id>", success=RestSuccess(path="id"))


@pytest.mark.case("nodes-4")
@pytest.mark.case("nodes-15")
@pytest.mark.parametrize(
    ("settings", "body", "result"),
    [
        (BY_TEXT, b"OK: 1234-ab", Accepted("1234-ab")),
        (BY_TEXT, b"\xef\xbb\xbfok|7\r\n", Accepted("7")),
        (BY_TEXT, b"1701", Accepted("")),
        (BY_TEXT, b"ERROR: no credit", TRIED_AGAIN),
        (BY_TEXT, b"<html>", TRIED_AGAIN),
        (BY_TEXT, b'{"status": "ok", "id": "j-1"}', Accepted("j-1")),
        (BY_XML, b"<?xml version='1.0'?><r>\n <id>x-1</id></r>", Accepted("x-1")),
        (BY_XML, b"<r><error>17</error></r>", TRIED_AGAIN),
    ],
)
def test_an_answer_in_text_is_read_by_a_pattern(settings: RestSettings, body: bytes, result: object) -> None:
    assert AnswerForm(settings).result(answer(200, body), NOW_MS) == result


@pytest.mark.case("nodes-15")
def test_a_message_goes_as_a_form_with_the_same_fields() -> None:
    form = MessageForm(RestSettings(body="form", fields=ALL, constants=("channel=a b",)), {"apikey": "k&y"})
    message = MtMessage(token=0, source="INTERKEY", destination=Msisdn("966512345678", 966), text=MessageText("نص &=+"))
    assert parse_qsl(form.body(message, "fresh").decode()) == [
        ("channel", "a b"), ("apikey", "k&y"), ("to", "+966512345678"), ("from", "INTERKEY"), ("text", "نص &=+"),
        ("dlr", "true"), ("ref", "fresh"), ("class0", "false"),
    ]  # fmt: skip


@given(st.binary(max_size=200), st.integers(100, 599))
def test_nothing_that_a_peer_sends_breaks_the_reading(body: bytes, status: int) -> None:
    text = body.decode("latin-1")
    FORM.result(answer(status, body, headers={"retry-after": text, "date": text}), NOW_MS)


def test_a_path_leads_through_objects_and_lists() -> None:
    tree = {"a": [{"b": 1}], "c": {"d": None}}
    assert find_in(tree, "a.0.b") == 1
    assert find_in({"a.0.b": 2, **tree}, "a.0.b") == 2
    assert [find_in(tree, path) for path in ("a.1.b", "a.x", "c.d", "c.d.e", "z")] == [None] * 5

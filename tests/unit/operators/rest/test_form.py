"""The form of messages, answers and receipts over HTTP: what leaves, and what is understood."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.operators import RestCallback, RestFields, RestSettings
from operators.base import Accepted, DeferReason, Deferred, MtMessage, ReceiptState, Refused, Unknown, UnknownReason
from operators.rest.form import MessageForm, ReceiptForm, find_in
from redaction.personal import MessageText, Msisdn

ALL = RestFields(receipt="dlr", validity="ttl", reference="ref", flash="class0")


def said(fields: RestFields = ALL, constants: tuple[str, ...] = (), **more: Any) -> Any:
    form = MessageForm(RestSettings(fields=fields, constants=constants))
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


FORM = MessageForm(RestSettings(id="data.0.id"))


@pytest.mark.parametrize(
    ("status", "body", "retry_after", "result"),
    [
        (200, b'{"data": [{"id": "a-1"}]}', None, Accepted("a-1")),
        (202, b'{"data": [{"id": 17}]}', None, Accepted("17")),
        (201, b'{"data": []}', None, Accepted("")),
        (204, b"", None, Accepted("")),
        (200, b"<html>", None, Accepted("")),
        (200, b'{"data": [{"id": "' + b"x" * 65 + b'"}]}', None, Accepted("")),
        (200, b'{"data": [{"id": true}]}', None, Accepted("")),
        (429, b"", "7", Deferred(DeferReason.THROTTLED, 429, 7.0)),
        (429, b"", "Wed, 21 Oct 2026 07:28:00 GMT", Deferred(DeferReason.THROTTLED, 429, 1.0)),
        (429, b"", "999999", Deferred(DeferReason.THROTTLED, 429, 300.0)),
        (503, b"", None, Deferred(DeferReason.QUEUE_FULL, 503, 1.0)),
        (401, b"", None, Deferred(DeferReason.TRANSIENT, 401, 1.0)),
        (505, b"", None, Deferred(DeferReason.TRANSIENT, 505, 1.0)),
        (500, b"", None, Unknown(UnknownReason.TIMEOUT)),
        (504, b"", None, Unknown(UnknownReason.TIMEOUT)),
        (400, b"", None, Refused(400)),
        (422, b'{"data": [{"id": "a-1"}]}', None, Refused(422)),
        (302, b"", None, Refused(302)),
    ],
)
def test_an_answer_means(status: int, body: bytes, retry_after: str | None, result: object) -> None:
    assert FORM.result(status, body, retry_after) == result


RECEIPTS = ReceiptForm(RestCallback(id="message.id", status="state", error="err"))


@pytest.mark.parametrize(
    ("word", "state"),
    [("DELIVRD", ReceiptState.DELIVERED), ("Failed", ReceiptState.UNDELIVERABLE), ("expired", ReceiptState.EXPIRED),
     ("sent", ReceiptState.ENROUTE), ("rejected", ReceiptState.REJECTED), ("moon", ReceiptState.ENROUTE),
     ("unknown", ReceiptState.UNKNOWN)],
)  # fmt: skip
def test_a_receipt_has_an_id_a_state_and_perhaps_a_code(word: str, state: ReceiptState) -> None:
    (receipt,) = RECEIPTS.receipts(json.dumps({"message": {"id": 5}, "state": word, "err": "0f1"}).encode()) or []
    assert (receipt.identifier, receipt.state, receipt.error_code) == ("5", state, "0f1")


def test_several_receipts_come_as_a_list_and_what_has_no_id_or_state_is_left_out() -> None:
    body = [{"message": {"id": "a"}, "state": "sent"}, {"state": "sent"}, {"message": {"id": "b"}, "state": 3}]
    assert [each.identifier for each in RECEIPTS.receipts(json.dumps(body).encode()) or []] == ["a"]


@pytest.mark.policy("P-05")
@pytest.mark.parametrize("error", ["text of the message to +966512345678", "x" * 17, None, {"code": 1}, 1.5])
def test_an_error_that_is_no_short_code_is_dropped(error: object) -> None:
    (receipt,) = RECEIPTS.receipts(json.dumps({"message": {"id": "a"}, "state": "failed", "err": error}).encode()) or []
    assert receipt.error_code is None


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"3", b'"id"', b"[1]", b"{", b"\xff", b'[{"a": 1}, 2]'])
def test_what_is_no_receipt_is_none(body: bytes) -> None:
    assert RECEIPTS.receipts(body) is None


@given(st.binary(max_size=200), st.integers(100, 599))
def test_nothing_that_a_peer_sends_breaks_the_reading(body: bytes, status: int) -> None:
    RECEIPTS.receipts(body)
    FORM.result(status, body, None)


def test_a_path_leads_through_objects_and_lists() -> None:
    tree = {"a": [{"b": 1}], "c": {"d": None}}
    assert find_in(tree, "a.0.b") == 1
    assert [find_in(tree, path) for path in ("a.1.b", "a.x", "c.d", "c.d.e", "z")] == [None] * 5

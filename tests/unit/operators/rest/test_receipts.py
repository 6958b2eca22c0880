"""The form of receipts over HTTP: what is understood of what operators send, and what is counted as unreadable."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.operators import RestCallback, RestStates
from operators.base import ReceiptState
from operators.rest.receipts import FORM, ReceiptForm, Receipts

JSON = "application/json"
RECEIPTS = ReceiptForm(RestCallback(id="message.id", status="state", error="err"))


def read(said: object, form: ReceiptForm = RECEIPTS) -> Receipts:
    return form.of_body(said if isinstance(said, bytes) else json.dumps(said).encode(), JSON)


def ids(said: Receipts) -> list[tuple[str, ...]]:
    return [each.candidates for each in said.receipts]


@pytest.mark.parametrize(
    ("word", "state"),
    [("DELIVRD", ReceiptState.DELIVERED), ("Failed", ReceiptState.UNDELIVERABLE), ("expired", ReceiptState.EXPIRED),
     ("sent", ReceiptState.ENROUTE), ("rejected", ReceiptState.REJECTED), ("moon", ReceiptState.ENROUTE),
     ("unknown", ReceiptState.UNKNOWN)],
)  # fmt: skip
def test_a_receipt_has_an_id_a_state_and_perhaps_a_code(word: str, state: ReceiptState) -> None:
    (receipt,) = read({"message": {"id": 5}, "state": word, "err": "0f1"}).receipts
    assert (receipt.candidates, receipt.state, receipt.error_code) == (("5",), state, "0f1")


@pytest.mark.case("nodes-6")
@pytest.mark.parametrize("word", ["1", 1, 1.0, " 1 "])
def test_a_word_may_be_a_number(word: object) -> None:
    form = ReceiptForm(RestCallback(states=RestStates(delivered=("1",), undeliverable=("true",))))
    (receipt,) = read({"id": 1, "status": word}, form).receipts
    assert receipt.state is ReceiptState.DELIVERED
    (receipt,) = read({"id": 1, "status": True}, form).receipts
    assert receipt.state is ReceiptState.UNDELIVERABLE


@pytest.mark.case("nodes-6")
@pytest.mark.parametrize(
    "said",
    [
        {"results": [{"id": "a", "status": "sent"}, {"id": "b", "status": "sent"}]},
        {"results": {"id": "a", "status": "sent"}},
        [{"id": "a", "status": "sent"}],
        {"id": "a", "status": "sent"},
    ],
)
def test_the_list_is_found_in_its_envelope_and_without_one(said: Any) -> None:
    found = read(said, ReceiptForm(RestCallback(items="results")))
    assert (ids(found)[0], found.unreadable) == (("a",), 0)


@pytest.mark.case("nodes-6")
def test_a_path_leads_to_a_deeper_list() -> None:
    form = ReceiptForm(RestCallback(items="body.0.list"))
    assert ids(read({"body": [{"list": [{"id": 1, "status": "sent"}]}]}, form)) == [("1",)]


@pytest.mark.case("nodes-6")
@pytest.mark.parametrize(
    "odd", [2, None, "x", [], {}, {"state": "sent"}, {"message": {"id": "b"}}, {"message": {"id": {}}, "state": "sent"},
            {"message": {"id": "b"}, "state": None}, {"message": {"id": "b"}, "state": {"id": 1}}]
)  # fmt: skip
def test_an_entry_that_cannot_be_read_costs_only_itself(odd: object) -> None:
    good = {"message": {"id": "a"}, "state": "sent"}
    said = read([good, odd, good])
    assert (ids(said), said.unreadable) == ([("a",), ("a",)], 1)


@pytest.mark.policy("P-05")
@pytest.mark.parametrize("error", ["text of the message to +966512345678", "x" * 17, None, {"code": 1}, 1.5])
def test_an_error_that_is_no_short_code_is_dropped(error: object) -> None:
    (receipt,) = read({"message": {"id": "a"}, "state": "failed", "err": error}).receipts
    assert receipt.error_code is None


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"3", b'"id"', b"[1]", b"{", b"\xff", b"\xff\xfe{\0}\0"])
def test_what_is_no_receipt_is_unreadable(body: bytes) -> None:
    assert read(body) == Receipts([], 1)


@pytest.mark.case("nodes-9")
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'\xef\xbb\xbf{"id": "a-1", "status": "DELIVRD"}', JSON),
        (b'{"id": "a-1", "status": "DELIVRD"}', "text/plain"),
        (b"id=a-1&status=DELIVRD", FORM),
        (b"\xef\xbb\xbfid=a%2D1&status=delivrd&id=other", FORM),
    ],
)
def test_a_receipt_is_json_or_a_form_with_or_without_a_mark(body: bytes, kind: str) -> None:
    said = ReceiptForm(RestCallback()).of_body(body, kind)
    assert [(each.candidates, each.state) for each in said.receipts] == [(("a-1",), ReceiptState.DELIVERED)]


@pytest.mark.case("nodes-6")
def test_receipts_in_xml_are_the_matches_of_a_pattern() -> None:
    form = ReceiptForm(RestCallback(pattern=r"<id>(?P<id>[^<]+)</id>\s*<status>(?P<status>[^<]*)</status>"))
    one = "<dlr><id>{}</id>\n<status>{}</status></dlr>"
    body = f"<all>{one.format('a', 'DELIVRD')}{one.format('b', '')}{one.format('c', 'failed')}</all>".encode()
    said = form.of_body(body, "text/xml")
    assert (ids(said), said.unreadable) == ([("a",), ("c",)], 1)
    assert form.of_body(b"<all/>", "text/xml") == Receipts([], 1)


@pytest.mark.case("nodes-9")
@pytest.mark.parametrize("identifier", ["x" * 255, 17.0, "17", 10**30])
def test_ids_are_long_or_numbers(identifier: object) -> None:
    (receipt,) = read({"message": {"id": identifier}, "state": "sent"}).receipts
    assert receipt.candidates == ("17" if identifier == 17.0 else str(identifier),)


@pytest.mark.case("nodes-8")
@pytest.mark.parametrize(
    ("said", "candidates"),
    [({"id": 1, "ref": "r"}, ("1", "r")), ({"ref": "r"}, ("r",)), ({"id": 1}, ("1",)), ({"id": "", "ref": 2}, ("2",))],
)  # fmt: skip
def test_a_receipt_names_the_operator_s_id_our_reference_or_both(said: Any, candidates: tuple[str, ...]) -> None:
    form = ReceiptForm(RestCallback(reference="ref"))
    assert ids(read({**said, "status": "sent"}, form)) == [candidates]


@given(st.binary(max_size=200), st.sampled_from([FORM, JSON]))
def test_nothing_that_a_peer_sends_breaks_the_reading(body: bytes, kind: str) -> None:
    RECEIPTS.of_body(body, kind)

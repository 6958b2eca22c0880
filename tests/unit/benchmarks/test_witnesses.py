"""What generator, SMSC and endpoint make of the octets that they see."""

import json
from array import array
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.hooks import Requests, is_signed, told_of
from benchmarks.load import is_whole
from benchmarks.messages import MIXES, SENDER, index_of, number_of
from benchmarks.requests import Lot, ids_in, prepare
from benchmarks.smpp_load import says_delivered
from benchmarks.smsc import Stamps, coding_of, text_of
from gateway.webhooks.signing import Signer
from operators.smpp import gsm7
from operators.smpp.pdu import SubmitSm
from operators.smpp.segments import encode_segments, plan
from operators.smpp.udh import UDHI
from redaction.personal import Secret

ID = "0123456789abcdef0123456789abcdef"
ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n" + b'{"id":""}'


CLEAN = {"strangers": 0, "altered": 0, "miscoded": 0, "other_senders": 0}


def submits(index: int, mix: str = "plain") -> list[SubmitSm]:
    """The submit_sm of a message, as the gateway makes them."""
    text = MIXES[mix].form(index).text
    return [
        SubmitSm(
            source_addr=SENDER,
            destination_addr=number_of(index),
            esm_class=each.esm_class,
            data_coding=each.data_coding,
            short_message=each.short_message,
        )
        for each in encode_segments(text, plan(text), reference=7)
    ]


def stamps_of(path: Path, *indexes: int, mix: str = "plain", count: int = 8) -> dict[str, object]:
    stamps = Stamps(mix)
    for index in indexes:
        for submit in submits(index, mix):
            stamps.taken(submit)
    return stamps.lot(0, count, str(path))


# ---------------------------------------------------------------------------------------------------- messages


def test_a_recipient_names_its_message() -> None:
    assert [index_of(number_of(index)) for index in (0, 1, 70_000_000)] == [0, 1, 70_000_000]
    assert len({number_of(index) for index in range(1000)}) == 1000


def test_segments_of_a_lot_are_those_of_its_messages() -> None:
    mix = MIXES["mixed"]
    assert max(form.segments for form in mix.forms) > 2
    assert mix.segments(3, 20) == sum(mix.form(index).segments for index in range(3, 23))


# --------------------------------------------------------------------------------------------------- generator


def test_an_answer_is_whole_with_its_last_octet() -> None:
    assert is_whole(ANSWER)
    assert not any(is_whole(ANSWER[:end]) for end in range(len(ANSWER)))


def test_an_answer_without_a_length_is_refused() -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        is_whole(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwho knows")


def test_an_answer_in_chunks_is_whole_with_the_last_of_them() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    assert is_whole(answer)
    assert not any(is_whole(answer[:end]) for end in range(len(answer)))


def test_a_batch_holds_every_message_once() -> None:
    requests = prepare(Lot(port=80, shape="batch", first=5, count=10, batch=4))
    bodies = [json.loads(each.partition(b"\r\n\r\n")[2])["messages"] for each in requests]
    assert [len(each) for each in bodies] == [4, 4, 2]
    assert [each["to"][1:] for body in bodies for each in body] == [number_of(index) for index in range(5, 15)]


def test_a_request_says_how_long_its_body_is() -> None:
    for request in prepare(Lot(port=80, shape="message", count=3, secret="key")):
        head, _, body = request.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head


def test_kannel_gets_the_text_in_its_url() -> None:
    plain, arabic, _ = prepare(Lot(port=80, shape="kannel", count=3, dlr_url="http://127.0.0.1:9/dlr/"))
    assert b"&coding=0&" in plain
    assert b"&coding=2&" in arabic
    assert f"%2Fdlr%2F{number_of(0)}".encode() in plain


def test_ids_are_found_in_answers_of_one_and_of_many() -> None:
    one, many = f'{{"id":"{ID}"}}'.encode(), f'{{"items":[{{"id":"{ID}"}},{{"id":"{ID}"}}]}}'.encode()
    assert ids_in([one, many]) == [ID] * 3


# -------------------------------------------------------------------------------------------------------- SMSC


def test_each_message_once_and_whole(tmp_path: Path) -> None:
    seen = stamps_of(tmp_path / "a", *range(8), mix="mixed")
    assert seen == {"whole": 8, "broken": [], **CLEAN}
    arrived = array("d", (tmp_path / "a").read_bytes())
    assert len(arrived) == 8
    assert all(arrived)


def test_a_message_that_never_came_or_came_twice_is_broken(tmp_path: Path) -> None:
    seen = stamps_of(tmp_path / "a", 0, 1, 1, 3, count=4)
    assert (seen["whole"], seen["broken"]) == (2, [2, 1])


def test_a_long_message_that_lacks_a_part_is_broken(tmp_path: Path) -> None:
    stamps = Stamps("mixed")
    long = next(index for index, form in enumerate(MIXES["mixed"].forms) if form.segments > 2)
    first, _, *rest = submits(long, "mixed")
    for submit in (first, *rest):
        assert submit.esm_class & UDHI
        stamps.taken(submit)
    assert stamps.lot(long, 1, str(tmp_path / "a"))["broken"] == [long]


def test_another_text_and_another_number_are_noticed(tmp_path: Path) -> None:
    stamps = Stamps("plain")
    stamps.taken(SubmitSm(destination_addr=number_of(0), short_message=b"something else"))
    stamps.taken(SubmitSm(destination_addr="15550000000", short_message=b"who is this"))
    seen = stamps.lot(0, 1, str(tmp_path / "a"))
    assert (seen["altered"], seen["strangers"]) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "noticed"),
    [
        ({"short_message": b"?" * 20}, {"altered": 1}),
        ({"source_addr": "SOMEBODY"}, {"other_senders": 1}),
        ({"data_coding": 8}, {"miscoded": 1}),
    ],
)
def test_what_is_not_as_it_was_sent_is_noticed(
    tmp_path: Path, changes: dict[str, Any], noticed: dict[str, int]
) -> None:
    stamps = Stamps("plain")
    (submit,) = submits(0)
    stamps.taken(msgspec.structs.replace(submit, **changes))
    seen = stamps.lot(0, 1, str(tmp_path / "a"))
    assert {name: seen[name] for name in CLEAN} == CLEAN | noticed


def test_a_long_text_is_put_together_in_any_order_and_compared(tmp_path: Path) -> None:
    for index, form in enumerate(MIXES["mixed"].forms):
        stamps = Stamps("mixed")
        for submit in reversed(submits(index, "mixed")):
            stamps.taken(submit)
        assert stamps.lot(index, 1, str(tmp_path / "a"))["altered"] == 0
        if form.segments > 1:
            first, *rest = submits(index, "mixed")
            spoiled = msgspec.structs.replace(first, short_message=first.short_message[:-2] + b"??")
            stamps = Stamps("mixed")
            for submit in (spoiled, *rest):
                stamps.taken(submit)
            assert stamps.lot(index, 1, str(tmp_path / "a"))["altered"] == 1


@pytest.mark.parametrize("text", [form.text for mix in MIXES.values() for form in mix.forms] + ["[~]\\{^}|€ àèßñ"])
def test_codings_are_known_as_the_standard_has_them(text: str) -> None:
    septets = gsm7.DEFAULT.encode(text)
    assert coding_of(text) == (8 if septets is None else 0)
    assert text_of(text.encode("utf-16-be") if septets is None else septets, coding_of(text)) == text


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("stat:DELIVRD err:000", True),
        ("stat:UNDELIV err:000", False),
        ("stat:DELIVRD err:005", False),
        ("DELIVRD", False),
    ],
)
def test_a_receipt_is_read(text: str, is_good: bool) -> None:
    assert says_delivered(f"id:1 sub:001 done date:2601010000 {text} text:".encode()) is is_good


def test_a_signature_is_computed_again() -> None:
    secret = "whsec_" + "c2VjcmV0" * 4
    body = b'{"type":"message.delivered"}'
    lines = Signer((Secret(secret),)).headers(b"msg.delivered", 1_800_000_000, body)
    request = b"POST / HTTP/1.1\r\n%bcontent-length: %d\r\n\r\n%b" % (lines, len(body), body)
    assert is_signed(request, secret)
    for old, new in ((b"v1,", b"v1,A"), (b'delivered"', b'expired"'), (b"1800000000", b"1800000001"), (b"msg", b"gsm")):
        assert not is_signed(request.replace(old, new), secret)
    assert not is_signed(request, "whsec_" + "c2VjcmVU" * 4)


# ---------------------------------------------------------------------------------------------------- endpoint


def hook(*events: str) -> bytes:
    told = [{"type": f"message.{event}", "timestamp": "t", "data": {"id": ID, "status": event}} for event in events]
    return json.dumps(told if len(told) > 1 else told[0], separators=(",", ":")).encode()


def test_requests_are_cut_wherever_the_octets_break() -> None:
    octets = b"".join(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body) for body in (b"ab", b""))
    for cut in range(len(octets)):
        requests = Requests()
        whole = [*requests.feed(octets[:cut]), *requests.feed(octets[cut:])]
        assert b"".join(whole) == octets
        assert len(whole) == 2


def test_ends_are_counted_one_to_a_request_or_many() -> None:
    first, times = told_of([hook("submitted"), hook("delivered"), hook("submitted", "delivered")], [1.0, 2.0, 3.0])
    assert first == {ID: 2.0}
    assert times == {ID: 2}


def test_a_report_of_kannel_is_known_by_its_number() -> None:
    first, times = told_of([b"GET /dlr/966510000000 HTTP/1.1\r\n\r\n"], [4.0])
    assert (first, times) == ({"966510000000": 4.0}, {"966510000000": 1})

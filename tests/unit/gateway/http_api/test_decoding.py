"""Bodies into requests, and every way in which they are wrong into a code and a path."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http_api.decoding import decode_batch, decode_message
from gateway.model.refusals import KINDS, Refusal

GOOD = {"to": "+966500000078", "from": "INTERKEY", "text": "hello"}
OPTIONAL = ("class", "reference", "validity", "schedule_at", "retention", "callback_url", "flash")
CANARY = "966512345678"


def _refusal(body: bytes | dict[str, object]) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        decode_message(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert CANARY not in repr(caught.value.args) + str(caught.value.field)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value.code, caught.value.field


def test_a_whole_request_is_read() -> None:
    more = {"class": "otp", "reference": "r", "validity": 9, "schedule_at": "t", "retention": "discard"}
    request = decode_message(json.dumps({**GOOD, **more, "callback_url": "https://x:1/:", "flash": True}).encode())
    assert (request.source, request.message_class, request.validity, request.flash) == ("INTERKEY", "otp", 9, True)


@pytest.mark.parametrize("name", ["to", "from", "text"])
def test_a_required_field_that_is_missing_is_named(name: str) -> None:
    assert _refusal({key: value for key, value in GOOD.items() if key != name}) == ("missing_field", name)


@pytest.mark.parametrize("name", [*GOOD, *OPTIONAL])
@pytest.mark.parametrize("value", [[CANARY], {"a": CANARY}, 1.5, 1e300], ids=["array", "object", "fraction", "huge"])
def test_a_field_of_the_wrong_type_is_named(name: str, value: object) -> None:
    assert _refusal({**GOOD, name: value}) == ("wrong_type", name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, int(CANARY)) for name in (*GOOD, *OPTIONAL) if name != "validity"),
        *((name, None) for name in (*GOOD, "class", "flash")),
        ("validity", CANARY),
        ("flash", CANARY),
        ("validity", True),
    ],
)
def test_no_type_is_taken_for_another(name: str, value: object) -> None:
    assert _refusal({**GOOD, name: value}) == ("wrong_type", name)


def test_an_empty_text_is_named() -> None:
    assert _refusal({**GOOD, "text": ""}) == ("empty_field", "text")


def test_an_unknown_field_is_named_only_if_it_looks_like_one() -> None:
    assert _refusal({**GOOD, "form": 1}) == ("unknown_field", "form")
    assert _refusal({**GOOD, CANARY: 1}) == ("unknown_field", None)
    assert _refusal({**GOOD, "a` - at `$.text": 1}) == ("unknown_field", None)


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null", b"true", b"[" * 60_000])
def test_what_is_not_an_object_is_said_to_be_none(body: bytes) -> None:
    assert _refusal(body) == ("not_an_object", None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"to":"' + CANARY.encode(),
        b'{"to":"x",}',
        b"{'to':'x'}",
        b'{"to":"\xff"}',
        b'{"to":"\xed\xa0\x80"}',
        b'{"to":"\\ud800"}',
        b'{"to":"\\ud800abc","from":"x","text":"y"}',
        b'{"to":"\\udc00","from":"x","text":"y"}',
        b'{"to":"a\x00"}',
        b'{"to":"a\nb"}',
        b'{"validity":NaN}',
        b'{"validity":-Infinity}',
        b'{"validity":01}',
        json.dumps(GOOD).encode("utf-16"),
        json.dumps(GOOD).encode() + b" x",
    ],
)
def test_broken_json_is_malformed(body: bytes) -> None:
    assert _refusal(body) == ("malformed_json", None)


@pytest.mark.parametrize(
    "body",
    [
        b'{"to":"a","to":"b","from":"c","text":"d"}',
        b'{"to":"a","\\u0074o":"b","from":"c","text":"d"}',
        b'{"to":"a","from":"c","text":"d","to" : "a"}',
    ],
)
def test_a_name_given_twice_is_refused(body: bytes) -> None:
    assert _refusal(body) == ("malformed_json", "to")


def test_colons_within_values_are_no_repetition() -> None:
    request = decode_message(json.dumps({**GOOD, "text": 'a:b:"c":', "reference": None}).encode())
    assert request.text == 'a:b:"c":'


def test_an_integer_too_long_to_be_one_is_refused() -> None:
    assert _refusal(b'{"to":"a","from":"b","text":"c:","validity":' + b"9" * 5_000 + b"}")[0] in KINDS


def test_nesting_in_a_field_is_refused_at_any_depth() -> None:
    for depth in (1, 500, 60_000):
        code, _ = _refusal(b'{"to":"a","from":"b","text":"c","deep":' + b"[" * depth + b"]" * depth + b"}")
        assert code in ("unknown_field", "malformed_json")


@given(st.binary(max_size=200))
def test_any_bytes_give_a_request_or_a_refusal(body: bytes) -> None:
    with contextlib.suppress(Refusal):
        assert decode_message(body).text


@given(
    st.fixed_dictionaries(
        {"to": st.text(), "from": st.text(), "text": st.text(min_size=1)},
        optional={"reference": st.none() | st.text(), "validity": st.none() | st.integers(-(2**63), 2**63 - 1)},
    ),
    st.booleans(),
)
def test_any_object_of_the_right_types_is_read_as_it_was_written(body: dict[str, object], ascii_only: bool) -> None:
    request = decode_message(json.dumps(body, ensure_ascii=ascii_only, indent=1).encode())
    assert [request.to, request.source, request.text] == [body["to"], body["from"], body["text"]]


def test_a_batch_is_cut_into_its_messages() -> None:
    raw = b' { "messages" : [ {"a":[1,2]} ,\n 3,"x" ] } '
    assert decode_batch(raw, len(raw), 1_000) == [b'{"a":[1,2]}', b"3", b'"x"']
    assert decode_batch(b'{"messages":[]}', 100, 1_000) == []
    assert decode_batch(b'{"\\u006dessages":[1]}', 100, 1_000) == [b"1"]


@pytest.mark.parametrize("text", ["hello", "at 12:30: now", '\\"to\\": x'])
def test_a_batch_without_fault_is_read_at_once(text: str) -> None:
    message = b'{"to":"+966500000001","from":"SENDER","text":"%s","class":"otp"}' % text.encode()
    raw = b'{"messages": [%s]}' % b" , ".join([message] * 3)
    assert decode_batch(raw, len(raw), 1_000) == [decode_message(message)] * 3
    assert decode_batch(raw, len(raw) - 1, 1_000) == [message] * 3


@pytest.mark.parametrize(
    "fault",
    [
        b'{"to":"+966500000001","from":"SENDER","text":"a","text":"b"}',
        b'{"to":"+966500000001","from":"SENDER","text":"a","more":1}',
        b'{"to":"+966500000001","from":"SENDER","text":1}',
        b"{}",
    ],
)
def test_one_message_with_a_fault_is_judged_alone(fault: bytes) -> None:
    good = b'{"to":"+966500000001","from":"SENDER","text":"a"}'
    raw = b'{"messages":[%s,%s]}' % (good, fault)
    assert decode_batch(raw, len(raw), 1_000) == [good, fault]
    with pytest.raises(Refusal):
        decode_message(fault)


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b'{"messages":[1],"messages":[2]}', "malformed_json", "messages"),
        (b'{"messages":[1,2],"messages":[1,2]}', "malformed_json", "messages"),
        (b'{"messages":[],"messages":[]}', "malformed_json", "messages"),
        (b'{"messages":{}}', "wrong_type", "messages"),
        (b"{}", "missing_field", "messages"),
        (b"[]", "not_an_object", None),
        (b'{"messages":[],"more":1}', "unknown_field", "more"),
        (b'{"messages":[{]}', "malformed_json", None),
        (b'{"messages":[' + b"[" * 100_000, "malformed_json", None),
    ],
)
def test_a_batch_that_is_none_is_refused(body: bytes, code: str, field: str | None) -> None:
    for limit_bytes in (0, len(body)):
        with pytest.raises(Refusal) as caught:
            decode_batch(body, limit_bytes, 1_000)
        assert (caught.value.code, caught.value.field) == (code, field)


MANY = 2_000_000

TOO_MANY: dict[str, bytes] = {
    "ones": b'{"messages":[' + b"1," * MANY + b"1]}",
    "ones that never end": b'{"messages":[' + b"1," * MANY + b"}",
    "with blanks": b'{ "messages" : [ ' + b"1 ,\n" * (MANY // 2) + b"1 ] }",
    "strings": b'{"messages":[' + b'"",' * MANY + b'""]}',
    "objects": b'{"messages":[' + b"{}," * MANY + b"{}]}",
    "lists": b'{"messages":[' + b"[]," * MANY + b"[]]}",
    "behind one that is long": b'{"messages":["' + b"x" * 60_000 + b'",' + b"1," * MANY + b"1]}",
    "behind one that is nested": b'{"messages":[[[1,2],{"a":3}],' + b"1," * MANY + b"1]}",
    "few too many": b'{"messages":[' + b'{"to":"","from":"","text":""},' * 1_000 + b"{}]}",
}


@pytest.mark.case("security-5")
@pytest.mark.parametrize("body", TOO_MANY.values(), ids=TOO_MANY)
def test_messages_of_a_batch_are_counted_before_anything_is_made_of_them(body: bytes) -> None:
    for limit_bytes in (65_536, len(body)):
        with pytest.raises(Refusal) as caught:
            decode_batch(body, limit_bytes, 1_000)
        assert (caught.value.code, caught.value.field) == ("batch_too_long", "messages")

"""What requests say, in each of the forms that programs write them in."""

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http_api.facades.fields import MAX_FIELDS, Fields, of_body, of_query
from gateway.model.refusals import Refusal
from redaction.personal import Purpose, Secret

MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="to"\r\n\r\n+966\r\n'
    b'--x\r\ncontent-disposition: form-data; filename="f"; name="text"\r\nContent-Type: text/plain\r\n\r\na\r\nb\r\n'
    b"--x--\r\n"
)


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        ("", []),
        ("a=1&b=2", [("a", b"1"), ("b", b"2")]),
        ("Body=&To=%2B966", [("Body", b""), ("To", b"+966")]),
        ("a=1+2&a=3", [("a", b"1 2"), ("a", b"3")]),
        ("udh=%06%05%04", [("udh", b"\x06\x05\x04")]),
        ("DateSent%3C=2026", [("DateSent<", b"2026")]),
        ("a&=b&&c==", [("a", b""), ("", b"b"), ("c", b"=")]),
        ("a=%zz%4", [("a", b"%zz%4")]),
    ],
)
def test_queries_and_forms_keep_what_is_blank_and_what_is_no_text(raw: str, pairs: list[tuple[str, bytes]]) -> None:
    assert of_query(raw) == pairs
    assert of_body(raw.encode(), "application/x-www-form-urlencoded; charset=UTF-8") == pairs


def test_a_form_of_parts_is_read_like_any_other() -> None:
    assert of_body(MULTIPART, 'multipart/form-data; boundary="x"') == [("to", b"+966"), ("text", b"a\r\nb")]


def test_an_object_is_read_as_fields() -> None:
    said = '{"to":["1",2],"text":"\u0645","async":true,"none":null,"cost":0.5}'.encode()
    fields = Fields(of_body(said, "application/json") or ())
    assert fields.texts("to") == ["1", "2"]
    assert (fields.text("text"), fields.text("async"), fields.text("cost")) == ("\u0645", "true", "0.5")
    assert "none" not in fields


@pytest.mark.parametrize(
    ("body", "media", "code"),
    [
        (b"{", "application/json", "malformed_json"),
        (b"[]", "application/json", "wrong_type"),
        (b'{"a":{"b":1}}', "application/json", "wrong_type"),
        (b'{"a":' * 100_000, "application/json", "wrong_type"),
        (b"--x\r\nno name\r\n\r\nv\r\n--x--", "multipart/form-data; boundary=x", "body_incomplete"),
        (b"", "multipart/form-data", "unsupported_media_type"),
    ],
)
def test_what_is_none_of_them_is_refused(body: bytes, media: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        of_body(body, media)
    assert refused.value.code == code


def test_a_body_of_another_kind_is_no_form() -> None:
    assert of_body(b"text", "text/plain") is None


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(Refusal):
        Fields(of_query("&".join(["a=1"] * (MAX_FIELDS + 1))))


@pytest.mark.parametrize(
    ("value", "number"), [("3", 3), ("3abc", 3), ("abc", None), ("", None), (" -5", -5), ("+7", 7)]
)
def test_numbers_are_read_as_c_reads_them(value: str, number: int | None) -> None:
    assert Fields([("n", value.encode())]).number("n") == number
    assert Fields().number("n") is None


def test_what_is_taken_out_is_there_no_more() -> None:
    fields = Fields(of_query("user=a&password=b&pass=canary&to=1"))
    assert fields.take("username", "user") == Secret("a")
    taken = fields.take("password", "pass")
    assert taken is not None
    assert taken.reveal(Purpose.CREDENTIAL) == "b"
    assert list(fields) == ["to"]
    assert fields.take("password") is None
    assert "canary" not in repr(fields)


def test_what_is_not_utf_8_is_refused() -> None:
    fields = Fields([("text", "é".encode("latin-1"))])
    with pytest.raises(Refusal, match="forbidden_character"):
        fields.text("text")


@pytest.mark.parametrize("count", [MAX_FIELDS - 1, MAX_FIELDS])
def test_the_last_of_many_parts_ends_where_it_ends(count: int) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    assert of_body(part * count + b"--x--\r\n", "multipart/form-data; boundary=x") == [("a", b"1")] * count


def test_nothing_between_fields_is_no_field() -> None:
    assert of_query("&" * (MAX_FIELDS + 9) + "a=1&b=2") == [("a", b"1"), ("b", b"2")]


@given(
    st.lists(
        st.sampled_from(["%20", "%0D", "%0a", "%3D", "%25", "%D8", "a", " ", "\n", "_", "+", "=", "%zz", "%4", "%"])
    )
)
def test_escapes_are_read_as_the_library_reads_them(parts: list[str]) -> None:
    written = "".join(parts)
    assert of_query(f"text={written}") == [("text", unquote_to_bytes(written.replace("+", " ")))]

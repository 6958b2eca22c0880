"""Octets over HTTP: a text that is read, a part that goes as it is, or a refusal that says what is wrong with them."""

import base64
from typing import Any

import pytest

from gateway.accept.raw_parts import written_octets
from gateway.accept.request import MessageRequest
from gateway.model.refusals import Refusal
from gateway.model.submission import NO_FORM

PORTS = "hex:06050415811581"


def asked(**fields: Any) -> MessageRequest:
    return MessageRequest(**({"to": "+966500000078", "source": "INTERKEY"} | fields))


def test_a_text_stays_as_it_is() -> None:
    request = asked(text="hello")
    assert written_octets(request) == (request, NO_FORM)
    assert written_octets(request)[0] is request


def test_octets_of_a_text_are_read_as_that_text() -> None:
    written = "hex:" + "سلام".encode("utf-16-be").hex()
    request, form = written_octets(asked(octets=written, data_coding=8))
    assert (request.text, request.flash, form) == ("سلام", False, NO_FORM)
    request, _ = written_octets(asked(octets=written, data_coding=0x18))
    assert request.flash


@pytest.mark.parametrize("written", ["hex:0001feFF", base64.b64encode(b"\x00\x01\xfe\xff").decode()])
def test_octets_that_are_no_text_go_as_they_are(written: str) -> None:
    _, form = written_octets(asked(octets=written))
    assert form.part is not None
    assert (form.part.octets, form.part.data_coding, form.part.header) == (b"\x00\x01\xfe\xff", 4, b"")
    assert form.part.encoding == "binary"


def test_a_header_makes_a_part_of_a_text() -> None:
    request, form = written_octets(asked(octets="hex:61", data_coding=0, header="hex:050003010201"))
    assert form.part is not None
    assert (form.part.header, form.part.encoding, request.text) == (bytes.fromhex("050003010201"), "gsm7", "a")


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"text": "a", "header": PORTS}, "text_or_octets", "octets"),
        ({"text": "a", "data_coding": 4}, "text_or_octets", "octets"),
        ({"text": "a", "octets": "hex:00"}, "text_or_octets", "octets"),
        ({"octets": "hex:0"}, "invalid_octets", "octets"),
        ({"octets": "hex:zz"}, "invalid_octets", "octets"),
        ({"octets": "a*b="}, "invalid_octets", "octets"),
        ({"octets": "é"}, "invalid_octets", "octets"),
        ({"octets": ""}, "empty_field", "octets"),
        ({"octets": "", "data_coding": 0}, "empty_field", "octets"),
        ({"octets": "hex:feff", "data_coding": 8}, "empty_field", "octets"),
        ({"octets": "hex:" + "00" * 141}, "text_too_long", "octets"),
        ({"octets": "A" * 513}, "text_too_long", "octets"),
        ({"octets": "hex:" + "00" * 134, "header": PORTS}, "text_too_long", "octets"),
        ({"octets": "hex:00", "header": "hex:05000301"}, "invalid_header", "header"),
        ({"octets": "hex:00", "header": PORTS + "00"}, "invalid_header", "header"),
        ({"octets": "hex:00", "header": ""}, "invalid_header", "header"),
        ({"octets": "hex:00", "header": "?"}, "invalid_octets", "header"),
        ({"octets": "hex:00", "data_coding": 256}, "invalid_coding", "data_coding"),
        ({"octets": "hex:00", "data_coding": -1}, "invalid_coding", "data_coding"),
        ({"octets": "hex:d8", "data_coding": 8}, "invalid_coding", "data_coding"),
        ({"octets": "hex:00", "flash": True}, "invalid_coding", "flash"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        written_octets(asked(**fields))
    assert (refused.value.code, refused.value.field) == (code, field)

"""What is taken into a ticket: nothing that names a person or opens an account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.refusals import Refusal
from gateway.support.intake import taken
from redaction.detect import find
from redaction.personal import MessageText, Purpose


def masked(text: str) -> tuple[str, dict[str, int]]:
    found = taken(MessageText(text))
    return found.text.reveal(Purpose.DATA_SUBJECT), found.masked


@pytest.mark.policy("P-06")
@pytest.mark.parametrize(
    ("text", "left", "counts"),
    [
        ("Ali at 0500000078 got nothing", "Ali at [mobile] got nothing", {"mobile": 1}),
        ("he is at ٠٥٠٠٠٠٠٠٧٨", "he is at [mobile]", {"mobile": 1}),
        ("call +44 7911 123456", "call [number]", {"number": 1}),
        ("landline 0112345678", "landline [number]", {"number": 1}),
        ("iqama 2000000006", "iqama [national_id]", {"national_id": 1}),
        ("id 1098765433", "id [number]", {"number": 1}),
        ("IBAN SA0380000000608010167519 and 4111 1111 1111 1111", "IBAN [iban] and [card]", {"card": 1, "iban": 1}),
        ("رمز التحقق ٤٧١١", "رمز التحقق [otp]", {"otp": 1}),
        ("your code is 123456", "your code is [otp]", {"otp": 1}),
        ("write to a.b@example.com", "write to [email]", {"email": 1}),
        ("reference 4711 of 2026-11-30 10:02 did not arrive", "reference 4711 of 2026-11-30 10:02 did not arrive", {}),
        ("message 0123456789abcdef0123456789abcdef", "message 0123456789abcdef0123456789abcdef", {}),
        ("two lines\r\nof it\tand a tab ", "two lines\nof it\tand a tab", {}),
    ],
)
def test_what_names_somebody_is_taken_out_and_said(text: str, left: str, counts: dict[str, int]) -> None:
    assert masked(text) == (left, counts)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing_field"),
        (" \n\t ", "missing_field"),
        ("x" * 4001, "field_too_long"),
        ("a\0b", "invalid_value"),
        ("a\ud800b", "invalid_value"),
        ("a\x1bb", "invalid_value"),
    ],
)
def test_what_is_no_text_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        taken(MessageText(text))
    assert (refused.value.code, text.strip() in str(refused.value) if text.strip() else False) == (code, False)


@given(st.text(alphabet=st.sampled_from("0123456789+- .@٠٥٩abSA\n"), min_size=1, max_size=120).filter(str.strip))
def test_nothing_is_found_in_what_was_taken(text: str) -> None:
    assert find(masked(text)[0], strict=True) == []

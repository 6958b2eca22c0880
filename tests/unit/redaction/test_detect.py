import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redaction.detect import Kind, find, is_iban, looks_like_otp, luhn, mask, normalise_digits


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("plain 123", "plain 123"),
        ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
        ("۰۱۲۳۴۵۶۷۸۹", "0123456789"),
        ("رمـــز", "رمز"),
        ("\u200f48\u200b21\u2069\ufeff", "4821"),
        ("\u061c\u202a1\u202c", "1"),
    ],
)
def test_normaliser_gives_ascii_digits_and_drops_what_nobody_sees(text: str, normal: str) -> None:
    assert normalise_digits(text) == normal


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise_digits(normalise_digits(text)) == normalise_digits(text)


@pytest.mark.parametrize(
    "text",
    [
        "رمز التحقق الخاص بك هو ٤٨٢٩١٣",
        "رمـز الدخول: 4821",
        "كود التفعيل 482913 لا تشاركه",
        "تحقق: ۴۸۲۱",
        "Your verification code is 482913.",
        "OTP:48291",
        "G-482913 is your code",
        "Use 482 913 to verify",
        "OTP 4821 for a purchase of SAR 1250.00",
        "Sign in\n\n@example.com #482913",
        "Sign in\n@login.example.sa #48A2 %frame.example.sa",
    ],
)
def test_one_time_codes_are_recognised(text: str) -> None:
    assert looks_like_otp(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Your order 48291 has shipped",
        "Your verification is complete",
        "code 123",
        "code 123456789",
        "Total SAR 1250.00, discount code EID",
        "كود الخصم EID بقيمة 1500 ريال",
        "Meet on 12/10/2024, dress code casual",
        "barcode encoded 4821a",
        "Follow @example.com",
        "عزيزي العميل تم شحن طلبكم رقم 482913",
    ],
)
def test_other_texts_are_not(text: str) -> None:
    assert not looks_like_otp(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("هويتي 1000000008", "هويتي [national_id]"),
        ("مرسل إليّ 1000000008", "مرسل إليّ 1000000008"),
        ("رقم الهـوية \u2066١٠٠٠٠٠٠٠٠٨\u2069 سارية", "رقم الهـوية \u2066[national_id]\u2069 سارية"),
        ("to Ali@Example.SA, or not", "to [email], or not"),
        ("سعر ٥٠٠ ريال، الجوال ٠٥١٢٣٤٥٦٧٨", "سعر ٥٠٠ ريال، الجوال [mobile]"),
        ("رقم الهوية ١٠٠٠٠٠٠٠٠٨", "رقم الهوية [national_id]"),
        ("iqama 2000000006 expired", "iqama [national_id] expired"),
        ("order 1000000008 shipped", "order 1000000008 shipped"),
        ("iqama 2000000007", "iqama 2000000007"),
        ("to SA03 8000 0000 6080 1016 7519 please", "to [iban] please"),
        ("to SA0380000000608010167510", "to SA0380000000608010167510"),
        ("card 4111 1111 1111 1111.", "card [card]."),
        ("card 4111111111111112", "card 4111111111111112"),
        ("call +966512345678", "call [mobile]"),
        ("call 00966 51 234 5678 or 0512345678", "call [mobile] or [mobile]"),
        ("اتصل ٠٥١٢٣٤٥٦٧٨", "اتصل [mobile]"),
        ("your code 4821", "your code [otp]"),
        ("@example.com #482913", "@example.com #[otp]"),
    ],
)
@pytest.mark.policy("P-06")
def test_what_is_certain_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_only_the_kinds_asked_for_are_masked() -> None:
    text = "iban SA0380000000608010167519 mobile 0512345678"
    assert mask(text, {Kind.MOBILE}) == "iban SA0380000000608010167519 mobile [mobile]"


def test_findings_do_not_overlap_and_come_in_order() -> None:
    text = "code 4821 iban SA0380000000608010167519 mobile 0512345678"
    assert [it.kind for it in find(text)] == [Kind.OTP, Kind.IBAN, Kind.MOBILE]


@given(st.text(alphabet="0123456789SA +-@#.code", max_size=60))
def test_masking_never_fails_and_finds_nothing_twice(text: str) -> None:
    findings = find(text)
    assert all(first.end <= second.start for first, second in itertools.pairwise(findings))
    mask(text)


def test_check_digits_have_known_answers() -> None:
    assert luhn("79927398713")
    assert not luhn("79927398710")
    assert is_iban("SA0380000000608010167519")
    assert is_iban("GB82WEST12345698765432")
    assert not is_iban("SA0480000000608010167519")

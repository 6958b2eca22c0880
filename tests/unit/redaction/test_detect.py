import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redaction.detect import Kind, find, looks_like_otp, mask


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
        "الـOTP حقك هو 902771",
        "OTPهو 4471",
        "88 40 12 هو رمز التحقق",
        "كود الدخول 55-20-13",
        "رمز الدخول *552013*",
        "رقم التفعيل 30912",
        "Use 4471 to log in",
        "ramz al ta7aqoq 44102",
        "Activation code NX82QP",
        "نفاذ: اختر الرقم 45 في التطبيق",
        "Your code is \U0001d7d2\U0001d7d6\U0001d7d0\U0001d7d7",
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
        "رمز التحقق صالح لمدة 1440 دقيقة",
        "OTP valid for 3600 seconds",
        "Never share your OTP. Our helpline 1933 is open all day",
        "رمز المادة 20413",
        "كود العداد 339812",
        "رمز المتجر 4401 في حي النرجس",
        "HS code 8471301 applies",
        "Booking code 339104 confirmed",
        "Your code went to the number ending 4410",
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
        ("card\n4111\n1111\n1111\n1111", "card\n[card]"),
        ("card4111.1111.1111.1111SAR", "card[card]SAR"),
        ("4111\u30031111", "4111\u30031111"),
        ("4111\u30001111\u20031111  1111", "[card]"),
        ("\uff14111_1111/1111·1111", "[card]"),
        ("4\u03001\u20e311111111111111", "[card]"),
        ("SA03.8000.0000.6080.1016.7519", "[iban]"),
        ("ibanAE070331234567890123456", "iban[iban]"),
        ("GB82 WEST 1234 5698 7654 32 and KW81CBKU0000000000001234560101", "[iban] and [iban]"),
        ("سجل مدني 1-000-000-008", "سجل مدني [national_id]"),
        ("ID=1000000008", "ID=[national_id]"),
        ("device ID 1000000008", "device ID 1000000008"),
        ("جوال 551234567", "جوال [mobile]"),
        ("order 551234567", "order 551234567"),
        ("(055) 123.4567", "(055) 123.4567"),
        ("رقمي (055) 1234567", "رقمي [mobile]"),
        ("0 5 5 1 2 3 4 5 6 7", "[mobile]"),
        ("راسل دعم@مثال.السعودية", "راسل [email]"),
        ("ايميليa.b@münchen.exampleشكرا", "ايميلي[email]شكرا"),
    ],
)
@pytest.mark.policy("P-06")
def test_what_is_certain_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_only_the_kinds_asked_for_are_masked() -> None:
    text = "iban SA0380000000608010167519 mobile 0512345678"
    assert mask(text, {Kind.MOBILE}) == "iban SA0380000000608010167519 mobile [mobile]"


@pytest.mark.parametrize("text", ["ref 1000000008", "1000 0000 08", "tracking 4111 11 1111111111"])
def test_a_strict_search_asks_the_check_digit_alone(text: str) -> None:
    assert not find(text)
    assert find(text, strict=True)


@given(st.text(max_size=80))
def test_places_are_those_of_the_text_as_it_is(text: str) -> None:
    for it in find(text, strict=True):
        assert 0 <= it.start < it.end <= len(text)


def test_findings_do_not_overlap_and_come_in_order() -> None:
    text = "code 4821 iban SA0380000000608010167519 mobile 0512345678"
    assert [it.kind for it in find(text)] == [Kind.OTP, Kind.IBAN, Kind.MOBILE]


@given(st.text(alphabet="0123456789SA +-@#.code", max_size=60))
def test_masking_never_fails_and_finds_nothing_twice(text: str) -> None:
    findings = find(text)
    assert all(first.end <= second.start for first, second in itertools.pairwise(findings))
    mask(text)

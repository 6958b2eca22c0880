"""The words around a number that say what it is, in Arabic and English: the tables of `redaction.detect`.

A number of four to eight digits is a one-time code when the text speaks of one, and the words before the number do not
call it something else. Texts come normalised (`redaction.detect.normalise_digits`).
"""

import re
from typing import Final

# Speaking of a code. Arabic by plain search, far cheaper than a pattern; each with what makes it another kind of code.
_OTHER_CODE = re.compile(
    r"(?:رمز|كود)\s+(?:ال|لل)?(?:بريدي|خصم|عرض|منتج|فرع|خطأ|قسيمة|دولة|مدينة|شحن|بلد|لون|تخفيض|كوبون|صنف|طلب)|(?<=بار)كود"
)
_OTHER_CHECK = re.compile(r"تحقق (?:من (?:رصيد|طلب)|منه)")
_ARABIC: Final = (
    ("رمز", _OTHER_CODE),
    ("كود", _OTHER_CODE),
    ("تحقق", _OTHER_CHECK),
    *((word, None) for word in ("سري", "مرور", "كلمة سر", "كلمة السر", "توثيق", "تأكيد")),
)
_HINTS: Final = ("code", "otp", "pin", "pass", "verif", "time", "2fa", "sign")
_LATIN = re.compile(r"\b(?:otp|code|passcode|password|passkey|pin|2fa|verify|verification|one[- ]time|sign[- ]in)\b")
_OTHER_LATIN = re.compile(
    r"\b(?:promo|promotional|discount|coupon|voucher|gift|referral|postal|post|zip|area|country|product|item|branch|bank|"
    r"store|tax|error|status|building|source|swift|qr|bar|airport|dress|colou?r|city|sort|tariff) ?code\b"
    r"|\bcode (?:of|red|line)\b|\bpin (?:pad|location|change)\b|\bpassword (?:must|changed|expires)\b"
)
_OFFERS: Final = ("خصم", "تخفيض", "%", "promo", "discount", "coupon")
_SECRET = re.compile(r"تحقق|تفعيل|دخول|سري|مرور|verif|otp|log ?in|sign|password|confirm")

# What else a number is called, directly before it or with a filler between.
_FILLERS: Final = frozenset(
    {"no", "no.", "number", "num", "nr", "id", "is", "رقم", "الرقم", "برقم", "هو", "هي", "رقمه"}
)
_NUMBERED: Final = frozenset({"رقم", "برقم", "الرقم"})
_THING_WORDS: Final = """
    account acct agreement amount application appointment apt at atm balance bill block booking branch building
    call case claim company complaint contract counter customer date device dial employee ending extension file
    fine flight floor gate hall in invoice item km lane line load loan lot member membership meter model of
    office on order our page parcel plate po points policy price product queue receipt ref reference refund
    report request reservation room sar score seat seller serial session shipment since sku sr store street
    student sum terminal ticket till to total tracking transaction trip unit until user vat version violation
    voucher waybill x year
"""
_THINGS: Final = frozenset(_THING_WORDS.split())
_THING_STEMS = re.compile(
    r"طلب|فاتور|شحن|حجز|تذكر|بلاغ|مرجع|معامل|مخالف|عضوي|موظف|وثيق|رحل|غرف|عيادة|فرع|حساب|بوليص|عقد|عميل|طالب|عداد|لوح|"
    r"مبنى|شارع|صندوق|بريد|دور|قسط|مبلغ|بمبلغ|بقيمة|قيم|خصم|إيداع|ايداع|رصيد|ساعة|سنة|عام|يوم|منته|ينتهي|نقاط|نسخ|باركود|"
    r"منتج|عملية|سداد|اتصل|الاتصال|تحويلة|شريح|قسيم|الجوال|سعر|من$|إلى|على$|ب$"
)
_CODE_STEMS = re.compile(r"رمز|(?<!بار)كود|سري|تحقق|otp|code", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20|14)[0-9]{2}")
_MONTH = re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|يناير|فبراير|مارس|ديسمبر|رمضان", re.I)

# Speaking of an identity number.
_IDENTITY = re.compile(
    r"هوي[ةهت]|[إاأ]قام[ةهت]|السجل المدني|[اأ]حوال|\b(?:national|civil|saudi|resident|citizen)(?: (?:id|identity))\b"
    r"|\biqama\b|\bnin\b|\bidentity\b",
    re.IGNORECASE,
)
_ID_AHEAD = re.compile(r"\bid(?: (?:no\.?|number))?[ :#]*\Z", re.IGNORECASE)


def about_a_code(text: str) -> bool:
    """Whether a text speaks of a one-time code at all."""
    lower = text.lower()
    if not _speaks_arabic(lower) and not _speaks_latin(lower):
        return False
    return not any(word in lower for word in _OFFERS) or _SECRET.search(lower) is not None


def _speaks_arabic(text: str) -> bool:
    for word, other in _ARABIC:
        at = text.find(word)
        while at >= 0:
            if other is None or other.match(text, at) is None:
                return True
            at = text.find(word, at + 1)
    return False


def _speaks_latin(text: str) -> bool:
    if not any(hint in text for hint in _HINTS) or _LATIN.search(text) is None:
        return False
    return _LATIN.search(_OTHER_LATIN.sub(" ", text)) is not None


def names_something_else(number: str, before: str) -> bool:
    """Whether the words before a number call it an order, an amount, a year. `before` ends at the number."""
    words = before.rstrip(" :#=-(").lower().split()
    numbered = False
    while words and words[-1].strip(".:,#") in _FILLERS:
        numbered |= words.pop() in _NUMBERED
    if not words:
        return numbered
    if words[-1][-1] in ",.;!؟،":  # another sentence or clause
        return False
    last = words[-1].strip(":#()")
    if numbered or (len(words) > 1 and words[-2] in _NUMBERED):
        return not _CODE_STEMS.search(last)
    if _THING_STEMS.search(last):
        return not _CODE_STEMS.search(" ".join(_clause(words)))
    return last in _THINGS or (_YEAR.fullmatch(number) is not None and _MONTH.fullmatch(last) is not None)


def _clause(words: list[str]) -> list[str]:
    """The last few words, back to the number before: رمز تفعيل حسابك is a code, of whatever it is the code."""
    few = words[-5:]
    for at in range(len(few) - 1, -1, -1):
        if any(char.isdigit() for char in few[at]):
            return few[at + 1 :]
    return few


def about_an_identity(text: str, before: str) -> bool:
    """Whether a number that could be a national id or an iqama is called one."""
    if _ID_AHEAD.search(before) is None and _IDENTITY.search(text) is None:
        return False
    words = [word.strip(".:,;#()") for word in before.lower().split()]
    while words and words[-1] in _FILLERS:
        words.pop()
    return not words or words[-1] not in _THINGS - {"in", "of", "on", "to", "our"}

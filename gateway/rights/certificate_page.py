"""The page of a certificate for people, in Arabic and English: one file without scripts, of the statement alone."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template

TEMPLATE: Final = "certificate.html"

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "person": ("Everything about a person", "كل ما يخص شخصًا"),
    "message": ("A message", "رسالة"),
    "customer": ("Everything of a customer", "كل ما يخص عميلًا"),
    "retention": ("What was past its time", "ما انتهت مدة الاحتفاظ به"),
    "hold": ("What was held", "ما كان محتجزًا"),
    "request": ("on request", "بناءً على طلب"),
    "customer_left": ("the customer left", "مغادرة العميل"),
    "release": ("the hold was released", "رفع الحجز"),
    "leaf_punctured": (
        "the key of the person's content was destroyed in every period (cryptographic erasure)",
        "إتلاف مفتاح محتوى الشخص في كل فترة (محو تشفيري)",
    ),
    "period_key_destroyed": (
        "the keys of the periods were destroyed (cryptographic erasure)",
        "إتلاف مفاتيح الفترات (محو تشفيري)",
    ),
    "customer_key_destroyed": (
        "the customer's key was destroyed (cryptographic erasure)",
        "إتلاف مفتاح العميل (محو تشفيري)",
    ),
    "hold_key_destroyed": ("the key of the hold was destroyed", "إتلاف مفتاح الحجز"),
    "rows_deleted": ("rows were deleted and overwritten", "حذف السجلات والكتابة فوقها"),
    "log_emptied": ("the store's log was emptied or is written anew", "تفريغ سجل المخزن أو إعادة كتابته"),
    "dead": ("older copies of the key store open nothing of it", "النسخ الأقدم من مخزن المفاتيح لا تفتح شيئًا منه"),
    "open_with_root": (
        "older copies of the key store open with the root, which cannot be written",
        "النسخ الأقدم من مخزن المفاتيح تُفتح بالجذر الذي لا يمكن تغييره",
    ),
    "every_node": ("every node has let the keys go", "تخلّت كل العقد عن المفاتيح"),
    "as_leases_end": (
        "every node has let the keys go once the lease of one that does not answer has ended",
        "تتخلى كل العقد عن المفاتيح عند انتهاء مدة العقدة التي لا تجيب",
    ),
    "messages": ("messages", "رسائل"),
    "subjects": ("people", "أشخاص"),
    "customers": ("customers", "عملاء"),
    "leaves": ("keys of content", "مفاتيح محتوى"),
    "elsewhere": ("entries of lists", "مدخلات في قوائم"),
    "held": ("messages that stay under a hold", "رسائل باقية تحت الحجز"),
    "keys": ("keys", "مفاتيح"),
    "content": ("contents", "محتويات"),
    "records": ("records", "سجلات"),
    "leftovers": ("what hung on records", "توابع السجلات"),
    "all": ("all", "الكل"),
}
"""Of every word of a statement: English, Arabic."""


def page(said: Mapping[str, Any]) -> bytes:
    """said: the statement's fields."""
    return _template().render(said=said, en=_english, ar=_arabic).encode()


def _english(word: str) -> str:
    return WORDS.get(word, (word, word))[0]


def _arabic(word: str) -> str:
    return WORDS.get(word, (word, word))[1]


@cache
def _template() -> Template:
    source = files("gateway.rights").joinpath(TEMPLATE).read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(source)

"""The messages of a run: message number `index` has the same recipient, text and class in every process.

The recipient names the message: whoever sees a submit_sm or a receipt knows from its address which message it is, so
what was sent, submitted and told can be matched without a word in the text. Numbers do not repeat within a run.
"""

from typing import Final

import msgspec

from operators.smpp.segments import plan

SENDER: Final = "INTERKEY"
FIRST: Final = 10_000_000
NUMBERS: Final = 89_999_999
_PREFIX: Final = "9665"

PLAIN: Final = (
    ("transactional", "Your order has been shipped and arrives on Thursday. Thank you for shopping with us."),
    ("transactional", "رمز التحقق الخاص بك هو 482913 لا تشاركه مع أحد"),
    ("transactional", "Dear customer, your statement for October is ready in the app."),
)
MIXED: Final = (
    ("otp", "رمز التحقق الخاص بك هو 482913، لا تشاركه مع أحد"),
    ("otp", "Your INTERKEY verification code is 482913"),
    ("transactional", "Dear customer, your order has been shipped and arrives on Thursday."),
    ("transactional", "عزيزي العميل، تم شحن طلبك وسيصل يوم الخميس بإذن الله"),
    ("transactional", "Thank you for your visit 🌷✨ see you soon!"),
    ("transactional", "Your statement: " + "credited and debited as agreed; details are in the app. " * 5),
    ("transactional", "كشف الحساب: " + "تمت إضافة المبلغ إلى حسابكم وفق الاتفاق، والتفاصيل في التطبيق. " * 3),
    ("transactional", "Invoice: €12.50 [paid] {thanks} ~ team"),
)


class Form(msgspec.Struct, frozen=True):
    """What is the same in every message of a kind. segments: submit_sm that it takes."""

    message_class: str
    text: str
    segments: int


class Mix(msgspec.Struct, frozen=True):
    """The forms of a run, in turn."""

    forms: tuple[Form, ...]

    def form(self, index: int) -> Form:
        return self.forms[index % len(self.forms)]

    def segments(self, first: int, count: int) -> int:
        """Of `count` messages from `first` on."""
        whole, rest = divmod(count, len(self.forms))
        each = [form.segments for form in self.forms]
        return whole * sum(each) + sum(self.form(first + at).segments for at in range(rest))


def _mix(texts: tuple[tuple[str, str], ...]) -> Mix:
    return Mix(tuple(Form(message_class, text, plan(text).segments) for message_class, text in texts))


MIXES: Final = {"plain": _mix(PLAIN), "mixed": _mix(MIXED)}


def number_of(index: int) -> str:
    """The recipient, in digits without a plus."""
    return f"{_PREFIX}{FIRST + index % NUMBERS:08d}"


def index_of(number: str) -> int:
    """Which message goes to this recipient. Raises ValueError for a number of somebody else."""
    if not number.startswith(_PREFIX):
        raise ValueError("not a number of these messages")
    return int(number[len(_PREFIX) :]) - FIRST

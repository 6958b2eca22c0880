"""The draft of a notice of a breach, to the authority or to people, in Arabic or English: one page without scripts.

What the law wants in it and nobody has said yet is marked, and listed (IR 24).
"""

import enum
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import msgspec
from jinja2 import Environment, StrictUndefined, Template

from config.privacy import PrivacySettings
from gateway.model.times import rfc3339
from gateway.rights.breach_estimate import Estimate

TEMPLATE: Final = "breach_notice.html"
Language = Literal["ar", "en"]


class To(enum.StrEnum):
    """Whom the notice is for."""

    AUTHORITY = "authority"
    PEOPLE = "people"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known. what: what happened, in somebody's words. people_told: whether they were told already."""

    case: str
    known_ms: int
    due_ms: int
    what: str
    estimate: Estimate | None
    people_told: bool

    def __repr__(self) -> str:
        return f"Facts({self.case})"


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody writes for the notice, and is kept nowhere. data: categories of personal data. risks: what may come
    of it. measures: what was done and will be. advice: what people can do.
    """

    data: str = ""
    risks: str = ""
    measures: str = ""
    advice: str = ""

    def __repr__(self) -> str:
        return "Words(•••)"


class Draft(msgspec.Struct, frozen=True):
    """missing: fields that the law wants and nobody has filled in."""

    page: str
    missing: list[str]


_FIELDS: Final[Mapping[To, tuple[str, ...]]] = {
    To.AUTHORITY: ("what", "known", "span", "data", "number", "risks", "measures", "told", "controller", "contact"),
    To.PEOPLE: ("what", "risks", "measures", "advice", "controller", "contact"),
}
_LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "what": ("ما الذي حدث، وكيف", "What happened, and how"),
    "known": ("متى عُلم به", "When it became known"),
    "span": ("الفترة المتأثرة", "The time it concerns"),
    "data": ("فئات البيانات الشخصية", "Categories of personal data"),
    "number": ("عدد الأشخاص والسجلات (تقريبًا)", "Number of people and records, approximately"),
    "risks": ("المخاطر والآثار المحتملة", "Risks and possible consequences"),
    "measures": ("الإجراءات المتخذة والمزمع اتخاذها", "Measures taken and to be taken"),
    "told": ("إشعار أصحاب البيانات", "Whether the people were told"),
    "advice": ("ما ننصحكم به", "What you can do"),
    "controller": ("الجهة المسؤولة", "Who is responsible"),
    "contact": ("التواصل ومسؤول حماية البيانات", "Contact, and data protection officer"),
}
_TITLES: Final[Mapping[To, tuple[str, str]]] = {
    To.AUTHORITY: ("إشعار بحادثة تسرب بيانات شخصية", "Notice of a personal data breach"),
    To.PEOPLE: ("إشعار بحادثة تخص بياناتكم الشخصية", "Notice of an incident that concerns your personal data"),
}
_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("يُستكمل", "to be filled in"),
    "yes": ("نعم", "yes"),
    "no": ("لم يتم بعد", "not yet"),
    "draft": ("مسودة", "Draft"),
    "due": ("موعد الإشعار", "The notice is due"),
    "count": (
        "بين {low} و{high} شخصًا، و{messages} سجل رسالة",
        "between {low} and {high} people, and {messages} records of messages",
    ),
    "few": ("أقل من {fewest} من الأشخاص", "fewer than {fewest} people"),
    "span": ("من {since} إلى {until}", "from {since} to {until}"),
}


def draft(facts: Facts, words: Words, privacy: PrivacySettings, to: To, language: Language) -> Draft:
    """privacy: who is responsible and answers."""
    at = 0 if language == "ar" else 1
    values = _values(facts, words, privacy, at)
    rows = [(_LABELS[name][at], values[name]) for name in _FIELDS[to]]
    page = _template().render(
        language=language,
        direction="rtl" if language == "ar" else "ltr",
        title=_TITLES[to][at],
        draft=_SAID["draft"][at],
        due=f"{_SAID['due'][at]}: {rfc3339(facts.due_ms)}",
        case=facts.case,
        rows=rows,
        missing=_SAID["missing"][at],
    )
    return Draft(page, [name for name in _FIELDS[to] if not values[name]])


def _values(facts: Facts, words: Words, privacy: PrivacySettings, at: int) -> Mapping[str, str]:
    """'' for what nobody has said."""
    found, span, count = facts.estimate, "", ""
    if found is not None:
        since, until = rfc3339(found.since_ms), rfc3339(found.until_ms)
        span = _SAID["span"][at].format(since=since, until=until)
        said = _SAID["few" if found.at_most is None else "count"][at]
        count = said.format(low=found.at_least, high=found.at_most, messages=found.messages, fewest=found.fewest)
    answers = ", ".join(each for each in (privacy.contact, privacy.officer) if each and each != "none")
    return {
        "what": facts.what,
        "known": rfc3339(facts.known_ms),
        "span": span,
        "data": words.data,
        "number": count,
        "risks": words.risks,
        "measures": words.measures,
        "told": _SAID["yes" if facts.people_told else "no"][at],
        "advice": words.advice,
        "controller": privacy.controller,
        "contact": answers,
    }


@cache
def _template() -> Template:
    source = files("gateway.rights").joinpath(TEMPLATE).read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(source)

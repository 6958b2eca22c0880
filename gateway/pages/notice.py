"""`/privacy`: the notice in words, its versions, and what changed with each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec
from babel import Locale

from gateway.html.looks import Look
from gateway.html.marks import code
from gateway.http_api.browsers import look_wanted
from gateway.http_api.replies import JSON, Replies, Reply
from gateway.http_api.routes import Call
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339
from gateway.pages import said
from gateway.pages.frame import Frame, words
from gateway.pages.spans import span
from gateway.transparency.changes import Change, Fact, changes
from gateway.transparency.notice import Given, Notice, Period, Purpose
from gateway.transparency.record_words import BASES, CATEGORIES, PURPOSES, ROLES, say
from gateway.transparency.versions import Version

_encode: Final = msgspec.json.Encoder().encode
MOST_DRAWN: Final = 64
"""Pages that are kept ready; when there are more, they are drawn anew."""

Row = Mapping[str, object]
Cells = Sequence[str]


class NoticePages:
    """version: the one that holds; versions: all, oldest first."""

    def __init__(
        self, frame: Frame, replies: Replies, version: Callable[[], Version], versions: Callable[[], Sequence[Version]]
    ) -> None:
        self._frame = frame
        self._replies = replies
        self._version = version
        self._versions = versions
        self._drawn: dict[tuple[int, int, Look], bytes] = {}

    async def show(self, call: Call) -> Reply:
        return self._page(call, self._version())

    async def show_version(self, call: Call) -> Reply:
        """Raises Refusal for a number that no version has."""
        return self._page(call, self._find(call.argument))

    async def tell(self, _: Call) -> Reply:
        """The same in JSON."""
        held = self._version()
        told = {"version": held.number, "since": rfc3339(held.since_ms), "sha256": held.digest, "notice": held.notice}
        return self._replies.of(200, _encode(told), JSON)

    def _page(self, call: Call, version: Version) -> Reply:
        look = look_wanted(call)
        key = version.number, len(self._versions()), look
        if key not in self._drawn:
            if len(self._drawn) >= MOST_DRAWN:
                self._drawn.clear()
            is_current = version.number == self._version().number
            path = "/privacy" if is_current else f"/privacy/{version.number}"
            self._drawn[key] = self._frame.draw("privacy", look, path, self._values(version, look))
        return self._frame.ready(call, "privacy", self._drawn[key])

    def _values(self, version: Version, look: Look) -> Row:
        known = self._versions()
        before = next((each for each in known if each.number == version.number - 1), None)
        return {
            "version": version,
            "since": rfc3339(version.since_ms),
            "is_current": version.number == self._version().number,
            "changes": [] if before is None else change_rows(changes(before.notice, version.notice), look),
            "versions": [{"number": each.number, "since": rfc3339(each.since_ms)} for each in reversed(known)],
            **notice_rows(version.notice, look),
        }

    def _find(self, written: str) -> Version:
        for each in self._versions():
            if str(each.number) == written:
                return each
        raise Refusal("not_found")


def notice_rows(notice: Notice, look: Look) -> dict[str, object]:
    """What the notice says, in the words of a language: rows of tables, each with its cells."""
    told = _Words(look)
    return {
        "who": [(told.of(said.FACTS, name), getattr(notice, name)) for name in ("controller", "contact", "officer")],
        "purposes": [told.purpose(each) for each in notice.purposes if each.data],
        "periods": [told.period(each) for each in notice.periods],
        "kept": [(told.of(said.KEPT, each.what), told.span(each.seconds)) for each in notice.kept],
        "recipients": [told.recipient(each) for each in notice.recipients],
        "consent_for": told.listed(told.of(said.CLASSES, each) for each in notice.consent_for),
        "answer": told.span(notice.answer_s),
        "complain": told.span(notice.complain_s),
    }


def change_rows(found: Iterable[Change], look: Look) -> list[Row]:
    told = _Words(look)
    return [
        {
            "section": told.of(said.SECTIONS, each.section),
            "name": told.name(each),
            "before": told.fact(each.before),
            "after": told.fact(each.after),
        }
        for each in found
    ]


class _Words:
    """Words of closed lists, in one language. What is in no list is a name, and stands as it is."""

    def __init__(self, look: Look) -> None:
        self._lang = look.language
        self._words = words(look)

    def of(self, sentences: said.Sentences, word: str) -> str:
        return self._words.gettext(sentences[word]) if word in sentences else word

    def span(self, seconds: int) -> str:
        return span(seconds, self._words)

    def listed(self, parts: Iterable[str]) -> str:
        """Each once."""
        return ("، " if self._lang == "ar" else ", ").join(dict.fromkeys(parts))

    def purpose(self, of: Purpose) -> Cells:
        data = ("؛ " if self._lang == "ar" else "; ").join(dict.fromkeys(map(self.data, of.data)))
        basis, role = say(BASES, of.basis, self._lang), say(ROLES, of.role, self._lang)
        return say(PURPOSES, of.purpose, self._lang), data, basis, role

    def data(self, table: str) -> str:
        """What a table holds of people; several are called the same."""
        return self.of(said.DATA, table) if table in said.DATA else say(CATEGORIES, table, self._lang)

    def period(self, period: Period) -> Cells:
        record = self.listed(filter(None, (self.span(period.record_s), period.citation)))
        return self.of(said.TAGS, period.tag), self._content(period), record, code(period.tag)

    def _content(self, period: Period) -> str:
        limit = self.span(period.content_limit_s)
        if period.at_once:
            form = self._words.gettext("as soon as the operator has it; at the latest %(limit)s after it was accepted")
        elif period.content_after_final_s is None:
            form = self._words.gettext("%(limit)s after it was accepted")
        elif not period.content_after_final_s:
            form = self._words.gettext("on delivery; at the latest %(limit)s after it was accepted")
        else:
            after = self.span(period.content_after_final_s)
            form = self._words.gettext("%(after)s after delivery; at the latest %(limit)s after it was accepted")
            return form % {"after": after, "limit": limit}
        return form % {"limit": limit}

    def recipient(self, given: Given) -> Cells:
        name = self.of(said.RECIPIENTS, given.kind) if given.kind in said.RECIPIENTS else given.name
        country = "" if given.kind == "customer" else self.country(given.country)
        fields = self.listed(self.of(said.FIELDS, each) for each in given.fields)
        return name, self.of(said.KINDS, given.kind), country, fields, given.safeguard

    def country(self, code: str) -> str:
        """By its name; what is no code of a country is a word of ours."""
        name = Locale(self._lang).territories.get(code)
        return self.of(said.FACTS, code) if name is None else str(name)

    def name(self, change: Change) -> str:
        """Of the thing that is said otherwise."""
        name = change.name
        if change.section == "purposes":
            purpose, basis, role = name.split("/")
            words = say(PURPOSES, purpose, self._lang), say(BASES, basis, self._lang), say(ROLES, role, self._lang)
            return self.listed(words)
        if change.section == "recipients":
            kind, _, rest = name.partition(": ")
            return f"{self.of(said.KINDS, kind)}: {self.of(said.RECIPIENTS, kind) if kind in said.RECIPIENTS else rest}"
        lists = {"content": said.TAGS, "record": said.TAGS, "kept": said.KEPT}
        return self.of(lists.get(change.section, said.FACTS), name)

    def fact(self, fact: Fact) -> str:
        """Of nothing a dash."""
        return self.listed(self.span(each) if isinstance(each, int) else self._word(each) for each in fact) or "–"

    def _word(self, word: str) -> str:
        if word in CATEGORIES:
            return self.data(word)
        for sentences in (said.FACTS, said.CLASSES, said.FIELDS, said.COOKIES):
            if word in sentences:
                return self.of(sentences, word)
        return self.country(word)

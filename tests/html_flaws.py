"""What is wrong with a page as HTML: elements that do not close where they must, ids that are there twice or not at
all, and what stands where it may not. Less than a validator finds, and in the time of a test.
"""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
INTERACTIVE: Final = frozenset(["a", "button", "input", "select", "textarea", "details"])
FLOW: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "details",
        "div",
        "dl",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    ]
)
"""What ends a paragraph, or may not stand in a phrase."""
PHRASES: Final = frozenset(
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "span",
        "strong",
        "em",
        "code",
        "bdi",
        "a",
        "button",
        "label",
        "summary",
        "dt",
        "caption",
        "time",
    ]
)
ONLY_IN: Final = {
    "li": frozenset({"ul", "ol"}),
    "tr": frozenset({"thead", "tbody", "tfoot"}),
    "td": frozenset({"tr"}),
    "th": frozenset({"tr"}),
    "dt": frozenset({"dl", "div"}),
    "dd": frozenset({"dl", "div"}),
    "option": frozenset({"select", "optgroup", "datalist"}),
    "legend": frozenset({"fieldset"}),
    "caption": frozenset({"table"}),
    "figcaption": frozenset({"figure"}),
    "summary": frozenset({"details"}),
}
HOLDS_ONLY: Final = {
    "ul": frozenset({"li"}),
    "ol": frozenset({"li"}),
    "dl": frozenset({"dt", "dd", "div"}),
    "tr": frozenset({"td", "th"}),
    "select": frozenset({"option", "optgroup"}),
}
REFERS: Final = ("for", "aria-describedby", "aria-labelledby", "aria-controls")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.flaws: list[str] = []
        self.ids: list[str] = []
        self.meant: list[str] = []
        self.open: list[str] = []
        self._said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        given = dict(attrs)
        self.flaws += [f"{tag} has {name} twice" for name in {*names} if names.count(name) > 1]
        self.ids += [given["id"] or ""] if "id" in given else []
        self.meant += [word for name in REFERS if given.get(name) for word in (given[name] or "").split()]
        self.flaws += self._misplaced(tag)
        if tag not in VOID:
            self.open.append(tag)
        self._said = ""

    def handle_data(self, data: str) -> None:
        self._said += data.strip()

    def _misplaced(self, tag: str) -> Iterator[str]:
        if "svg" in self.open:
            return
        above = self.open[-1] if self.open else ""
        if tag in ONLY_IN and above not in ONLY_IN[tag]:
            yield f"{tag} stands in {above or 'nothing'}"
        if above in HOLDS_ONLY and tag not in HOLDS_ONLY[above] | {"script", "template"}:
            yield f"{above} holds {tag}"
        if above in PHRASES and tag in FLOW and above != "a":
            yield f"{above} holds {tag}"
        for outer in {*self.open} & {"a", "button"} if tag in INTERACTIVE else ():
            yield f"{outer} holds {tag}"
        if tag == "form" and "form" in self.open:
            yield "form holds form"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            self.flaws.append(f"{tag} is closed, and holds nothing")
        elif not self.open or self.open[-1] != tag:
            self.flaws.append(f"{tag} is closed within {self.open[-1] if self.open else 'nothing'}")
        else:
            self.open.pop()
            self.flaws += ["option says nothing"] if tag == "option" and not self._said else []


def flaws_of(page: str) -> list[str]:
    """One line for each; in no order."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    ids = {*reader.ids}
    flaws = reader.flaws + [f"{each} is not closed" for each in reader.open]
    flaws += [f"the id {each} is there twice" for each in ids if reader.ids.count(each) > 1]
    flaws += [f"there is no id {each}" for each in reader.meant if each not in ids]
    if not page.lower().startswith("<!doctype html>"):
        flaws.append("it does not begin as HTML")
    return flaws

"""The record of processing activities as a file: CSV for spreadsheets, and one page without scripts."""

import csv
import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined, Template

from gateway.transparency.record import Activity, columns
from gateway.transparency.record_words import SAID, Lang, say

TEMPLATE: Final = "record.html"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def table(found: Sequence[Activity], lang: Lang) -> str:
    """CSV with a mark of its encoding, which spreadsheets want for Arabic. No cell begins a formula."""
    heads, file = columns(lang), io.StringIO()
    writer = csv.writer(file)
    writer.writerow(heads.values())
    writer.writerows([_plain(each[name]) for name in heads] for each in found)
    return "\ufeff" + file.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def page(found: Sequence[Activity], lang: Lang) -> str:
    """HTML; what is unknown is red."""
    unknown = say(SAID, "unknown", lang)
    return _template().render(found=found, heads=columns(lang), lang=lang, unknown=unknown)


@cache
def _template() -> Template:
    source = files("gateway.transparency").joinpath(TEMPLATE).read_text("utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(source)

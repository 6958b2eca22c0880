"""What pages say, in other languages than English: gettext catalogues, read as their translators write them.

There is no compiled file beside a catalogue that could differ from it: it is compiled in memory, once for each room.
"""

import gettext
import io
from functools import cache
from importlib.resources import files
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from gateway.html.looks import Look

GROUND: Final = "gateway.html"


def translations(package: str, look: Look) -> gettext.NullTranslations:
    """The words of a room's pages, and of what all rooms share."""
    return _read(package, look.language)


@cache
def _read(package: str, language: str) -> gettext.NullTranslations:
    """English is what the pages say themselves."""
    if language == "en":
        return gettext.NullTranslations()
    source = files(package).joinpath("locale", f"{language}.po").read_text("utf-8")
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.StringIO(source), locale=language))
    compiled.seek(0)
    found = gettext.GNUTranslations(compiled)
    if package != GROUND:
        found.add_fallback(_read(GROUND, language))
    return found

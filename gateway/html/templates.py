"""The templates of a room, compiled once for each look, and made into octets.

Everything is escaped but what says that it is markup (`gateway.html.marks`), and a name that nobody gave is an error.
A room's templates lie in its folder `templates`, its words in `locale/ar.po`, its scripts in `assets`; each may use
those of the ground, above all `layout.html`.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from gateway.html.assets import Assets
from gateway.html.catalogue import GROUND, translations
from gateway.html.graphs import bars, spark
from gateway.html.looks import Look
from gateway.html.marks import filters

_FOLDER: Final = "templates"


class Templates:
    """package: of the room."""

    def __init__(self, package: str) -> None:
        self._package = package
        self.assets: Final = Assets(package)

    def page(self, name: str, look: Look, values: Mapping[str, object]) -> bytes:
        """A whole page. Raises `jinja2.UndefinedError` for a value that is missing."""
        return self._in(look).get_template(name).render(values).encode()

    def _in(self, look: Look) -> Environment:
        return _environment(self._package, look)


@cache
def _environment(package: str, look: Look) -> Environment:
    made = Environment(
        loader=FunctionLoader(lambda name: _source(package, name)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.filters.update(filters(look))
    _install(made, package, look)
    made.globals.update(look=look, looks=tuple(Look), asset=Assets(package).path, spark=spark, bars=bars)
    return made


def _install(made: Any, package: str, look: Look) -> None:
    """made: an environment, with what its extension adds to it. A number in a sentence has the digits of the look."""
    made.install_gettext_translations(translations(package, look), newstyle=True)
    plural, amount = made.globals["ngettext"], made.filters["amount"]

    @pass_context
    def counted(context: Context, one: str, many: str, count: int, **more: object) -> object:
        return plural(context, one, many, count, num=amount(count), **more)

    made.globals["ngettext"] = counted


def _source(package: str, name: str) -> str | None:
    """A room's own template, or else the ground's."""
    for each in (package, GROUND):
        file = files(each).joinpath(_FOLDER, name)
        if file.is_file():
            return file.read_text("utf-8")
    return None

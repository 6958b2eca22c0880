"""The page that a form leads back to: the verb's own, or the one that the form stood on, where it says so."""

import re
from typing import Final

import msgspec

from gateway.console.fields import Form
from gateway.console.screens import BY_PATH, Screen
from gateway.console.verb import Verb

ID: Final = re.compile(r"[A-Za-z0-9_.~-]{1,64}", re.ASCII)
"""What an address may name."""
BACK: Final = "back"
"""The field of a form that stands on more than one page."""


class Place(msgspec.Struct, frozen=True):
    """argument: id of what the page is about; "" for one that is about nothing in particular."""

    screen: Screen
    argument: str

    @property
    def path(self) -> str:
        return self.screen.path.replace("{id}", self.argument)


def place_of(verb: Verb, argument: str, form: Form) -> Place:
    """argument: of the address that the form was sent to. A page that there is not is never led to."""
    return _named(form.get(BACK, "")) or Place(BY_PATH[verb.back], argument if "{id}" in verb.back else "")


def _named(path: str) -> Place | None:
    if path in BY_PATH and "{id}" not in path:
        return Place(BY_PATH[path], "")
    for screen in BY_PATH.values():
        before, brace, after = screen.path.partition("{id}")
        if brace and path.startswith(before) and path.endswith(after):
            argument = path[len(before) : len(path) - len(after)]
            if ID.fullmatch(argument):
                return Place(screen, argument)
    return None

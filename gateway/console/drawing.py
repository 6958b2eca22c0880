"""Pages as octets: the templates of the console, with what each of them uses."""

from collections.abc import Mapping
from typing import Final

from gateway.console.people_verbs import CHANNELS, KINDS_OF_CASES, PROOFS, TWO
from gateway.console.screens import SCREENS
from gateway.console.support_verbs import TOPICS
from gateway.console.verbs import VERBS
from gateway.console.visits import Visit
from gateway.console.words import CHANGES, MASKED, PROBLEMS, ROLES, STEPS, state_of
from gateway.html.looks import Look
from gateway.html.templates import Templates

PACKAGE: Final = "gateway.console"
_SHARED: Final[Mapping[str, object]] = {
    "verbs": VERBS,
    "menu": [each for each in SCREENS if each.is_in_menu],
    "state_of": state_of,
    "steps": STEPS,
    "roles": ROLES,
    "changes": CHANGES,
    "problems": PROBLEMS,
    "kinds_of_cases": dict(KINDS_OF_CASES),
    "channels": dict(CHANNELS),
    "proofs": dict(PROOFS),
    "masked_kinds": MASKED,
    "topics": dict(TOPICS),
    "two": dict(TWO),
    "asked": {},
    "done": None,
    "fault": None,
    "visit": None,
}
"""What templates find when a page gives nothing else."""


class Drawing:
    """Of all pages of the console."""

    def __init__(self) -> None:
        self._templates = Templates(PACKAGE)
        self.assets: Final = self._templates.assets

    def page(self, template: str, visit: Visit, values: Mapping[str, object], *, whole: bool = True) -> bytes:
        """For somebody who is signed in. whole: or else only what of it is kept fresh."""
        layout = "app.html" if whole else "part.html"
        shared = {**_SHARED, "visit": visit, "path": visit.path, "layout": layout}
        return self._templates.page(template, visit.look, {**shared, **values})

    def outside(self, template: str, look: Look, path: str, values: Mapping[str, object]) -> bytes:
        """For whoever is not signed in."""
        return self._templates.page(template, look, {**_SHARED, "path": path, **values})

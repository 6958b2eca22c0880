"""A form of the console, as a row: which endpoint it leads to, with which fields, and where it is shown."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.console.fields import Field
from gateway.html.words import N_
from gateway.people.roles import Action

REASON: Final = Field(
    name="reason",
    label=N_("Reason"),
    hint=N_("Kept sealed; the audit log says that there is one, and not what it says."),
)
WHY: Final = msgspec.structs.replace(REASON, is_needed=False)
"""Of what may be done without one."""


class Verb(msgspec.Struct, frozen=True, kw_only=True):
    """path: of the form, with `{id}` of what it is about. api: the endpoint, with `{id}` as well. back: the page to see
    after it, and where it went wrong. takes_body: whether the endpoint does. shows: the template that shows what the
    API answered, where that is not shown again. grave: it cannot be undone, or stops something.
    """

    name: str
    title: str
    action: Action
    path: str
    api: str
    back: str
    method: str = "POST"
    fields: Sequence[Field] = ()
    takes_body: bool = True
    shows: str = ""
    about: str = ""
    grave: bool = False

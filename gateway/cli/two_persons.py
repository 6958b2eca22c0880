"""What takes two persons, done by a verb: after one has asked and another has consented, over the admin API."""

from typing import Annotated

import typer

from gateway.accounts.invalid import InvalidSetting
from gateway.cli.output import Failed
from gateway.cli.session import Desk
from gateway.people.requests import NotAllowed, Requests
from gateway.people.roles import Action
from gateway.rights.holds import Hands

Request = Annotated[
    str, typer.Option("--request", help="Id of the request that two people agreed on, over the admin API.")
]


async def claimed(desk: Desk, identifier: str, action: Action, obj: str) -> Hands:
    """Use up what two people agreed on. Raises Failed and UnknownPerson."""
    requests = Requests(desk.people)
    found = await requests.find(identifier)
    try:
        used = await requests.claim(await desk.people.get(found.by), identifier, action, obj)
    except NotAllowed:
        raise Failed("this request is about something else", "request_closed") from None
    except InvalidSetting as closed:
        raise Failed(str(closed), "request_closed") from None
    return Hands(used.by, used.second)

"""What verbs of the admin API that are no change of settings are done with."""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from gateway.audit.actor import Actor
from gateway.fraud.overrides import OverrideDesk
from gateway.http_api.records import Canceller
from gateway.ledger.contract import StoredEndpoint
from gateway.model.message import Message
from gateway.webhooks.connection import Result
from gateway.webhooks.endpoint import OtherSecret


class Hands(Struct, frozen=True, kw_only=True):
    """canceller: takes messages back. tell_again: stores the notification of a message's end anew; False where nothing
    is to be told, or it goes over SMPP.

    try_out: sends an endpoint one signed test event; raises SealError. other_secret: makes another one, as of now.
    overrides: numbers that are exempt from controls against abuse, in the hands of an actor. sweep: has the node that
    answers forget what is due at once.
    """

    canceller: Canceller
    tell_again: Callable[[Message], Awaitable[bool]]
    try_out: Callable[[StoredEndpoint], Awaitable[Result]]
    other_secret: Callable[[], OtherSecret]
    overrides: Callable[[Actor], OverrideDesk]
    sweep: Callable[[], None]

"""Where the endpoints of the admin API look, and what they act on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from config.changes import Change
from config.rules import RulePack
from config.settings import Settings
from gateway.accept.inquiry import Inquired
from gateway.accept.request import MessageRequest, OperatorView
from gateway.accounts.administration import Accounts
from gateway.accounts.directory import Directory
from gateway.audit.actor import Actor
from gateway.control.desk import Control
from gateway.control.reasons import Reasons
from gateway.control.reloads import Reloads
from gateway.delivery.portability import Lookup
from gateway.delivery.routing import Router
from gateway.http_api.admin.hands import Hands
from gateway.http_api.consents import ConsentActs
from gateway.http_api.searching import Naming
from gateway.ledger.roles import Ledger, Messages
from gateway.model.message import Message
from gateway.model.route import Route as RouteLine
from gateway.people.passkeys import RelyingParty
from gateway.people.registry import Registry
from gateway.rights.desk import RightsDesk


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where the endpoints look and what they act on.

    messages: with their tags checked. accounts: in the hands of an actor. control: over the
    operators that the settings name now. naming: of typed numbers. router: as it routes now.
    lookup: of networks at which numbers are.
    judge: what would be said of a message of the customer with this number. packs: of messaging rules.
    settings, differs: as the node runs, and in what those that are written are others; raises ConfigError.
    operators, routes, checks, waiting: as they stand. reveal_reference: opens a customer's own reference of a message.
    mask: what is shown of a message's number.
    smallest_cell: of usage, in messages, that who sees no small ones is told.
    party: to which passkeys belong; None where there are none. log_folder: of the audit log; None where others have it.
    """

    engine: str
    ledger: Ledger
    messages: Messages
    directory: Directory
    people: Registry
    accounts: Callable[[Actor], Accounts]
    control: Callable[[], Control]
    reloads: Callable[[Actor], Reloads]
    reasons: Reasons
    naming: Naming
    router: Router
    lookup: Lookup
    rights: RightsDesk
    consents: ConsentActs
    operators: Callable[[], Sequence[OperatorView]]
    routes: Callable[[], Sequence[RouteLine]]
    settings: Callable[[], Settings]
    differs: Callable[[], Awaitable[Sequence[Change]]]
    checks: Callable[[], Mapping[str, bool]]
    waiting: Callable[[], Mapping[str, int]]
    judge: Callable[[int, MessageRequest], Inquired]
    packs: Callable[[], Sequence[RulePack]]
    reveal_reference: Callable[[Message], str | None]
    mask: Callable[[Message], str]
    smallest_cell: int
    hands: Hands
    party: RelyingParty | None = None
    log_folder: Callable[[], Path | None] = lambda: None

"""What can be done from a page: one row for each form, which leads to one endpoint of the admin API."""

from collections.abc import Mapping
from typing import Final

from gateway.console.customer_verbs import CUSTOMERS, HELD, KEYS
from gateway.console.message_verbs import MESSAGES, SEARCHES
from gateway.console.people_verbs import CASES, CONSENTS, OWN, REQUESTS
from gateway.console.staff_verbs import PEOPLE, TOKENS
from gateway.console.steering_verbs import NODES, OPERATORS, ROUTES, SETTINGS
from gateway.console.support_verbs import TICKETS
from gateway.console.verb import Verb

VERBS: Final[Mapping[str, Verb]] = {
    each.name: each
    for each in (
        *(*OPERATORS, *NODES, *ROUTES, *SETTINGS),
        *(*CUSTOMERS, *KEYS),
        *(*MESSAGES, *SEARCHES),
        *(*PEOPLE, *TOKENS, *HELD),
        *(*CASES, *CONSENTS, *REQUESTS, *OWN, *TICKETS),
    )
}
"""By name."""

"""What a node asks about consents, built on its open stores."""

from gateway.accounts.directory import Directory
from gateway.consent.gate import Gate
from gateway.consent.guard import Guard
from gateway.model.consent_mode import ConsentMode
from gateway.model.verdict import Counts
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.tasks import TaskOwner


def guard(stores: Stores, clock: Clock, tasks: TaskOwner, counts: Counts) -> Guard:
    """tasks: where look-ups run."""
    return Guard(
        Gate(stores.ledger.permissions, clock, tasks.contain),
        stores.consents.following,
        stores.consents.keys.tokens,
        lambda customer: mode(stores.directory, customer),
        counts,
        clock,
    )


def mode(directory: Directory, customer: int) -> ConsentMode:
    """Of a customer; of one that is not there, nothing is asked: its messages are held."""
    found = directory.customer(customer)
    return ConsentMode.OFF if found is None else found.settings.consent

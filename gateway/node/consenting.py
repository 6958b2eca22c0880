"""What a node asks about consents, built on its open stores."""

from collections.abc import Callable, Sequence

from config.operators import NetworkLinkSettings
from config.settings import Settings
from gateway.accept.confirming import Confirmations
from gateway.accept.door import Door
from gateway.accounts.directory import Directory
from gateway.audit.actor import NODE
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.feedback import Feedback
from gateway.consent.gate import Gate
from gateway.consent.guard import Guard
from gateway.consent.purposes import link_number
from gateway.consent.wishes import Hearing
from gateway.consent.wordings import Wordings
from gateway.http_api.consents import ConsentSource
from gateway.keystore.permission_keys import PermissionKeys
from gateway.model.consent_mode import ConsentMode
from gateway.model.message import MessageClass
from gateway.model.refusals import Refusal
from gateway.model.verdict import Counts
from gateway.node.stores import Stores
from gateway.process.clock import Clock
from gateway.process.tasks import TaskOwner
from redaction.errors import KeyDestroyed, KeysWithheld, alone
from redaction.personal import Msisdn


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


def wishes(stores: Stores, clock: Clock, tasks: TaskOwner, door: Door) -> Hearing:
    """What people ask for by single words. tasks: where it is written down. door: of confirmations."""
    desk = ConsentDesk(stores.ledger.permissions, stores.consents.keys.tokens, clock, NODE)
    confirmations = Confirmations(door, stores.directory.customer)
    return Hearing(stores.directory.customer, desk, tasks.contain, confirmations.send)


def feedback(stores: Stores, clock: Clock, tasks: TaskOwner, settings: Callable[[], Settings]) -> Feedback:
    """What operators' codes say of subscribers. tasks: where it is written down. settings: as they stand."""
    desk = ConsentDesk(stores.ledger.permissions, stores.consents.keys.tokens, clock, NODE)
    return Feedback(
        lambda operator: _filter_codes(settings(), operator),
        lambda message: stores.vault.open_content(message).to,
        stores.directory.customer,
        desk,
        tasks.contain,
        clock,
    )


def _filter_codes(settings: Settings, operator: str) -> Sequence[str]:
    """What an operator says of messages to subscribers that have adverts filtered."""
    for each in settings.operators:
        if each.name == operator and isinstance(each, NetworkLinkSettings):
            return [code.lower() for code in each.advert_filter_codes]
    return ()


def source(stores: Stores, clock: Clock, region: Callable[[], str]) -> ConsentSource:
    """For customers, and for people with a stop link. region: of numbers without a country code."""
    permissions, keys = stores.ledger.permissions, stores.consents.keys
    return ConsentSource(
        desk=lambda actor: ConsentDesk(permissions, keys.tokens, clock, actor),
        wordings=lambda actor: Wordings(stores.ledger.acts, clock, actor),
        region=region,
        links=keys.stop_links,
        of=lambda customer: _of(stores.directory, customer),
    )


def _of(directory: Directory, customer: int) -> Of | None:
    found = directory.customer(customer)
    return None if found is None else Of(found.id, found.public_id)


def stop_link(keys: PermissionKeys, customer: int, message_class: MessageClass, to: Msisdn) -> str | None:
    """What stands in the link of a message; None where there can be none. Raises Refusal."""
    try:
        _, token = keys.tokens(customer, to)
        return keys.stop_links().write(customer, link_number(message_class.value), token)
    except KeysWithheld:
        raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
    except (KeyDestroyed, ValueError):
        return None


def mode(directory: Directory, customer: int) -> ConsentMode:
    """Of a customer; of one that is not there, nothing is asked: its messages are held."""
    found = directory.customer(customer)
    return ConsentMode.OFF if found is None else found.settings.consent

"""Where an event goes: the customer's endpoint or the message's own callback URL, opened only for delivery.

This is the one place that opens `private` fields and webhook secrets; `webhooks` itself sees guarded values. An
endpoint is opened for the first event of its customer and again whenever any account has changed: to open it for every
event was a fourth of what telling cost.
"""

from collections.abc import Callable
from typing import Final

from gateway.accounts.directory import Directory
from gateway.ledger.contract import StoredEndpoint
from gateway.model import reports
from gateway.model.content import Received
from gateway.model.event_types import MESSAGE_PREFIX
from gateway.model.message import STATUS_EVENT, Message, OutboxEvent, Status
from gateway.model.owners import esme_of
from gateway.model.refusals import Refusal
from gateway.model.submission import INTERMEDIATE_BIT, RECEIPT_BITS
from gateway.vault.vault import Vault
from gateway.webhooks.delivery import Delivery, Destination, signer_of
from gateway.webhooks.dialects import Dialect, Dialects, Lines, Outgoing
from gateway.webhooks.endpoint import endpoint_settings, former_secret, open_endpoint
from gateway.webhooks.payload import event_body, other_body, received_body
from redaction.errors import KeyDestroyed, KeysWithheld, SealError, alone
from redaction.personal import Purpose, Secret
from redaction.seal import Sealer

ALWAYS, ON_FAILURE, ON_SUCCESS = 1, 2, 3
NO_DIALECTS: Final[Dialects] = {}
KEPT_LIMIT: Final = 1_000
_NOWHERE: Final = Secret("")


class Addressing:
    """Turns outbox events into requests. mask: what is shown of a message's number. dialects: of façades, whose
    callbacks are not as webhooks are.
    """

    def __init__(
        self,
        directory: Directory,
        vault: Vault,
        sealer: Sealer,
        now_ms: Callable[[], int],
        mask: Callable[[Message], str],
        dialects: Dialects = NO_DIALECTS,
    ) -> None:
        self._dialects = dialects
        self._directory = directory
        self._vault = vault
        self._sealer = sealer
        self._version: object = None
        self._now_ms = now_ms
        self.mask: Final = mask
        self._kept: dict[int, Destination] = {}
        self._two_secrets: dict[int, int] = {}

    def wanted(self, message: Message) -> bool:
        """Whether a customer is to be notified of this message's status."""
        if esme_of(message.key_id):
            return asks_for(message.notify, message.status)
        if message.notify:
            return reports.asks_for(message.notify, message.status)
        endpoint = self._directory.endpoint(message.customer)
        if endpoint is None:
            return False
        settings = endpoint_settings(endpoint)
        return not settings.dialect and settings.wants(MESSAGE_PREFIX + message.status)

    def reference(self, message: Message) -> str | None:
        """The customer's own reference, while it can still be opened. Raises Refusal where keys are withheld."""
        try:
            reference = self._vault.open_private(message).reference
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        except SealError:
            return None
        return None if reference is None else reference.reveal(Purpose.INFORM_CUSTOMER)

    def received(self, message: Message) -> Received | None:
        """What a person wrote to a customer, while it can still be opened. Raises KeysWithheld."""
        try:
            return self._vault.open_received(message)
        except KeysWithheld:
            raise
        except SealError:
            return None

    def delivery(self, event: OutboxEvent, message: Message | None) -> Delivery | None:
        """The request to make, or None without an endpoint (any more). Raises KeysWithheld."""
        if message is not None and message.notify and message.key_id > 0:
            return self._called_back(event, message)
        destination = self._destination(event.customer)
        if destination is None:
            return None
        dialect = self._dialect_of_endpoint(event.customer)
        if dialect is not None:
            return self._told(dialect, destination, event, message)
        if destination.events and _type_of(event, message) not in destination.events:
            return None
        if message is None or event.kind != STATUS_EVENT:
            return Delivery(destination, other_body(event))
        reference = None
        if message.private is not None:
            try:
                private = self._vault.open_private(message)
                reference = private.reference
                if private.callback_url is not None:
                    destination = destination.elsewhere(private.callback_url)
            except KeysWithheld:
                raise
            except SealError:
                pass  # the content clock has run out: the event leaves without its reference
        body = self._received(event, message) or event_body(event, message, self.mask(message), reference)
        return Delivery(destination, body)

    def _called_back(self, event: OutboxEvent, message: Message) -> Delivery | None:
        """A report in the words of the façade by which the message came; None once its URL is no more."""
        if not self._vault.may_open():
            raise KeysWithheld
        try:
            private = self._vault.open_private(message)
        except KeysWithheld:
            raise
        except SealError:
            return None
        form = private.callback
        dialect = None if form is None else self._dialects.get(form.dialect)
        if form is None or dialect is None or private.callback_url is None:
            return None
        url = private.callback_url.reveal(Purpose.INFORM_CUSTOMER)
        return _delivery(dialect.report(event, message, self.mask(message), form, url), own_endpoint=False)

    def _dialect_of_endpoint(self, customer: int) -> Dialect | None:
        endpoint = self._directory.endpoint(customer)
        return None if endpoint is None else self._dialects.get(endpoint_settings(endpoint).dialect)

    def _told(
        self, dialect: Dialect, destination: Destination, event: OutboxEvent, message: Message | None
    ) -> Delivery | None:
        """A message from a person in the words that the endpoint was set for; of all else they have none."""
        if message is None or message.status is not Status.RECEIVED:
            return None
        received = self.received(message)
        if received is None:
            return None
        url = destination.url.reveal(Purpose.INFORM_CUSTOMER)
        return _delivery(dialect.received(event, message, received, url), own_endpoint=True)

    def _destination(self, customer: int) -> Destination | None:
        """The customer's endpoint as it stands, if there is one and its keys are. Raises KeysWithheld."""
        if not self._vault.may_open():
            self._kept.clear()
            raise KeysWithheld
        if self._directory.version is not self._version:
            self._version = self._directory.version
            self._kept.clear()
        if customer in self._two_secrets and self._two_secrets[customer] <= self._now_ms():
            self._kept.pop(customer, None)
        try:
            self._sealer.keys.customer_key(customer)
            return self._kept.get(customer) or self._open(customer)
        except SealError:
            self._kept.pop(customer, None)
            return None

    def _open(self, customer: int) -> Destination | None:
        endpoint = self._directory.endpoint(customer)
        if endpoint is None:
            return None
        try:
            url, secret = open_endpoint(self._sealer, endpoint)
            signer = signer_of(self._secrets(endpoint, secret))
            settings = endpoint_settings(endpoint)
            destination = Destination(url, signer, batch=settings.batch, events=settings.events)
        except (KeyDestroyed, KeysWithheld):
            raise
        except (SealError, ValueError):
            destination = Destination(_NOWHERE, None)  # its events are tried again, in vain until it is set anew
        if len(self._kept) >= KEPT_LIMIT:
            del self._kept[next(iter(self._kept))]
        self._kept[customer] = destination
        return destination

    def _secrets(self, endpoint: StoredEndpoint, secret: Secret) -> tuple[Secret, ...]:
        """The live ones. That of before ends at a time, at which the endpoint is opened again."""
        former = former_secret(self._sealer, endpoint, self._now_ms())
        if former is None:
            self._two_secrets.pop(endpoint.customer, None)
            return (secret,)
        self._two_secrets[endpoint.customer] = endpoint_settings(endpoint).former_until_ms
        return (secret, former)

    def _received(self, event: OutboxEvent, message: Message) -> bytes | None:
        """The body for a message from a person, while it can be opened; None for any other."""
        if message.status is not Status.RECEIVED:
            return None
        received = self.received(message)
        return None if received is None else received_body(event, message, received)


def _delivery(call: Outgoing | None, *, own_endpoint: bool) -> Delivery | None:
    if call is None:
        return None
    signer = Lines(call.more)
    return Delivery(Destination(Secret(call.url), signer, own_endpoint=own_endpoint, shape=call.shape), call.body)


def _type_of(event: OutboxEvent, message: Message | None) -> str:
    if event.kind != STATUS_EVENT:
        return event.kind
    status = event.status or (Status.UNKNOWN if message is None else message.status)
    return MESSAGE_PREFIX + status


def asks_for(notify: int, status: Status) -> bool:
    """Whether registered_delivery asks for this receipt (SMPP 3.4 §5.2.17; "on success only" is of 5.0)."""
    if status is Status.SUBMITTED:
        return bool(notify & INTERMEDIATE_BIT)
    receipt = notify & RECEIPT_BITS
    return receipt == ALWAYS or receipt == (ON_SUCCESS if status is Status.DELIVERED else ON_FAILURE)

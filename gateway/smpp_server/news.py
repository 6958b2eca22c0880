"""Opens what news needs and says it in SMPP: the addresses of a message, sealed for its customer, and nothing else."""

from gateway.content import Vault
from gateway.message import Message, OutboxEvent
from gateway.smpp_server.wording import receipt
from gateway.submission import ReturnPath
from operators.smpp import pdu as p
from redaction.errors import SealError


class NewsWriter:
    """Turns outbox events into deliver_sm PDUs."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def __call__(self, event: OutboxEvent, message: Message) -> p.DeliverSm | None:
        """None when there is nothing to tell any more."""
        return receipt(event, message, self._path(message))

    def _path(self, message: Message) -> ReturnPath | None:
        """None once the content clock has run out: the customer is told by id alone."""
        try:
            return self._vault.open_private(message).path
        except SealError:
            return None

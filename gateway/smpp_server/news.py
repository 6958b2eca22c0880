"""Opens what news needs and says it in SMPP: a message's addresses, or what a person wrote; for its customer only."""

from contextlib import suppress

from gateway.model.message import Message, OutboxEvent, Status
from gateway.model.submission import ReturnPath
from gateway.smpp_server.wording import Words, incoming, receipt
from gateway.vault.vault import Vault
from operators.smpp import pdu as p
from redaction.errors import KeysWithheld, SealError


class NewsWriter:
    """Turns outbox events into deliver_sm PDUs, or their octets."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def __call__(self, event: OutboxEvent, message: Message) -> p.DeliverSm | Words | None:
        """None when there is nothing to tell any more, or no deliver_sm can tell it. Raises KeysWithheld."""
        if message.status is Status.RECEIVED:
            return self._incoming(message)
        with suppress(p.EncodeError):
            return receipt(event, message, self._path(message))
        return None

    def _incoming(self, message: Message) -> p.DeliverSm | None:
        """None once its content clock has run out."""
        try:
            return incoming(message, self._vault.open_received(message))
        except KeysWithheld:
            raise
        except SealError:
            return None

    def _path(self, message: Message) -> ReturnPath | None:
        """None once the content clock has run out: the customer is told by id alone."""
        try:
            return self._vault.open_private(message).path
        except KeysWithheld:
            raise
        except SealError:
            return None

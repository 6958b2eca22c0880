"""Opens what a notification needs and writes it as SMPP: a message's addresses, or what a person wrote; for its
customer only.
"""

from collections.abc import Callable
from contextlib import suppress

from gateway.accounts.esme_profile import EsmeProfile
from gateway.model.message import Message, OutboxEvent, Status
from gateway.model.submission import ReturnPath
from gateway.smpp_server.incoming import incoming
from gateway.smpp_server.wording import Words, by_data_sm, receipt
from gateway.smpp_server.words import Forms
from gateway.vault.vault import Vault
from operators.smpp import pdu as p
from redaction.errors import KeysWithheld, SealError
from redaction.personal import Purpose


class NewsWriter:
    """Turns outbox events into PDUs, or their octets. profile: of an account, by its number."""

    def __init__(self, vault: Vault, profile: Callable[[int], EsmeProfile]) -> None:
        self._vault = vault
        self._profile = profile

    def __call__(self, event: OutboxEvent, message: Message) -> Words | Forms | None:
        """None when there is nothing to tell any more. Raises KeysWithheld."""
        profile = self._profile(event.esme)
        if message.status is Status.RECEIVED:
            return self._incoming(message, profile)
        path = self._path(message)
        with suppress(p.EncodeError):
            return _told(event, message, path, profile)
        return _told(event, message, None if path is None else _nameless(path), profile)

    def senders(self, message: Message) -> frozenset[str]:
        """What the sender of a message was called, without a plus sign; nothing once that is forgotten."""
        found = set()
        with suppress(SealError):
            path = self._vault.open_private(message).path
            if path is not None and path.source:
                found.add(path.source.removeprefix("+"))
        with suppress(SealError):
            source = self._vault.open_content(message).source
            shown = source if isinstance(source, str) else source.reveal(Purpose.INFORM_CUSTOMER)
            found.add(shown.removeprefix("+"))
        return frozenset(found)

    def _incoming(self, message: Message, profile: EsmeProfile) -> Forms | None:
        """None once its content clock has run out."""
        try:
            return incoming(message, self._vault.open_received(message), profile)
        except KeysWithheld:
            raise
        except SealError:
            return None

    def _path(self, message: Message) -> ReturnPath | None:
        """None once the content clock has run out: the receipt names the message by id alone."""
        try:
            return self._vault.open_private(message).path
        except KeysWithheld:
            raise
        except SealError:
            return None


def _told(event: OutboxEvent, message: Message, path: ReturnPath | None, profile: EsmeProfile) -> Words | Forms:
    words = receipt(event, message, path, profile)
    if profile.receipts_by == "deliver_sm":
        return words
    return Forms(now=(by_data_sm(words),), old=(words,))


def _nameless(path: ReturnPath) -> ReturnPath:
    """Without addresses that no deliver_sm can hold, which a data_sm may have had."""
    return ReturnPath(0, 0, "", 0, 0, "", path.told_id, path.short, path.reference)

"""What is shown of a number: its country, and its last two digits for as long as the tag lets its message be told of.

That is the limit of the content's clock, also where the content itself went before, at its receipt: who is notified of
it late still sees to whom it went. A customer whose content is to go sooner shows its digits for less long, too.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from gateway.model.message import Message
from gateway.retention.policies import RetentionPolicies
from gateway.vault.vault import Vault
from redaction.errors import KeyDestroyed, SealError
from redaction.masks import CLEAR_BELOW
from redaction.personal import mask_number

Mask = Callable[[Message], str]
"""What is shown of the other party's number."""


class Masks:
    """now_ms: the time."""

    def __init__(self, vault: Vault, policies: RetentionPolicies, now_ms: Callable[[], int]) -> None:
        self._vault: Final = vault
        self._policies: Final = policies
        self._now_ms: Final = now_ms

    def of(self, message: Message) -> str:
        """Never raises: where keys are destroyed, or withheld for now, there are no digits, and none in a row that
        somebody altered.
        """
        if 0 <= message.last_two < CLEAR_BELOW:  # as earlier versions wrote it
            return mask_number(message.country, message.last_two)
        try:
            return mask_number(message.country, self._digits(message))
        except SealError:
            return mask_number(message.country, None)

    def _digits(self, message: Message) -> int | None:
        now_ms = self._now_ms()
        if message.content_until_ms > now_ms and (message.content or message.private):
            return self._vault.uncover(message)
        for begin_ms in self._begins(message, now_ms):
            with suppress(KeyDestroyed):
                digits = self._vault.uncover_at(message, begin_ms)
                if digits is not None:
                    return digits
        return None

    def _begins(self, message: Message, now_ms: int) -> Iterator[int]:
        """When its content's clock may have begun, if its limit has not come: where its record's ends, or, where that
        has other times now, with its acceptance.
        """
        try:
            rule = self._policies.of(message.customer, message.tag)
        except KeyError:  # a tag that the settings have no more
            return
        limit_ms, accepted_ms = rule.content_limit_s * 1000, message.accepted_ms
        begin_ms = message.record_until_ms - rule.record_s * 1000
        if begin_ms > accepted_ms and begin_ms + limit_ms > now_ms:
            yield begin_ms
        if accepted_ms + limit_ms > now_ms:
            yield accepted_ms

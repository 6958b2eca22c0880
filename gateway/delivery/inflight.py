"""What the process holds in memory of messages whose fate is open.

`active` are the messages that dispatch works on: the ledger must not hand them out again. `links` lead from an
operator's id to its segment, so that a receipt needs no read. Links are bounded: beyond `limit` the oldest are
forgotten and found again in the ledger.
"""

from collections.abc import Callable, Sequence

from gateway.model.message import Message

Key = tuple[str, str]
"""Operator name and operator message id."""


class InFlight:
    def __init__(self, limit: int = 32_768) -> None:
        self.active: dict[bytes, Message] = {}
        self._links: dict[Key, tuple[Message, int]] = {}
        self._limit = limit
        self._awaited: dict[Key, list[Callable[[], None]]] = {}

    def __len__(self) -> int:
        return len(self._links)

    def learn(self, operator: str, operator_message_id: str, message: Message, segment: int) -> None:
        """An operator named a segment. A receipt that came before it is taken up now (S-65)."""
        key = (operator, operator_message_id)
        self._links[key] = (message, segment)
        if len(self._links) > self._limit:
            del self._links[next(iter(self._links))]
        if self._awaited:
            for arrived in self._awaited.pop(key, ()):
                arrived()

    def find(self, operator: str, candidates: Sequence[str]) -> tuple[Message, int] | None:
        """The message that dispatch works on, where it does: it may have come back since the operator named it."""
        for candidate in candidates:
            found = self._links.get((operator, candidate))
            if found is not None:
                message, segment = found
                return self.active.get(message.id, message), segment
        return None

    def forget(self, operator: str, message: Message) -> None:
        """A settled message needs no links in memory."""
        for operator_message_id in message.operator_ids:
            self._links.pop((operator, operator_message_id), None)

    def forget_where(self, is_meant: Callable[[bytes], bool]) -> None:
        """These messages need no links in memory any more."""
        for key, (message, _) in list(self._links.items()):
            if is_meant(message.id):
                del self._links[key]

    def await_link(self, operator: str, operator_message_id: str, arrived: Callable[[], None]) -> None:
        """Call `arrived` when this id is learned, after those who awaited it before. The caller bounds how many."""
        self._awaited.setdefault((operator, operator_message_id), []).append(arrived)

    def stop_awaiting(self, operator: str, operator_message_id: str, arrived: Callable[[], None]) -> None:
        """Do not call this `arrived`; others who await the same id still wait."""
        key = (operator, operator_message_id)
        left = [each for each in self._awaited.get(key, ()) if each is not arrived]
        if left:
            self._awaited[key] = left
        else:
            self._awaited.pop(key, None)

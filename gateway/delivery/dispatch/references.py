"""References of 8 bits for long messages: a phone joins parts by sender and reference.

With 16 bits a reference may be any; of 256, chance alone gives two of twenty messages the same. So none of the last 255
of a sender to a person is used again (docs/decisions/0034). What a message got is remembered for its further attempts,
and is nearly always the first choice, which depends on its id alone and outlives the process.
"""

from collections import OrderedDict
from typing import Final

from gateway.model.identifiers import concat_reference
from gateway.model.message import Message
from redaction.personal import Msisdn, Purpose
from redaction.sealed import Pseudonym

LIMIT: Final = 4_096
"""Pairs of sender and person, and messages, that are remembered; the oldest are forgotten."""
_ALL: Final = 256

Pair = tuple[Pseudonym, str]


class ShortReferences:
    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._given: OrderedDict[bytes, int] = OrderedDict()
        self._used: OrderedDict[Pair, bytearray] = OrderedDict()

    def of(self, message: Message, source: str | Msisdn, *, is_begun: bool) -> int:
        """For every segment of this message. is_begun: an operator has some of them already."""
        given = self._given.get(message.id)
        if given is not None:
            return given
        reference = concat_reference(message.id) & 0xFF
        if not is_begun:
            pair = (message.subject, source.reveal(Purpose.DELIVER) if isinstance(source, Msisdn) else source)
            reference = self._unused(pair, reference)
        self._given[message.id] = reference
        if len(self._given) > self._limit:
            self._given.popitem(last=False)
        return reference

    def _unused(self, pair: Pair, reference: int) -> int:
        used = self._used.setdefault(pair, bytearray())
        self._used.move_to_end(pair)
        if len(self._used) > self._limit:
            self._used.popitem(last=False)
        while reference in used:
            reference = (reference + 1) % _ALL
        used.append(reference)
        if len(used) == _ALL:
            del used[0]
        return reference

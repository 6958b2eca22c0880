"""Requests behind a bind whose verdict is still out: kept in their order, up to a bound (S-02)."""

from typing import Final

from operators.smpp import pdu as p

LIMIT: Final = 1_000
LIMIT_OCTETS: Final = 1 << 20


class Held:
    def __init__(self) -> None:
        self._pdus: list[p.Pdu] = []
        self._octets = 0

    def add(self, pdu: p.Pdu, octets: int) -> bool:
        """Keep it; False when there is no room."""
        if len(self._pdus) >= LIMIT or self._octets + octets > LIMIT_OCTETS:
            return False
        self._pdus.append(pdu)
        self._octets += octets
        return True

    def take(self) -> list[p.Pdu]:
        """All of them, once."""
        pdus, self._pdus, self._octets = self._pdus, [], 0
        return pdus

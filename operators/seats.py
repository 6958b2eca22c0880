"""Who holds how many connections of a listener, counted before anything of them costs. Pure: no sockets, no clock.

An address takes no more than its share. Where all seats are taken, idle connections go first, those of the address
that holds the most before others, and a part is kept for addresses from which somebody has shown who it is. An IPv6
address stands for its /64, which is what one subscriber has.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from heapq import nlargest
from itertools import islice
from typing import Final, Protocol

KNOWN_LIMIT: Final = 10_000
"""Addresses that are remembered; beyond it the one that was seen longest ago is forgotten."""
KEPT: Final = 10
"""One in so many seats is kept for addresses that are known."""
LOOKED_AT: Final = 64
"""Connections of an address that are looked at for an idle one; the next time it is the next ones."""
LARGEST: Final = 4
"""Addresses that are looked at for an idle connection."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Guest(Protocol):
    """A connection."""

    def is_idle(self) -> bool:
        """Nothing is in hand for it, so it may be ended for another."""

    def leave(self) -> None:
        """End it now."""


class Seat:
    """One connection's place, until it is freed. guest: who has it, which may change on the way in. proven: it has
    shown who it is, so others go before it.
    """

    __slots__ = ("_caller", "_seats", "address", "guest", "proven")

    def __init__(self, seats: "Seats", caller: "_Caller", address: str, guest: Guest) -> None:
        self._seats = seats
        self._caller = caller
        self.address: Final = address
        self.guest = guest
        self.proven = False

    def prove(self) -> None:
        """Whoever has it has shown who it is: its address is known from now on."""
        if not self.proven:
            self.proven = True
            self._seats.know(self._caller.name)

    def free(self) -> None:
        """The connection has ended; once more does nothing."""
        self._seats.freed(self, self._caller)


class _Caller:
    """An address, as long as it has a seat."""

    __slots__ = ("is_exempt", "is_known", "name", "seats")

    def __init__(self, name: str, *, is_exempt: bool, is_known: bool) -> None:
        self.name: Final = name
        self.is_exempt: Final = is_exempt
        self.is_known = is_known
        self.seats: OrderedDict[Seat, None] = OrderedDict()


class Seats:
    """most: connections at once. per_address: of one address; None for half of them. exempt: networks to which that
    does not apply, such as those of proxies.

    refused, displaced: connections that got no seat, and that were ended for others.
    """

    def __init__(self, most: int, per_address: int | None = None, exempt: Iterable[str] = ()) -> None:
        self.resize(most, per_address)
        self._exempt = parsed_networks(exempt)
        self._callers: dict[str, _Caller] = {}
        self._known: OrderedDict[str, None] = OrderedDict()
        self._strangers = 0
        self.taken = 0
        self.refused = 0
        self.displaced = 0

    def resize(self, most: int, per_address: int | None = None) -> None:
        """As in the constructor, for connections from now on; those that have a seat keep it."""
        self.most = most
        self._per_address = max(1, (most + 1) // 2 if per_address is None else per_address)
        self._for_strangers = most - most // KEPT

    def take(self, address: str, guest: Guest) -> Seat | None:
        """A seat for a new connection, or None when there is none. address: '' where it is not known."""
        name = subscriber(address)
        caller = self._callers.get(name)
        if caller is None:
            is_exempt = self._is_exempt(address)
            caller = _Caller(name, is_exempt=is_exempt, is_known=is_exempt or name in self._known)
        if not self._has_room(caller):
            self.refused += 1
            return None
        seat = Seat(self, caller, address, guest)
        caller.seats[seat] = None
        self._callers[name] = caller
        self.taken += 1
        self._strangers += not caller.is_known
        return seat

    def holds(self, address: str) -> int:
        """Connections of this address."""
        caller = self._callers.get(subscriber(address))
        return 0 if caller is None else len(caller.seats)

    def know(self, name: str) -> None:
        """Somebody has shown who it is from this address."""
        self._known[name] = None
        self._known.move_to_end(name)
        if len(self._known) > KNOWN_LIMIT:
            self._known.popitem(last=False)
        caller = self._callers.get(name)
        if caller is not None and not caller.is_known:
            caller.is_known = True
            self._strangers -= len(caller.seats)

    def is_known(self, address: str) -> bool:
        return subscriber(address) in self._known

    def freed(self, seat: Seat, caller: _Caller) -> None:
        if seat not in caller.seats:
            return
        del caller.seats[seat]
        self.taken -= 1
        self._strangers -= not caller.is_known
        if not caller.seats:
            del self._callers[caller.name]

    def _is_exempt(self, address: str) -> bool:
        parsed = parsed_address(address) if self._exempt else None
        return parsed is not None and any(parsed in network for network in self._exempt)

    def _has_room(self, caller: _Caller) -> bool:
        """Whether there is a seat, or one could be made."""
        if not caller.is_exempt and len(caller.seats) >= self._per_address and not self._displace(caller):
            return False
        if caller.is_known:
            return self.taken < self.most or self._make_room(of_known=False) or self._make_room(of_known=True)
        full = self.taken >= self.most or self._strangers >= self._for_strangers
        return not full or self._make_room(of_known=False)

    def _make_room(self, *, of_known: bool) -> bool:
        found = (each for each in self._callers.values() if each.is_known is of_known)
        return any(self._displace(each) for each in nlargest(LARGEST, found, key=lambda caller: len(caller.seats)))

    def _displace(self, caller: _Caller) -> bool:
        """End an idle connection of this address, one that never showed who it is before others."""
        chosen: Seat | None = None
        for seat in list(islice(caller.seats, LOOKED_AT)):
            caller.seats.move_to_end(seat)
            if seat.guest.is_idle() and (chosen is None or (chosen.proven and not seat.proven)):
                chosen = seat
                if not seat.proven:
                    break
        if chosen is None:
            return False
        self.displaced += 1
        chosen.free()
        chosen.guest.leave()
        return True


def parsed_address(written: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IPv4 one mapped into IPv6 counts as IPv4; None for what is no address."""
    try:
        parsed = ipaddress.ip_address(written.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def parsed_networks(written: Iterable[str]) -> tuple[Network, ...]:
    """Raises ValueError for what is none."""
    return tuple(ipaddress.ip_network(each) for each in written)


def subscriber(address: str) -> str:
    """Whom an address stands for: itself, or its /64. Asked up to eight times for each connection."""
    if ":" not in address and "%" not in address:  # IPv4 has one way to be written
        return address
    parsed = parsed_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address if parsed is None else str(parsed)

"""Who signed in when, with what outcome: what is kept of it, and how it is cut down in time (PRIVACY.md P-04).

The network of an address (/24, /48) is sealed under the person's key and goes with the record, after 180 days. The
whole address is sealed under that key and the key of its day, which is destroyed after seven days: no copy opens it
from then on. Of the browser its family, major version and kind of device are kept. An attempt in the name of nobody is
kept for seven days, without an address: there is no person's key that it could lie under and go with.
"""

import enum
from collections import deque
from typing import Final

import msgspec

from gateway.ledger.contract import ROW_FAULTS, Document, DocumentWrite
from gateway.people.addresses import truncated, whole
from gateway.people.agents import Agent, reduced
from gateway.people.record import Person
from gateway.people.registry import Registry
from redaction.errors import SealError
from redaction.keys import SIGN_IN_DAYS
from redaction.personal import Purpose
from redaction.sealed import Sealed

SIGNIN: Final = "signin"
NOBODY: Final = "nobody"
ADDRESS: Final = "person_address"
"""The sealed field."""
DAY_MS: Final = 24 * 3600 * 1000
WHOLE_MS: Final = 7 * DAY_MS
"""For how long an address is whole, and for how long attempts of nobody are kept."""
KEPT_MS: Final = 180 * DAY_MS
_TIME_DIGITS: Final = 13


class Outcome(enum.StrEnum):
    """What became of an attempt."""

    OK = "ok"
    WRONG = "wrong"  # name, password, code or passkey; or a disabled account


class Means(enum.StrEnum):
    """What somebody showed."""

    PASSWORD = "password"  # noqa: S105
    TOTP = "totp"  # beside a password
    RECOVERY = "recovery"  # beside a password
    PASSKEY = "passkey"


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    outcome: Outcome
    means: Means
    agent: Agent
    network: bytes
    address: bytes


class Place(msgspec.Struct, frozen=True):
    """Where somebody signs in from. address: of the peer. agent: what its browser calls itself; it is not kept."""

    address: str
    agent: str = ""

    def __repr__(self) -> str:
        return "Place(•••)"

    @property
    def network(self) -> str:
        return truncated(self.address)


class SignIn(msgspec.Struct, frozen=True):
    """For its owner and whoever watches. address: whole, or its network; "" once it is gone."""

    at_ms: int
    outcome: Outcome
    means: Means
    agent: Agent
    address: str

    def __repr__(self) -> str:
        return f"SignIn({self.at_ms}, {self.outcome}, {self.means}, •••)"


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Stored).decode


class SignIns:
    """The records of one ledger."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def noted(self, person: Person | None, outcome: Outcome, means: Means, place: Place) -> DocumentWrite:
        """What is written of an attempt, in the act that answers it. person: None for a name that nobody has."""
        clock = self._registry.clock
        owner = NOBODY if person is None else person.id
        key = f"{owner}:{clock.now_ms():0{_TIME_DIGITS}d}:{clock.random(4).hex()}"
        network = address = b""
        if person is not None:
            network = self._sealed(place.network.encode(), person.number, key)
            inner = self._sealed(whole(place.address).encode(), person.number, key)
            address = self._sealed(inner, SIGN_IN_DAYS | day_of(clock.now_ms()), key)
        stored = _Stored(outcome, means, reduced(place.agent), network, address)
        return DocumentWrite(SIGNIN, key, _encode(stored))

    async def of(self, person: Person | None, limit: int = 1000) -> list[SignIn]:
        """Newest first. person: None for attempts in the name of nobody."""
        owner = NOBODY if person is None else person.id
        found = deque[Document](maxlen=limit)
        async for each in self._registry.documents(SIGNIN, f"{owner}:"):
            found.append(each)
        shown = [self._shown(each, person) for each in reversed(found)]
        return [each for each in shown if each is not None]

    async def ready(self) -> None:
        """Make the keys that `noted` needs now. Raises LedgerUnavailable."""
        await self._registry.keys.ensure_days(day_of(self._registry.clock.now_ms()))

    def cut(self, document: Document, now_ms: int) -> DocumentWrite | None:
        """What takes the place of a record whose address has been whole for long enough, or which is over.

        One that cannot be read here may be of a later version: it stays for its time. The key of its day does not.
        """
        stored, age_ms = _read(document), now_ms - at_ms(document)
        if age_ms >= (WHOLE_MS if is_nobodys(document) else KEPT_MS):
            return DocumentWrite(SIGNIN, document.key, None, document.version)
        if stored is None or not stored.address or age_ms < WHOLE_MS:
            return None
        shorter = msgspec.structs.replace(stored, address=b"")
        return DocumentWrite(SIGNIN, document.key, _encode(shorter), document.version)

    def _sealed(self, plaintext: bytes, number: int, key: str) -> bytes:
        return self._registry.sealer.seal_account(plaintext, number, ADDRESS, key.encode())

    def _opened(self, sealed: bytes, number: int, document: Document) -> bytes:
        """Empty for what does not open any more."""
        key = document.key.encode()
        try:
            return self._registry.sealer.open_account(Sealed(sealed), number, ADDRESS, key, Purpose.SECURITY)
        except SealError:
            return b""

    def _address(self, stored: _Stored, document: Document, number: int) -> str:
        inner = self._opened(stored.address, SIGN_IN_DAYS | day_of(at_ms(document)), document)
        opened = self._opened(inner, number, document) or self._opened(stored.network, number, document)
        return opened.decode()

    def _shown(self, document: Document, person: Person | None) -> SignIn | None:
        stored = _read(document)
        if stored is None:
            return None
        address = "" if person is None else self._address(stored, document, person.number)
        return SignIn(at_ms(document), stored.outcome, stored.means, stored.agent, address)


def day_of(now_ms: int) -> int:
    return now_ms // DAY_MS


def first_whole_day(now_ms: int) -> int:
    """Addresses of days before this one are not whole any more."""
    return day_of(now_ms - WHOLE_MS)


def owner_of(document: Document) -> str:
    return document.key.partition(":")[0]


def is_nobodys(document: Document) -> bool:
    return owner_of(document) == NOBODY


def at_ms(document: Document) -> int:
    """When it was; long ago for a key that does not begin with its owner and go on with the time."""
    digits = document.key.split(":")[1:2]
    return int(digits[0]) if digits and digits[0].isascii() and digits[0].isdigit() else 0


def _read(document: Document) -> _Stored | None:
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None

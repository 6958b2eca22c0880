"""Who may bind: password, address, lock-out.

Whoever is refused takes as long as whoever is taken: a name that does not exist is compared with nobody's hash. Who
gives a password that was right before is taken at once, whatever others guess from its address (`credentials`); the
same guess on many connections is compared once. More than can be compared in a few seconds are told to come back.
"""

from collections.abc import Callable, Collection
from typing import Final

import msgspec

from gateway.accounts.customers import Esme
from gateway.accounts.directory import Directory
from gateway.accounts.passwords import matches, unmatched
from gateway.process.clock import Clock
from gateway.smpp_server.checks import Check, Checks
from gateway.smpp_server.credentials import Credentials
from gateway.smpp_server.lockout import ANY, Lockout
from operators.seats import parsed_address, subscriber
from operators.smpp import status as st
from operators.smpp.session import State
from redaction.personal import Secret

NAMES: Final = 4
"""So many times the failures that lock an account for an address lock the address for accounts that are new to it."""


class Allowed(msgspec.Struct, frozen=True):
    """The bind is in order."""

    esme: Esme


class Denied(msgspec.Struct, frozen=True):
    """It is not. status: of the answer. reason: what we log and count. locked: by this very failure."""

    status: int
    reason: str
    locked: bool = False


Verdict = Allowed | Denied
_LOCKED_OUT: Final = Denied(st.RBINDFAIL, "locked_out")
REASONS: Final = ("busy", "locked_out", "system_id", "password", "address", "disabled", "binds", "unreadable")

_Waiter = tuple[str, Callable[[Verdict], None]]
"""Its address, and whom to tell."""


class Binding:
    """conceal: tell nobody what was wrong. failures, lock_s: see `Lockout`."""

    def __init__(self, directory: Directory, clock: Clock, *, failures: int, lock_s: float, conceal: bool) -> None:
        self._directory = directory
        self._clock = clock
        self._pairs = Lockout(failures, lock_s)
        self._addresses = Lockout(NAMES * failures, lock_s)
        self._conceal = conceal
        self._credentials = Credentials()
        self._checks = Checks()
        self._same: dict[bytes, list[_Waiter]] = {}
        self._nobody = ""

    def adopt(self, failures: int, lock_s: float, conceal: bool) -> None:
        """For binds from now on; who is locked out stays so."""
        self._pairs.adopt(failures, lock_s)
        self._addresses.adopt(NAMES * failures, lock_s)
        self._conceal = conceal

    def close(self) -> None:
        """What is not being compared yet is dropped."""
        self._checks.close()

    @property
    def comparisons(self) -> int:
        """Of passwords, so far."""
        return self._checks.made

    def judge(self, system_id: str, password: Secret, address: str, done: Callable[[Verdict], None]) -> None:
        """Call `done`, perhaps at once, with what becomes of this bind."""
        esme = self._directory.esme(system_id)
        digest = self._credentials.digest(esme, system_id, password)
        if esme is not None and self._credentials.are_right(digest):
            done(self._welcome(esme, digest, address))
        elif self._is_locked(system_id, address):
            done(_LOCKED_OUT)
        elif digest in self._same:
            self._same[digest].append((address, done))
        elif not self._checks.has_room(subscriber(address)):
            done(Denied(st.RSYSERR, "busy"))
        else:
            self._same[digest] = [(address, done)]
            self._check(esme, system_id, password, digest)

    def _check(self, esme: Esme | None, system_id: str, password: Secret, digest: bytes) -> None:
        waiters = self._same[digest]

        def is_moot() -> bool:
            """A flood of guesses does not hold up those who know theirs."""
            return all(self._is_locked(system_id, address) for address, _ in waiters)

        def compared(is_right: bool) -> None:
            for address, done in self._same.pop(digest):
                done(self._verdict(system_id, esme, address, digest if is_right else None))

        check = Check(lambda: self._compare(esme, password), is_moot, compared)
        self._checks.add(subscriber(waiters[0][0]), check)

    def _is_locked(self, system_id: str, address: str) -> bool:
        now = self._clock.monotonic()
        if self._pairs.is_locked(system_id, address, now):
            return True
        return self._addresses.is_locked(ANY, address, now) and not self._credentials.came_from(system_id, address)

    def _compare(self, esme: Esme | None, password: Secret) -> bool:
        """In a thread."""
        if esme is not None:
            return matches(esme.password, password)
        self._nobody = self._nobody or unmatched()
        matches(self._nobody, password)
        return False

    def _verdict(self, system_id: str, esme: Esme | None, address: str, digest: bytes | None) -> Verdict:
        """digest: of the right password."""
        if digest is not None and esme is not None:
            return self._welcome(esme, digest, address)
        if self._is_locked(system_id, address):
            return _LOCKED_OUT
        now = self._clock.monotonic()
        self._addresses.failed(ANY, address, now)
        locked = self._pairs.failed(system_id, address, now)
        if esme is None:
            return Denied(self._told(st.RINVSYSID), "system_id", locked)
        return Denied(self._told(st.RINVPASWD), "password", locked)

    def _welcome(self, esme: Esme, digest: bytes, address: str) -> Verdict:
        self._credentials.learn(digest, esme.system_id, address)
        self._pairs.succeeded(esme.system_id, address)
        if esme.key.networks and not _is_within(address, esme):
            return Denied(st.RBINDFAIL, "address")
        if esme.key.customer.disabled:
            return Denied(st.RBINDFAIL, "disabled")
        return Allowed(esme)

    def _told(self, status: int) -> int:
        return st.RBINDFAIL if self._conceal else status


def has_place(esme: Esme, bound: Collection[State], state: State, most: int) -> bool:
    """Whether the account may have one bind more, and one more of this kind.

    bound: the states of its binds. most: binds of an account that names no limit.
    """
    profile = esme.profile
    most_of_kind = {
        State.BOUND_TX: profile.max_transmitters,
        State.BOUND_RX: profile.max_receivers,
        State.BOUND_TRX: profile.max_transceivers,
    }[state]
    if most_of_kind is not None and sum(each is state for each in bound) >= most_of_kind:
        return False
    return len(bound) < (esme.max_binds or most)


def _is_within(address: str, esme: Esme) -> bool:
    peer = parsed_address(address)
    return peer is not None and any(peer in network for network in esme.key.networks)

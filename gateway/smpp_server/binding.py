"""Who may bind: password, address, lock-out. Passwords are compared in a few threads of their own, never on the loop.

Whoever is refused takes as long as whoever is taken: a name that does not exist is compared with nobody's hash. More
binds than the threads can look at in a few seconds are told to come back.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from gateway.accounts.customers import Esme
from gateway.accounts.directory import Directory
from gateway.accounts.esme_profile import EsmeProfile
from gateway.accounts.passwords import matches, unmatched
from gateway.process.clock import Clock
from gateway.smpp_server.lockout import Lockout
from operators.smpp import status as st
from operators.smpp.session import State
from redaction.personal import Secret

THREADS: Final = 2
WAITING_LIMIT: Final = 64
"""Passwords that wait for a thread: about a second's work."""


class Allowed(msgspec.Struct, frozen=True):
    """The bind is in order."""

    esme: Esme


class Denied(msgspec.Struct, frozen=True):
    """It is not. status: what the peer is told. reason: what we log and count. locked: by this very failure."""

    status: int
    reason: str
    locked: bool = False


Verdict = Allowed | Denied
_LOCKED_OUT: Final = Denied(st.RBINDFAIL, "locked_out")
REASONS: Final = ("busy", "locked_out", "system_id", "password", "address", "disabled", "binds", "unreadable")


class Binding:
    """conceal: tell nobody what was wrong. lockout: see there."""

    def __init__(self, directory: Directory, clock: Clock, *, lockout: Lockout, conceal: bool) -> None:
        self._directory = directory
        self._clock = clock
        self._lockout = lockout
        self._conceal = conceal
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="bind")
        self._waiting = 0
        self._nobody = ""

    def close(self) -> None:
        """What is not being compared yet is dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def judge(self, system_id: str, password: Secret, address: str, done: Callable[[Verdict], None]) -> None:
        """Call `done`, perhaps at once, with what becomes of this bind."""
        if self._is_locked(system_id, address):
            done(_LOCKED_OUT)
            return
        if self._waiting >= WAITING_LIMIT:
            done(Denied(st.RSYSERR, "busy"))
            return
        esme = self._directory.esme(system_id)
        self._waiting += 1
        work = asyncio.get_running_loop().run_in_executor(self._pool, self._compare, esme, password, system_id, address)

        def compared(result: asyncio.Future[bool | None]) -> None:
            self._waiting -= 1
            if not result.cancelled():
                done(self._verdict(system_id, esme, address, result.result()))

        work.add_done_callback(compared)

    def _is_locked(self, system_id: str, address: str) -> bool:
        return self._lockout.is_locked(system_id, address, self._clock.monotonic())

    def _compare(self, esme: Esme | None, password: Secret, system_id: str, address: str) -> bool | None:
        """In a thread: whether it is the password. None, at once, for a pair that was locked while this one waited, so
        that a flood of guesses does not hold up those who know theirs.
        """
        if self._is_locked(system_id, address):
            return None
        if esme is not None:
            return matches(esme.password, password)
        self._nobody = self._nobody or unmatched()
        matches(self._nobody, password)
        return False

    def _verdict(self, system_id: str, esme: Esme | None, address: str, is_right: bool | None) -> Verdict:
        if is_right is None:
            return _LOCKED_OUT
        if not is_right or esme is None:
            locked = self._lockout.failed(system_id, address, self._clock.monotonic())
            if esme is None:
                return Denied(self._told(st.RINVSYSID), "system_id", locked)
            return Denied(self._told(st.RINVPASWD), "password", locked)
        self._lockout.succeeded(system_id, address)
        if esme.key.networks and not _is_within(address, esme):
            return Denied(st.RBINDFAIL, "address")
        if esme.key.customer.disabled:
            return Denied(st.RBINDFAIL, "disabled")
        return Allowed(esme)

    def _told(self, status: int) -> int:
        return st.RBINDFAIL if self._conceal else status


def most_binds(profile: EsmeProfile, state: State) -> int | None:
    """How many binds of this kind an account may have at once; None where nothing is said of the kind."""
    if state is State.BOUND_TX:
        return profile.max_transmitters
    return profile.max_receivers if state is State.BOUND_RX else profile.max_transceivers


def _is_within(address: str, esme: Esme) -> bool:
    try:
        peer = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer in network for network in esme.key.networks)

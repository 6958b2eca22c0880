"""Throughput of keys, ESME accounts and customers: what passes here, and what is wanted here.

A limit holds over all machines on a ledger. Which part of it this one may give is decided elsewhere
(`gateway.limits.shares`) and granted here; until then, and on a single machine, it is the full limit.
"""

import math
from collections.abc import Callable, Iterable
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.accounts.settings import LEAST_PER_S, MOST_BURST, MOST_PER_S
from gateway.limits.buckets import Bucket, Buckets
from gateway.model.owners import LimitOwner, limit_of_customer, limit_of_key
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock

LATELY_S: Final = 1.0
FEW: Final = 4.0
"""What passes is averaged over about a second, and over so many messages of a limit that gives fewer in that time."""
NOTICEABLE: Final = 0.005
"""Of a limit: what is wanted or granted is not followed more closely."""
_ROUNDING_S: Final = 1e-6

Share = Callable[[LimitOwner, float], float]
"""Which part of an owner's limit this machine may give."""


def whole(_owner: LimitOwner, limit_per_s: float) -> float:
    """Single machine: the full limit."""
    return limit_per_s


class Gate:
    """One owner's limit over all machines, and the bucket with the part that is granted here.

    taken: messages since the last look. refused: whether any was in that time. left: tokens, when some were last taken.
    """

    __slots__ = (
        "_lately_s",
        "bucket",
        "burst",
        "granted_per_s",
        "left",
        "limit_per_s",
        "passing_per_s",
        "refused",
        "taken",
    )

    def __init__(self, limit_per_s: float, burst: int, granted_per_s: float, bucket: Bucket) -> None:
        self.limit_per_s: Final = limit_per_s
        self.burst: Final = burst
        self.granted_per_s = granted_per_s
        self.bucket: Final = bucket
        self.taken = 0
        self.refused = False
        self.left = float(burst)
        self.passing_per_s = 0.0
        self._lately_s: Final = max(LATELY_S, FEW / limit_per_s)

    def look(self, elapsed_s: float, now: float) -> float:
        """Messages a second that are wanted here, at most the limit, by the time since the last look; 0 for none.

        Who was refused wants everything. So does who took on credit: it is still using its rate.
        """
        taken, refused = self.taken, self.refused
        self.taken, self.refused = 0, False
        self.passing_per_s += (taken / elapsed_s - self.passing_per_s) * (1.0 - math.exp(-elapsed_s / self._lately_s))
        if refused or self._owes(now):
            return self.limit_per_s
        if self.passing_per_s < NOTICEABLE * self.limit_per_s:
            self.passing_per_s = 0.0
        return min(self.limit_per_s, self.passing_per_s)

    def _owes(self, now: float) -> bool:
        """Whether another message has to wait for more than itself."""
        return self.bucket.wait_s(1, now) * self.granted_per_s > 1.0 + _ROUNDING_S

    def grant(self, per_s: float, now: float) -> None:
        """Give no more than this from now on. What was saved up stays, as far as the smaller burst has room for it."""
        is_whole_again = per_s == self.limit_per_s != self.granted_per_s
        if is_whole_again or abs(per_s - self.granted_per_s) > NOTICEABLE * self.limit_per_s:
            self.granted_per_s = per_s
            self.bucket.change(per_s, part_of(self.burst, per_s, self.limit_per_s), now)


def sane(limit_per_s: float) -> float:
    """A limit that can be worked with, whatever was stored: nothing that is counted by it may raise."""
    if LEAST_PER_S <= limit_per_s <= MOST_PER_S:
        return limit_per_s
    return MOST_PER_S if limit_per_s > MOST_PER_S else LEAST_PER_S


def part_of(burst: int, granted_per_s: float, limit_per_s: float) -> int:
    """The burst that goes with a part of a limit; one message must always fit."""
    return max(1, round(burst * granted_per_s / limit_per_s))


class Gates:
    """Of one process. made: where buckets come from, which workers of a machine may share."""

    def __init__(self, made: Buckets, clock: Clock) -> None:
        self._made = made
        self._clock = clock
        self._gates: dict[LimitOwner, Gate] = {}
        self._share: Share = whole

    def pass_through(self, key: ApiKey, messages: int) -> None:
        """Take of the key's limit and of its customer's, or of neither. Raises Refusal with `retry_after_s`.

        More than the burst passes a full bucket, and what it owes is waited for by what comes after.
        """
        if key.throughput_per_s is None and key.customer.settings.throughput_per_s is None:
            return
        now = self._clock.monotonic()
        gates = self._of(key, now)
        _refuse_if_short(gates, messages, now)
        for gate in gates:
            gate.left = gate.bucket.take(messages, now)
            gate.taken += messages

    def standing(self, key: ApiKey) -> tuple[int, int, int] | None:
        """The burst, how much of it is left, and seconds until it is whole again, as of when it was last taken from:
        of the key or its customer, whichever has less. None without a limit.
        """
        if key.throughput_per_s is None and key.customer.settings.throughput_per_s is None:
            return None
        least = min(self._of(key, self._clock.monotonic()), key=_part_left)
        left = max(0, int(least.left))
        return least.burst, left, math.ceil((least.burst - left) / least.limit_per_s)

    def charge(self, key: ApiKey, messages: int) -> None:
        """As `pass_through`, but nobody is refused: what is not there is owed."""
        now = self._clock.monotonic()
        for gate in self._of(key, now):
            gate.bucket.take(messages, now)

    def check(self, key: ApiKey, messages: int) -> None:
        """As `pass_through`, but nothing is taken."""
        now = self._clock.monotonic()
        _refuse_if_short(self._of(key, now), messages, now)

    def _of(self, key: ApiKey, now: float) -> list[Gate]:
        gates = []
        own_per_s, shared_per_s = key.throughput_per_s, key.customer.settings.throughput_per_s
        if own_per_s is not None:
            gates.append(self._gate(limit_of_key(key.id), sane(own_per_s), min(key.burst, MOST_BURST), now))
        if shared_per_s is not None:
            owner, shared_per_s = limit_of_customer(key.customer.id), sane(shared_per_s)
            gates.append(self._gate(owner, shared_per_s, max(1, math.ceil(shared_per_s)), now))
        return gates

    def _gate(self, owner: LimitOwner, limit_per_s: float, burst: int, now: float) -> Gate:
        gate = self._gates.get(owner)
        if gate is None or gate.limit_per_s != limit_per_s or gate.burst != burst:
            granted_per_s = self._share(owner, limit_per_s)
            part = part_of(burst, granted_per_s, limit_per_s)
            bucket = self._made.bucket(owner, granted_per_s, part, now)
            gate = self._gates[owner] = Gate(limit_per_s, burst, granted_per_s, bucket)
        return gate

    # -------------------------------------------------------------------------------------------------- over machines

    def look(self, elapsed_s: float) -> dict[LimitOwner, float]:
        """What is wanted here of each limit, in messages a second, by owner; for the time since the last look."""
        now = self._clock.monotonic()
        found: dict[LimitOwner, float] = {}
        if elapsed_s <= 0:
            return found
        for owner, gate in self._gates.items():
            if gate.taken or gate.refused or gate.passing_per_s:
                wanted_per_s = gate.look(elapsed_s, now)
                if wanted_per_s:
                    found[owner] = wanted_per_s
        return found

    def grant(self, share: Share, owners: Iterable[LimitOwner] | None = None) -> None:
        """Give what `share` says from now on, also to who comes later. owners: for whom it may say something new."""
        self._share = share
        now = self._clock.monotonic()
        for owner in self.owners() if owners is None else owners:
            gate = self._gates.get(owner)
            if gate is not None:
                gate.grant(share(owner, gate.limit_per_s), now)

    def owners(self) -> Iterable[LimitOwner]:
        """Whose limits have been asked for."""
        return self._gates.keys()

    def granted_per_s(self, owner: LimitOwner) -> float:
        """What may be given here of a limit that has been asked for."""
        return self._gates[owner].granted_per_s

    def parted(self) -> int:
        """Limits of which less than the whole may be given here."""
        return sum(gate.granted_per_s < gate.limit_per_s for gate in self._gates.values())


def _part_left(gate: Gate) -> float:
    return gate.left / gate.burst


def _refuse_if_short(gates: list[Gate], messages: int, now: float) -> None:
    longest_s = 0.0
    for gate in gates:
        wait_s = gate.bucket.wait_s(messages, now)
        if wait_s > _ROUNDING_S:
            gate.refused = True
            longest_s = max(longest_s, wait_s)
    if longest_s:
        raise Refusal("throughput_exceeded", retry_after_s=longest_s)

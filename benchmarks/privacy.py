"""What forgetting costs: the price of each step of sealing, puncturing, naming and looking, in this process alone.

Every figure is CPU time a call, the median of several rounds, with the lowest and highest beside it; its share is that
of the whole CPU time of a message from HTTP to the recorded receipt: an argument, or read from docs/performance.md.
"""

import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.process.clock import SystemClock
from redaction.custodian import new_private
from redaction.detect import find, looks_like_otp
from redaction.first_layout import to_bytes
from redaction.fresh_keys import FRESH
from redaction.keys import ROOT_BYTES, KeyState
from redaction.keys_at_rest import seal_state
from redaction.personal import Msisdn, Purpose
from redaction.pseudonymise import pseudonymise
from redaction.questions import named, open_question, question, seal_question
from redaction.retention import OTP, RetentionTag
from redaction.seal import SealContext, Sealer
from redaction.search_epochs import EPOCH_MS

ROUNDS: Final = 7
CALLS: Final = 5_000
CUSTOMER: Final = 1
PERIOD: Final = 480_000
PERIODS: Final = 5_000
ERASED: Final = 100_000
CUSTOMERS: Final = 10_000
BODY: Final = msgspec.msgpack.encode(("966512345678", 966, "INTERKEY", False, "x" * 160, False, True))
ARABIC: Final = (
    "عزيزنا العميل، رمز التحقق الخاص بك هو ٤٨٢١٩٣ وهو صالح لمدة خمس دقائق، لا تشاركه مع أحد ولو ادعى أنه من موظفينا."
)
PERFORMANCE: Final = Path(__file__).resolve().parents[1] / "docs" / "performance.md"


def run(whole_us: float | None = None) -> None:
    """Measure everything. whole_us: CPU microseconds of a message."""
    whole = documented_us() if whole_us is None else whole_us
    print(f"shares are of {whole:.0f} µs CPU a message\n")
    sealing(whole)
    naming(whole)
    puncturing(whole)
    asking()
    rolling()
    erased()


def documented_us() -> float:
    """What docs/performance.md says a message costs."""
    found = re.search(r"([0-9.]+) µs CPU a message", PERFORMANCE.read_text(encoding="utf-8"))
    if found is None:
        raise SystemExit("docs/performance.md says no 'µs CPU a message'; give --whole-us")
    return float(found[1])


def measure(prepare: Callable[[], Sequence[Callable[[], object]]], rounds: int = ROUNDS) -> list[float]:
    """CPU microseconds a call, one figure a round; `prepare` makes the calls of a round, outside the clock."""
    figures = []
    for _ in range(rounds):
        calls = prepare()
        began = time.process_time()
        for call in calls:
            call()
        figures.append((time.process_time() - began) / len(calls) * 1e6)
    return figures


def report(name: str, figures: Sequence[float], wanted: float | None = None, whole: float | None = None) -> None:
    median = statistics.median(figures)
    share = "" if whole is None else f"{median / whole:>7.1%} of a message"
    aim = "" if wanted is None else f"   wanted ≤ {wanted:g}{'' if median <= wanted else ': MISSED'}"
    print(f"{name:<52}{median:>10.2f} µs   ({min(figures):.2f}..{max(figures):.2f}){share}{aim}")


def key_state() -> tuple[KeyState, SystemClock]:
    clock, state = SystemClock(), KeyState()
    state.ensure_customer(CUSTOMER, clock.random)
    state.ensure_period(OTP, PERIOD, clock.random)
    state.ensure_pepper(CUSTOMER, "search", 0, clock.random)
    return state, clock


def strangers() -> list[SealContext]:
    """A message to somebody new each, as one-time codes are: no leaf is known from before."""
    leaves = [int.from_bytes(os.urandom(5), "big") for _ in range(CALLS)]
    return [SealContext(CUSTOMER, os.urandom(16), "content", OTP, PERIOD, leaf) for leaf in leaves]


def sealing(whole: float) -> None:
    state, clock = key_state()
    sealer = Sealer(state, clock.random)

    def opening(context: SealContext, *, soon: bool = False) -> Callable[[], bytes]:
        sealed = sealer.seal_content(BODY, context, 78)[0] if soon else sealer.seal(BODY, context)
        return lambda: sealer.open(
            sealed, customer=CUSTOMER, message_id=context.message_id, field="content", tag=OTP, purpose=Purpose.DELIVER
        )

    def seal_new() -> list[Callable[[], object]]:
        return [lambda it=it: sealer.seal(BODY, it) for it in strangers()]  # type: ignore[misc]

    def open_fresh() -> list[Callable[[], object]]:
        return [opening(it, soon=True) for it in strangers()[:FRESH]]

    def open_warm() -> list[Callable[[], object]]:
        forget()
        return [opening(it) for it in strangers()]

    def open_cold() -> list[Callable[[], object]]:
        calls = open_warm()
        forget()
        return calls

    def forget() -> None:
        """Drop the leaves that are at hand, and nothing else."""
        state.adopt(state)

    measure(seal_new, 2)  # fills the upper tree
    report("seal 160 characters, new recipient", measure(seal_new), 15, whole)
    report("open, sealed a moment ago", measure(open_fresh), 12, whole)
    report("open, leaf at hand", measure(open_warm), 12, whole)
    report("open, leaf derived anew", measure(open_cold), 12, whole)


def naming(whole: float) -> None:
    state, _ = key_state()
    number = Msisdn("966512345678", 966)
    calls: list[Callable[[], object]] = [lambda: pseudonymise(state, CUSTOMER, number, 0)] * CALLS
    report("pseudonym and leaf of a number", measure(lambda: calls), None, whole)
    scans: list[Callable[[], object]] = [lambda: find(ARABIC)] * CALLS
    report(f"detectors over {len(ARABIC)} Arabic characters", measure(lambda: scans), 20, whole)
    looks: list[Callable[[], object]] = [lambda: looks_like_otp(ARABIC)] * CALLS
    report("of which: is it a one-time code", measure(lambda: looks), None, whole)


def puncturing(whole: float) -> None:
    state, clock = key_state()

    def punctures() -> list[Callable[[], object]]:
        leaves = [int.from_bytes(clock.random(5), "big") for _ in range(200)]
        return [lambda leaf=leaf: state.puncture(OTP, PERIOD, leaf) for leaf in leaves]  # type: ignore[misc]

    before = len(to_bytes(state))
    state.puncture(OTP, PERIOD, 123_456_789_012)
    first = len(to_bytes(state)) - before
    report("puncture one leaf", measure(punctures, 5), 1_000, whole)
    each = (len(to_bytes(state)) - before - first) / 1_000
    print(f"{'key state, first erasure of a period':<52}{first:>10} bytes   wanted ≤ {6 * 1024}")
    print(f"{'key state, each of 1,000 erasures of a period':<52}{each:>10.0f} bytes")


def asking() -> None:
    """What a custodian is asked about one person: 100 customers, 90 days of secrets under four tags."""
    key, (state, clock) = new_private(), key_state()
    state.set_custodian(key.public(), 0)
    for customer in range(1, 101):
        state.ensure_customer(customer, clock.random)
    for epoch in range(90 * 4):
        for tag in ("otp", "transactional", "promotional", "discard"):
            state.ensure_secret("search", epoch, clock.random, tag=tag)
            state.hand_over(tag, epoch, clock.random, now_ms=epoch * EPOCH_MS)
    asked = question(state, "R-1", [Msisdn("966512345678", 966)], range(1, 101), 0, 90 * 4 * EPOCH_MS)
    sealed, keys = seal_question(asked, key.public()), {key.public().id: key}
    calls: list[Callable[[], object]] = [lambda: named(open_question(sealed, keys), keys)]
    report("a custodian: 1 number, 100 customers, 90 days", measure(lambda: calls), 10_000_000)
    print(f"{'its question':<52}{len(sealed):>10,} bytes")


def rolling() -> None:
    """A destruction seals everything again under a fresh root; with the store's file, its lock and its syncs, too."""
    state, clock = key_state()

    def fill(keys: KeyState) -> None:
        for period in range(PERIODS):
            keys.ensure_period(RetentionTag("transactional"), period, clock.random)

    fill(state)
    rolls: list[Callable[[], object]] = [lambda: seal_state(state, clock.random(ROOT_BYTES), clock.random)]
    report(f"seal {PERIODS:,} period keys under a fresh root", measure(lambda: rolls), 20_000)
    with tempfile.TemporaryDirectory() as folder:
        store = Keystore(Path(folder, "keys", "keys.db"), FileRootSlot(Path(folder, "root", "root.key")), clock)
        store.open()
        store.update(fill, destroys=False)
        walls = []
        for period in range(ROUNDS):
            drop = partial(_drop, period)
            walls.append(wall_us(lambda it=drop: store.update(it, destroys=True)))  # type: ignore[misc]
        store.close()
    report("  the whole roll in the file store, by the wall", walls, 20_000)


def _drop(period: int, keys: KeyState) -> bool:
    return keys.drop_period(RetentionTag("transactional"), period)


def erased() -> None:
    """A store from which many people were erased, with many customers beside them: opened, and changed once more."""
    clock = SystemClock()

    def fill(keys: KeyState) -> None:
        for customer in range(CUSTOMERS):
            keys.ensure_customer(customer, clock.random)
        keys.ensure_period(OTP, PERIOD, clock.random)
        for _ in range(ERASED):
            keys.puncture(OTP, PERIOD, leaf())

    def leaf() -> int:
        return int.from_bytes(clock.random(5), "big")

    def one_more(keys: KeyState) -> None:
        keys.puncture(OTP, PERIOD, leaf())

    with tempfile.TemporaryDirectory() as folder:
        path, slot = Path(folder, "keys", "keys.db"), FileRootSlot(Path(folder, "root", "root.key"))
        store = Keystore(path, slot, clock)
        store.open()
        store.update(fill, destroys=False)
        store.close()
        print(f"{f'key store, {ERASED:,} erased, {CUSTOMERS:,} customers':<52}{path.stat().st_size >> 20:>10} MB")
        opened, changed, derived = [], [], []
        for _ in range(ROUNDS):
            store = Keystore(path, slot, clock)
            opened.append(wall_us(lambda it=store: it.open(create=False)))  # type: ignore[misc]
            derived.append(wall_us(lambda it=store: it.state.usable_leaf(OTP, PERIOD, leaf())))  # type: ignore[misc]
            changed.append(wall_us(lambda it=store: it.update(one_more, destroys=True)))  # type: ignore[misc]
            store.close()
    report("  open it, by the wall", opened, 2_000_000)
    report("  the first look at a leaf, by the wall", derived)
    report("  erase one more, by the wall", changed, 50_000)


def wall_us(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e6

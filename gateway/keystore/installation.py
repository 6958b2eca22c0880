"""Do ledger, key store and root belong together? Looked at before anything is opened or made.

An installation is begun once, in a place where there is nothing: ledger and key store get the same random number then,
and the key store's blob is bound to its root by a commitment. From then on what is missing, empty or of another
installation is refused with a line that says which: an empty key store that is taken for a new one makes everything in
the ledger unreadable for good, and an empty ledger forgets everything that was promised.

Stores of earlier versions have no number. They get theirs at the first start at which the keys open what the ledger
holds. docs/decisions/0016-stores-know-each-other.md.
"""

import asyncio
import enum
from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.keystore.custody import KeysFacts
from gateway.keystore.root_slot import KeystoreLost
from gateway.keystore.store import Keystore
from gateway.ledger.contract import (
    INSTALLATION,
    REACHED,
    RPO_S,
    LedgerError,
    LedgerFacts,
    NothingThere,
    StoredCustomer,
)
from gateway.ledger.roles import Ledger
from redaction.errors import SealError
from redaction.keys import PEOPLE, PLATFORM, KeyState, Random
from redaction.personal import Purpose
from redaction.seal import Sealer

LOOK_AGAIN_S: Final = 0.2
"""Before stores are refused: another process may be beginning the installation just now."""

_ANEW: Final = "bring it back, or give up what is left with `connect-gateway begin-anew`"


class KeysMissing(LedgerError):
    """There is a ledger or a root, and the key store that belongs to it is not there, or empty."""


class LedgerMissing(LedgerError):
    """There is a key store, and the ledger that belongs to it is not there, or empty."""


class StoresDiffer(LedgerError):
    """Ledger and key store belong to different installations."""


class LedgerOlder(LedgerError):
    """The ledger was together with its key store later than it says: a copy, or what a server had of it, lies there."""


class KeysOlder(LedgerError):
    """The same of the key store."""


class NotOlder(LedgerError):
    """Nothing was restored, as far as the stores say."""


class Step(enum.Enum):
    """What is to be done with stores that may be used: make them, open them, or give them their number too."""

    BEGIN = "begin"
    GO_ON = "go on"
    ADOPT = "adopt"


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """How stores were opened. step: what was done besides."""

    installation: int
    step: Step


def judge(ledger: LedgerFacts, keys: KeysFacts, *, may_begin: bool, may_be_older: bool = False) -> Step:
    """Raises KeysMissing, LedgerMissing, KeystoreLost, StoresDiffer, LedgerOlder, KeysOlder; and NothingThere where
    there is nothing and whoever asks may not begin. may_be_older: one than the other.
    """
    if not keys.is_there:
        return _without_keys(ledger, keys, may_begin)
    if not ledger.is_there:
        raise LedgerMissing(
            f"there is a key store ({keys.place}), and the ledger ({ledger.place}) is missing or empty: {_ANEW}"
        )
    if not keys.has_root:
        raise KeystoreLost(f"the root of the key store ({keys.root_place}) is missing: {_ANEW}")
    if None in (ledger.installation, keys.installation):
        return _without_number(ledger, keys)
    if ledger.installation != keys.installation:
        raise StoresDiffer(
            f"the ledger ({ledger.place}) and the key store ({keys.place}) belong to different installations,"
            f" {shown(ledger.installation)} and {shown(keys.installation)}"
        )
    if not may_be_older:
        _check_age(ledger, keys)
    return Step.GO_ON


def _check_age(ledger: LedgerFacts, keys: KeysFacts) -> None:
    """One that does not say how far it came is taken as it is: it is of an earlier version, or was copied to here."""
    if ledger.reached_ms is None or keys.reached_ms is None:
        return
    behind_s = (keys.reached_ms - ledger.reached_ms) / 1000
    if abs(behind_s) <= RPO_S:
        return
    kind: type[LedgerError]
    kind, name, old, new = LedgerOlder, "ledger", ledger.place, keys.place
    if behind_s < 0:
        kind, name, old, new = KeysOlder, "keys", keys.place, ledger.place
    raise kind(
        f"{old} is {abs(behind_s):.0f} s older than {new}: bring back the newer one, or say that it was restored with"
        f" `connect-gateway {name} accept-restore`"
    )


def _without_keys(ledger: LedgerFacts, keys: KeysFacts, may_begin: bool) -> Step:
    if ledger.holds_sealed:
        raise KeysMissing(
            f"there is a ledger ({ledger.place}), and the key store ({keys.place}) is missing or empty: {_ANEW}"
        )
    if not ledger.is_there and keys.has_root and not keys.root_is_given:
        raise KeysMissing(
            f"there is a root ({keys.root_place}), and both key store ({keys.place}) and ledger ({ledger.place}) are"
            f" missing: {_ANEW}"
        )
    if not may_begin:
        raise NothingThere(
            f"there is no ledger ({ledger.place}) and no key store ({keys.place}); the first `customer add`,"
            " `person add` or `serve` makes them"
        )
    return Step.BEGIN


def _without_number(ledger: LedgerFacts, keys: KeysFacts) -> Step:
    if keys.installation is not None and not ledger.holds_sealed:
        raise LedgerMissing(
            f"there is a key store ({keys.place}), and the ledger ({ledger.place}) is empty and not its own: {_ANEW}"
        )
    return Step.ADOPT


def shown(installation: int | None) -> str:
    """As people see it."""
    return "none" if installation is None else f"{installation:016x}"


async def open_together(
    keystore: Keystore, ledger: Ledger, *, may_begin: bool, random: Random, may_be_older: bool = False
) -> Opened:
    """Open both, or neither. may_begin: make them where there is nothing at all. may_be_older: as `judge`.

    A beginning may be cut short after any step: the ledger comes first, and one that holds nothing may be begun again.
    Raises what `judge` does, and as both `open` do.
    """
    facts, step = await look_together(keystore, ledger, may_begin=may_begin, may_be_older=may_be_older)
    known = facts.ledger.installation if facts.keys.installation is None else facts.keys.installation
    installation = int.from_bytes(random(8), "big") >> 1 if known is None else known
    try:
        if step is Step.BEGIN:
            await ledger.open(create=True)
            installation = await ledger.marks.claim(INSTALLATION, installation)
            keystore.open(create=True, installation=installation)
        else:
            keystore.open(create=False)
            await ledger.open(create=False)
        if step is Step.ADOPT:
            _check_fit(keystore.state, facts, await ledger.accounts.customers(), random)
            installation = await ledger.marks.claim(INSTALLATION, installation)
            keystore.join({INSTALLATION: installation})
    except BaseException:
        keystore.close()
        await ledger.close()
        raise
    return Opened(installation=installation, step=step)


async def accept_restore(
    keystore: Keystore,
    ledger: Ledger,
    random: Random,
    older: type[LedgerOlder] | type[KeysOlder],
    entries: Sequence[bytes] = (),
) -> str:
    """Take both as they are, though that one is older than the other; what the start would have said of it.

    entries: for the audit log, durable before anything else is written. Both are closed again. Raises NotOlder where a
    start would not be refused for this, and as `open_together`.
    """
    facts, _ = await look_together(keystore, ledger, may_begin=False, may_be_older=True)
    try:
        _check_age(facts.ledger, facts.keys)
    except older as refused:
        said = str(refused)
    else:
        raise NotOlder("there is nothing to accept: the stores are of one time")
    reached_ms = max(facts.ledger.reached_ms or 0, facts.keys.reached_ms or 0)
    await open_together(keystore, ledger, may_begin=False, random=random, may_be_older=True)
    try:
        await ledger.acts.act((), entries)
        keystore.join({REACHED: reached_ms})
        await ledger.marks.set({REACHED: reached_ms})
    finally:
        keystore.close()
        await ledger.close()
    return said


class Facts(msgspec.Struct, frozen=True):
    ledger: LedgerFacts
    keys: KeysFacts


async def look_together(
    keystore: Keystore, ledger: Ledger, *, may_begin: bool, may_be_older: bool = False
) -> tuple[Facts, Step]:
    """What is there, and what is to be done with it; nothing is opened. Raises what `judge` does.

    What is refused is looked at again until it stays as it is: stores are begun one after the other.
    """
    before: Facts | None = None
    while True:
        facts = Facts(await ledger.look(), keystore.look())
        try:
            return facts, judge(facts.ledger, facts.keys, may_begin=may_begin, may_be_older=may_be_older)
        except LedgerError:
            if facts == before:
                raise
        before = facts
        await asyncio.sleep(LOOK_AGAIN_S)


def _check_fit(state: KeyState, facts: Facts, customers: Sequence[StoredCustomer], random: Random) -> None:
    """Raises StoresDiffer unless these keys open what the ledger holds, and LedgerMissing for keys of customers that
    it does not have. A customer whose keys were destroyed says nothing; one whose profile does not open may be another
    installation's of the same number.
    """
    sealer = Sealer(state, random)
    sealed = [each for each in customers if each.account]
    if sealed and not any(_opens(sealer, each) for each in sealed):
        raise StoresDiffer(
            f"the key store ({facts.keys.place}) opens nothing of what the ledger ({facts.ledger.place}) holds: they do"
            " not belong together"
        )
    if not customers and any(PLATFORM < each < PEOPLE for each in state.customers()):
        raise LedgerMissing(
            f"there are keys of customers ({facts.keys.place}), and the ledger ({facts.ledger.place}) knows none:"
            f" {_ANEW}"
        )


def _opens(sealer: Sealer, customer: StoredCustomer) -> bool:
    record_id = customer.public_id.encode()
    try:
        sealer.open_account(customer.account, customer.id, "account", record_id, Purpose.SECURITY)
    except SealError:
        return False
    return True

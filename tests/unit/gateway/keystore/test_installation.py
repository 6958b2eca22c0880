"""What belongs together, and what is refused: every combination of what may be there."""

from contextlib import nullcontext

import msgspec
import pytest

from gateway.keystore.custody import KeysFacts
from gateway.keystore.installation import (
    KeysMissing,
    KeysOlder,
    LedgerMissing,
    LedgerOlder,
    Step,
    StoresDiffer,
    judge,
    shown,
)
from gateway.keystore.root_slot import KeystoreLost
from gateway.ledger.contract import LedgerError, LedgerFacts, NothingThere

NO_LEDGER = LedgerFacts(place="l", is_there=False)
EMPTY_LEDGER = LedgerFacts(place="l", is_there=True)
BEGUN_LEDGER = LedgerFacts(place="l", is_there=True, installation=7)
OLD_LEDGER = LedgerFacts(place="l", is_there=True, holds_sealed=True)
LEDGER = LedgerFacts(place="l", is_there=True, installation=7, holds_sealed=True)
OTHER_LEDGER = msgspec.structs.replace(LEDGER, installation=8)

NOTHING = KeysFacts(place="k", root_place="r", is_there=False)
ROOT_ALONE = msgspec.structs.replace(NOTHING, has_root=True)
GIVEN_ROOT = msgspec.structs.replace(NOTHING, has_root=True, root_is_given=True)
OLD_KEYS = KeysFacts(place="k", root_place="r", is_there=True, has_root=True)
KEYS = msgspec.structs.replace(OLD_KEYS, installation=7)
WITHOUT_ROOT = msgspec.structs.replace(KEYS, has_root=False)


@pytest.mark.parametrize("keys", [NOTHING, GIVEN_ROOT])
@pytest.mark.parametrize("ledger", [NO_LEDGER, EMPTY_LEDGER, BEGUN_LEDGER])
def test_where_nothing_is_held_the_first_start_begins_and_nothing_else_does(
    ledger: LedgerFacts, keys: KeysFacts
) -> None:
    assert judge(ledger, keys, may_begin=True) is Step.BEGIN
    with pytest.raises(NothingThere):
        judge(ledger, keys, may_begin=False)


def test_a_beginning_that_was_cut_short_after_the_root_goes_on() -> None:
    assert judge(BEGUN_LEDGER, ROOT_ALONE, may_begin=True) is Step.BEGIN


@pytest.mark.parametrize("may_begin", [True, False])
def test_what_has_one_number_goes_on(may_begin: bool) -> None:
    assert judge(LEDGER, KEYS, may_begin=may_begin) is Step.GO_ON
    assert judge(BEGUN_LEDGER, KEYS, may_begin=may_begin) is Step.GO_ON


@pytest.mark.parametrize(
    ("ledger", "keys"), [(OLD_LEDGER, OLD_KEYS), (OLD_LEDGER, KEYS), (LEDGER, OLD_KEYS), (EMPTY_LEDGER, OLD_KEYS)]
)
def test_a_store_of_an_earlier_version_gets_its_number(ledger: LedgerFacts, keys: KeysFacts) -> None:
    assert judge(ledger, keys, may_begin=False) is Step.ADOPT


@pytest.mark.case("faults-2")
@pytest.mark.parametrize(
    ("ledger_ms", "keys_ms", "refused"),
    [
        (1_000_000, 1_000_000, None),
        (1_000_000, 1_060_000, None),
        (1_060_000, 1_000_000, None),
        (None, 9_000_000, None),
        (9_000_000, None, None),
        (1_000_000, 1_060_001, LedgerOlder),
        (1_060_001, 1_000_000, KeysOlder),
        (0, 1_800_000_000_000, LedgerOlder),
    ],
)
def test_what_is_older_than_the_other_is_refused_unless_that_is_accepted(
    ledger_ms: int | None, keys_ms: int | None, refused: type[LedgerError] | None
) -> None:
    ledger = msgspec.structs.replace(LEDGER, reached_ms=ledger_ms)
    keys = msgspec.structs.replace(KEYS, reached_ms=keys_ms)
    with nullcontext() if refused is None else pytest.raises(refused, match="accept-restore"):
        judge(ledger, keys, may_begin=True)
    assert judge(ledger, keys, may_begin=False, may_be_older=True) is Step.GO_ON


@pytest.mark.case("faults-2")
@pytest.mark.case("interfaces-2")
@pytest.mark.parametrize("may_begin", [True, False])
@pytest.mark.parametrize(
    ("ledger", "keys", "refused", "says"),
    [
        (LEDGER, NOTHING, KeysMissing, "the key store (k) is missing or empty"),
        (LEDGER, ROOT_ALONE, KeysMissing, "the key store (k) is missing or empty"),
        (LEDGER, GIVEN_ROOT, KeysMissing, "the key store (k) is missing or empty"),
        (OLD_LEDGER, NOTHING, KeysMissing, "the key store (k) is missing or empty"),
        (NO_LEDGER, ROOT_ALONE, KeysMissing, "both key store (k) and ledger (l) are missing"),
        (NO_LEDGER, KEYS, LedgerMissing, "the ledger (l) is missing or empty"),
        (NO_LEDGER, OLD_KEYS, LedgerMissing, "the ledger (l) is missing or empty"),
        (EMPTY_LEDGER, KEYS, LedgerMissing, "the ledger (l) is empty and not its own"),
        (LEDGER, WITHOUT_ROOT, KeystoreLost, "the root of the key store (r) is missing"),
        (OTHER_LEDGER, KEYS, StoresDiffer, f"different installations, {shown(8)} and {shown(7)}"),
    ],
)
def test_what_is_missing_empty_or_foreign_is_refused(
    ledger: LedgerFacts, keys: KeysFacts, refused: type[LedgerError], says: str, may_begin: bool
) -> None:
    with pytest.raises(refused) as told:
        judge(ledger, keys, may_begin=may_begin)
    assert says in str(told.value)

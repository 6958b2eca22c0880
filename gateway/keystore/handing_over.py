"""Which secrets for search leave the nodes for the custodian, and which of those that have left are over."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gateway.keystore.layouts import check_layout
from gateway.keystore.store import Keystore
from gateway.process.clock import Clock
from redaction import search_epochs
from redaction.custodian import PublicKey
from redaction.customer_keys import SEARCH_SINCE
from redaction.epoch_secrets import SEARCH
from redaction.keys import KeyState
from redaction.retention import RetentionRule

TURNS_DAYS: Final = 92
"""After so long a custodian's key should have been turned."""

Epoch = tuple[str, int]
"""Its tag, '' where it served all of them, and its number."""


class Custodianship(msgspec.Struct, frozen=True, kw_only=True):
    """What the nodes know of it. key: the id of the custodian's; '' for nobody. since_ms: when it was set. needed: ids
    of keys that some secret is sealed to. handed: how many secrets have left, held: how many are here.
    """

    key: str
    kem: str
    since_ms: int | None
    needed: tuple[str, ...]
    handed: int
    held: int


def custodianship(state: KeyState) -> Custodianship:
    """As it stands."""
    handed = state.handed
    used = {row.strand for row in handed.rows.values()}
    keys = {handed.strands[each].key_id.hex() for each in used if each in handed.strands}
    return Custodianship(
        key="" if handed.custodian is None else handed.custodian.id.hex(),
        kem="" if handed.custodian is None else handed.custodian.kem,
        since_ms=None if handed.custodian is None else handed.since_ms,
        needed=tuple(sorted(keys)),
        handed=len(handed.rows),
        held=len(state.tagged(SEARCH)) + sum(purpose == SEARCH and not tag for purpose, tag, _ in state.secrets()),
    )


def set_custodian(store: Keystore, clock: Clock, key: PublicKey) -> None:
    """Whose key secrets are sealed to from now on. Raises LayoutBefore, and NoCustodianKey for one that is no use."""
    key.seal(b"", b"connect-gateway custodian trial")

    def change(state: KeyState) -> None:
        check_layout(state, SEARCH_SINCE)
        state.set_custodian(key, clock.now_ms())

    store.update(change, destroys=False)


def due(state: KeyState, rules: Sequence[RetentionRule], now_ms: int) -> list[Epoch]:
    """Secrets that are to be handed over now: no content of their tag and epoch can be opened, and a day has passed."""
    if state.handed.custodian is None:
        return []
    by_tag = {str(rule.tag): rule for rule in rules}
    found = [
        (tag, epoch)
        for tag, epoch in state.tagged(SEARCH)
        if tag in by_tag and search_epochs.leaves_ms(by_tag[tag], epoch) <= now_ms
    ]
    return found + (_former(state) if _is_former_over(state, now_ms) else [])


def over(state: KeyState, rules: Sequence[RetentionRule], now_ms: int) -> list[Epoch]:
    """Those with the custodian whose every record is gone."""
    by_tag = {rule.tag: rule for rule in rules}
    return [(tag, epoch) for tag, epoch in state.handed.rows if search_epochs.is_over(by_tag, tag, epoch, now_ms)]


def _former(state: KeyState) -> list[Epoch]:
    return [("", epoch) for purpose, tag, epoch in state.secrets() if purpose == SEARCH and not tag]


def _is_former_over(state: KeyState, now_ms: int) -> bool:
    """Whether no content can be opened whose person was named before there were secrets for each tag: it was sealed
    under keys of periods that were there by then.
    """
    families = state.families
    made = [each.created_ms for (purpose, tag, _), each in families.secrets.items() if purpose == SEARCH and tag]
    made += [each.created_ms for (tag, _), each in state.handed.rows.items() if tag]
    if not made or now_ms < min(made) + search_epochs.LINGERS_MS:
        return False
    begun_ms = min(made) + search_epochs.HOUR_MS
    return all(each.created_ms > begun_ms for each in families.periods.values())

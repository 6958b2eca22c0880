"""Erasing a person: the leaves of what is stored about it, in the periods in which it has messages, and no other.

A row names its leaf and its period: in what is sealed, as long as that is there, and else by its pseudonym and its
times, for copies from before it was emptied. So nothing is punctured where nothing was, and the key state grows with
what there was to erase.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import msgspec

from gateway.keystore.keyring import Keyring
from gateway.ledger.roles import Messages
from gateway.model.message import Message
from gateway.retention.policies import RetentionPolicies
from redaction.errors import SealError
from redaction.keys import KeyState, Place
from redaction.personal import Msisdn
from redaction.pseudonymise import leaf_of_pseudonym
from redaction.retention import period_of
from redaction.seal import leaf_of, period_in
from redaction.sealed import Pseudonym

MOST: Final = 100_000
"""Messages of one customer to one person."""


class TooManyMessages(Exception):
    """More messages to one person than are erased in one go."""


class Erased(msgspec.Struct, frozen=True):
    """messages: that were found. places: leaves of periods that were destroyed now."""

    messages: int
    places: int


async def erase_person(
    messages: Messages, keyring: Keyring, policies: RetentionPolicies, customer: int, number: Msisdn
) -> Erased:
    """Destroy all that a customer's messages hold about a person, in every copy. Counts from now: what is sealed about
    the same number later is new.

    Raises LedgerUnavailable, KeysWithheld and TooManyMessages; then nothing is destroyed.
    """
    former = keyring.former_leaves(customer, number)
    rows = await messages.list_subject(customer, list(former), MOST)
    if len(rows) == MOST:
        raise TooManyMessages("one person has more messages than are erased in one go")

    def places(state: KeyState) -> set[Place]:
        return {place for row in rows for place in places_of(state, row, policies, former)}

    return Erased(len(rows), await keyring.forget(places) if rows else 0)


def places_of(
    state: KeyState, message: Message, policies: RetentionPolicies, former: Mapping[Pseudonym, int]
) -> set[Place]:
    """Every leaf of a living period under which something of this message may be sealed, in any copy.

    former: by pseudonym, the leaf under which earlier versions sealed what they stored.
    """
    found: set[Place] = set()
    for sealed in (message.content, message.private):
        if sealed is not None:
            with suppress(SealError):
                found.add((message.tag, period_in(sealed), leaf_of(sealed)))
    leaves = {leaf for _, _, leaf in found} or {leaf_of_pseudonym(message.subject), former[message.subject]}
    for period in _periods(state, message, policies) - {period for _, period, _ in found}:
        if state.has_period(message.tag, period):
            found |= {(message.tag, period, state.usable_leaf(message.tag, period, leaf)) for leaf in leaves}
    return found


def _periods(state: KeyState, message: Message, policies: RetentionPolicies) -> set[int]:
    """In which its content was sealed: that of its acceptance, or, where it was scheduled, a later one."""
    living = {period for tag, period in state.periods() if tag == message.tag}
    try:
        rule = policies.of(message.customer, message.tag)
    except KeyError:
        return living
    first = period_of(rule, message.accepted_ms)
    if message.record_until_ms - rule.record_s * 1000 == message.accepted_ms:
        return {first}
    return {period for period in living if period >= first}

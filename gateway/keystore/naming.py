"""Since when people can be named in records by what the nodes hold."""

from redaction import search_epochs
from redaction.epoch_secrets import SEARCH
from redaction.keys import KeyState


def named_since_ms(state: KeyState, customer: int) -> int | None:
    """From when on people can be named in all of a customer's records; None where no key is left for it."""
    if customer not in state.customers() and not state.own_epochs(customer, SEARCH):
        return None
    handed = [search_epochs.ends_ms(epoch) for tag, epoch in state.handed.rows if tag]
    if handed:
        return max(handed)
    former = state.epochs(customer, SEARCH)
    if former:
        return former[0] * search_epochs.FORMER_EPOCH_MS
    first = state.first_tagged(SEARCH)
    return None if first is None else search_epochs.begins_ms(first)

"""Whether what a customer sends may go to an operator: where it is to stay, and on what basis it may leave. Pure."""

import msgspec

from config.operators.register import HOME


class Recipient(msgspec.Struct, frozen=True):
    """place: the country where an operator processes data. on_record: a transfer there is on record, or it is home."""

    place: str = HOME
    on_record: bool = True


def may_receive(residency: str, recipient: Recipient) -> bool:
    """residency: the country that a customer's data must not leave; '' lets it go where a transfer is on record."""
    if residency:
        return recipient.place == residency
    return recipient.on_record

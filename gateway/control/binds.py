"""What may be wanted of the binds of customers' SMPP accounts."""

from gateway.audit.acts import Act
from gateway.control.book import Book, Hand
from gateway.control.wanted import EsmeWanted, Wanted, of_esme


async def disconnect(book: Book, account: int, obj: str, customer: str, hand: Hand) -> Wanted[EsmeWanted]:
    """End every bind that an account has now, once, on every node. account: its number. obj: its id in the audit log.
    customer: whose it is, by its public id. Raises as `Control.pause`.
    """

    def change(standing: EsmeWanted) -> EsmeWanted:
        return EsmeWanted(disconnects=standing.disconnects + 1)

    return await book.change(of_esme(account), EsmeWanted, change, hand, Act.ESME_DISCONNECT, obj, customer=customer)

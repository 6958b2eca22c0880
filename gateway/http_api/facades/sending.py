"""An endpoint that sends, of what it reads and how it answers; and the way of what it read."""

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Accepted, Asked, Errand, Orders, Read
from gateway.http_api.facades.taking import take
from gateway.http_api.replies import Reply
from gateway.http_api.sending import SendPath, idempotency_of

IDEMPOTENCY = "Idempotency-Key"


def sends(orders: Orders, accepted: Accepted, idempotency: str = IDEMPOTENCY) -> Read:
    """idempotency: the header that carries an idempotency key, beside that of our own API."""

    def read(asked: Asked, key: ApiKey) -> Errand:
        written = asked.header(idempotency) or asked.header(IDEMPOTENCY)
        once = idempotency_of(written) if written else None
        return Errand(orders(asked, key), lambda taken: accepted(asked, key, taken), once)

    return read


async def carry_out(path: SendPath, key: ApiKey, errand: Errand) -> Reply:
    """Raises Refusal when nothing was taken."""
    return errand.said(await take(path, key, errand.orders, errand.once))

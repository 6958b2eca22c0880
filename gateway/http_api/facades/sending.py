"""The work of an endpoint that sends: read, taken the one way, answered."""

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Accepted, Asked, Read, Work
from gateway.http_api.facades.taking import take
from gateway.http_api.replies import Reply
from gateway.http_api.sending import SendPath, idempotency_of

IDEMPOTENCY = "Idempotency-Key"


def sends(path: SendPath, read: Read, accepted: Accepted, idempotency: str = IDEMPOTENCY) -> Work:
    """idempotency: the header that carries an idempotency key, beside that of our own API."""

    async def work(asked: Asked, key: ApiKey) -> Reply:
        written = asked.header(idempotency) or asked.header(IDEMPOTENCY)
        once = idempotency_of(written) if written else None
        return accepted(asked, key, await take(path, key, read(asked, key), once))

    return work

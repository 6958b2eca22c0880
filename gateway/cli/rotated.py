"""What `connect-gateway keys rotate` does to the pepper of API keys and to a customer's key."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Final

from gateway.accounts.administration import reseal_tokens
from gateway.accounts.settings import pepper_of
from gateway.audit.acts import Act
from gateway.audit.entries import known
from gateway.cli.output import Failed
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.keystore.rotation import is_settled, rotate_credentials, rotate_customer, settle_customer
from gateway.keystore.store import Keystore
from gateway.ledger.contract import StoredCustomer, StoredEndpoint
from gateway.webhooks.endpoint import resealed
from redaction.errors import KeyDestroyed, SealError

FOLLOW_S: Final = 1.0
"""In which a node has the newest keys."""
WAIT_S: Final = 30.0
STEP_S: Final = 0.1


async def rotated_credentials(config: Path | None) -> dict[str, object]:
    """The epoch of the present pepper, and how many keys are under which."""
    async with open_desk(config) as desk:
        async with desk.audit.around(Act.KEYS_ROTATE, what="credentials"):
            epoch = rotate_credentials(desk.keystore, desk.clock)
        under: Counter[str] = Counter()
        for key in await desk.accounts.keys():
            if key.revoked_ms is None:
                pepper = pepper_of(key.settings)
                under["unreadable" if pepper is None else str(pepper)] += 1
        return {"pepper": epoch, "keys": dict(sorted(under.items()))}


async def rotated_customer(config: Path | None, name: str) -> dict[str, object]:
    """How many former keys there are. One whose rows were not all sealed anew is finished first. Raises Failed."""
    async with open_desk(config) as desk:
        customer = await find_customer(desk, name)
        is_new = is_settled(desk.keystore, customer.id)
        owner = known("cus", customer.public_id)
        async with desk.audit.around(Act.KEYS_ROTATE, what="customer", customer=owner):
            if is_new:
                try:
                    rotate_customer(desk.keystore, desk.clock, customer.id)
                except KeyDestroyed:
                    raise Failed("this customer has no key any more", "no_key") from None
            await _until_followed(desk.keystore)
            await _reseal(desk, customer)
            settle_customer(desk.keystore, customer.id)
        former = desk.keystore.state.retired().get(customer.id, ())
        return {"customer": customer.public_id, "rotated": is_new, "former": len(former)}


async def _until_followed(store: Keystore) -> None:
    """Until the nodes that run open what is sealed under the new key. Raises Failed."""
    await asyncio.sleep(FOLLOW_S)
    for _ in range(round(WAIT_S / STEP_S)):
        if store.is_certain(store.version):
            return
        await asyncio.sleep(STEP_S)
    raise Failed("a node has not got the new key yet: run this again to finish", "node_behind")


async def _reseal(desk: Desk, customer: StoredCustomer) -> None:
    """Contact data, and where events go. Raises Failed."""

    def changed(standing: StoredEndpoint | None) -> StoredEndpoint:
        assert standing is not None
        return resealed(desk.sealer, standing)

    try:
        await desk.accounts.reseal_profile(customer.id)
        await reseal_tokens(desk.ledger.accounts, desk.sealer, customer.id)
        if await desk.accounts.endpoint(customer.id) is not None:
            await desk.accounts.set_endpoint(customer.id, changed, None)
    except (SealError, ValueError):
        raise Failed(
            "contact data or endpoint of this customer do not open: set them anew, and run this again to finish",
            "not_resealed",
        ) from None

"""The customer that a path names: found once whoever asks may do it to that one, and as it is shown."""

import msgspec

from gateway.accounts.settings import read_customer
from gateway.http_api.admin.gate import Asker
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.views import CustomerView
from gateway.http_api.routes import Call
from gateway.ledger.contract import StoredCustomer
from gateway.ledger.roles import AccountStore
from gateway.model.refusals import Refusal
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.roles import Action


class Owners:
    def __init__(self, parts: Parts, store: AccountStore) -> None:
        self._parts = parts
        self._store = store

    async def opened(self, call: Call, action: Action) -> tuple[Asker, StoredCustomer]:
        """Who asks, and the customer of the path's id. Raises Refusal."""
        asker = await self._parts.gate.open(call.request, action, call.argument)
        for each in await self._store.customers():
            if each.public_id == call.argument:
                return asker, each
        raise Refusal("not_found")


def customer_view(customer: StoredCustomer) -> CustomerView:
    """Without contact data."""
    settings = msgspec.to_builtins(read_customer(customer.settings).settings, str_keys=True)
    return CustomerView(
        id=customer.public_id,
        created_at=rfc3339(customer.created_ms),
        disabled_at=rfc3339_or_none(customer.disabled_ms),
        settings=settings,
    )

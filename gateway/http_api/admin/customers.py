"""Customers as the platform's people see them, and their pausing."""

import re
from collections.abc import Callable
from typing import Final

from gateway.accounts.administration import Accounts
from gateway.audit.actor import Actor
from gateway.http_api.admin.owners import Owners, customer_view
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.versions import etag, wanted_version
from gateway.http_api.admin.views import CustomersView
from gateway.http_api.changing import written
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call
from gateway.http_api.usage import usage_view
from gateway.ledger.roles import Ledger
from gateway.model.refusals import Refusal
from gateway.people.roles import Action

PAGE: Final = 100
_CURSOR: Final = re.compile("[0-9]{1,10}", re.ASCII)


class CustomerEndpoints:
    """accounts: in the hands of an actor. smallest: messages of the smallest cell of usage that everybody is told."""

    def __init__(self, parts: Parts, ledger: Ledger, accounts: Callable[[Actor], Accounts], smallest: int) -> None:
        self._parts = parts
        self._store = ledger.accounts
        self._usage = ledger.usage
        self._smallest = smallest
        self._accounts = accounts
        self._owners = Owners(parts, ledger.accounts)

    async def all(self, call: Call) -> Reply:
        """Whoever belongs to a customer sees that one alone."""
        asker = await self._parts.gate.identify(call.request)
        if not asker.may(Action.CUSTOMER_READ, asker.customer):
            raise Refusal("not_allowed")
        raw = call.query.get("cursor", "0")
        if not _CURSOR.fullmatch(raw):
            raise Refusal("invalid_parameter", "cursor")
        shown = [
            each
            for each in await self._store.customers()
            if each.id > int(raw) and asker.customer in ("", each.public_id)
        ]
        cursor = str(shown[PAGE - 1].id) if len(shown) > PAGE else None
        return self._parts.answer(CustomersView([customer_view(each) for each in shown[:PAGE]], cursor))

    async def show(self, call: Call) -> Reply:
        _, customer = await self._owners.opened(call, Action.CUSTOMER_READ)
        return self._parts.answer(customer_view(customer), more=etag(customer.version))

    async def usage(self, call: Call) -> Reply:
        asker, customer = await self._owners.opened(call, Action.USAGE_READ)
        smallest = 0 if asker.may(Action.USAGE_SMALL, customer.public_id) else self._smallest
        now_ms = self._parts.clock.now_ms()
        return self._parts.answer(await usage_view(self._usage, customer.id, call.query, now_ms, smallest=smallest))

    async def pause(self, call: Call) -> Reply:
        return await self._set(call, disabled=True)

    async def resume(self, call: Call) -> Reply:
        return await self._set(call, disabled=False)

    async def _set(self, call: Call, *, disabled: bool) -> Reply:
        asker, customer = await self._owners.opened(call, Action.CUSTOMER_PAUSE)
        over = wanted_version(call.request)
        accounts = self._accounts(await self._parts.why(call, asker))
        changed = await written(accounts.disable(customer.id, disabled=disabled, over=over))
        return self._parts.answer(customer_view(changed), more=etag(changed.version))

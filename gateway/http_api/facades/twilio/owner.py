"""Whose a request is: the token that opens, and the sids that have to fit it."""

import re
from typing import Final

from gateway.accounts.customers import ApiKey
from gateway.http_api.facades.dialect import Asked
from gateway.http_api.facades.logins import basic
from gateway.http_api.facades.twilio.form import Service
from gateway.http_api.facades.twilio.resources import Account
from gateway.http_api.facades.twilio.sids import account_sid, key_sid, service_sid
from gateway.model.refusals import Refusal
from redaction.personal import Secret

_ACCOUNT: Final = re.compile(r"AC[0-9a-f]{32}", re.ASCII)


def login(asked: Asked) -> Secret | None:
    """The token, which is a key by itself: the user name beside it is looked at once the key is known."""
    found = basic(asked)
    return None if found is None else found[1]


def owner(asked: Asked, key: ApiKey) -> Account:
    """The account that a path names. Raises Refusal for one that is not the key's, and for a user name that is none."""
    public_id = key.customer.public_id
    sid, named = account_sid(public_id), asked.places["account"]
    if named != sid:
        raise Refusal("unauthenticated" if _ACCOUNT.fullmatch(named) else "not_found")
    user = (basic(asked) or ("",))[0]
    if user != sid and user != key_sid(key.prefix):
        raise Refusal("unauthenticated")
    return Account(public_id, sid)


def service(key: ApiKey) -> Service:
    customer = key.customer
    return Service(sid=service_sid(customer.public_id), senders=tuple(customer.settings.senders))

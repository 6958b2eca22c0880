"""What a change of accounts may come to, as answers say it."""

from collections.abc import Awaitable
from typing import TypeVar

from gateway.accounts.administration import UnknownAccount, VersionStale
from gateway.accounts.settings import InvalidSetting
from gateway.ledger.contract import ChangedMeanwhile
from gateway.model.refusals import Refusal
from redaction.errors import alone

T = TypeVar("T")


async def written(work: Awaitable[T], field: str | None = None) -> T:
    """What a change of accounts made. field: that is wrong where a value makes no sense. Raises Refusal."""
    try:
        return await work
    except InvalidSetting:
        raise alone(Refusal("invalid_value", field)) from None
    except UnknownAccount:
        raise alone(Refusal("not_found")) from None
    except VersionStale:
        raise alone(Refusal("version_stale")) from None
    except ChangedMeanwhile:
        raise alone(Refusal("changed_meanwhile")) from None

"""Who is given personal data, in which country, and on which safeguard (P-38). Pure.

Counts come from the sums of usage, which name operators and nobody else.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from config.findings import is_loopback
from config.operators import OperatorSettings
from config.operators.link import NetworkLinkSettings
from config.operators.register import HOME, OperatorRegister
from config.settings import PlaceSettings, Settings
from gateway.ledger.contract import Used
from gateway.model.times import rfc3339

UNKNOWN: Final = "unknown"
HOUR_MS: Final = 3_600_000


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator was given: messages, segments, and the days of the first and the last that were accepted."""

    messages: int
    segments: int
    first: str
    last: str


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """kind: operator, store, provider or customer. country: `unknown` where nobody said. basis: how it may be there.
    is_sound: its country is known and, abroad, so is a safeguard; None where that is not ours to know.
    """

    kind: str
    name: str
    country: str
    basis: str
    safeguard: str
    transfer_record: str
    risk_assessment: str
    contract: str
    method: str
    given: Given | None
    is_sound: bool | None


def given(cells: Iterable[Used]) -> Mapping[str, Given]:
    """By operator, of cells of usage."""
    found: dict[str, list[int]] = {}
    for each in cells:
        if each.operator:
            sums = found.setdefault(each.operator, [0, 0, each.hour, each.hour])
            sums[0] += each.messages
            sums[1] += each.segments
            sums[2:] = min(sums[2], each.hour), max(sums[3], each.hour)
    return {
        name: Given(messages=messages, segments=segments, first=_day(first), last=_day(last))
        for name, (messages, segments, first, last) in found.items()
    }


def _day(hour: int) -> str:
    return rfc3339(hour * HOUR_MS)[:10]


def recipients(settings: Settings, counted: Mapping[str, Given]) -> list[Recipient]:
    """Operators, those that the settings know no more but that were given something, stores, providers, customers."""
    rows = [_operator(each, counted.get(each.name)) for each in settings.operators]
    known = {each.name for each in settings.operators}
    nothing = OperatorRegister()
    rows += [_row("operator", name, UNKNOWN, nothing, UNKNOWN, counted[name]) for name in counted if name not in known]
    stores = settings.privacy.stores
    rows.append(_row("store", _stores(settings), stores.country or UNKNOWN, stores, "stored sealed"))
    rows += [
        _row("provider", f"{each.name}: {each.service}", each.country or UNKNOWN, each, each.service)
        for each in settings.providers
    ]
    rows.append(
        msgspec.structs.replace(
            _row("customer", "customers' own endpoints and binds", UNKNOWN, nothing, "webhooks over TLS, SMPP"),
            basis="they are the controllers of what they sent",
            is_sound=None,
        )
    )
    return rows


def _operator(operator: OperatorSettings, counted: Given | None) -> Recipient:
    register = operator.register
    is_near = register.country is None and _is_here(operator)
    country = "this machine" if is_near else register.country or UNKNOWN
    tls = isinstance(operator, NetworkLinkSettings) and operator.tls.enabled
    method = f"{operator.kind}{' over TLS' if tls else ' in a tunnel' if register.tunnel else ''}"
    return _row("operator", operator.name, country, register, method, counted)


def _is_here(operator: OperatorSettings) -> bool:
    host = operator.peer_host() if isinstance(operator, NetworkLinkSettings) else ""
    return not host or is_loopback(host)


def _stores(settings: Settings) -> str:
    return f"ledger ({settings.ledger.engine}), keys ({settings.keystore.engine}), audit log"


def _row(
    kind: str,
    name: str,
    country: str,
    register: OperatorRegister | PlaceSettings,
    method: str,
    counted: Given | None = None,
) -> Recipient:
    abroad = country not in (HOME, UNKNOWN, "this machine")
    return Recipient(
        kind=kind,
        name=name,
        country=country,
        basis="contract",
        safeguard=(register.safeguard or UNKNOWN) if abroad else register.safeguard or "",
        transfer_record=(register.transfer_record or UNKNOWN) if abroad else register.transfer_record or "",
        risk_assessment=(register.risk_assessment or UNKNOWN) if abroad else register.risk_assessment or "",
        contract=register.contract_reference or ("" if country == "this machine" else UNKNOWN),
        method=method,
        given=counted,
        is_sound=country != UNKNOWN and register.transfer_allowed,
    )

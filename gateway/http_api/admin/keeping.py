"""What is kept, and how long still: what is overdue by tag, holds, and the keys with which the rest dies."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from gateway.audit.acts import Act
from gateway.audit.log import AuditLog
from gateway.http_api.admin.declaring import does, shows
from gateway.http_api.admin.parts import Parts
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Answer, Call, Route
from gateway.keystore.upkeep import next_destruction_ms
from gateway.ledger.contract import TagDue
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.roles import Action
from gateway.retention.rules import retention_rules
from gateway.rights.building import Stands
from gateway.rights.holds import Hold, every_hold
from redaction.keys_at_rest import key_ages


class TagView(Struct, frozen=True, kw_only=True):
    """content_s, record_s: how long content and records are kept at most. content, records: messages past their time
    that are not yet forgotten. lag_s: of the longest overdue. oldest: when the tag's oldest record was accepted.
    """

    tag: str
    content_s: int
    record_s: int
    content: int
    records: int
    lag_s: float
    oldest: str | None


class KeptView(Struct, frozen=True):
    """Every tag of the settings."""

    tags: list[TagView]


class HoldView(Struct, frozen=True, kw_only=True):
    """by, second: ids of the two persons."""

    id: str
    state: str
    customer: str
    case: str
    messages: int
    placed_at: str
    until: str
    by: str
    second: str


class HoldsView(Struct, frozen=True):
    """Holds that stand, are being placed, or were released; the oldest first."""

    holds: list[HoldView]


class EncryptionKeysView(Struct, frozen=True, kw_only=True):
    """The key store's state, without a key. keys: how many, by family. next_destruction: when the next ones die.
    root_rolls: whether a destruction also ends older copies of the store: not under a root that cannot be written.
    """

    version: int
    layout: int
    root: str
    root_rolls: bool
    keys: dict[str, int]
    oldest: str | None
    next_destruction: str | None


class KeepingEndpoints:
    """sweep: has what is due forgotten at once, by the node that answers."""

    def __init__(self, parts: Parts, on: Stands, sweep: Callable[[], None]) -> None:
        self._parts = parts
        self._on = on
        self._sweep = sweep

    async def retention(self, call: Call) -> Reply:
        asker = await self._parts.gate.identify(call.request)
        await self._parts.gate.open(call.request, Action.RETENTION_READ, asker.customer)
        return self._parts.answer(await self._kept())

    async def sweep(self, call: Call) -> Reply:
        """It is begun, and not waited for: a sweep goes at its own pace. What it did is in the log as every sweep's."""
        asker = await self._parts.gate.open(call.request, Action.RETENTION_SWEEP)
        audit = AuditLog(self._on.ledger.acts, self._parts.clock, await self._parts.why(call, asker))
        await audit.write(Act.RETENTION_RUN)
        self._sweep()
        return self._parts.answer(await self._kept(), 202)

    async def _kept(self) -> KeptView:
        found = {each.tag: each for each in await self._on.ledger.retention.overdue(self._parts.clock.now_ms())}
        rules = retention_rules(self._on.settings)
        return KeptView(
            [_tag(tag, rule.content_limit_s, rule.record_s, found.get(tag)) for tag, rule in sorted(rules.items())]
        )

    async def holds(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.HOLD_READ)
        return self._parts.answer(HoldsView([_hold(each) for each in await every_hold(self._on.ledger.acts)]))

    async def keys(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.KEYS_READ)
        store, settings = self._on.keystore, self._on.settings
        ages = key_ages(store.state)
        return self._parts.answer(
            EncryptionKeysView(
                version=store.version,
                layout=store.state.layout,
                root=settings.keystore.root.kind,
                root_rolls=store.rolls,
                keys=dict(sorted(Counter(each.family for each in ages).items())),
                oldest=rfc3339(min(each.created_ms for each in ages)) if ages else None,
                next_destruction=rfc3339_or_none(
                    next_destruction_ms(store.state, list(retention_rules(settings).values()))
                ),
            )
        )


def _tag(tag: str, content_s: int, record_s: int, due: TagDue | None) -> TagView:
    return TagView(
        tag=tag,
        content_s=content_s,
        record_s=record_s,
        content=0 if due is None else due.content,
        records=0 if due is None else due.records,
        lag_s=0.0 if due is None else max(due.content_lag_ms, due.record_lag_ms) / 1000,
        oldest=None if due is None else rfc3339_or_none(due.oldest_ms),
    )


def _hold(hold: Hold) -> HoldView:
    return HoldView(
        id=hold.id,
        state=hold.state.value,
        customer=hold.customer,
        case=hold.case,
        messages=hold.messages,
        placed_at=rfc3339(hold.placed_ms),
        until=rfc3339(hold.until_ms),
        by=hold.by,
        second=hold.second,
    )


def keeping_routes(parts: Parts, on: Stands, sweep: Callable[[], None]) -> list[Route]:
    keeping = KeepingEndpoints(parts, on, sweep)
    return [
        Route("GET", "/admin/v1/retention", keeping.retention, _RETENTION),
        Route("POST", "/admin/v1/retention/sweep", keeping.sweep, _SWEEP),
        Route("GET", "/admin/v1/holds", keeping.holds, _HOLDS),
        Route("GET", "/admin/v1/encryption-keys", keeping.keys, _KEYS),
    ]


_RETENTION: Final = shows(
    "show_retention",
    "Say by tag how long things are kept, and what is overdue. Also for whoever belongs to a customer.",
    "Retention",
    Action.RETENTION_READ,
    KeptView,
    "Every tag.",
)
_SWEEP: Final = does(
    "sweep",
    "Forget what is due now, and not after `sweeper.interval_s`: the node that answers begins at once.",
    "Retention",
    Action.RETENTION_SWEEP,
    Answer(status=202, description="What is overdue as it begins.", body=KeptView),
    codes=("ledger_unavailable",),
)
_HOLDS: Final = shows(
    "list_holds",
    "List legal holds: what is kept beyond its time, by which two persons, until when.",
    "Retention",
    Action.HOLD_READ,
    HoldsView,
    "They.",
)
_KEYS: Final = shows(
    "show_encryption_keys",
    "Say how many keys there are, how old they are, and when the next ones are destroyed. No key is told.",
    "Retention",
    Action.KEYS_READ,
    EncryptionKeysView,
    "The state of the key store.",
    codes=("keys_unavailable",),
)

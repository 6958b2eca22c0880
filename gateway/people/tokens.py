"""Tokens of machines that administer: scopes from the table of roles, always an end, a keyed digest in the ledger.

A token is shown once, where it is made. It never does what takes two persons or a fresh proof of who one is.
"""

import base64
import hmac
import re
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import Actor, ActorKind
from gateway.audit.acts import Act
from gateway.audit.entries import entry
from gateway.ledger.contract import ABSENT, ROW_FAULTS, Document, DocumentWrite
from gateway.people.registry import Registry, UnknownPerson, until_it_stands
from gateway.people.roles import Action, scopes, token_may
from redaction.personal import Purpose, Secret

TOKEN: Final = "token"  # noqa: S105  the kind of document
DAY_MS: Final = 24 * 3600 * 1000
LONGEST_LIFE_MS: Final = 366 * DAY_MS
KEPT_MS: Final = 180 * DAY_MS
"""After its end, so that the audit log's ids still name something."""
_LONGEST_LABEL: Final = 64
_FORM: Final = re.compile(r"cgt_([0-9a-f]{16})_[A-Za-z0-9_-]{43}", re.ASCII)


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    digest: bytes
    scopes: tuple[Action, ...]
    customer: str
    label: str
    by: str
    created_ms: int
    expires_ms: int
    revoked_ms: int | None = None


class _End(msgspec.Struct, frozen=True, kw_only=True):
    """Of what is stored, when it ends."""

    expires_ms: int
    revoked_ms: int | None = None


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """customer: public id of whose it is; "" for the platform's. by: who made it."""

    id: str
    scopes: tuple[Action, ...]
    customer: str
    label: str
    by: str
    created_ms: int
    expires_ms: int
    revoked_ms: int | None

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.TOKEN, self.id)

    def may(self, action: Action, customer: str = "") -> bool:
        """Whether it may do that to what belongs to this customer (public id; "" for the platform's own)."""
        of_customer = self.customer != ""
        own = of_customer and customer == self.customer
        return token_may(self.scopes, action, of_customer=of_customer, own_customer=own)


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Stored).decode
_decode_end: Final = msgspec.msgpack.Decoder(_End).decode


class Tokens:
    """The tokens of one ledger."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._clock = registry.clock

    async def add(
        self,
        actor: Actor,
        granted: Collection[Action],
        *,
        life_ms: int,
        customer: str = "",
        label: str = "",
    ) -> tuple[Token, Secret]:
        """A new token and, this once, its secret. Raises InvalidSetting."""
        _check(granted, life_ms, customer, label)
        identifier, now_ms = self._registry.fresh_id("token"), self._clock.now_ms()
        random = base64.urlsafe_b64encode(self._clock.random(32)).rstrip(b"=").decode()
        secret = Secret(f"cgt_{identifier.removeprefix('token_')}_{random}")
        stored = _Stored(
            digest=self._registry.digest("token", secret),
            scopes=tuple(each for each in Action if each in granted),
            customer=customer,
            label=label,
            by=actor.id or actor.kind.value,
            created_ms=now_ms,
            expires_ms=now_ms + life_ms,
        )
        numbers = {"scopes": len(stored.scopes)}
        entries = [entry(Act.TOKEN_ADD, actor, identifier, now_ms=now_ms, customer=customer, numbers=numbers)]
        await self._registry.acts.act([DocumentWrite(TOKEN, identifier, _encode(stored), ABSENT)], entries)
        return _token(identifier, stored), secret

    async def find(self, secret: Secret) -> Token | None:
        """Whose secret this is; None for one that is over, revoked, or was never given."""
        found = _FORM.fullmatch(secret.reveal(Purpose.CREDENTIAL))
        document = None if found is None else await self._registry.acts.find(TOKEN, f"token_{found[1]}")
        stored = None if document is None else _read(document)
        given = self._registry.digest("token", secret)
        if document is None or stored is None or not hmac.compare_digest(stored.digest, given):
            return None
        is_over = stored.revoked_ms is not None or self._clock.now_ms() >= stored.expires_ms
        return None if is_over else _token(document.key, stored)

    async def all(self) -> list[Token]:
        """Oldest first, those that are over, too."""
        found = [(each, _read(each)) async for each in self._registry.documents(TOKEN)]
        shown = [_token(each.key, stored) for each, stored in found if stored is not None]
        return sorted(shown, key=lambda each: each.created_ms)

    async def revoke(self, actor: Actor, identifier: str) -> None:
        """Refuse it from now on. Raises UnknownPerson."""

        async def attempt() -> None:
            document = await self._registry.acts.find(TOKEN, identifier) if identifier else None
            stored = None if document is None else _read(document)
            if document is None or stored is None:
                raise UnknownPerson("no token has this id")
            if stored.revoked_ms is not None:
                return
            now_ms = self._clock.now_ms()
            revoked = msgspec.structs.replace(stored, revoked_ms=now_ms)
            entries = [entry(Act.TOKEN_REVOKE, actor, identifier, now_ms=now_ms, customer=stored.customer)]
            await self._registry.acts.act(
                [DocumentWrite(TOKEN, identifier, _encode(revoked), document.version)], entries
            )

        await until_it_stands(attempt)


def token_is_over(document: Document, now_ms: int) -> bool:
    """Whether it was kept for long enough after its end, which can be read of a later version's tokens, too."""
    try:
        stored = _decode_end(document.octets)
    except ROW_FAULTS:
        return True
    end_ms = stored.expires_ms if stored.revoked_ms is None else min(stored.revoked_ms, stored.expires_ms)
    return now_ms >= end_ms + KEPT_MS


def read_scopes(words: Sequence[str]) -> frozenset[Action]:
    """Scopes as they are typed. Raises InvalidSetting."""
    try:
        return frozenset(Action(each) for each in words)
    except ValueError:
        raise InvalidSetting("a scope is an action of docs/people.md, such as operator.read") from None


def _check(granted: Collection[Action], life_ms: int, customer: str, label: str) -> None:
    allowed = scopes(of_customer=customer != "")
    if not granted or not set(granted) <= allowed:
        refused = sorted(set(granted) - allowed)
        named = f"not {', '.join(refused)}: " if refused else ""
        raise InvalidSetting(
            f"{named}a token has at least one scope, and none that takes two persons, a fresh proof, or an own account"
        )
    if not 0 < life_ms <= LONGEST_LIFE_MS:
        raise InvalidSetting(f"a token lives up to {LONGEST_LIFE_MS // DAY_MS} days")
    if len(label) > _LONGEST_LABEL or not label.isprintable():
        raise InvalidSetting(f"a label has up to {_LONGEST_LABEL} characters that can be printed")


def _token(identifier: str, stored: _Stored) -> Token:
    return Token(
        id=identifier,
        scopes=stored.scopes,
        customer=stored.customer,
        label=stored.label,
        by=stored.by,
        created_ms=stored.created_ms,
        expires_ms=stored.expires_ms,
        revoked_ms=stored.revoked_ms,
    )


def _read(document: Document) -> _Stored | None:
    try:
        return _decode(document.octets)
    except ROW_FAULTS:
        return None

"""People, tokens and requests as the admin API shows them: ids, roles and states; contact data of oneself alone."""

from msgspec import Struct


class PersonView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Somebody who administers, without contact data. state: `enabled`, `disabled` or `left`."""

    id: str
    state: str
    roles: list[str]
    created_at: str
    customer: str | None = None
    disabled_at: str | None = None
    left_at: str | None = None


class PeopleView(Struct, frozen=True):
    """A page of people, in the order of ids. cursor: to go on from; null at the end."""

    people: list[PersonView]
    cursor: str | None


class TokenView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A machine's token, without its secret. state: `live`, `expired` or `revoked`."""

    id: str
    state: str
    scopes: list[str]
    label: str
    by: str
    created_at: str
    expires_at: str
    customer: str | None = None
    revoked_at: str | None = None


class TokensView(Struct, frozen=True):
    """A page of tokens, in the order of ids. cursor: to go on from; null at the end."""

    tokens: list[TokenView]
    cursor: str | None


class RequestView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What takes two persons. state: `open` until a second one consents, then `granted` until it is done.

    yours_to_decide: whether whoever asks may consent or refuse. reason: for those, and who may read the audit log.
    """

    id: str
    action: str
    object: str
    state: str
    by: str
    asked_at: str
    until: str
    yours_to_decide: bool
    customer: str | None = None
    second: str | None = None
    reason: str | None = None


class RequestsView(Struct, frozen=True):
    """A page of what waits, in the order of ids. cursor: to go on from; null at the end."""

    requests: list[RequestView]
    cursor: str | None


class ChangeOfPerson(Struct, frozen=True, kw_only=True):
    """Who changed which fields, and when; not into what."""

    at: str
    by: str
    what: list[str]


class OwnSession(Struct, frozen=True, kw_only=True):
    """One of one's own sessions. current: the one that asks."""

    began_at: str
    seen_at: str
    current: bool


class OwnSignIn(Struct, frozen=True, kw_only=True):
    """An attempt in one's own name. address: whole for a week, then its network; "" once it is gone."""

    at: str
    outcome: str
    means: str
    address: str


class OwnView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is held of oneself. passkeys, recovery_codes: how many."""

    id: str
    name: str
    email: str
    roles: list[str]
    created_at: str
    has_password: bool
    has_totp: bool
    passkeys: int
    recovery_codes: int
    sessions: list[OwnSession]
    sign_ins: list[OwnSignIn]
    changes: list[ChangeOfPerson]
    phone: str | None = None
    customer: str | None = None

    def __repr__(self) -> str:
        return "OwnView(•••)"

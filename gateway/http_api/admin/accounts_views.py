"""What the endpoints of customers' keys, senders, accounts and limits take and answer, as types."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.http_api.admin.views import Because

PerS = Annotated[float, Meta(gt=0, le=1_000_000, description="Messages a second.")]
Label = Annotated[str, Meta(max_length=64, description="A word of yours that names nobody.")]
ClassName = Annotated[str, Meta(min_length=1, max_length=32)]


class CustomerChange(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays. throughput_per_s: over all keys and accounts together; null lifts the limit."""

    throughput_per_s: PerS | UnsetType | None = UNSET
    default_class: ClassName | UnsetType = UNSET
    plain_punctuation: bool | UnsetType = UNSET
    label: Label | UnsetType = UNSET


class SenderRequest(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sender's name, short code or number. classes: that it may carry; empty for all."""

    sender: Annotated[str, Meta(min_length=1, max_length=16)]
    classes: Annotated[tuple[ClassName, ...], Meta(max_length=16)] = ()


class SenderName(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sender that is taken away."""

    sender: Annotated[str, Meta(min_length=1, max_length=16)]


class SenderView(Struct, frozen=True):
    """classes: that it may carry; empty for all."""

    sender: str
    classes: list[str]


class SendersView(Struct, frozen=True):
    """A customer's senders, by name."""

    senders: list[SenderView]


class KeyRequest(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new API key. classes, networks: empty for all. expires_at: RFC 3339; null for never. facades: that it is for,
    instead of our own API.
    """

    label: Label = ""
    scopes: Annotated[tuple[ClassName, ...], Meta(min_length=1, max_length=16)] = ("send", "status")
    classes: Annotated[tuple[ClassName, ...], Meta(max_length=16)] = ()
    networks: Annotated[tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=100)] = ()
    throughput_per_s: PerS | None = None
    daily_quota: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    expires_at: str | None = None
    facades: Annotated[tuple[Annotated[str, Meta(max_length=16)], ...], Meta(max_length=16)] = ()


class KeyView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An API key, without its secret. state: `live`, `expired` or `revoked`. version: for `If-Match`.
    last_used: the day (UTC); left out for one that was never used, or not for 400 days.
    """

    prefix: str
    customer: str
    state: Literal["live", "expired", "revoked"]
    label: str
    scopes: list[str]
    created_at: str
    version: int
    last_used: str | None = None
    expires_at: str | None = None
    revoked_at: str | None = None


class KeysView(Struct, frozen=True):
    """A customer's API keys, in the order of their making; revoked ones, too."""

    keys: list[KeyView]


class NewKeyView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A new API key, shown this once. username, password: of one for façades, which is the two of them together.
    sids: what programs for Twilio are set up with beside the key, by name.
    """

    key: str
    prefix: str
    scopes: list[str]
    expires_at: str | None
    username: str | None = None
    password: str | None = None
    sids: dict[str, str] | None = None

    def __repr__(self) -> str:
        return "NewKeyView(•••)"


class EsmeView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account that binds over SMPP, without its password. state: `live` or `revoked`."""

    system_id: str
    state: Literal["live", "revoked"]
    created_at: str
    throughput_per_s: float | None = None
    max_binds: int | None = None
    window: int | None = None
    revoked_at: str | None = None


class EsmesView(Struct, frozen=True):
    """A customer's SMPP accounts, in the order of their making."""

    esmes: list[EsmeView]


class WebhookView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer's endpoint, without its URL and its secret. state: `enabled` or `disabled`. events: types that it
    asked for by name; without them it has all.
    """

    state: str
    batch: int
    submitted: bool
    checkpoints: bool
    events: list[str] = []
    failing_since: str | None = None
    disabled_at: str | None = None

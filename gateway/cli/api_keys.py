"""`connect-gateway key`: API keys. A key is shown once, where it is made; what is kept only finds it."""

from typing import Annotated, Final

import typer

from gateway.accounts.administration import LONGEST_LIFE_MS
from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.key_secrets import password_of
from gateway.accounts.settings import DEFAULT_SCOPES, KeySettings, label_of, pepper_of
from gateway.cli.amounts import amount
from gateway.cli.output import Config, Json, run, show
from gateway.cli.session import customer_names, find_customer, find_owner, open_desk
from gateway.http_api.facades.twilio.sids import sids_of
from gateway.model.facades import FACADES
from gateway.model.times import rfc3339, rfc3339_or_none
from redaction.personal import Purpose

DAY_MS: Final = 24 * 3600 * 1000
MOST_DAYS: Final = LONGEST_LIFE_MS // DAY_MS

app = typer.Typer(no_args_is_help=True, add_completion=False, help="API keys.")


@app.command("add")
def add(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="send, status, operators, inbound, webhooks, consents, suppressions or subjects; repeatable. send and "
            "status by default."
        ),
    ] = None,
    allow_class: Annotated[
        list[str] | None, typer.Option(help="Class it may send; default all but promotional.")
    ] = None,
    network: Annotated[list[str] | None, typer.Option(help="Network it may be used from, as CIDR; repeatable.")] = None,
    throughput: Annotated[str | None, typer.Option(help="Messages per second; default no limit.")] = None,
    daily_quota: Annotated[
        str | None, typer.Option(help="Messages in a day of its customer's clock; default no limit.")
    ] = None,
    label: Annotated[str, typer.Option(help="A word of yours that names nobody; shown in lists.")] = "",
    facade: Annotated[
        list[str] | None,
        typer.Option(help=f"It is for this façade instead of our own API: {', '.join(FACADES)}; repeatable."),
    ] = None,
    expires_days: Annotated[float | None, typer.Option(help="Days until it expires.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make an API key. It is shown this once."""
    settings = KeySettings(
        name=label,
        classes=tuple(allow_class or ()),
        allowed_networks=tuple(network or ()),
        throughput_per_s=amount(throughput, None, float, option="--throughput"),
        daily_quota=amount(daily_quota, None, int, option="--daily-quota"),
    )
    lifetime_ms = None if expires_days is None else _lifetime_ms(expires_days)

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            expires_ms = None if lifetime_ms is None else desk.clock.now_ms() + lifetime_ms
            stored, secret = await desk.accounts.add_key(
                owner.id, scopes=scope or DEFAULT_SCOPES, settings=settings, expires_ms=expires_ms, facades=facade or ()
            )
            return {
                "key": secret.reveal(Purpose.CREDENTIAL),
                "prefix": stored.prefix,
                **({"username": stored.prefix, "password": password_of(secret)} if facade else {}),
                **(sids_of(owner.public_id, stored.prefix) if "twilio" in (facade or ()) else {}),
                "scopes": " ".join(stored.scopes),
                "expires": rfc3339_or_none(stored.expires_ms),
            }

    show(run(work()), json)


def _lifetime_ms(days: float) -> int:
    if not 0 < days <= MOST_DAYS:
        raise InvalidSetting(f"days until a key expires are above 0 and up to {MOST_DAYS:,}")
    return round(days * DAY_MS)


@app.command("list")
def list_(
    customer: Annotated[str | None, typer.Argument(help="Customer id; default all.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """API keys by prefix; the keys themselves are not kept."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            owner = await find_owner(desk, customer)
            names = await customer_names(desk)
            return [
                {
                    "prefix": each.prefix,
                    "label": label_of(each.settings),
                    "customer": names.get(each.customer, str(each.customer)),
                    "scopes": " ".join(each.scopes),
                    "created": rfc3339(each.created_ms),
                    "expires": rfc3339_or_none(each.expires_ms),
                    "revoked": rfc3339_or_none(each.revoked_ms),
                    "pepper": pepper_of(each.settings),
                    "version": each.version,
                }
                for each in await desk.accounts.keys(owner)
            ]

    show(run(work()), json, spare=("version", "pepper", "created", "scopes", "label"))


@app.command("revoke")
def revoke(
    prefix: Annotated[str, typer.Argument(help="The key's prefix.")],
    if_version: Annotated[
        int | None, typer.Option(min=1, help="Only over this version of it, as lists show it.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Refuse a key from now on; nodes do so within a second."""

    async def work() -> None:
        async with open_desk(config) as desk:
            await desk.accounts.revoke_key(prefix, over=if_version)

    run(work())
    show({"revoked": prefix}, json)

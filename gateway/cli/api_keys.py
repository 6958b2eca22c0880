"""`connect-gateway key`: API keys. A key is shown once, where it is made; what is kept only finds it."""

from datetime import timedelta
from typing import Annotated

import typer

from gateway.accounts.customers import KeySettings
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import find_customer, find_owner, open_desk
from gateway.model.times import rfc3339, rfc3339_or_none
from redaction.personal import Purpose

app = typer.Typer(no_args_is_help=True, add_completion=False, help="API keys.")


@app.command("add")
def add(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    scope: Annotated[list[str] | None, typer.Option(help="send, status, subjects, admin; repeatable.")] = None,
    allow_class: Annotated[
        list[str] | None, typer.Option(help="Class it may send; default all but promotional.")
    ] = None,
    network: Annotated[list[str] | None, typer.Option(help="Network it may be used from, as CIDR; repeatable.")] = None,
    throughput: Annotated[float | None, typer.Option(help="Messages per second.")] = None,
    daily_quota: Annotated[int | None, typer.Option(help="Messages per UTC day.")] = None,
    expires_days: Annotated[float | None, typer.Option(help="Days until it expires.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make an API key. It is shown this once."""
    settings = KeySettings(
        classes=tuple(allow_class or ()),
        allowed_networks=tuple(network or ()),
        throughput_per_s=throughput,
        daily_quota=daily_quota,
    )

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            lifetime_ms = None if expires_days is None else round(timedelta(days=expires_days).total_seconds() * 1000)
            expires_ms = None if lifetime_ms is None else desk.clock.now_ms() + lifetime_ms
            try:
                stored, secret = await desk.accounts.add_key(
                    owner.id, scopes=scope or ("send", "status"), settings=settings, expires_ms=expires_ms
                )
            except ValueError as error:
                raise Failed(str(error), "invalid_value") from None
            return {
                "key": secret.reveal(Purpose.CREDENTIAL),
                "prefix": stored.prefix,
                "scopes": " ".join(stored.scopes),
                "expires": rfc3339_or_none(stored.expires_ms),
            }

    show(run(work()), json)


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
            return [
                {
                    "prefix": each.prefix,
                    "customer": each.customer,
                    "scopes": " ".join(each.scopes),
                    "created": rfc3339(each.created_ms),
                    "expires": rfc3339_or_none(each.expires_ms),
                    "revoked": rfc3339_or_none(each.revoked_ms),
                }
                for each in await desk.accounts.keys(owner)
            ]

    show(run(work()), json)


@app.command("revoke")
def revoke(
    prefix: Annotated[str, typer.Argument(help="The key's prefix.")], config: Config = None, json: Json = False
) -> None:
    """Refuse a key from now on; nodes hear of it within a second."""

    async def work() -> None:
        async with open_desk(config) as desk:
            await desk.accounts.revoke_key(prefix)

    run(work())
    show({"revoked": prefix}, json)

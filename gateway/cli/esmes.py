"""`connect-gateway esme`: accounts that bind over SMPP."""

from typing import Annotated

import typer

from gateway.accounts.customers import EsmeSettings
from gateway.accounts.esme_profile import NAMES, USUAL, EsmeProfile, with_words
from gateway.accounts.passwords import LONGEST, SHORT
from gateway.cli.amounts import amount
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import customer_names, find_customer, find_owner, open_desk
from gateway.model.times import rfc3339, rfc3339_or_none
from redaction.personal import Purpose

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Accounts that bind over SMPP.")


@app.command("add")
def add(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    system_id: Annotated[str, typer.Argument(help="The name it binds by; never given twice.")],
    allow_class: Annotated[
        list[str] | None, typer.Option(help="Class it may send; default all but promotional.")
    ] = None,
    network: Annotated[list[str] | None, typer.Option(help="Network it may bind from, as CIDR; repeatable.")] = None,
    throughput: Annotated[str | None, typer.Option(help="Messages per second; default no limit.")] = None,
    daily_quota: Annotated[
        str | None, typer.Option(help="Messages in a day of its customer's clock; default no limit.")
    ] = None,
    binds: Annotated[int | None, typer.Option(min=1, help="Binds at once; default as set for the listener.")] = None,
    window: Annotated[int | None, typer.Option(min=1, help="Unanswered requests of one bind.")] = None,
    profile: Annotated[
        list[str] | None, typer.Option(help="How it speaks SMPP, as NAME=VALUE; repeatable; see docs/smpp.md.")
    ] = None,
    password_length: Annotated[
        int, typer.Option(min=SHORT, max=LONGEST, help="Above 8 only where smpp_server.long_passwords is set.")
    ] = SHORT,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make an account that binds over SMPP. Its password is shown this once."""
    settings = EsmeSettings(
        classes=tuple(allow_class or ()),
        allowed_networks=tuple(network or ()),
        throughput_per_s=amount(throughput, None, float, option="--throughput"),
        daily_quota=amount(daily_quota, None, int, option="--daily-quota"),
        max_binds=binds,
        window=window,
        profile=with_words(USUAL, profile or ()),
    )

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            if password_length > SHORT and not desk.settings.smpp_server.long_passwords:
                raise Failed("a password of more than 8 characters needs smpp_server.long_passwords", "invalid_value")
            stored, password = await desk.accounts.add_esme(
                owner.id, system_id, settings=settings, password_length=password_length
            )
            return {
                "system_id": stored.system_id,
                "password": password.reveal(Purpose.CREDENTIAL),
                "customer": owner.public_id,
            }

    show(run(work()), json)


@app.command("profile")
def profile_(
    system_id: Annotated[str, typer.Argument(help="The account's name.")],
    change: Annotated[
        list[str] | None, typer.Option("--set", help="What is to be different, as NAME=VALUE; repeatable.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show or change how an account speaks SMPP; its binds go on with it within a second."""

    async def work() -> EsmeProfile:
        async with open_desk(config) as desk:
            return await desk.accounts.set_esme_profile(system_id, change or ())

    held = run(work())
    show({name: getattr(held, name) for name in NAMES}, json)


@app.command("list")
def list_(
    customer: Annotated[str | None, typer.Argument(help="Customer id; default all.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Accounts that bind over SMPP; their passwords are not kept."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            owner = await find_owner(desk, customer)
            names = await customer_names(desk)
            return [
                {
                    "system_id": each.system_id,
                    "customer": names.get(each.customer, str(each.customer)),
                    "created": rfc3339(each.created_ms),
                    "revoked": rfc3339_or_none(each.revoked_ms),
                }
                for each in await desk.accounts.esmes(owner)
            ]

    show(run(work()), json, spare=("created",))


@app.command("revoke")
def revoke(
    system_id: Annotated[str, typer.Argument(help="The account's name.")], config: Config = None, json: Json = False
) -> None:
    """Refuse an account from now on; running nodes end its binds within a second."""

    async def work() -> None:
        async with open_desk(config) as desk:
            await desk.accounts.revoke_esme(system_id)

    run(work())
    show({"revoked": system_id}, json)

"""`connect-gateway token`: tokens of machines that administer. A token is shown once, where it is made."""

from typing import Annotated

import typer

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import COMMAND_LINE
from gateway.cli.output import Config, Json, run, show
from gateway.cli.session import find_customer, open_desk
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.tokens import DAY_MS, LONGEST_LIFE_MS, Token, Tokens, read_scopes
from redaction.personal import Purpose

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Tokens of machines that administer.")


@app.command("add")
def add(
    scope: Annotated[list[str], typer.Option(help="Action of docs/people.md, such as operator.read; repeatable.")],
    days: Annotated[float, typer.Option(help="Days until it ends, up to 366.")],
    customer: Annotated[str | None, typer.Option(help="Customer id; by default a token of the platform.")] = None,
    label: Annotated[str, typer.Option(help="A word of yours that names nobody; shown in lists.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Make a token. It is shown this once."""
    granted = read_scopes(scope)
    life_ms = _life_ms(days)

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = "" if customer is None else (await find_customer(desk, customer)).public_id
            tokens = Tokens(desk.people)
            made, word = await tokens.add(COMMAND_LINE, granted, life_ms=life_ms, customer=owner, label=label)
            return {"token": word.reveal(Purpose.CREDENTIAL), "id": made.id, "expires": rfc3339(made.expires_ms)}

    show(run(work()), json)


def _life_ms(days: float) -> int:
    most = LONGEST_LIFE_MS // DAY_MS
    if not 0 < days <= most:
        raise InvalidSetting(f"days until a token ends are above 0 and up to {most}")
    return round(days * DAY_MS)


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Tokens by id; the tokens themselves are not kept."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            return [_row(each) for each in await Tokens(desk.people).all()]

    show(run(work()), json, spare=("created", "by", "scopes", "label"))


def _row(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "label": token.label,
        "customer": token.customer,
        "scopes": " ".join(token.scopes),
        "by": token.by,
        "created": rfc3339(token.created_ms),
        "expires": rfc3339(token.expires_ms),
        "revoked": rfc3339_or_none(token.revoked_ms),
    }


@app.command("revoke")
def revoke(
    token: Annotated[str, typer.Argument(help="The token's id.")], config: Config = None, json: Json = False
) -> None:
    """Refuse a token from now on."""

    async def work() -> None:
        async with open_desk(config) as desk:
            await Tokens(desk.people).revoke(COMMAND_LINE, token)

    run(work())
    show({"revoked": token}, json)

"""`connect-gateway balance`: customers who pay in advance. Amounts are in the unit that prices of routes are in."""

from collections.abc import Callable
from typing import Annotated

import msgspec
import typer

from gateway.accounts.invalid import InvalidSetting
from gateway.audit.actor import COMMAND_LINE
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import find_customer, open_desk
from gateway.limits.balance import MICRO, MOST_MICRO, BalanceDesk, Standing, Terms, micro_of, top_up

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Customers who pay in advance.")

IfVersion = Annotated[int | None, typer.Option(min=0, help="Only over this version of what is set; 0 for none.")]
Customer = Annotated[str, typer.Argument(help="Customer id.")]


@app.command("top-up")
def top_up_(
    customer: Customer,
    amount: Annotated[float, typer.Argument(min=0, help="What was paid.")],
    take_back: Annotated[bool, typer.Option("--take-back", help="Take it back instead.")] = False,
    if_version: IfVersion = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Add to what a customer has paid; from the first time on it pays in advance. Nodes know within a second."""
    _change(customer, lambda: top_up(-_micro(amount) if take_back else _micro(amount)), if_version, config, json)


@app.command("set")
def set_(
    customer: Customer,
    margin: Annotated[float | None, typer.Option(help="How far below nothing it may go.")] = None,
    warn_below: Annotated[
        list[float] | None,
        typer.Option(help="Tell it when so much is left; repeatable, in place of all."),
    ] = None,
    prepaid: Annotated[
        bool | None, typer.Option("--prepaid/--no-prepaid", help="Whether it pays in advance; what it paid stays.")
    ] = None,
    if_version: IfVersion = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Set how a customer pays in advance; what is not named stays."""

    def change() -> Callable[[Terms], Terms]:
        named: dict[str, object] = {}
        if margin is not None:
            named["margin_micro"] = _micro(margin)
        if warn_below is not None:
            named["warn_below_micro"] = tuple(sorted({_micro(each) for each in warn_below}, reverse=True))
        if prepaid is not None:
            named["active"] = prepaid
        return lambda terms: msgspec.structs.replace(terms, **named)

    _change(customer, change, if_version, config, json)


@app.command("show")
def show_(customer: Customer, config: Config = None, json: Json = False) -> None:
    """What a customer has paid, spent and left; with what is reserved for open messages."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            balances = BalanceDesk(desk.ledger.acts, desk.ledger.balances, desk.clock, COMMAND_LINE)
            standing = await balances.show(owner.id)
            if standing is None:
                raise Failed("this customer does not pay in advance", "no_balance")
            return _shown(standing)

    show(run(work()), json)


def _change(
    customer: str, change: Callable[[], Callable[[Terms], Terms]], read: int | None, config: Config, json: bool
) -> None:
    changed = change()

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            balances = BalanceDesk(desk.ledger.acts, desk.ledger.balances, desk.clock, COMMAND_LINE)
            return _shown(await balances.change(owner.id, owner.public_id, changed, read))

    show(run(work()), json)


def _micro(amount: float) -> int:
    """Raises InvalidSetting."""
    if not 0 <= amount <= MOST_MICRO / MICRO:
        raise InvalidSetting(f"an amount is from 0 to {MOST_MICRO // MICRO:,}")
    return micro_of(amount)


def _shown(standing: Standing) -> dict[str, object]:
    terms = standing.terms
    return {
        "prepaid": terms.active,
        "paid": terms.paid_micro / MICRO,
        "spent": standing.spent_micro / MICRO,
        "left": standing.left_micro / MICRO,
        "margin": terms.margin_micro / MICRO,
        "warn_below": [each / MICRO for each in terms.warn_below_micro],
        "version": standing.version,
    }

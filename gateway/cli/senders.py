"""`connect-gateway sender`: the register of senders, and how each stands with the operators."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Final

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.output import Config, Json, run, show
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.model.senders import sender_key
from gateway.rules.clerk import Clerk, Sender, standings, written_hosts
from gateway.rules.sender_entry import SenderEntry

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The register of senders: where each may be used.")

Customer = Annotated[str, typer.Argument(help="Customer id.")]
Name = Annotated[str, typer.Argument(help="The sender's name, short code or number.")]
Class = Annotated[
    list[str] | None, typer.Option("--class", metavar="<class>", help="Class that it may carry; repeatable.")
]
Operator = Annotated[
    list[str] | None,
    typer.Option(help="NAME=requested, active, refused, expired or none, with /DAY for the last day; repeatable."),
]
Document = Annotated[
    list[str] | None, typer.Option(help="Reference of a document that was handed in, never a copy; repeatable.")
]
Host = Annotated[list[str] | None, typer.Option(help="Host to which its links may lead; repeatable.")]
Basis = Annotated[
    str | None,
    typer.Option(
        help="Basis of the processing: consent, contract, legal_obligation, vital_interest, public_interest or "
        "legitimate_interest."
    ),
]
Sensitive = Annotated[
    bool | None, typer.Option(help="Its texts may say what the law protects most; its basis is consent or contract.")
]


@app.command("add")
def add(
    customer: Customer,
    name: Name,
    message_class: Class = None,
    operator: Operator = None,
    document: Document = None,
    host: Host = None,
    basis: Basis = None,
    sensitive: Sensitive = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Put a sender into the register. Its customer may use it within a second, at operators where it is active."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            made = SenderEntry(
                classes=tuple(message_class or ()),
                operators=standings(operator or (), {}, _today(desk)),
                documents=tuple(document or ()),
                hosts=written_hosts(host or ()),
                basis=basis or "",
                sensitive=bool(sensitive),
            )
            owner = await find_customer(desk, customer)
            return _row(await _clerk(desk).add(owner.public_id, sender_key(name), made))

    show(run(work()), json)


@app.command("set")
def set_(
    customer: Customer,
    name: Name,
    message_class: Class = None,
    operator: Operator = None,
    document: Document = None,
    host: Host = None,
    basis: Basis = None,
    sensitive: Sensitive = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Change what the register says of a sender. Lists that are given replace those that stand; operators are changed
    one by one, and what is not named stays.
    """

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            clerk, owner = _clerk(desk), await find_customer(desk, customer)
            standing = (await clerk.find(owner.public_id, sender_key(name))).entry or SenderEntry()
            changes: dict[str, object] = {}
            if message_class is not None:
                changes["classes"] = tuple(message_class)
            if operator is not None:
                changes["operators"] = standings(operator, standing.operators, _today(desk))
            if document is not None:
                changes["documents"] = tuple(document)
            if host is not None:
                changes["hosts"] = written_hosts(host)
            if basis is not None:
                changes["basis"] = basis
            if sensitive is not None:
                changes["sensitive"] = sensitive
            return _row(await clerk.change(owner.public_id, sender_key(name), changes))

    show(run(work()), json)


@app.command("list")
def list_(
    customer: Annotated[str | None, typer.Option(help="Customer id; default all.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Senders of the register, and how they stand. Those that stand in a customer's settings alone are not in it."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            whose = "" if customer is None else (await find_customer(desk, customer)).public_id
            return [_row(each) for each in await _clerk(desk).senders(whose)]

    show(run(work()), json, spare=("documents", "basis", "sensitive", "hosts"))


@app.command("remove")
def remove(customer: Customer, name: Name, config: Config = None, json: Json = False) -> None:
    """Take a sender out of the register. What waits from it is not sent where the register is enforced."""

    async def work() -> None:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            await _clerk(desk).remove(owner.public_id, sender_key(name))

    run(work())
    show({"removed": sender_key(name)}, json)


def _clerk(desk: Desk) -> Clerk:
    return Clerk(desk.ledger.acts, desk.clock, COMMAND_LINE)


def _today(desk: Desk) -> date:
    return datetime.fromtimestamp(desk.clock.now_ms() / 1000, UTC).date()


def _row(sender: Sender) -> dict[str, object]:
    entry = sender.entry
    if entry is None:
        return {"customer": sender.customer, "sender": sender.name, "operators": "unreadable"} | dict.fromkeys(_REST)
    operators: Sequence[str] = [
        f"{name}={each.state}" + (f"/{each.until}" if each.until else "")
        for name, each in sorted(entry.operators.items())
    ]
    return {
        "customer": sender.customer,
        "sender": sender.name,
        "operators": operators,
        "classes": list(entry.classes),
        "hosts": list(entry.hosts),
        "documents": list(entry.documents),
        "basis": entry.basis or None,
        "sensitive": entry.sensitive,
    }


_REST: Final = ("classes", "hosts", "documents", "basis", "sensitive")

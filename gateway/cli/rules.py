"""`connect-gateway rules`: the packs of messaging rules, and what they say of a message that is not sent."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
import typer

from config.loader import load
from config.rules import ClassRule, RulePack
from gateway.accept.choosing import Choice
from gateway.accept.inquiry import inquire
from gateway.accept.judging import Judge
from gateway.accept.request import MessageRequest
from gateway.accept.validation import Validator
from gateway.accounts.customers import any_key
from gateway.accounts.directory import Directory
from gateway.cli.amounts import moment
from gateway.cli.output import Config, Failed, Json, personal, run, show
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.delivery.routing import Router, first_up
from gateway.http_api.views import checked_view
from gateway.model.message import MessageClass
from gateway.node.assembly import routes
from gateway.node.ruling import open_rules, packs_of
from gateway.rules.choice import Packs
from operators.smpp.segments import plan

ABSENT: Final = "absent"

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Messaging rules: packs, and what they say of a message."
)


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Packs, the oldest first, and which of them holds now."""
    packs = packs_of(load(config, os.environ))
    present = packs.at(_now_ms())
    rows = [
        {
            "pack": each.id,
            "from": each.from_date.isoformat(),
            "holds": each is present,
            "sure": each.sure,
            "cite": list(each.cite),
        }
        for each in packs.known
    ]
    show(rows, json)


@app.command("show")
def show_(
    pack: Annotated[str | None, typer.Argument(help="The pack; default the one that holds.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """What a pack asks of each class."""
    found = _pack(packs_of(load(config, os.environ)), pack)
    if json:
        show(msgspec.to_builtins(found), True)
        return
    show({rule.name: _asked(found, rule) for rule in found.classes}, False, title=f"{found.id}, {found.sure}")


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(help="A pack.")],
    after: Annotated[str, typer.Argument(help="Another pack.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """In what two packs differ."""
    packs = packs_of(load(config, os.environ))
    one, other = (dict(_flat(msgspec.to_builtins(_pack(packs, name)))) for name in (before, after))
    rows = [
        {"rule": name, before: one.get(name, ABSENT), after: other.get(name, ABSENT)}
        for name in sorted(one.keys() | other.keys())
        if one.get(name, ABSENT) != other.get(name, ABSENT)
    ]
    show(rows, json)


@app.command("check")
def check(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    sender: Annotated[str, typer.Option(help="Sender.")],
    to: Annotated[
        str | None, typer.Option(help="The number; - to read a line, @FILE; default: it is asked for.")
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="The text; - to read a line, @FILE; default: it is asked for.")
    ] = None,
    message_class: Annotated[
        MessageClass, typer.Option("--class", metavar="<class>", help="Message class, such as otp.")
    ] = MessageClass.TRANSACTIONAL,
    at: Annotated[str | None, typer.Option(help="When it would be sent (RFC 3339); default now.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Everything that would be said of a message. Nothing is sent or kept.

    Consents are not looked up.
    """
    now_ms = _now_ms() if at is None else moment(at, option="--at")
    request = MessageRequest(
        to=personal(to, asks_for="number"),
        source=sender,
        text=personal(text, asks_for="text"),
        message_class=message_class.value,
    )

    async def work() -> Any:
        async with open_desk(config) as desk:
            return await _check(desk, customer, request, now_ms)

    view = run(work())
    if json:
        show(view, True)
    else:
        show(
            [{"outcome": view.outcome, **msgspec.to_builtins(each)} for each in view.findings]
            or [{"outcome": view.outcome}],
            False,
        )


async def _check(desk: Desk, customer: str, request: MessageRequest, now_ms: int) -> Any:
    owner = await find_customer(desk, customer)
    directory = Directory(desk.ledger.accounts, desk.keyring.credential_digest)
    await directory.refresh()
    found = directory.customer(owner.id)
    if found is None:
        raise Failed("this customer's settings cannot be read", "unknown_customer")
    settings = desk.settings
    rules = await open_rules(settings, desk.ledger.acts, directory)
    router = Router(routes(settings), directory.public_id)
    choice = Choice(router, lambda names, _: first_up(names, lambda _name: True), rules.permits)
    validator = Validator(settings.messages, plan, lambda _url: True, lambda _customer: True, rules.senders.classes_of)
    return checked_view(inquire(validator, Judge([rules.at_door]), choice, any_key(found), request, now_ms))


def _pack(packs: Packs, name: str | None) -> RulePack:
    if name is None:
        return packs.at(_now_ms())
    for each in packs.known:
        if each.id == name:
            return each
    raise Failed(f"no pack has this name; there are {', '.join(each.id for each in packs.known)}", "unknown_pack")


def _asked(pack: RulePack, rule: ClassRule) -> str:
    """All that is asked of a class, in a line that wraps by words."""
    said = {
        "regulated as": rule.regulated_as,
        "senders": ", ".join(rule.senders),
        "hours": "" if rule.window is None else f"{rule.window.open}-{rule.window.close}",
        "suffix": pack.sender.promotional_suffix if rule.suffix else "",
        "consent": rule.consent,
        "opt-out": rule.opt_out.lint if rule.opt_out.needed else "",
        "links": rule.links,
    }
    return "; ".join(f"{name}: {each}" for name, each in said.items() if each)


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every rule by its place; classes by their names and not by their order."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _flat(each, f"{place}.{name}" if place else name)
    elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        for each in value:
            yield from _flat(each, f"{place}[{each.get('name', each.get('year'))}]")
    else:
        yield place, ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)

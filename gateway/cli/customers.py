"""`connect-gateway customer`: customers and what is set for them. Names go in sealed and are not shown again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.accounts.administration import Profile
from gateway.accounts.content_rules import parse_rules
from gateway.accounts.correcting import FIELDS, Contact, Contacts
from gateway.accounts.fraud_rules import parse_countries, parse_fraud
from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.settings import CustomerSettings, read_customer
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.acts import Act
from gateway.cli.amounts import NONE, amount
from gateway.cli.output import Config, Failed, Json, personal, run, show
from gateway.cli.rights import rights_desk
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.cli.two_persons import Request, claimed
from gateway.ledger.contract import StoredCustomer
from gateway.model.consent_mode import ConsentMode
from gateway.model.senders import sender_key
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.roles import Action
from gateway.rights.building import departures
from redaction.personal import MessageText, Purpose

IfVersion = Annotated[int | None, typer.Option(min=1, help="Only over this version of it, as lists show it.")]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Customers and their senders.")

Label = Annotated[str | None, typer.Option(help="A word of yours that names nobody; shown in lists.")]
Throughput = Annotated[
    str | None, typer.Option(help="Messages per second over all its keys and ESME accounts; none is no limit.")
]
Detect = Annotated[
    list[str] | None,
    typer.Option(
        help="What to do about personal data in texts: iban, card, mobile, national_id, email or otp, then "
        "=warn, =mask, =block or =off; repeatable."
    ),
]
Fraud = Annotated[
    list[str] | None,
    typer.Option(
        help="A control against abuse, or one for a class, such as recipient_rate.otp, then =off, =watch, =enforce or "
        "=default; repeatable."
    ),
]
Country = Annotated[
    list[str] | None, typer.Option(help="Country that it sends to, such as SA; repeatable; any allows all.")
]

Kind = Annotated[
    str | None,
    typer.Option(help="What it is to the regulator: government, private, individual or abroad; none for not said."),
]
Rule = Annotated[
    list[str] | None,
    typer.Option(
        help="What is done about a group of rules, or about `all`: class, sender, register, hours, links, opt_out, otp "
        "or transfer, then =off, =watch, =enforce or =default; repeatable."
    ),
]
Residency = Annotated[
    str | None, typer.Option(help="Country (ISO 3166) that its messages must not leave; none where transfers go.")
]


@app.command("add")
def add(
    sender: Annotated[list[str], typer.Option(help="Registered sender name, short code or number; repeatable.")],
    name: Annotated[
        str | None, typer.Option(help="Name; sealed at rest. - reads a line, @FILE a file; without it you are asked.")
    ] = None,
    email: Annotated[str | None, typer.Option(help="Contact; sealed at rest. - reads a line, @FILE a file.")] = None,
    label: Label = None,
    default_class: Annotated[str, typer.Option(help="Class of messages that name none.")] = "transactional",
    throughput: Throughput = None,
    plain_punctuation: Annotated[
        bool,
        typer.Option(help="Make curly quotes, long dashes and the like plain where that saves UCS-2."),
    ] = False,
    detect: Detect = None,
    kind: Kind = None,
    rule: Rule = None,
    residency: Residency = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Add a customer with its senders."""
    profile = Profile(
        name=MessageText(personal(name, asks_for="name")),
        email=None if email is None else MessageText(personal(email, asks_for="e-mail address")),
    )
    settings = CustomerSettings(
        senders=dict.fromkeys(map(sender_key, sender), ()),
        default_class=default_class,
        throughput_per_s=amount(throughput, None, float, option="--throughput"),
        content=parse_rules(detect or (), {}),
        plain_punctuation=plain_punctuation,
        label=label or "",
        kind=_word(kind) or "",
        rules=_rules(rule or (), {}),
        residency=_word(residency) or "",
    )

    async def work() -> StoredCustomer:
        async with open_desk(config, may_begin=True) as desk:
            return await desk.accounts.add_customer(profile, settings)

    stored = run(work())
    show({"customer": stored.public_id, "senders": list(settings.senders)}, json)


@app.command("set")
def set_(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    sender: Annotated[list[str] | None, typer.Option(help="Sender to register as well; repeatable.")] = None,
    label: Label = None,
    default_class: Annotated[str | None, typer.Option(help="Class of messages that name none.")] = None,
    throughput: Throughput = None,
    plain_punctuation: Annotated[
        bool | None,
        typer.Option(help="Make curly quotes, long dashes and the like plain where that saves UCS-2."),
    ] = None,
    detect: Detect = None,
    fraud: Fraud = None,
    country: Country = None,
    kind: Kind = None,
    rule: Rule = None,
    residency: Residency = None,
    consent: Annotated[
        str | None, typer.Option(help="Promotional and awareness messages: off, watch or enforce consent.")
    ] = None,
    if_version: IfVersion = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Change what is set for a customer; what is not named stays. Nodes apply it within a second."""

    def change(standing: CustomerSettings) -> dict[str, object]:
        changes: dict[str, object] = {}
        if sender:
            changes["senders"] = {**dict.fromkeys(map(sender_key, sender), ()), **standing.senders}
        if label is not None:
            changes["label"] = label
        if default_class is not None:
            changes["default_class"] = default_class
        if throughput is not None:
            changes["throughput_per_s"] = amount(throughput, None, float, option="--throughput")
        if detect:
            changes["content"] = parse_rules(detect, standing.content)
        changes |= _against_abuse(fraud, country, standing)
        if kind is not None:
            changes["kind"] = _word(kind)
        if rule:
            changes["rules"] = _rules(rule, standing.rules)
        if residency is not None:
            changes["residency"] = _word(residency)
        if plain_punctuation is not None:
            changes["plain_punctuation"] = plain_punctuation
        if consent is not None:
            changes["consent"] = consent_mode(consent)
        return changes

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            stored = await desk.accounts.change_customer(owner.id, change, over=if_version)
            new = read_customer(stored.settings).settings
            detected = {kind.value: action.value for kind, action in new.content.items()}
            return {
                "customer": owner.public_id,
                "senders": sorted(new.senders),
                "throughput_per_s": new.throughput_per_s,
                "detect": detected,
                "fraud": {name: mode.value for name, mode in new.fraud.items()},
                "countries": list(new.countries),
                "kind": new.kind or None,
                "rules": [f"{group}={mode}" for group, mode in sorted(new.rules.items())],
                "residency": new.residency or None,
                "consent": new.consent.value,
                "version": stored.version,
            }

    show(run(work()), json)


def _word(given: str | None) -> str | None:
    """`none` takes a word away."""
    return "" if given == NONE else given


def _rules(words: Sequence[str], standing: Mapping[str, str]) -> Mapping[str, str]:
    """`standing` changed by words such as `hours=enforce`; `=default` takes one away."""
    changed = dict(standing)
    for word in words:
        group, _, mode = word.partition("=")
        if mode == "default":
            changed.pop(group, None)
        else:
            changed[group] = mode
    return changed


def consent_mode(written: str) -> ConsentMode:
    """Raises Failed."""
    try:
        return ConsentMode(written)
    except ValueError:
        raise Failed(f"--consent is one of {', '.join(ConsentMode)}", "invalid_value") from None


def _against_abuse(fraud: list[str] | None, country: list[str] | None, standing: CustomerSettings) -> dict[str, object]:
    """What changes of its controls against abuse."""
    changes: dict[str, object] = {}
    if fraud:
        changes["fraud"] = parse_fraud(fraud, standing.fraud)
    if country:
        changes["countries"] = parse_countries(country)
    return changes


@app.command("remove-sender")
def remove_sender(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    sender: Annotated[str, typer.Argument(help="Sender that is taken away.")],
    if_version: IfVersion = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take a sender from a customer; messages that were accepted go out with it still."""
    name = sender_key(sender)

    def change(standing: CustomerSettings) -> dict[str, object]:
        if name not in standing.senders:
            raise InvalidSetting("the customer has no such sender")
        return {"senders": {each: classes for each, classes in standing.senders.items() if each != name}}

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            stored = await desk.accounts.change_customer(owner.id, change, Act.SENDER_REMOVE, over=if_version)
            senders = sorted(read_customer(stored.settings).settings.senders)
            return {"customer": owner.public_id, "senders": senders, "version": stored.version}

    show(run(work()), json)


@app.command("disable")
def disable(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    if_version: IfVersion = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Refuse everything of a customer within a second, and hold what waits; nothing is lost but by its validity."""
    show(run(_turn(customer, config, if_version, disabled=True)), json)


@app.command("enable")
def enable(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    if_version: IfVersion = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take a customer's messages again, and send on what was held."""
    show(run(_turn(customer, config, if_version, disabled=False)), json)


async def _turn(customer: str, config: Path | None, over: int | None, *, disabled: bool) -> dict[str, object]:
    async with open_desk(config) as desk:
        owner = await find_customer(desk, customer)
        changed = await desk.accounts.disable(owner.id, disabled=disabled, over=over)
        return {"customer": changed.public_id, "disabled": rfc3339_or_none(changed.disabled_ms)}


@app.command("list")
def list_(config: Config = None, json: Json = False) -> None:
    """Customers by id; names stay sealed."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            return [
                {
                    "customer": each.public_id,
                    "label": read_customer(each.settings).settings.label,
                    "created": rfc3339(each.created_ms),
                    "disabled": rfc3339_or_none(each.disabled_ms),
                    "version": each.version,
                }
                for each in await desk.accounts.customers()
            ]

    show(run(work()), json, spare=("version", "created"))


@app.command("erase")
def erase(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    request: Request,
    config: Config = None,
    json: Json = False,
) -> None:
    """Erase a customer that leaves: its keys in every copy, then all that is its own. It cannot be taken back."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner, desks = await find_customer(desk, customer), await rights_desk(desk)
            hands = await claimed(desk, request, Action.CUSTOMER_DESTROY, owner.public_id)
            gone, certificate = await departures(desks.on, desk.accounts, desk.audit).erase(owner, hands)
            return {"customer": owner.public_id, "messages": gone, "certificate": certificate}

    show(run(work()), json)


@app.command("show")
def show_(
    customer: Annotated[str, typer.Argument(help="Customer id.")], config: Config = None, json: Json = False
) -> None:
    """Contact data of a customer in clear, and who corrected which of it when; the audit log says that it was shown."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            return _contact(owner.public_id, await _contacts(desk).show(owner.id))

    show(run(work()), json)


@app.command("correct")
def correct(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    name: Annotated[str | None, typer.Option(help="Name; - reads a line, @FILE a file.")] = None,
    company: Annotated[str | None, typer.Option(help="Company, as --name; none takes it away.")] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address, as --name; none takes it away.")] = None,
    phone: Annotated[str | None, typer.Option(help="Telephone, as --name; none takes it away.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Correct contact data of a customer; what is not named stays. Shows what holds then."""
    said = {"name": name, "company": company, "email": email, "phone": phone}
    changes = {
        field: None if word == "none" and field != "name" else MessageText(personal(word, asks_for=field))
        for field, word in said.items()
        if word is not None
    }
    if not changes:
        raise Failed("say what is to be corrected", "invalid_value")

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            return _contact(owner.public_id, await _contacts(desk).correct(owner.id, changes))

    show(run(work()), json)


def _contacts(desk: Desk) -> Contacts:
    return Contacts(desk.ledger.accounts, desk.ledger.acts, desk.sealer, desk.clock, COMMAND_LINE)


def _contact(public_id: str, contact: Contact) -> dict[str, object]:
    fields = {
        name: None if (value := getattr(contact.profile, name, None)) is None else value.reveal(Purpose.DATA_SUBJECT)
        for name in FIELDS
    }
    corrections = [f"{rfc3339(each.at_ms)} {each.field} {each.by}" for each in contact.corrections]
    return {"customer": public_id, **fields, "corrections": corrections}

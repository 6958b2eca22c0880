"""`connect-gateway person`: people who administer. The first account is made here, and nowhere else.

Contact data goes in sealed; `show` opens it, and the audit log says so. A password is typed, or read from a line or a
file, and never stands on a command line.
"""

import base64
from typing import Annotated

import typer

from gateway.audit.actor import COMMAND_LINE
from gateway.cli.output import Config, Failed, Json, personal, run, secret, show
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.people.people import People
from gateway.people.record import Contact, Credentials, Person
from gateway.people.roles import Role
from gateway.people.sessions import Sessions
from gateway.people.signins import SignIn, SignIns
from redaction.personal import MessageText, Purpose, Secret

LAST: int = 10
"""Sign-ins and changes that `show` shows."""

app = typer.Typer(no_args_is_help=True, add_completion=False, help="People who administer.")

Id = Annotated[str, typer.Argument(help="Person id.")]
Roles = Annotated[list[Role], typer.Option("--role", metavar="<role>", help="Role of docs/people.md; repeatable.")]
Phone = Annotated[str | None, typer.Option(help="Telephone; sealed at rest. - reads a line, @FILE a file.")]


@app.command("add")
def add(
    role: Roles,
    name: Annotated[
        str | None, typer.Option(help="Name; sealed at rest. - reads a line, @FILE a file; without it you are asked.")
    ] = None,
    email: Annotated[str | None, typer.Option(help="What the person signs in by, as --name.")] = None,
    phone: Phone = None,
    customer: Annotated[str | None, typer.Option(help="Customer id; by default a person of the platform.")] = None,
    password: Annotated[str | None, typer.Option(help="- reads a line, @FILE a file; without it none is set.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Add a person. Without a password, and a second factor, nobody signs in by it yet."""
    contact = Contact(
        name=MessageText(personal(name, asks_for="name")),
        email=MessageText(personal(email, asks_for="e-mail address")),
        phone=None if phone is None else MessageText(personal(phone, asks_for="telephone")),
    )
    word = None if password is None else Secret(secret(password, asks_for="password"))

    async def work() -> dict[str, object]:
        async with open_desk(config, may_begin=True) as desk:
            owner = "" if customer is None else (await find_customer(desk, customer)).public_id
            people = People(desk.people, COMMAND_LINE)
            if word is not None:
                people.check(contact, word)
            added = await people.add(contact, role, owner)
            if word is not None:
                await people.set_password(added.id, word)
            return {"person": added.id, "roles": list(added.roles), "customer": owner or None}

    show(run(work()), json)


@app.command("list")
def list_(
    customer: Annotated[str | None, typer.Argument(help="Customer id; default all.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """People by id; names stay sealed."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            owner = None if customer is None else (await find_customer(desk, customer)).public_id
            everyone = await desk.people.everyone()
            return [_row(each) for each in everyone if owner in (None, each.customer)]

    show(run(work()), json, spare=("created", "left"))


def _row(person: Person) -> dict[str, object]:
    return {
        "person": person.id,
        "roles": " ".join(person.roles),
        "customer": person.customer,
        "created": rfc3339(person.standing.created_ms),
        "disabled": rfc3339_or_none(person.standing.disabled_ms),
        "left": rfc3339_or_none(person.standing.left_ms),
    }


@app.command("show")
def show_(person: Id, config: Config = None, json: Json = False) -> None:
    """Everything that is held of a person, in clear; the audit log says that it was shown."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            return await _everything(desk, person)

    show(run(work()), json)


async def _everything(desk: Desk, identifier: str) -> dict[str, object]:
    people = People(desk.people, COMMAND_LINE)
    contact = await people.contact(identifier, Purpose.DATA_SUBJECT)
    found = await desk.people.get(identifier)
    held = await people.credentials(identifier)
    changes = found.standing.changes[-LAST:]
    return {
        **_row(found),
        "name": contact.name.reveal(Purpose.DATA_SUBJECT),
        "email": contact.email.reveal(Purpose.DATA_SUBJECT),
        "phone": None if contact.phone is None else contact.phone.reveal(Purpose.DATA_SUBJECT),
        **_shown(held),
        "sessions": len(await Sessions(desk.people).of(found)),
        "changes": [f"{rfc3339(each.at_ms)} {', '.join(each.what)} by {each.by}" for each in changes],
        "sign_ins": [_line(each) for each in (await SignIns(desk.people).of(found))[:LAST]],
    }


def _shown(held: Credentials) -> dict[str, object]:
    return {
        "password": bool(held.password),
        "totp": bool(held.totp),
        "recovery_codes": len(held.recovery),
        "passkeys": len(held.passkeys),
    }


def _line(each: SignIn) -> str:
    return f"{rfc3339(each.at_ms)} {each.outcome} by {each.means} from {each.address or '-'}, {each.agent}"


@app.command("set")
def set_(
    person: Id,
    name: Annotated[str | None, typer.Option(help="Name; - reads a line, @FILE a file.")] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address, as --name.")] = None,
    phone: Phone = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Correct contact data; what is not named stays. The history says who did it and when."""
    words = {"name": name, "email": email, "phone": phone}
    given = {field: MessageText(personal(word, asks_for=field)) for field, word in words.items() if word is not None}

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            await People(desk.people, COMMAND_LINE).correct(person, **given)
            return {"person": person, "corrected": sorted(given)}

    show(run(work()), json)


@app.command("role")
def role_(person: Id, role: Roles, config: Config = None, json: Json = False) -> None:
    """Give a person these roles and no others; sessions end."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            changed = await People(desk.people, COMMAND_LINE).set_roles(person, role)
            return {"person": person, "roles": list(changed.roles)}

    show(run(work()), json)


@app.command("disable")
def disable(
    person: Id,
    left: Annotated[bool, typer.Option("--left", help="For good: the account is erased after 30 days.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Refuse a person from now on; sessions end."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            return _row(await People(desk.people, COMMAND_LINE).disable(person, left=left))

    show(run(work()), json)


@app.command("enable")
def enable(person: Id, config: Config = None, json: Json = False) -> None:
    """Take a person again who was disabled, or had left; and one who waits after failed attempts."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            people = People(desk.people, COMMAND_LINE)
            await people.unlock(person)
            return _row(await people.enable(person))

    show(run(work()), json)


@app.command("password")
def password_(
    person: Id,
    password: Annotated[
        str | None, typer.Option(help="- reads a line, @FILE a file; without it you are asked.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Set a person's password; sessions end."""
    word = Secret(secret(password, asks_for="password"))

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            await People(desk.people, COMMAND_LINE).set_password(person, word)
            return {"person": person, "password": "set"}

    show(run(work()), json)


@app.command("totp")
def totp(
    person: Id,
    remove: Annotated[bool, typer.Option("--remove", help="Take the authenticator and the codes away.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make a new authenticator (one-time passwords) and recovery codes, shown this once; the ones before end."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            people = People(desk.people, COMMAND_LINE)
            if remove:
                await people.drop_totp(person)
                return {"person": person, "totp": "removed"}
            made = await people.give_totp(person)
            return {
                "person": person,
                "secret": made.secret.reveal(Purpose.CREDENTIAL),
                "uri": made.uri.reveal(Purpose.CREDENTIAL),
                "recovery_codes": [each.reveal(Purpose.CREDENTIAL) for each in made.codes],
            }

    show(run(work()), json)


@app.command("passkeys")
def passkeys(
    person: Id,
    remove: Annotated[str | None, typer.Option(help="Id of one to take away, or all.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """A person's passkeys, which are registered in a browser alone; or take them away."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            people = People(desk.people, COMMAND_LINE)
            held = (await people.credentials(person)).passkeys
            if remove is not None:
                which = next((each.id for each in held if _text(each.id) == remove), None)
                if which is None and remove != "all":
                    raise Failed("this person has no passkey of this id", "unknown_person")
                await people.drop_passkeys(person, which)
                held = (await people.credentials(person)).passkeys
            return [{"passkey": _text(each.id), "created": rfc3339(each.created_ms)} for each in held]

    show(run(work()), json)


def _text(identifier: bytes) -> str:
    return base64.urlsafe_b64encode(identifier).rstrip(b"=").decode()


@app.command("erase")
def erase(
    person: Id,
    confirm: Annotated[bool, typer.Option("--confirm", help="Do it; nothing brings it back.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Destroy a person's key and delete the account: no copy of the ledger opens it any more."""
    if not confirm:
        raise Failed("this cannot be undone: say --confirm to do it", "not_confirmed")

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            await People(desk.people, COMMAND_LINE).erase(person)
            return {"erased": person}

    show(run(work()), json)

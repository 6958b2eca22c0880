"""`connect-gateway keys`: the state of the key store, a fresh root, copies of it, and what copies are worth.

Keys are shown by name and age, never by their bytes.
"""

import contextlib
import enum
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from config.loader import load
from config.settings import KeystoreSettings, Settings
from gateway.audit.acts import Act
from gateway.audit.anchor import anchor_marks
from gateway.audit.signing import key_marks
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.restored import accept
from gateway.cli.rotated import rotated_credentials, rotated_customer
from gateway.cli.session import open_desk, open_keystore
from gateway.keystore import opening
from gateway.keystore.installation import KeysOlder, shown
from gateway.keystore.recovery import Combination, recover
from gateway.keystore.store import Keystore
from gateway.keystore.upkeep import next_destruction_ms
from gateway.model.times import rfc3339, rfc3339_or_none
from gateway.process.clock import SystemClock
from gateway.process.hardening import forbid_core_dumps
from gateway.retention.rules import retention_rules
from redaction.keys_at_rest import key_ages, state_digest

FAMILIES: Final = ("period", "customer", "pepper", "secret", "retired", "handed")
NAMES: Final = {"retired": "retired", "handed": "handed"}
"""Of families that are not called by a plural."""

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Keys: ages, rotation, copies.")

Data = Annotated[list[Path], typer.Option("--data", help="Copied ledger file; repeatable.", exists=True)]
Copies = Annotated[
    list[Path] | None, typer.Option("--keystore", help="Copied key store file; repeatable.", exists=True)
]


@app.command()
def status(
    every: Annotated[bool, typer.Option("--all", help="Every key by name and age.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """How many keys there are, how old, under which root, and when the next destruction is due."""
    forbid_core_dumps()
    settings, clock = load(config, os.environ), SystemClock()
    with open_keystore(settings, clock) as store:
        show(_every_key(store) if every else _status(store, settings), json)


@app.command("accept-restore")
def accept_restore(config: Config = None, json: Json = False) -> None:
    """The key store is older than the ledger, because a copy was brought back, and is to be used as it is.

    What was sealed since the copy stays closed for ever.
    """
    accept(KeysOlder, config, json=json)


class Rotated(enum.StrEnum):
    ROOT = "root"
    CREDENTIALS = "credentials"
    CUSTOMER = "customer"


@app.command()
def rotate(
    what: Annotated[Rotated, typer.Argument(help="What is replaced.")] = Rotated.ROOT,
    customer: Annotated[str, typer.Argument(help="Customer id, for `customer`.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Replace the root, the pepper of API keys, or a customer's key.

    root: the key store is sealed under a fresh one and the old one is
    destroyed; older copies of the store are dead.

    credentials: new API keys are kept under a fresh pepper. A digest cannot be
    made anew without the key itself, so a key that is there moves when it is
    used; the old pepper serves until its last key has moved or is revoked, and
    is destroyed by a node an hour later. Passwords of ESME accounts have salts
    of their own and no pepper.

    customer: what comes from now on is sealed under a fresh key, and contact
    data and endpoint are sealed anew. Messages that are there cannot be, since
    nobody may open them for that: the former key opens them until the last of
    them is due, and pseudonyms of epochs that are there keep their names.

    The keys of records' tags turn by themselves, each year: a record names the
    year of its key and no other.
    """
    if bool(customer) != (what is Rotated.CUSTOMER):
        raise Failed("a customer's id belongs to `keys rotate customer`, and to nothing else", "customer_misplaced")
    if what is Rotated.CREDENTIALS:
        show(run(rotated_credentials(config)), json)
    elif what is Rotated.CUSTOMER:
        show(run(rotated_customer(config, customer)), json)
    else:
        _rotate_root(config, json)


def _rotate_root(config: Path | None, json: bool) -> None:
    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            store = desk.keystore
            if not store.rolls:
                raise Failed(
                    "a root in the environment cannot be rolled from here; use a file or transit slot", "root_fixed"
                )
            async with desk.audit.around(Act.KEYS_ROTATE, what="root") as outcome:
                store.update(lambda _: None, destroys=True)
                outcome.say(numbers={"version": store.version}, digests={"after": state_digest(store.state)})
            return {"version": store.version, "state": state_digest(store.state).hex()}

    show(run(work()), json)


@app.command()
def snapshot(
    path: Annotated[Path, typer.Argument(help="New file to write; never beside copies of the ledger.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Copy the sealed key store, for a disaster. The next destruction makes the copy worthless, and it should."""
    settings = load(config, os.environ)
    if path.resolve().parent == Path(settings.ledger.path).resolve().parent:
        raise Failed("a copy of the keys does not belong beside the data", "copies_together")

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            async with desk.audit.around(Act.KEYS_SNAPSHOT) as outcome:
                version = desk.keystore.snapshot(path)
                outcome.say(numbers={"version": version})
            until_ms = next_destruction_ms(desk.keystore.state, list(desk.rules.values()))
            return {"version": version, "opens_until": rfc3339_or_none(until_ms)}

    show(run(work()), json)


@app.command("copy")
def copy_keys(
    source: Annotated[Path, typer.Option("--from", help="Settings of the key store to read.", exists=True)],
    target: Annotated[Path, typer.Option("--to", help="Settings of an empty key store to fill.", exists=True)],
    json: Json = False,
) -> None:
    """Move to another key store or root slot, with all nodes stopped. Destroy the old store and its root afterwards."""
    forbid_core_dumps()
    clock = SystemClock()
    old, new = (load(each, os.environ).keystore for each in (source, target))
    if _meet(old, new):
        raise Failed("both settings name the same key store, or the same root", "same_place")
    with _opened(old, clock) as before:
        if before.held_by():
            raise Failed("nodes of this key store run: stop them first", "node_running")
        run(_write_copy(source))
        after, marks = opening.keystore(new, clock, node=False), before.marks.all()
        after.open_with(before.state, before.installation, beside=anchor_marks(marks) | key_marks(marks))
        copied = state_digest(after.state) == state_digest(before.state)
        after.close()
        show({"keys": len(key_ages(before.state)), "state": state_digest(before.state).hex(), "same": copied}, json)


async def _write_copy(source: Path) -> None:
    async with open_desk(source) as desk:
        await desk.audit.write(Act.KEYS_COPY, what="begin")


def _meet(old: KeystoreSettings, new: KeystoreSettings) -> bool:
    """Whether filling the one would overwrite the other, or the root without which it is dead."""

    def place(settings: KeystoreSettings) -> tuple[object, ...]:
        if settings.engine == "file":
            return ("file", os.path.realpath(settings.path))
        return (settings.engine, settings.redis.url, settings.redis.prefix)

    def root(settings: KeystoreSettings) -> str:
        return os.path.realpath(settings.root.path) if settings.root.kind != "env" else ""

    roots = {root(old), root(new)}
    return place(old) == place(new) or (len(roots) == 1 and roots != {""})


@contextlib.contextmanager
def _opened(settings: KeystoreSettings, clock: SystemClock) -> Iterator[Keystore]:
    """One that is there: nothing is made."""
    store = opening.keystore(settings, clock, node=False)
    store.open(create=False)
    try:
        yield store
    finally:
        store.close()


@app.command("recover")
def recover_copies(data: Data, keystore: Copies = None, config: Config = None, json: Json = False) -> None:
    """Try to open every message of copied ledger files with copied key stores, the live one, and the live root.

    It counts what opens, combination by combination, and shows nothing of it.
    """
    forbid_core_dumps()
    settings = load(config, os.environ)
    with _live(settings) as (roots, live):
        result = recover(data, [*(keystore or ()), live], roots)
    if json:
        show({"closed": result.keystores_closed, "combinations": [_row(each) for each in result.combinations]}, True)
        return
    for path in result.keystores_closed:
        print(f"no live root opens {path}")  # noqa: T201
    show([_row(each) for each in result.combinations], False)


@contextlib.contextmanager
def _live(settings: Settings) -> Iterator[tuple[Sequence[bytes], Path]]:
    """The roots of now, and the key store of now as a file. A store that is a file is only read."""
    if settings.keystore.engine == "file":
        path = Path(settings.keystore.path)
        yield opening.root_slot(settings.keystore.root).read(), path
        return
    with open_keystore(settings, SystemClock()) as store, tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "live")
        store.snapshot(path)
        yield store.roots(), path


def _status(store: Keystore, settings: Settings) -> dict[str, object]:
    ages = key_ages(store.state)
    rules = list(retention_rules(settings).values())
    return {
        "installation": shown(store.installation),
        "version": store.version,
        "state": state_digest(store.state).hex(),
        "root": settings.keystore.root.kind,
        "rolls": store.rolls,
        "layout": store.state.layout,
        **{NAMES.get(family, f"{family}s"): sum(each.family == family for each in ages) for family in FAMILIES},
        "oldest": rfc3339(min(each.created_ms for each in ages)) if ages else None,
        "next_destruction": rfc3339_or_none(next_destruction_ms(store.state, rules)),
        **_nodes(store),
    }


def _nodes(store: Keystore) -> dict[str, object]:
    """How many nodes hold the keys, and whether all of them have the newest state; of a shared key store only."""
    held = store.held_by()
    if held is None:
        return {}
    return {"nodes": len(held), "behind": sum(version < store.version for version in held)}


def _every_key(store: Keystore) -> list[dict[str, object]]:
    return [
        {"family": each.family, "name": each.name, "created": rfc3339(each.created_ms)}
        for each in key_ages(store.state)
    ]


def _row(each: Combination) -> dict[str, object]:
    return {
        "data": each.data,
        "periods_of": each.periods_of,
        "customers_of": each.customers_of,
        "messages": each.messages,
        "opened": len(each.opened),
        "refused": ", ".join(f"{count} {why}" for why, count in sorted(each.refused.items())),
    }

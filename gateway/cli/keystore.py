"""`connect-gateway keys`: the state of the key store, a fresh root, copies of it, and what copies are worth.

Keys are shown by name and age, never by their bytes.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from config.loader import load
from config.settings import KeystoreSettings, Settings
from gateway.audit.anchor import anchor_marks
from gateway.cli.output import Config, Failed, Json, show
from gateway.cli.restored import accept
from gateway.cli.session import open_keystore
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

FAMILIES: Final = ("period", "customer", "pepper", "secret")

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


@app.command()
def rotate(config: Config = None, json: Json = False) -> None:
    """Seal the key store under a fresh root and destroy the old one: older copies of the store are dead."""
    forbid_core_dumps()
    settings, clock = load(config, os.environ), SystemClock()
    with open_keystore(settings, clock) as store:
        if not store.rolls:
            raise Failed(
                "a root in the environment cannot be rolled from here; use a file or transit slot", "root_fixed"
            )
        store.update(lambda _: None, destroys=True)
        show({"version": store.version, "state": state_digest(store.state).hex()}, json)


@app.command()
def snapshot(
    path: Annotated[Path, typer.Argument(help="New file to write; never beside copies of the ledger.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Copy the sealed key store, for a disaster. The next destruction makes the copy worthless, and it should."""
    forbid_core_dumps()
    settings, clock = load(config, os.environ), SystemClock()
    if path.resolve().parent == Path(settings.ledger.path).resolve().parent:
        raise Failed("a copy of the keys does not belong beside the data", "copies_together")
    with open_keystore(settings, clock) as store:
        version = store.snapshot(path)
        until_ms = next_destruction_ms(store.state, list(retention_rules(settings).values()))
        show({"version": version, "opens_until": rfc3339_or_none(until_ms)}, json)


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
        after = opening.keystore(new, clock, node=False)
        after.open_with(before.state, before.installation, beside=anchor_marks(before.marks.all()))
        copied = state_digest(after.state) == state_digest(before.state)
        after.close()
        show({"keys": len(key_ages(before.state)), "state": state_digest(before.state).hex(), "same": copied}, json)


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
        **{f"{family}s": sum(each.family == family for each in ages) for family in FAMILIES},
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

"""`connect-gateway audit`: read the audit log, verify it, prove what stands in it, and cosign the logs of others."""

import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from config.settings import Settings
from gateway.audit.acts import Act
from gateway.audit.anchor import read_anchor
from gateway.audit.building import log_writer
from gateway.audit.checkpoint import read_checkpoint
from gateway.audit.entries import BadEntry, named, read_entry
from gateway.audit.pruning import LEAST_DAYS, prune_before
from gateway.audit.reading import newest, proven
from gateway.audit.sequencer import Sequencer
from gateway.audit.tiles import CHECKPOINT, MINIMUM, TilesDamaged, minimum
from gateway.audit.verify import verify
from gateway.audit.writing import ForkFound, LogWriter, TreeBusy
from gateway.cli.audit_certificates import app as certificates
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import Desk, open_desk
from redaction.notes import BadNote, Note, VerifierKey, read_note, read_verifier_key

KEY: Final = "verifier-key"

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The audit log: who did what.")
app.add_typer(certificates, name="certificate")


@app.command("show")
def show_(
    last: Annotated[int, typer.Option(min=1, max=10_000, help="So many of the newest entries.")] = 20,
    act: Annotated[str | None, typer.Option(help="Only of this act, or of all that begin so, such as key.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only what concerns this customer id.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """The newest entries, oldest first; those that wait for the log have no index."""

    async def work() -> list[dict[str, object]]:
        async with _opened(config) as (desk, writer):
            names = _names(desk.settings)

            def wanted(entry: dict[str, Any]) -> bool:
                concerns = customer in (None, entry.get("customer"), entry.get("obj"))
                return concerns and (act is None or entry["act"] == act or entry["act"].startswith(f"{act}."))

            waiting = [read_entry(each.octets) for each in await desk.ledger.acts.pending(10_000)]
            rows = [_row(None, each, names) for each in reversed(waiting) if wanted(each)][:last]
            rows += _newest(writer, wanted, last - len(rows), names)
            return rows[::-1]

    show(run(work()), json, spare=("by", "customer"))


@app.command("verify")
def verify_(
    folder: Annotated[Path | None, typer.Argument(help="A copy of a log; default the log itself.")] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(help="Verifier key of the log; repeatable, former ones too. Default this installation's."),
    ] = None,
    older: Annotated[
        list[Path] | None, typer.Option(help="Checkpoint that was kept from before; repeatable.", exists=True)
    ] = None,
    schema: Annotated[bool, typer.Option(help="Check the form of every entry as well.")] = True,
    config: Config = None,
    json: Json = False,
) -> None:
    """Whether a log is as it was signed, and if not, the first index that is wrong and why. Exit code 1 then."""
    found, anchor = run(_place_of(folder, key or [], config))
    note = _checkpoint_in(found.folder)
    size = read_checkpoint(note).size
    if anchor is not None and anchor > size:
        raise Failed(f"index {size}: rolled back (size {size} < signed {anchor})", "audit_flawed")
    notes = [_note(each) for each in older or ()]
    check = read_entry if schema else None
    flaw = verify(found.folder, note, found.keys[0], older=notes, former=found.keys[1:], check=check)
    if flaw is not None:
        raise Failed(str(flaw), "audit_flawed")
    log = found.keys[0].name
    cosigned = [each.name for each in note.signatures if each.name != log]
    show({"size": size, "from": minimum(found.folder), "log": log, "cosigned": cosigned}, json)


@app.command("prove")
def prove(
    index: Annotated[int, typer.Argument(min=0, help="Index of the entry.")],
    file: Annotated[Path, typer.Argument(help="File to write the entry to; the proof goes to FILE.tlog-proof.")],
    config: Config = None,
    json: Json = False,
) -> None:
    """Write an entry and the proof that it stands in the log; `audit_verify.py --proof` takes both."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (_, writer):
            size = read_checkpoint(_checkpoint_in(writer.folder)).size
            found = proven(writer.folder, index)
            if found is None:
                raise Failed(f"there is no entry {index} in a log of {size}", "no_entry")
            entry, proof = found
            file.write_bytes(entry)
            beside = file.with_name(file.name + ".tlog-proof")
            beside.write_text(proof.text, "utf-8")
            return {"entry": entry.decode(), "proof": str(beside), "size": size}

    show(run(work()), json)


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="New folder to write.")], config: Config = None, json: Json = False
) -> None:
    """Copy the log, with its verifier key, to where it can be verified."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (_, writer):
            note = _checkpoint_in(writer.folder)  # before the tiles: those are never fewer
            try:
                shutil.copytree(writer.folder / "tile", folder / "tile")
            except FileExistsError:
                raise Failed("there is something in this folder already", "file_exists") from None
            if (writer.folder / MINIMUM).exists():
                shutil.copy(writer.folder / MINIMUM, folder / MINIMUM)
            (folder / CHECKPOINT).write_bytes(note.octets)
            keys = [writer.key, *writer.signer.former()]
            (folder / KEY).write_text("".join(f"{each.text}\n" for each in keys), "ascii")
            return {"folder": str(folder), "size": read_checkpoint(note).size, "key": writer.key.text}

    show(run(work()), json)


@app.command("checkpoint")
def checkpoint(config: Config = None, json: Json = False) -> None:
    """Put what waits into the log now, and show what is signed then."""

    async def work() -> Note:
        async with _opened(config) as (desk, writer):
            try:
                note = await Sequencer(desk.ledger.acts, writer, desk.clock).round()
            except TreeBusy:
                raise Failed("a node writes to the log just now; try again", "audit_busy") from None
            except ForkFound as fork:
                raise Failed(str(fork), "audit_fork") from None
        if note is None:
            raise Failed("there is nothing in the log yet", "no_entry")
        return note

    note = run(work())
    if json:
        said = read_checkpoint(note)
        show({"log": said.origin, "size": said.size, "root": said.root.hex(), "note": note.octets.decode()}, True)
    else:
        print(note.octets.decode(), end="")  # noqa: T201  as it is, for whoever keeps it


@app.command("key")
def key_(config: Config = None, json: Json = False) -> None:
    """The verifier keys of this installation's log: the present one, and those that were replaced."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (_, writer):
            return _keys(writer)

    show(run(work()), json)


@app.command("rotate-key")
def rotate_key(config: Config = None, json: Json = False) -> None:
    """Have another key sign the log; the former one signs beside it for a time.

    After `audit.key_overlap_days` the former one is destroyed. Give the new
    verifier key to witnesses and to whoever verifies meanwhile.
    What the former key signed is verified with its verifier key for ever.
    """

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, writer):
            async with desk.audit.around(Act.KEYS_ROTATE, what="audit") as outcome:
                outcome.say(digests=writer.signer.rotate())
            return _keys(writer)

    show(run(work()), json)


@app.command("prune")
def prune_(
    days: Annotated[int, typer.Option(min=LEAST_DAYS, help="Entries stay for at least so many days.")] = 730,
    config: Config = None,
    json: Json = False,
) -> None:
    """Delete what is older from the beginning of the log; what is left is verified as before."""

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, writer):
            try:
                pruned = await prune_before(writer, desk.audit, desk.clock.now_ms(), days, always=True)
            except FileNotFoundError:
                raise Failed("there is nothing in the log yet", "no_entry") from None
            return {"from": pruned.first, "was": pruned.was, "files": pruned.files}

    show(run(work()), json)


@app.command("begin-anew")
def begin_anew(
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Do it; without this it only says what would be given up.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Begin another log where the folder of this one is lost for good. Its first entry says what was signed before.

    Start nodes again afterwards. Witnesses and customers must be given the new verifier key.
    """

    async def work() -> dict[str, object]:
        async with _opened(config) as (desk, writer):
            lost = read_anchor(desk.keystore.marks.all())
            if not confirm:
                raise Failed(
                    f"this would give up a log of {lost.size} entries: say --confirm to do it", "not_confirmed"
                )
            await desk.audit.write(Act.AUDIT_ANEW, numbers={"size": lost.size}, digests={"before": lost.root})
            if not writer.begin_another():
                raise Failed("a node writes to the log just now; try again", "audit_busy")
            another = log_writer(desk.settings, desk.keystore, desk.keyring, desk.clock, desk.installation)
            return {"given_up": lost.size, "key": "" if another is None else another.key.text}

    show(run(work()), json)


@app.command("witness")
def witness(
    folder: Annotated[Path, typer.Argument(help="Folder of its own, for its key and what it has seen.")],
    log: Annotated[list[str], typer.Option(help="Verifier key of a log that it cosigns; repeatable.")],
    name: Annotated[str, typer.Option(help="What the witness is known by, such as a host name of yours.")],
    host: Annotated[str, typer.Option(help="Address to listen on; put TLS in front.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port; 0 lets the system choose.")] = 8090,
    ml_dsa: Annotated[
        bool, typer.Option("--ml-dsa", help="Sign with ML-DSA-44 as well, which has a verifier key of its own.")
    ] = False,
    json: Json = False,
) -> None:
    """Cosign the checkpoints of logs that only grow, until Ctrl-C. It needs nothing of a gateway."""
    from gateway.cli.audit_witness import witness_server

    known, server = witness_server(folder, name, log, host, port, ml_dsa=ml_dsa)
    more = {} if known.keys[1:] == () else {"ml_dsa_key": known.keys[1].text}
    show({"key": known.key.text, **more, "port": server.server_port}, json)
    with contextlib.suppress(KeyboardInterrupt), server:
        server.serve_forever()


# ------------------------------------------------------------------------------------------------------------- places


class _Place(msgspec.Struct, frozen=True):
    """keys: of the log, the present one first."""

    folder: Path
    keys: Sequence[VerifierKey]


@contextlib.asynccontextmanager
async def _opened(config: Path | None) -> AsyncIterator[tuple[Desk, LogWriter]]:
    """Raises Failed where the settings leave the log to others."""
    async with open_desk(config) as desk:
        writer = log_writer(desk.settings, desk.keystore, desk.keyring, desk.clock, desk.installation)
        if writer is None:
            raise Failed("these settings leave the log to other nodes: set audit.dir", "audit_elsewhere")
        try:
            yield desk, writer
        except TilesDamaged as damaged:
            raise Failed(str(damaged), "audit_flawed") from None


async def _place_of(folder: Path | None, keys: list[str], config: Path | None) -> tuple[_Place, int | None]:
    """The folder and its key, and, of this installation's own log, the size that was signed last."""
    given = [read_verifier_key(each) for each in keys]
    if folder is not None and given:
        return _Place(folder, given), None
    async with _opened(config) as (desk, writer):
        ours = folder is None and not given
        anchor = read_anchor(desk.keystore.marks.all()).size if ours else None
        own = [writer.key, *writer.signer.former()]
        return _Place(writer.folder if folder is None else folder, given or own), anchor


def _keys(writer: LogWriter) -> dict[str, object]:
    ml_dsa = writer.signer.ml_dsa_key
    return {
        "key": writer.key.text,
        "former": [each.text for each in writer.signer.former()],
        **({} if ml_dsa is None else {"ml_dsa": ml_dsa.text}),
    }


def _checkpoint_in(folder: Path) -> Note:
    try:
        return read_note((folder / CHECKPOINT).read_bytes())
    except FileNotFoundError:
        raise Failed("there is nothing in the log yet", "no_entry") from None


def _note(path: Path) -> Note:
    try:
        return read_note(path.read_bytes())
    except BadNote as bad:
        raise Failed(f"{path}: {bad}", "invalid_value") from None


def _newest(
    writer: LogWriter, wanted: Callable[[dict[str, Any]], bool], count: int, names: dict[str, str]
) -> list[dict[str, object]]:
    """Newest first."""
    try:
        return [_row(each.index, each.entry, names) for each in newest(writer.folder, wanted, count)]
    except (BadEntry, BadNote):
        raise Failed("there is something in the log that is no entry: see `audit verify`", "audit_flawed") from None


def _row(index: int | None, entry: dict[str, Any], names: dict[str, str]) -> dict[str, object]:
    counts = [f"{name}={value}" for name, value in entry.get("n", {}).items()]
    obj = entry.get("obj", "")
    return {
        "index": index,
        "time": entry["t"].replace("T", " ", 1),
        "act": entry["act"],
        "object": names.get(obj, obj),
        "customer": entry.get("customer", ""),
        "by": entry["actor"].get("id") or entry["actor"]["kind"],
        "result": entry["res"],
        "more": " ".join([*([entry["what"]] if "what" in entry else []), *counts]),
    }


def _names(settings: Settings) -> dict[str, str]:
    """What the ids of operators stand for."""
    return {named("op", each.name): each.name for each in settings.operators}

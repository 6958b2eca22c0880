"""`connect-gateway audit certificate`: proofs of what was destroyed, to give away and to verify."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from gateway.audit.building import log_writer
from gateway.audit.checkpoint import read_checkpoint
from gateway.audit.sequencer import Sequencer
from gateway.audit.tiles import TileReader, minimum
from gateway.audit.writing import LogWriter, TreeBusy
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import Desk, open_desk
from gateway.rights.certificate_file import BadCertificate, find_entry, prove, verify_certificate
from gateway.rights.certificates import Certificate, Statement, find_certificate, list_certificates
from redaction.notes import Note, VerifierKey, read_verifier_key

LARGEST: Final = 1 << 20
TRIES: Final = 20
PAUSE_S: Final = 0.25

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Certificates of destruction.")


@app.command("list")
def list_(
    last: Annotated[int, typer.Option(min=1, help="So many of the newest.")] = 20,
    config: Config = None,
    json: Json = False,
) -> None:
    """The newest certificates."""

    async def work() -> list[Statement]:
        async with open_desk(config) as desk:
            return (await list_certificates(desk.ledger.acts))[:last]

    show([_row(each) for each in run(work())], json)


@app.command("show")
def show_(
    certificate: Annotated[str, typer.Argument(help="Certificate id, cert_...")],
    file: Annotated[Path | None, typer.Argument(help="New file to write it to, with its proof: a zip.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """What a certificate says; with FILE it is written with the proof that it stands in the log."""

    async def work() -> tuple[Statement, bytes | None]:
        async with open_desk(config) as desk:
            found = await find_certificate(desk.ledger.acts, certificate)
            if found is None:
                raise Failed("no certificate has this id", "unknown_certificate")
            return found.said, None if file is None else await _proved(desk, found)

    said, octets = run(work())
    if file is not None and octets is not None:
        try:
            with file.open("xb") as out:
                out.write(octets)
        except FileExistsError:
            raise Failed("there is something in this place already", "file_exists") from None
    show(_whole(said), json)


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="File of a certificate.", exists=True, dir_okay=False)],
    key: Annotated[str | None, typer.Option(help="Verifier key of the log; default this installation's.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Whether a certificate is as it was issued, and stands in the log; `audit_verify.py` says it, too. Exit code 1
    where it does not.
    """

    async def own_keys() -> list[VerifierKey]:
        async with open_desk(config) as desk:
            writer = log_writer(desk.settings, desk.keystore, desk.keyring, desk.clock, desk.installation)
            if writer is None:
                raise Failed("these settings leave the log to other nodes: set audit.dir", "audit_elsewhere")
            return [writer.key, *writer.signer.former()]

    verifiers = run(own_keys()) if key is None else [read_verifier_key(key)]
    try:
        with file.open("rb") as source:
            said = verify_certificate(source.read(LARGEST + 1), *verifiers)
    except BadCertificate as bad:
        raise Failed(str(bad), "audit_flawed") from None
    show(_whole(said), json)


async def _proved(desk: Desk, found: Certificate) -> bytes:
    """Into the log first, where the entry still waits for it."""
    writer = log_writer(desk.settings, desk.keystore, desk.keyring, desk.clock, desk.installation)
    if writer is None:
        raise Failed("these settings leave the log to other nodes: set audit.dir", "audit_elsewhere")
    note = await _signed(desk, writer)
    if note is None:
        raise Failed("there is nothing in the log yet", "no_entry")
    reader = TileReader(writer.folder, read_checkpoint(note).size)
    index = find_entry(reader, found.said.id, minimum(writer.folder))
    if index is None:
        raise Failed("the entry is not in the log any more", "no_entry")
    return prove(found, reader, index, note)


async def _signed(desk: Desk, writer: LogWriter) -> Note | None:
    """A node beside this may be at it: its turn is short."""
    for _ in range(TRIES):
        with suppress(TreeBusy):
            return await Sequencer(desk.ledger.acts, writer, desk.clock).round()
        await asyncio.sleep(PAUSE_S)
    raise Failed("a node writes to the log just now; try again", "audit_busy")


def _row(said: Statement) -> dict[str, object]:
    return {
        "id": said.id,
        "issued_at": said.issued_at,
        "what": said.what,
        "why": said.why,
        "customer": said.customer,
        "counts": " ".join(f"{name}={count}" for name, count in sorted(said.counts.items())),
    }


def _whole(said: Statement) -> dict[str, object]:
    fields = {name: value for name, value in msgspec.structs.asdict(said).items() if value != ""}
    return fields | {"counts": dict(said.counts), "techniques": list(said.techniques)}

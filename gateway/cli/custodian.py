"""`connect-gateway custodian`: the custodian's own verbs, which need no gateway, and what a gateway has to do with one.

At the custodian: `init`, `answer`, `serve`, `rotate`, `status`, on a folder of its own. At the gateway: `set`, `show`,
`ask`.
"""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.output import Config, Failed, Json, run, show
from gateway.custodian.book import Book
from gateway.custodian.folder import KEEP_DAYS, TURNS_MS, Folder, QuestionUnreadable
from gateway.model.times import rfc3339
from gateway.process.clock import SystemClock
from gateway.process.hardening import forbid_core_dumps
from redaction.custodian import PublicKey

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Who finds people in records whose content is dead: the custodian's own verbs, and the gateway's.",
)

Place = Annotated[
    Path, typer.Option("--folder", envvar="CONNECT_GATEWAY_CUSTODIAN", help="The custodian's own folder.")
]
_FOLDER = Path("custodian")


def _said(key: PublicKey) -> dict[str, object]:
    return {"key": key.id.hex(), "kem": key.kem, "public": key.line}


# -------------------------------------------------------------------------------------------------- at the custodian


@app.command()
def init(folder: Place = _FOLDER, json: Json = False) -> None:
    """Make a custodian in a folder of its own: its key, and the token of its listener, which is shown once.

    The public key lies in `custodian.pub`; a gateway takes it with
    `custodian set`. The folder belongs to no gateway's machine, and in a
    backup of its own: whoever loses it finds nobody in older records.
    """
    forbid_core_dumps()
    place = Folder(folder)
    key = place.begin(SystemClock().now_ms())
    show({"folder": str(folder), **_said(key), "token": place.new_token()}, json)


@app.command("answer")
def answer_(
    question: Annotated[Path, typer.Argument(help="A question that a gateway sealed.", exists=True)],
    answer: Annotated[Path, typer.Argument(help="New file for the answer: pseudonyms, and no secret.")],
    folder: Place = _FOLDER,
    json: Json = False,
) -> None:
    """Answer a question by file. It is counted and written down first: at most 200 numbers in 24 hours."""
    from gateway.custodian.answering import LARGEST  # not for the gateway's verbs
    from gateway.custodian.answering import answer as answered

    forbid_core_dumps()
    place, clock = Folder(folder), SystemClock()
    if question.stat().st_size > LARGEST:
        raise QuestionUnreadable("this is no question to a custodian")
    octets = answered(place, question.read_bytes(), clock.now_ms())
    with answer.open("xb") as file:
        file.write(octets)
    line = Book(place).lines()[-1]
    show({"case": line.case, "numbers": len(line.numbers), "left": Book(place).left(clock.now_ms())}, json)


@app.command()
def serve(
    folder: Place = _FOLDER,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.")] = 8443,
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate, in PEM.", exists=True)] = None,
    key: Annotated[Path | None, typer.Option(help="Its key, in PEM.", exists=True)] = None,
    json: Json = False,
) -> None:
    """Answer questions over HTTPS, as `answer` does by file. Runs until interrupted."""
    from gateway.custodian.listener import custodian_server  # not for the gateway's verbs
    from gateway.process.tls import identity

    forbid_core_dumps()
    tls = None if certificate is None or key is None else identity(str(certificate), str(key))
    if tls is None and host not in ("127.0.0.1", "::1"):
        raise Failed("plain HTTP is for loopback alone: give --certificate and --key", "plain_listener")
    place = Folder(folder)
    place.read()
    server = custodian_server(place, SystemClock(), (host, port), None if tls is None else tls.context)
    show({"host": host, "port": server.server_address[1], "tls": tls is not None}, json)
    with contextlib.suppress(KeyboardInterrupt), server:
        server.serve_forever()


@app.command()
def rotate(
    folder: Place = _FOLDER,
    token: Annotated[bool, typer.Option("--token", help="Replace the token of the listener, and not the key.")] = False,
    keep_days: Annotated[
        int, typer.Option(min=1, help="Destroy keys that were replaced so long ago; longer than any record lives.")
    ] = KEEP_DAYS,
    json: Json = False,
) -> None:
    """Take another key: each quarter. The former ones open what is sealed to them, as long as they are kept.

    Give the new public key to the gateway (`custodian set`) afterwards;
    `custodian show` there says which former keys are still needed.
    """
    forbid_core_dumps()
    place = Folder(folder)
    place.read()
    if token:
        show({"token": place.new_token()}, json)
        return
    show(_said(place.turn(SystemClock().now_ms(), keep_days)), json)


@app.command()
def status(folder: Place = _FOLDER, json: Json = False) -> None:
    """The custodian's keys by id and age, when the next turn is due, and how many numbers may be asked about today."""
    forbid_core_dumps()
    now_ms = SystemClock().now_ms()
    place = Folder(folder)
    held, lines = place.read(), Book(place).lines()
    former = [each.private.public().id.hex() for each in held.keys[:-1]]
    show(
        {
            "key": held.present.private.public().id.hex(),
            "made": rfc3339(held.present.made_ms),
            "turn_due": rfc3339(held.present.made_ms + TURNS_MS),
            "former": former,
            "questions": len(lines),
            "refused": sum(not each.taken for each in lines),
            "left": Book(place).left(now_ms),
        },
        json,
    )


# ---------------------------------------------------------------------------------------------------- at the gateway


@app.command("set")
def set_(
    public: Annotated[Path, typer.Argument(help="The custodian's public key: its file `custodian.pub`.", exists=True)],
    config: Config = None,
    json: Json = False,
) -> None:
    """Hand secrets over to this custodian from now on: those that are due at once, others as they become due.

    What was handed over to a former key stays sealed to that.
    """
    from gateway.cli.custodian_asked import set_custodian  # not for the custodian's verbs

    show(run(set_custodian(config, public.read_text(encoding="utf-8"))), json)


@app.command("show")
def show_(config: Config = None, json: Json = False) -> None:
    """Whose key secrets are sealed to, which former keys are needed, and from when on nodes name people themselves."""
    from gateway.cli.custodian_asked import shown  # not for the custodian's verbs

    show(run(shown(config)), json)


@app.command()
def ask(
    case: Annotated[str, typer.Argument(help="Id of the case, such as R-2026-17; no part of a number.")],
    question: Annotated[Path, typer.Argument(help="New file for the question, or with --url for the answer.")],
    number: Annotated[
        list[str] | None,
        typer.Option(help="The person's number; - reads a line, @FILE a file; repeatable; default: it is asked for."),
    ] = None,
    customer: Annotated[list[str] | None, typer.Option(help="Customer id; repeatable; default: all.")] = None,
    since: Annotated[str | None, typer.Option(help="A time with its zone (RFC 3339); default: all.")] = None,
    until: Annotated[str | None, typer.Option(help="A time with its zone (RFC 3339); default: now.")] = None,
    url: Annotated[str, typer.Option(help="The custodian's listener: ask it at once.")] = "",
    token: Annotated[str | None, typer.Option(help="Its token; - reads a line, @FILE a file.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Who signed its certificate, in PEM.", exists=True)] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Ask the custodian what a person is called in records whose content is dead. The question is sealed to it.

    Every question is in the audit log, without the number.
    """
    from gateway.cli.custodian_asked import Asking, asked  # not for the custodian's verbs

    asking = Asking(case, number, customer, since, until, question, url, token, ca)
    show(run(asked(config, asking)), json)

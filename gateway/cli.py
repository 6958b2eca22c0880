"""The command line, `connect-gateway`: typer verbs over the same API that the node uses.

Every verb has `--json`. What goes wrong is one clear line on standard error and exit code 1; wrong usage is 2. Secrets
are printed once, where they are made, and never again.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer

from config.loader import examine, load
from config.problems import ConfigError, Severity
from config.secret import SecretMissing
from config.settings import Settings
from config.workers import obstacles, parse_share, share_of
from gateway import reading
from gateway.accounts import Profile, UnknownAccount, number_settings
from gateway.app import Inherited, StartRefused, serve
from gateway.cli_keys import app as keys_app
from gateway.cli_ledger import app as ledger_app
from gateway.cli_retention import app as retention_app
from gateway.command import Config, Failed, Json
from gateway.command import run as _run
from gateway.command import show as _print
from gateway.content_rules import ContentRules, parse_rules
from gateway.customers import CustomerSettings, EsmeSettings, KeySettings, NumberSettings
from gateway.delivery import EndpointSettings, endpoint_settings, open_endpoint, save_endpoint
from gateway.desk import Desk
from gateway.desk import find_customer as _customer
from gateway.desk import open_desk as _desk
from gateway.hardening import end_with_parent, forbid_core_dumps
from gateway.leakscan import Files, ScanImpossible, ScanReport, Source, scan_sources
from gateway.leakscan_memory import Memory
from gateway.ledger.base import LedgerError, StoredCustomer
from gateway.logs import catch_the_uncaught, configure, describe_unexpected, logger
from gateway.message import MessageClass
from gateway.passwords import LONGEST, SHORT
from gateway.stage import StageFailed
from gateway.throughput import SharedBuckets
from gateway.times import rfc3339, rfc3339_or_none
from gateway.validation import is_sender
from gateway.version import BUILD, version
from gateway.webhooks.connection import Answer
from gateway.webhooks.delivery import MAX_BATCH
from gateway.webhooks.signing import Signer
from gateway.webhooks.targets import TargetRefused, parse_target
from gateway.webhooks.trial import send_test
from operators.simulator import Faults, SimulatorSettings
from operators.simulator import run as run_simulator
from operators.smpp.session import SessionSettings
from redaction.errors import SealError
from redaction.personal import MessageText, Purpose, Secret

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A gateway for messages that forgets on time.",
)
customer_app = typer.Typer(no_args_is_help=True, help="Customers and their senders.")
key_app = typer.Typer(no_args_is_help=True, help="API keys.")
esme_app = typer.Typer(no_args_is_help=True, help="Accounts that bind over SMPP.")
number_app = typer.Typer(no_args_is_help=True, help="Numbers to which people write, and whose they are.")
webhook_app = typer.Typer(no_args_is_help=True, help="Where customers are told.")
simulate_app = typer.Typer(no_args_is_help=True, help="Peers to try things with.")
app.add_typer(customer_app, name="customer")
app.add_typer(key_app, name="key")
app.add_typer(esme_app, name="esme")
app.add_typer(number_app, name="number")
app.add_typer(webhook_app, name="webhook")
app.add_typer(retention_app, name="retention")
app.add_typer(keys_app, name="keys")
app.add_typer(ledger_app, name="ledger")
app.add_typer(simulate_app, name="simulate")


def _say_version(wanted: bool) -> None:
    if wanted:
        print(f"connect-gateway {version()} ({BUILD})")  # noqa: T201
        raise typer.Exit


@app.callback()
def whole(
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print version and build.")
    ] = False,
) -> None:
    """A gateway for messages that forgets on time."""


def main() -> None:
    """Run the command line."""
    configure("warning")  # to stderr: stdout is for what was asked; `serve` sets its own
    try:
        app()
    except (
        Failed,
        LedgerError,
        StartRefused,
        SecretMissing,
        UnknownAccount,
        SealError,
        StageFailed,
        ScanImpossible,
    ) as error:
        _fail(str(error.args[0]) if error.args else type(error).__name__)
    except ConfigError as error:
        for problem in error.problems:
            print(str(problem), file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
    except OSError as error:
        _fail(error.strerror or type(error).__name__)
    except Exception as error:  # a defect; its text and its traceback may quote anything
        _fail(f"unexpected {describe_unexpected(error)}")


def _fail(line: str) -> NoReturn:
    print(f"connect-gateway: {line}", file=sys.stderr)  # noqa: T201
    raise SystemExit(1)


# --------------------------------------------------------------------------------------------------------- the node


@app.command("serve")
def serve_command(
    workers: Annotated[
        int,
        typer.Option(min=1, max=256, help="Processes that share ports and binds; needs a Redis ledger."),
    ] = 1,
    share: Annotated[str | None, typer.Option(hidden=True, help="Set by the supervisor: 2/4.")] = None,
    descriptors: Annotated[str, typer.Option(hidden=True, help="Set by the supervisor.")] = "",
    config: Config = None,
) -> None:
    """Run a gateway node until SIGTERM; then drain and exit 0."""
    dumps_are_off = forbid_core_dumps()
    settings = load(config, os.environ)
    if workers > 1:
        _become_supervisor(settings, workers, config)
    part = None if share is None else parse_share(share)
    configure(settings.log.level, settings.log.format, worker=None if part is None else part.number)
    catch_the_uncaught()
    if not dumps_are_off:
        logger("gateway").warning("core_dumps_possible")
    if part is not None:
        end_with_parent(signal.SIGTERM)
        settings = share_of(settings, part)
    raise SystemExit(_run(serve(settings, _inherited(descriptors))))


def _inherited(descriptors: str) -> Inherited:
    """What a supervisor hands down: a socket for metrics, and the table of throughput."""
    if not descriptors:
        return Inherited()
    metrics, table = map(int, descriptors.split(","))
    return Inherited(metrics=socket.socket(fileno=metrics), buckets=SharedBuckets(table))


def _become_supervisor(settings: Settings, workers: int, config: Path | None) -> NoReturn:
    """In this process, without what is loaded by now. Raises Failed."""
    for line in obstacles(settings, workers):
        raise Failed(line)
    if config is not None:
        os.environ["CONNECT_GATEWAY_CONFIG"] = str(config)
    os.execv(sys.executable, [sys.executable, "-m", "gateway.workers", str(workers)])  # noqa: S606  ourselves


@app.command()
def check(config: Config = None, json: Json = False) -> None:
    """Check the settings without starting anything."""
    examination = examine(config, os.environ)
    if json:
        _print([_problem(each) for each in examination.problems], True)
    else:
        for each in examination.problems:
            print(f"{each.severity.value}: {each}")  # noqa: T201
    if any(each.severity is Severity.ERROR for each in examination.problems):
        raise SystemExit(1)
    if not json:
        print("settings are in order")  # noqa: T201


def _problem(problem: Any) -> dict[str, object]:
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "file": problem.file,
        "line": problem.line,
        "key": problem.key,
        "message": problem.message,
    }


# -------------------------------------------------------------------------------------------------------- accounts


Detect = Annotated[
    list[str] | None,
    typer.Option(
        help="What to do about personal data in texts: iban, card, mobile, national_id, email or otp, then "
        "=warn, =mask, =block or =off; repeatable."
    ),
]


@customer_app.command("add")
def customer_add(
    name: Annotated[str, typer.Option(help="Name; sealed at rest.")],
    sender: Annotated[list[str], typer.Option(help="Registered sender name or short code; repeatable.")],
    email: Annotated[str | None, typer.Option(help="Contact; sealed at rest.")] = None,
    default_class: Annotated[str, typer.Option(help="Class of messages that name none.")] = "transactional",
    throughput: Annotated[
        float | None, typer.Option(help="Messages per second over all its keys and ESME accounts.")
    ] = None,
    plain_punctuation: Annotated[
        bool,
        typer.Option(help="Make curly quotes, long dashes and the like plain where that saves UCS-2."),
    ] = False,
    detect: Detect = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Add a customer with its senders."""
    _check_customer(sender, default_class)
    content = _content_rules(detect, {})

    async def work() -> StoredCustomer:
        async with _desk(config) as desk:
            profile = Profile(name=MessageText(name), email=None if email is None else MessageText(email))
            settings = CustomerSettings(
                senders=dict.fromkeys(sender, ()),
                default_class=default_class,
                throughput_per_s=throughput,
                content=content,
                plain_punctuation=plain_punctuation,
            )
            return await desk.accounts.add_customer(profile, settings)

    stored = _run(work())
    _print({"customer": stored.public_id, "senders": sender}, json)


@customer_app.command("set")
def customer_set(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    sender: Annotated[list[str] | None, typer.Option(help="Sender to register as well; repeatable.")] = None,
    default_class: Annotated[str | None, typer.Option(help="Class of messages that name none.")] = None,
    throughput: Annotated[
        float | None, typer.Option(help="Messages per second over all its keys and ESME accounts.")
    ] = None,
    plain_punctuation: Annotated[
        bool | None,
        typer.Option(help="Make curly quotes, long dashes and the like plain where that saves UCS-2."),
    ] = None,
    detect: Detect = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Change what is set for a customer; what is not named stays. Nodes hear of it within a second."""
    _check_customer(sender or [], default_class)

    async def work() -> dict[str, object]:
        async with _desk(config) as desk:
            owner = await _customer(desk, customer)
            old = msgspec.json.decode(owner.settings, type=CustomerSettings)
            new = msgspec.structs.replace(
                old,
                senders={**dict.fromkeys(sender or (), ()), **old.senders},
                default_class=default_class or old.default_class,
                throughput_per_s=old.throughput_per_s if throughput is None else throughput,
                content=_content_rules(detect, old.content),
                plain_punctuation=old.plain_punctuation if plain_punctuation is None else plain_punctuation,
            )
            await desk.accounts.change_settings(owner.id, new)
            detected = {kind.value: action.value for kind, action in new.content.items()}
            return {"customer": owner.public_id, "senders": sorted(new.senders), "detect": detected}

    _print(_run(work()), json)


def _check_customer(senders: list[str], default_class: str | None) -> None:
    for each in senders:
        if not is_sender(each):
            raise Failed("a sender has 3 to 11 letters, digits, spaces, dots or dashes, or is a short code")
    if default_class is not None and default_class not in [each.value for each in MessageClass]:
        raise Failed(f"classes are {', '.join(MessageClass)}")


def _content_rules(words: list[str] | None, standing: ContentRules) -> ContentRules:
    try:
        return parse_rules(words or (), standing)
    except ValueError as error:
        raise Failed(str(error)) from None


@customer_app.command("list")
def customer_list(config: Config = None, json: Json = False) -> None:
    """Customers by id; names stay sealed."""

    async def work() -> list[dict[str, object]]:
        async with _desk(config) as desk:
            return [
                {
                    "customer": each.public_id,
                    "created": rfc3339(each.created_ms),
                    "disabled": rfc3339_or_none(each.disabled_ms),
                }
                for each in await desk.accounts.customers()
            ]

    _print(_run(work()), json)


@key_app.command("add")
def key_add(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    scope: Annotated[list[str] | None, typer.Option(help="send, status, subjects, admin; repeatable.")] = None,
    allow_class: Annotated[
        list[str] | None, typer.Option(help="Class it may send; default all but promotional.")
    ] = None,
    network: Annotated[list[str] | None, typer.Option(help="Network it may be used from, as CIDR; repeatable.")] = None,
    throughput: Annotated[float | None, typer.Option(help="Messages per second.")] = None,
    daily_quota: Annotated[int | None, typer.Option(help="Messages per UTC day.")] = None,
    expires_days: Annotated[float | None, typer.Option(help="Days until it expires.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make an API key. It is shown this once."""
    settings = KeySettings(
        classes=tuple(allow_class or ()),
        allowed_networks=tuple(network or ()),
        throughput_per_s=throughput,
        daily_quota=daily_quota,
    )

    async def work() -> dict[str, object]:
        async with _desk(config) as desk:
            owner = await _customer(desk, customer)
            lifetime_ms = None if expires_days is None else round(timedelta(days=expires_days).total_seconds() * 1000)
            expires_ms = None if lifetime_ms is None else desk.clock.now_ms() + lifetime_ms
            try:
                stored, secret = await desk.accounts.add_key(
                    owner.id, scopes=scope or ("send", "status"), settings=settings, expires_ms=expires_ms
                )
            except ValueError as error:
                raise Failed(str(error)) from None
            return {
                "key": secret.reveal(Purpose.CREDENTIAL),
                "prefix": stored.prefix,
                "scopes": " ".join(stored.scopes),
                "expires": rfc3339_or_none(stored.expires_ms),
            }

    _print(_run(work()), json)


@key_app.command("list")
def key_list(
    customer: Annotated[str | None, typer.Argument(help="Customer id; default all.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """API keys by prefix; the keys themselves are not kept."""

    async def work() -> list[dict[str, object]]:
        async with _desk(config) as desk:
            owner = None if customer is None else (await _customer(desk, customer)).id
            return [
                {
                    "prefix": each.prefix,
                    "customer": each.customer,
                    "scopes": " ".join(each.scopes),
                    "created": rfc3339(each.created_ms),
                    "expires": rfc3339_or_none(each.expires_ms),
                    "revoked": rfc3339_or_none(each.revoked_ms),
                }
                for each in await desk.accounts.keys(owner)
            ]

    _print(_run(work()), json)


@key_app.command("revoke")
def key_revoke(
    prefix: Annotated[str, typer.Argument(help="The key's prefix.")], config: Config = None, json: Json = False
) -> None:
    """Refuse a key from now on; nodes hear of it within a second."""

    async def work() -> None:
        async with _desk(config) as desk:
            await desk.accounts.revoke_key(prefix)

    _run(work())
    _print({"revoked": prefix}, json)


# ----------------------------------------------------------------------------------------------------------- ESMEs


@esme_app.command("add")
def esme_add(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    system_id: Annotated[str, typer.Argument(help="The name it binds by; never given twice.")],
    allow_class: Annotated[
        list[str] | None, typer.Option(help="Class it may send; default all but promotional.")
    ] = None,
    network: Annotated[list[str] | None, typer.Option(help="Network it may bind from, as CIDR; repeatable.")] = None,
    throughput: Annotated[float | None, typer.Option(help="Messages per second.")] = None,
    daily_quota: Annotated[int | None, typer.Option(help="Messages per UTC day.")] = None,
    binds: Annotated[int | None, typer.Option(min=1, help="Binds at once; default as set for the listener.")] = None,
    window: Annotated[int | None, typer.Option(min=1, help="Unanswered requests of one bind.")] = None,
    password_length: Annotated[
        int, typer.Option(min=SHORT, max=LONGEST, help="Above 8 only where smpp_server.long_passwords is set.")
    ] = SHORT,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make an account that binds over SMPP. Its password is shown this once."""
    settings = EsmeSettings(
        classes=tuple(allow_class or ()),
        allowed_networks=tuple(network or ()),
        throughput_per_s=throughput,
        daily_quota=daily_quota,
        max_binds=binds,
        window=window,
    )

    async def work() -> dict[str, object]:
        async with _desk(config) as desk:
            owner = await _customer(desk, customer)
            if password_length > SHORT and not desk.settings.smpp_server.long_passwords:
                raise Failed("a password of more than 8 characters needs smpp_server.long_passwords")
            try:
                stored, password = await desk.accounts.add_esme(
                    owner.id, system_id, settings=settings, password_length=password_length
                )
            except ValueError as error:
                raise Failed(str(error)) from None
            return {
                "system_id": stored.system_id,
                "password": password.reveal(Purpose.CREDENTIAL),
                "customer": owner.public_id,
            }

    _print(_run(work()), json)


@esme_app.command("list")
def esme_list(
    customer: Annotated[str | None, typer.Argument(help="Customer id; default all.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Accounts that bind over SMPP; their passwords are not kept."""

    async def work() -> list[dict[str, object]]:
        async with _desk(config) as desk:
            owner = None if customer is None else (await _customer(desk, customer)).id
            return [
                {
                    "system_id": each.system_id,
                    "customer": each.customer,
                    "created": rfc3339(each.created_ms),
                    "revoked": rfc3339_or_none(each.revoked_ms),
                }
                for each in await desk.accounts.esmes(owner)
            ]

    _print(_run(work()), json)


@esme_app.command("revoke")
def esme_revoke(
    system_id: Annotated[str, typer.Argument(help="The account's name.")], config: Config = None, json: Json = False
) -> None:
    """Refuse an account from now on; running nodes end its binds within a second."""

    async def work() -> None:
        async with _desk(config) as desk:
            await desk.accounts.revoke_esme(system_id)

    _run(work())
    _print({"revoked": system_id}, json)


# --------------------------------------------------------------------------------------------------------- numbers


@number_app.command("add")
def number_add(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    number: Annotated[str, typer.Argument(help="Short code, or number with its country code.")],
    keyword: Annotated[list[str] | None, typer.Option(help="First word that is this customer's; repeatable.")] = None,
    esme: Annotated[str, typer.Option(help="Account whose binds are told; default the webhook.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Give a customer what people write to a number, or to keywords of a shared one."""
    settings = NumberSettings(keywords=tuple(keyword or ()), esme=esme)

    async def work() -> dict[str, object]:
        async with _desk(config) as desk:
            owner = await _customer(desk, customer)
            try:
                spelled = await desk.accounts.add_number(owner.id, number, settings)
            except ValueError as error:
                raise Failed(str(error)) from None
            return {"number": spelled, "customer": owner.public_id, "keywords": " ".join(settings.keywords)}

    _print(_run(work()), json)


@number_app.command("list")
def number_list(config: Config = None, json: Json = False) -> None:
    """Numbers, their customers and keywords."""

    async def work() -> list[dict[str, object]]:
        async with _desk(config) as desk:
            return [
                {
                    "number": number,
                    "customer": each.public_id,
                    "keywords": " ".join(settings.keywords),
                    "esme": settings.esme or None,
                }
                for each in await desk.accounts.customers()
                for number, settings in number_settings(each).items()
            ]

    _print(_run(work()), json)


@number_app.command("remove")
def number_remove(
    number: Annotated[str, typer.Argument(help="The number.")],
    customer: Annotated[str | None, typer.Option(help="Customer id; default everybody who has it.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Take a number away; what people write to it is refused from then on."""

    async def work() -> None:
        async with _desk(config) as desk:
            owner = None if customer is None else (await _customer(desk, customer)).id
            await desk.accounts.remove_number(number, owner)

    _run(work())
    _print({"removed": number}, json)


# -------------------------------------------------------------------------------------------------------- webhooks


@webhook_app.command("set")
def webhook_set(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    url: Annotated[str, typer.Argument(help="Where to tell it; https.")],
    batch: Annotated[
        int, typer.Option(min=1, max=MAX_BATCH, help="Events in one request, at most; 1 sends each on its own.")
    ] = 1,
    submitted: Annotated[bool, typer.Option("--submitted", help="Tell, too, when an operator has a message.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Set a customer's endpoint, enabled, with a fresh signing secret that is shown this once."""

    async def work() -> dict[str, object]:
        async with _desk(config) as desk:
            _check_url(desk, url)
            owner = await _customer(desk, customer)
            settings = EndpointSettings(batch=batch, submitted=submitted)
            secret = await save_endpoint(desk.ledger, desk.sealer, desk.clock, owner.id, Secret(url), settings)
            return {"customer": owner.public_id, "batch": batch, "secret": secret.reveal(Purpose.CREDENTIAL)}

    _print(_run(work()), json)


def _check_url(desk: Desk, url: str) -> None:
    try:
        parse_target(url, allow_loopback=desk.settings.webhooks.allow_loopback)
    except TargetRefused as refused:
        raise Failed(f"this URL may not be called: {refused.code}") from None


@webhook_app.command("remove")
def webhook_remove(
    customer: Annotated[str, typer.Argument(help="Customer id.")], config: Config = None, json: Json = False
) -> None:
    """Tell a customer nothing more."""

    async def work() -> None:
        async with _desk(config) as desk:
            await desk.ledger.delete_endpoint((await _customer(desk, customer)).id)

    _run(work())
    _print({"removed": customer}, json)


@webhook_app.command("test")
def webhook_test(
    customer: Annotated[str, typer.Argument(help="Customer id.")], config: Config = None, json: Json = False
) -> None:
    """Send a signed `gateway.test` event to a customer's endpoint, once."""

    async def work() -> dict[str, object]:
        async with _desk(config) as desk:
            owner = await _customer(desk, customer)
            endpoint = next((each for each in await desk.ledger.endpoints() if each.customer == owner.id), None)
            if endpoint is None:
                raise Failed("this customer has no endpoint")
            url, secret = open_endpoint(desk.sealer, endpoint)
            settings = reading.delivery_settings(desk.settings.webhooks)
            batch = endpoint_settings(endpoint).batch > 1
            result = await send_test(url, Signer((secret,)), settings=settings, clock=desk.clock, batch=batch)
            if not isinstance(result, Answer):
                raise Failed(f"no answer: {result.code} {result.detail}".rstrip())
            return {"status": result.status, "success": result.is_success}

    answer = _run(work())
    _print(answer, json)
    if not answer["success"]:
        raise SystemExit(1)


# ----------------------------------------------------------------------------------------------------------- privacy


@app.command()
def leakscan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Files and directories to search.")] = None,
    canaries: Annotated[
        Path, typer.Option(help="File with one value a line to look for; - is standard input. Never an argument.")
    ] = Path("-"),
    redis: Annotated[
        list[str] | None,
        typer.Option(help="redis://host:port to search, all types; password from REDISCLI_AUTH; repeatable."),
    ] = None,
    pid: Annotated[list[int] | None, typer.Option(help="Process whose memory to search; repeatable.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many finds to show.")] = 100,
    json: Json = False,
) -> None:
    """Search for known values in every form they could lie in, after finding planted ones. Exit code 1 on a find."""
    text = sys.stdin.read() if canaries == Path("-") else canaries.read_text(encoding="utf-8")
    values = [line for line in text.splitlines() if line.strip()]
    if not values:
        raise Failed("no values to look for: give one a line on standard input or with --canaries FILE")
    sources = list(_scan_sources(paths or [], redis or [], pid or []))
    if not sources:
        raise Failed("nothing to search: name paths, --redis or --pid")
    report = scan_sources(sources, values, limit=limit)
    _print_scan(report, json)
    if not report.clean:
        raise SystemExit(1)


def _scan_sources(paths: list[Path], servers: list[str], pids: list[int]) -> Iterator[Source]:
    if paths:
        yield Files(paths)
    if servers:
        from gateway.leakscan_redis import RedisKeys  # only this option needs redis-py

        yield from map(RedisKeys, servers)
    yield from map(Memory, pids)


def _print_scan(report: ScanReport, json: bool) -> None:
    leaks = [
        {"place": each.path, "offset": each.offset, "line": each.canary + 1, "form": each.form} for each in report.leaks
    ]
    summary = {
        "clean": report.clean,
        "control_found": report.control_found,
        "places": report.files,
        "bytes": report.bytes,
        "unread": report.unread,
    }
    if json:
        _print({**summary, "leaks": leaks}, True)
        return
    _print(summary, False)
    if leaks:
        _print(leaks, False, title="found")


# ---------------------------------------------------------------------------------------------- simulator and demo


@simulate_app.command("smsc")
def simulate_smsc(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.")] = 2775,
    password: Annotated[str, typer.Option(envvar="SMSC_PASSWORD", help="Password of a bind.")] = "secret",  # noqa: S107
    system_id: Annotated[str, typer.Option(help="system_id of a bind.")] = "gateway",
    answer_delay: Annotated[float, typer.Option(help="Seconds before each response.")] = 0.0,
    error_rate: Annotated[float, typer.Option(help="Share answered ESME_RSYSERR.")] = 0.0,
    throttle_rate: Annotated[float, typer.Option(help="Share answered ESME_RTHROTTLED.")] = 0.0,
    silent_rate: Annotated[float, typer.Option(help="Share never answered.")] = 0.0,
    drop_every: Annotated[int, typer.Option(help="Cut the link after so many submissions; 0 never.")] = 0,
    receipt_delay: Annotated[float, typer.Option(help="Seconds before each receipt.")] = 0.0,
    receipt_rate: Annotated[float, typer.Option(help="Share that gets a receipt.")] = 1.0,
    receipt_twice_rate: Annotated[float, typer.Option(help="Share whose receipt comes twice.")] = 0.0,
    receipt_first: Annotated[bool, typer.Option(help="Receipts overtake their responses.")] = False,
    failed_rate: Annotated[float, typer.Option(help="Share reported UNDELIV.")] = 0.0,
    window: Annotated[int, typer.Option(help="Receipts it sends without an answer.")] = 500,
    json: Json = False,
) -> None:
    """An SMSC that takes everything, or misbehaves on demand. Runs until interrupted."""
    faults = Faults(
        answer_delay_s=answer_delay,
        error_rate=error_rate,
        throttle_rate=throttle_rate,
        silent_rate=silent_rate,
        drop_every=drop_every or None,
        receipt_delay_s=receipt_delay,
        receipt_rate=receipt_rate,
        receipt_twice_rate=receipt_twice_rate,
        receipt_before_response=receipt_first,
        receipt_state_failed_rate=failed_rate,
    )

    def started(simulator: Any) -> None:
        _print({"host": host, "port": simulator.port}, json)
        sys.stdout.flush()

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        _run(
            run_simulator(
                host,
                port,
                faults,
                system_id=system_id,
                password=password,
                settings=SimulatorSettings(session=SessionSettings(window=window, inbound=100_000)),
                started=started,
            )
        )


@app.command()
def demo(
    keep: Annotated[bool, typer.Option(help="Keep everything running at the end, until Ctrl-C.")] = False,
    messages: Annotated[int, typer.Option(min=1, max=5_000, help="How many messages to send.")] = 40,
    json: Json = False,
) -> None:
    """Watch real messages go through a real gateway to a simulated SMSC and come back as delivered."""
    from gateway.demo import run_demo  # only this verb needs it

    raise SystemExit(run_demo(keep=keep, messages=messages, as_json=json))

"""`connect-gateway webhook`: customers' endpoints. A signing secret is shown once, where it is made, and stays."""

from functools import partial
from typing import Annotated, Final

import msgspec
import typer

from gateway.accounts.settings import check_events
from gateway.audit.actor import COMMAND_LINE
from gateway.audit.acts import Act
from gateway.cli.amounts import moment
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.cli.tasks import task_row
from gateway.ledger.contract import StoredEndpoint
from gateway.model.facades import CALLED
from gateway.model.times import rfc3339
from gateway.webhooks.connection import Answer
from gateway.webhooks.delivery import MAX_BATCH
from gateway.webhooks.endpoint import EndpointSettings, SetAnew, endpoint_settings, open_endpoint
from gateway.webhooks.endpoints import resumed
from gateway.webhooks.settings import delivery_settings
from gateway.webhooks.signing import Signer
from gateway.webhooks.targets import TargetRefused, parse_target
from gateway.webhooks.tasks import Tasks, TooManyTasks
from gateway.webhooks.trial import send_test
from redaction.personal import Purpose, Secret

NO_DIALECT: Final = "none"
ALL: Final = "all"
_REFUSALS: Final = {
    "form": "it is too long, or holds what a URL cannot",
    "scheme": "it must begin with https://",
    "credentials": "it may hold no user or password",
    "fragment": "it may hold no # and what follows",
    "host": "its host is no name of letters, digits and dashes (others as xn--), and no address",
    "port": "its port must be 443, or 1024 and above",
}
"""What is wrong with a URL, in words; none of it is quoted, for paths and queries may be secret."""

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Customers' endpoints.")


@app.command("set")
def set_(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    url: Annotated[str, typer.Argument(help="URL of the endpoint; https.")],
    batch: Annotated[
        int | None,
        typer.Option(min=1, max=MAX_BATCH, help="Events in one request, at most; by default 1, on its own."),
    ] = None,
    submitted: Annotated[
        bool | None,
        typer.Option("--submitted/--no-submitted", help="Notify, too, when an operator has a message; off by default."),
    ] = None,
    checkpoints: Annotated[
        bool | None,
        typer.Option(
            "--checkpoints/--no-checkpoints", help="Send what was signed of the audit log, daily; on by default."
        ),
    ] = None,
    events: Annotated[
        list[str] | None,
        typer.Option("--event", help="Type of events that it is sent, and no others; repeatable. all for all again."),
    ] = None,
    dialect: Annotated[
        str | None,
        typer.Option(help=f"Tell it of messages from people alone, as a façade does: {', '.join(CALLED)}, or none."),
    ] = None,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Make another signing secret; the old one signs beside it for a day.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Set a customer's endpoint, enabled. Its secret is shown once, when it is made; what is not named stays."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            _check_url(desk, url)
            _check_events(events)
            owner = await find_customer(desk, customer)
            change = partial(
                _changed, batch=batch, submitted=submitted, checkpoints=checkpoints, dialect=dialect, events=events
            )
            place = (desk.sealer, desk.clock.random, owner.id, Secret(url))
            now_ms = desk.clock.now_ms()
            anew = SetAnew(*place, change, new_secret=new_secret, now_ms=now_ms)
            settings = endpoint_settings(await desk.accounts.set_endpoint(owner.id, anew))
            shown = None if anew.fresh is None else anew.fresh.reveal(Purpose.CREDENTIAL)
            answer = {
                "customer": owner.public_id,
                "batch": settings.batch,
                "submitted": settings.submitted,
                "checkpoints": settings.checkpoints,
                "dialect": settings.dialect or NO_DIALECT,
                "events": list(settings.events) or [ALL],
            }
            if settings.former_until_ms > now_ms:
                answer["former_secret_until"] = rfc3339(settings.former_until_ms)
            return {**answer, "secret": shown}

    answer = run(work())
    if answer["secret"] is None and not json:
        answer["secret"] = "as it was; --new-secret makes another"  # noqa: S105  it is none
    show(answer, json)


def _changed(
    before: EndpointSettings,
    *,
    batch: int | None,
    submitted: bool | None,
    checkpoints: bool | None,
    dialect: str | None,
    events: list[str] | None,
) -> EndpointSettings:
    """What is named; the rest stays."""
    return msgspec.structs.replace(
        before,
        batch=before.batch if batch is None else batch,
        submitted=before.submitted if submitted is None else submitted,
        checkpoints=before.checkpoints if checkpoints is None else checkpoints,
        events=before.events if events is None else () if events == [ALL] else tuple(dict.fromkeys(events)),
        dialect=before.dialect if dialect is None else "" if dialect == NO_DIALECT else dialect,
    )


def _check_events(events: list[str] | None) -> None:
    """Raises InvalidSetting."""
    check_events([] if events is None or events == [ALL] else events)


def _check_url(desk: Desk, url: str) -> None:
    try:
        parse_target(url, allow_loopback=desk.settings.webhooks.allow_loopback)
    except TargetRefused as refused:
        raise Failed(
            f"this URL may not be called: {_REFUSALS.get(refused.code, refused.code)}", "url_refused"
        ) from None


@app.command("resume")
def resume(
    customer: Annotated[str, typer.Argument(help="Customer id.")], config: Config = None, json: Json = False
) -> None:
    """Try a customer's endpoint at once with everything that waits for it; enabled, if it was disabled."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            before = await desk.accounts.endpoint(owner.id)
            await desk.accounts.set_endpoint(owner.id, _resumed, Act.WEBHOOK_RESUME)
            return {"resumed": owner.public_id, "was": None if before is None else before.state}

    show(run(work()), json)


def _resumed(before: StoredEndpoint | None) -> StoredEndpoint:
    if before is None:
        raise Failed("this customer has no endpoint", "no_endpoint")
    return resumed(before)


@app.command("replay")
def replay(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    since: Annotated[str, typer.Option(help="From when on the events are; a time with its zone (RFC 3339).")],
    until: Annotated[str | None, typer.Option(help="Before when they are; default now.")] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Type of events, such as message.delivered; repeatable.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Make a customer's events anew, under their ids, as a task of the nodes: of what is still stored."""
    since_ms = moment(since, option="--since")
    until_ms = None if until is None else moment(until, option="--until")

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            tasks = Tasks(desk.ledger.acts, desk.clock, COMMAND_LINE)
            end_ms = desk.clock.now_ms() if until_ms is None else until_ms
            try:
                return task_row(await tasks.begin(owner.id, owner.public_id, since_ms, end_ms, types or ()))
            except TooManyTasks:
                raise Failed("this customer has too many tasks that are open", "too_many_tasks") from None

    show(run(work()), json)


@app.command("remove")
def remove(
    customer: Annotated[str, typer.Argument(help="Customer id.")], config: Config = None, json: Json = False
) -> None:
    """Remove a customer's endpoint; nothing more is sent to it."""

    async def work() -> None:
        async with open_desk(config) as desk:
            await desk.accounts.remove_endpoint((await find_customer(desk, customer)).id)

    run(work())
    show({"removed": customer}, json)


@app.command("test")
def try_out(
    customer: Annotated[str, typer.Argument(help="Customer id.")], config: Config = None, json: Json = False
) -> None:
    """Send a signed `gateway.test` event to a customer's endpoint, once."""

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            owner = await find_customer(desk, customer)
            endpoint = await desk.accounts.endpoint(owner.id)
            if endpoint is None:
                raise Failed("this customer has no endpoint", "no_endpoint")
            url, secret = open_endpoint(desk.sealer, endpoint)
            settings = delivery_settings(desk.settings.webhooks)
            batch = endpoint_settings(endpoint).batch > 1
            result = await send_test(url, Signer((secret,)), settings=settings, clock=desk.clock, batch=batch)
            if not isinstance(result, Answer):
                raise Failed(f"no answer: {result.code} {result.detail}".rstrip(), "no_answer")
            return {"status": result.status, "success": result.is_success}

    answer = run(work())
    show(answer, json)
    if not answer["success"]:
        raise SystemExit(1)

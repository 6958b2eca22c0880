"""`connect-gateway webhook`: where customers are told. A signing secret is shown once, where it is made."""

from typing import Annotated

import typer

from gateway import reading
from gateway.command import Config, Failed, Json, run, show
from gateway.desk import Desk, find_customer, open_desk
from gateway.endpoint import EndpointSettings, endpoint_settings, open_endpoint, save_endpoint
from gateway.webhooks.connection import Answer
from gateway.webhooks.delivery import MAX_BATCH
from gateway.webhooks.signing import Signer
from gateway.webhooks.targets import TargetRefused, parse_target
from gateway.webhooks.trial import send_test
from redaction.personal import Purpose, Secret

app = typer.Typer(no_args_is_help=True, help="Where customers are told.")


@app.command("set")
def set_(
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
        async with open_desk(config) as desk:
            _check_url(desk, url)
            owner = await find_customer(desk, customer)
            settings = EndpointSettings(batch=batch, submitted=submitted)
            secret = await save_endpoint(desk.ledger, desk.sealer, desk.clock, owner.id, Secret(url), settings)
            return {"customer": owner.public_id, "batch": batch, "secret": secret.reveal(Purpose.CREDENTIAL)}

    show(run(work()), json)


def _check_url(desk: Desk, url: str) -> None:
    try:
        parse_target(url, allow_loopback=desk.settings.webhooks.allow_loopback)
    except TargetRefused as refused:
        raise Failed(f"this URL may not be called: {refused.code}") from None


@app.command("remove")
def remove(
    customer: Annotated[str, typer.Argument(help="Customer id.")], config: Config = None, json: Json = False
) -> None:
    """Tell a customer nothing more."""

    async def work() -> None:
        async with open_desk(config) as desk:
            await desk.ledger.delete_endpoint((await find_customer(desk, customer)).id)

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

    answer = run(work())
    show(answer, json)
    if not answer["success"]:
        raise SystemExit(1)

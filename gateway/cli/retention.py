"""`connect-gateway retention`: what is overdue, forgetting it now, what remains, and what a customer asked for."""

from functools import partial
from typing import Annotated

import msgspec
import typer

from config.settings import SweeperSettings
from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.settings import CustomerSettings, read_customer
from gateway.audit.acts import Act
from gateway.cli.amounts import amount
from gateway.cli.output import Config, Failed, Json, run, show
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.ledger.contract import TagDue
from gateway.model.times import rfc3339
from gateway.people.ageing import Ageing
from gateway.retention.integrity import Integrity
from gateway.retention.sweeper import Sweeper
from redaction.retention import RetentionRule, RetentionTag, RetentionWish, shortened

BATCH: int = 2_000
"""Messages of one step while no node runs, and nothing waits for it."""
ROWS: int = 100_000
DAY_MS: int = 86_400_000

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What is forgotten, and when.")


@app.command()
def due(config: Config = None, json: Json = False) -> None:
    """What is past its time and not yet forgotten, by tag. Also beside a running gateway."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            return await _due(desk)

    show(run(work()), json)


@app.command("run")
def run_now(config: Config = None, json: Json = False) -> None:
    """Forget now what is due, while no gateway runs; a running one does it by itself."""

    async def work() -> dict[str, object]:
        async with open_desk(config, alone=True) as desk:
            if not desk.clock.is_sound:
                raise Failed("the system's clock has jumped: nothing is forgotten by it", "clock_jumped")
            settings = SweeperSettings(batch_limit=BATCH, messages_per_s=0)
            sweeper = Sweeper(
                retention=desk.ledger.retention,
                keyring=desk.keyring,
                clock=desk.clock,
                settings=settings,
                permissions=desk.ledger.permissions,
                integrity=Integrity(desk.keyring.tags, desk.ledger.retention),
                schedule_s=desk.settings.messages.max_schedule_s,
            )
            async with desk.audit.around(Act.RETENTION_RUN) as outcome:
                swept = await sweeper.sweep()
                outcome.say(numbers=msgspec.structs.asdict(swept))
            people = await Ageing(desk.people).sweep()
            left = sum(each.content + each.records for each in sweeper.due)
            return {**msgspec.structs.asdict(swept), "people": people, "due": left}

    show(run(work()), json)


@app.command()
def report(
    days: Annotated[int, typer.Option(min=1, help="So many days back from now.")] = 400,
    config: Config = None,
    json: Json = False,
) -> None:
    """Counts of the messages whose records are gone: customer, day, operator, country, class, status, segments."""

    async def work() -> list[dict[str, object]]:
        async with open_desk(config) as desk:
            return await _report(desk, days)

    show(run(work()), json)


@app.command()
def policy(
    customer: Annotated[str, typer.Argument(help="Customer id.")],
    tag: Annotated[str, typer.Argument(help="Retention tag.")],
    content_after_final: Annotated[
        str | None, typer.Option(help="Seconds its content outlives it; none takes the tag's.")
    ] = None,
    content_limit: Annotated[
        str | None, typer.Option(help="Seconds that content lives at most; none takes the tag's.")
    ] = None,
    record: Annotated[str | None, typer.Option(help="Seconds that the record lives; none takes the tag's.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Set a customer's shorter times under a tag, for messages from now on; the rest stays. Shows what holds."""
    words = (content_after_final, content_limit, record)

    async def work() -> dict[str, object]:
        async with open_desk(config) as desk:
            rule = desk.rules.get(RetentionTag(tag))
            if rule is None:
                raise Failed(f"tags are {', '.join(sorted(desk.rules))}", "invalid_value")
            owner = await find_customer(desk, customer)
            if any(each is not None for each in words):
                settings = await desk.accounts.change_settings(
                    owner.id, partial(_changed, rule=rule, words=words), Act.RETENTION_POLICY
                )
            else:
                settings = read_customer(owner.settings).settings
            return _rule(shortened(rule, settings.retention.get(tag, RetentionWish())))

    show(run(work()), json)


Words = tuple[str | None, str | None, str | None]
"""What is said of content after the end, of content at most, and of the record."""


def _changed(standing: CustomerSettings, *, rule: RetentionRule, words: Words) -> dict[str, object]:
    before = standing.retention.get(rule.tag, RetentionWish())
    wish = _wish(before, words)
    _check_is_shorter(rule, before, wish)
    others = {name: each for name, each in standing.retention.items() if name != rule.tag}
    return {"retention": others if wish == RetentionWish() else {**others, rule.tag: wish}}


def _wish(before: RetentionWish, words: Words) -> RetentionWish:
    after, limit, record = words
    try:
        return RetentionWish(
            content_after_final_s=amount(after, before.content_after_final_s, int, option="--content-after-final"),
            content_limit_s=amount(limit, before.content_limit_s, int, option="--content-limit"),
            record_s=amount(record, before.record_s, int, option="--record"),
        )
    except InvalidSetting:
        raise
    except ValueError:
        raise InvalidSetting("seconds are above 0; --content-after-final may be 0") from None


def _check_is_shorter(rule: RetentionRule, before: RetentionWish, wish: RetentionWish) -> None:
    """What would not hold as it is said is not taken."""
    after_s = rule.content_limit_s if rule.content_after_final_s is None else rule.content_after_final_s
    bounds = (
        ("content_after_final_s", 0, after_s),
        ("content_limit_s", 1, rule.content_limit_s),
        ("record_s", max(1, rule.record_floor_s), rule.record_s),
    )
    for name, least_s, most_s in bounds:
        wanted_s = getattr(wish, name)
        if wanted_s not in (None, getattr(before, name)) and not least_s <= wanted_s <= most_s:
            option = "--" + name.removesuffix("_s").replace("_", "-")
            raise InvalidSetting(f"{option} is from {least_s} to {most_s} seconds under this tag")
    holds, asked_s = shortened(rule, wish), wish.content_after_final_s or 0
    if wish.content_limit_s not in (None, before.content_limit_s, holds.content_limit_s):
        raise InvalidSetting(f"--content-limit is not above {holds.record_s} seconds, the life of the record")
    if wish.content_after_final_s not in (None, before.content_after_final_s) and asked_s > holds.content_limit_s:
        raise InvalidSetting(f"--content-after-final is not above {holds.content_limit_s} seconds, the content's limit")


async def _due(desk: Desk) -> list[dict[str, object]]:
    now_ms = desk.clock.now_ms()
    found = {each.tag: each for each in await desk.ledger.retention.overdue(now_ms)}
    return [_due_row(tag, found.get(tag)) for tag in sorted(desk.rules.keys() | found.keys())]


def _due_row(tag: RetentionTag, found: TagDue | None) -> dict[str, object]:
    if found is None:
        return {"tag": tag, "content": 0, "records": 0, "lag_s": 0.0, "oldest": None}
    oldest = None if found.oldest_ms is None else rfc3339(found.oldest_ms)
    lag_s = max(found.content_lag_ms, found.record_lag_ms) / 1000
    return {"tag": tag, "content": found.content, "records": found.records, "lag_s": lag_s, "oldest": oldest}


async def _report(desk: Desk, days: int) -> list[dict[str, object]]:
    names = {each.id: each.public_id for each in await desk.accounts.customers()}
    rows = await desk.ledger.retention.traffic(desk.clock.now_ms() // DAY_MS - days, ROWS)
    return [
        {
            "day": rfc3339(each.day * DAY_MS)[:10],
            "customer": names.get(each.customer, str(each.customer)),
            "operator": each.operator,
            "country": each.country,
            "class": each.message_class.value,
            "status": each.status.value,
            "messages": each.messages,
            "segments": each.segments,
        }
        for each in rows
    ]


def _rule(rule: RetentionRule) -> dict[str, object]:
    return {
        "tag": rule.tag,
        "content_after_final_s": rule.content_after_final_s,
        "content_limit_s": rule.content_limit_s,
        "record_s": rule.record_s,
    }

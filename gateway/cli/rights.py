"""What the verbs about people share: whom they are about, and the desk that does it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from gateway.audit.actor import COMMAND_LINE
from gateway.audit.entries import known
from gateway.cli.output import Failed, note, personal
from gateway.cli.session import Desk, find_customer
from gateway.keystore.naming import named_since_ms
from gateway.model.numbers import parse_number
from gateway.model.owners import PLATFORM, PLATFORM_ID
from gateway.model.times import rfc3339
from gateway.retention.policies import RetentionPolicies
from gateway.rights.building import Stands, eraser, publisher
from gateway.rights.desk import RightsDesk
from gateway.rights.erasing import Eraser, Erasure
from gateway.rights.subjects import NO_ANSWER, Answer, BadAnswer, DataSubject, read_answer
from redaction.personal import Msisdn

TOLD_EACH: Final = 100_000
"""Messages of a walk, after which it is said how far it has come."""


class Desks(msgspec.Struct, frozen=True):
    """names: public ids of customers by number."""

    on: Stands
    names: dict[int, str]
    eraser: Eraser
    desk: RightsDesk


async def rights_desk(desk: Desk) -> Desks:
    stored = await desk.accounts.customers()
    names = {each.id: each.public_id for each in stored} | {PLATFORM: PLATFORM_ID}
    endpoints = {each.customer: each for each in await desk.ledger.accounts.endpoints()}
    on = Stands(
        settings=desk.settings,
        ledger=desk.ledger,
        keystore=desk.keystore,
        keyring=desk.keyring,
        policies=RetentionPolicies(desk.rules),
        clock=desk.clock,
        installation=desk.installation,
        public_id=lambda number: names.get(number, str(number)),
    )
    publish = publisher(desk.ledger, endpoints)
    return Desks(
        on, names, eraser(on, COMMAND_LINE, publish), RightsDesk(on, publish, lambda: live_customers(desk, names))
    )


def read_numbers(word: str | None, region: str) -> list[Msisdn]:
    """As `personal` takes them; a file has one on each line. Raises Failed, with the line's number and no more."""
    numbers = list[Msisdn]()
    for at, line in enumerate(personal(word, asks_for="number").splitlines(), 1):
        if not line.strip():
            continue
        number = parse_number(line.strip(), region)
        if number is None:
            raise Failed(f"line {at} is no phone number in E.164 form", "invalid_number")
        numbers.append(number)
    if not numbers:
        raise Failed("there is no number", "invalid_number")
    return numbers


def read_answered(file: Path | None, case: str) -> Answer:
    """What a custodian answered about this case. Raises Failed."""
    if file is None:
        return NO_ANSWER
    try:
        answer = read_answer(file.read_bytes())
    except BadAnswer as bad:
        raise Failed(str(bad), "invalid_value") from None
    if answer.case != case:
        raise Failed("the answer is about another case: say the same with --case", "invalid_value")
    if not answer.is_complete:
        note("the custodian could not name everything that the question was about")
    return answer


def live_customers(desk: Desk, names: Mapping[int, str]) -> list[int]:
    """Numbers of customers whose keys live, without the platform's own."""
    return [each for each in desk.keystore.state.customers() if each in names and each != PLATFORM]


async def subjects_of(
    desk: Desk, desks: Desks, numbers: Sequence[Msisdn], customer: str | None, *, platform: bool = False
) -> list[DataSubject]:
    """These people at one customer, or at every one whose keys live. platform: and, where no customer is named, as the
    platform's own messages know them.
    """
    named = None if customer is None else (await find_customer(desk, customer)).id
    owners = live_customers(desk, desks.names) if named is None else [named]
    if platform and named is None and PLATFORM in desk.keystore.state.customers():
        owners.append(PLATFORM)
    return [DataSubject(owner, number) for number in numbers for owner in owners]


def since_of(desk: Desk) -> Callable[[int], int | None]:
    """From when on a customer's people can be named."""
    return lambda customer: named_since_ms(desk.keyring.state, customer)


def case_of(case: str | None) -> str:
    """As the audit log names it."""
    return "" if not case else known("case", case)


def say_walk(passed: int) -> None:
    if passed % TOLD_EACH == 0 and passed:
        note(f"{passed:,} messages looked at")


def erasure_row(desks: Desks, done: Erasure) -> dict[str, object]:
    places = {each.name: each.register.place for each in desks.on.settings.operators}
    return {
        "messages": done.messages,
        "leaves": done.leaves,
        "elsewhere": done.elsewhere,
        "held": done.held,
        "customers": sorted(desks.names.get(each, str(each)) for each in done.customers),
        "certificates": done.certificates,
        "operators_to_tell": [
            {
                "operator": name,
                "country": places.get(name),
                "messages": passed.messages,
                "from": rfc3339(passed.first_ms),
                "until": rfc3339(passed.last_ms),
            }
            for name, passed in sorted(done.passed.items())
        ],
    }

"""What the gateway's side of `connect-gateway custodian` does: whose key, and questions."""

import http.client
import os
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gateway.audit.acts import Act
from gateway.audit.entries import named
from gateway.cli.amounts import moment
from gateway.cli.output import Failed, personal, secret
from gateway.cli.session import Desk, find_customer, open_desk
from gateway.keystore.handing_over import custodianship
from gateway.keystore.handing_over import set_custodian as set_key
from gateway.keystore.naming import named_since_ms
from gateway.model.numbers import parse_number
from gateway.model.times import rfc3339, rfc3339_or_none
from redaction.custodian import public_key
from redaction.keys import PEOPLE
from redaction.personal import Msisdn
from redaction.questions import Question, is_case, question, seal_question

TIMEOUT_S: Final = 60.0
LONGEST: Final = 256 << 20
"""Octets of an answer."""


class Asking(msgspec.Struct, frozen=True):
    """The words of `custodian ask`."""

    case: str
    numbers: list[str] | None
    customers: list[str] | None
    since: str | None
    until: str | None
    path: Path
    url: str
    token: str | None
    ca: Path | None

    def __repr__(self) -> str:
        return "Asking(•••)"


async def set_custodian(config: Path | None, line: str) -> dict[str, object]:
    """Raises Failed, NoCustodianKey and LayoutBefore."""
    key = public_key(line)
    async with open_desk(config) as desk:
        async with desk.audit.around(Act.CUSTODIAN_SET) as outcome:
            set_key(desk.keystore, desk.clock, key)
            desk.keyring.ensure_present()
            outcome.say(numbers={"secrets": len(desk.keystore.state.handed.rows)})
        return _shown(desk)


async def shown(config: Path | None) -> dict[str, object]:
    async with open_desk(config) as desk:
        return _shown(desk)


def _shown(desk: Desk) -> dict[str, object]:
    said = custodianship(desk.keystore.state)
    return {
        "key": said.key or None,
        "kem": said.kem or None,
        "since": rfc3339_or_none(said.since_ms),
        "needed": list(said.needed),
        "handed": said.handed,
        "held": said.held,
        "complete_since": rfc3339_or_none(_since_ms(desk)),
    }


def _since_ms(desk: Desk) -> int | None:
    """From when on nodes name people in records of whichever customer; None where there is none."""
    state = desk.keystore.state
    return next((named_since_ms(state, each) for each in state.customers() if each < PEOPLE), None)


async def asked(config: Path | None, asking: Asking) -> dict[str, object]:
    """Raises Failed."""
    if not is_case(asking.case):
        raise Failed("a case is called like R-2026-17: letters, a dash, letters and digits", "invalid_value")
    async with open_desk(config) as desk:
        custodian = desk.keystore.state.handed.custodian
        if custodian is None:
            raise Failed("no custodian is set: secrets are on the nodes, and nobody need be asked", "no_custodian")
        made = await _question(desk, asking)
        numbers = {"customers": len(made.customers), "subjects": len(made.numbers), "secrets": len(made.rows)}
        async with desk.audit.around(Act.CUSTODIAN_ASK, named("case", asking.case)) as outcome:
            sealed = seal_question(made, custodian)
            _write(asking.path, _sent(asking, sealed) if asking.url else sealed)
            outcome.say(numbers=numbers)
        since_ms = _since_ms(desk)
        return {
            "case": asking.case,
            **numbers,
            "until": rfc3339(made.until_ms),
            "complete_since": rfc3339_or_none(since_ms),
        }


async def _question(desk: Desk, asking: Asking) -> Question:
    state, now_ms = desk.keystore.state, desk.clock.now_ms()
    customers = [(await find_customer(desk, each)).id for each in asking.customers or ()]
    words: list[str | None] = [*asking.numbers] if asking.numbers else [None]
    return question(
        state,
        asking.case,
        [_number(desk, each) for each in words],
        customers or [each for each in state.customers() if each < PEOPLE],
        0 if asking.since is None else moment(asking.since, option="--since"),
        now_ms if asking.until is None else moment(asking.until, option="--until"),
    )


def _number(desk: Desk, word: str | None) -> Msisdn:
    number = parse_number(personal(word, asks_for="number"), desk.settings.messages.default_region)
    if number is None:
        raise Failed("this is no number", "invalid_value")
    return number


def _write(path: Path, octets: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(file, "wb") as opened:
        opened.write(octets)


def _sent(asking: Asking, sealed: bytes) -> bytes:
    """The listener's answer. Raises Failed."""
    token = secret(asking.token, asks_for="token")
    address = urlsplit(asking.url)
    if address.scheme == "https":
        context = ssl.create_default_context(cafile=None if asking.ca is None else str(asking.ca))
        connection = http.client.HTTPSConnection(address.netloc, timeout=TIMEOUT_S, context=context)
    elif address.scheme == "http" and address.hostname in ("127.0.0.1", "::1"):
        connection = http.client.HTTPConnection(address.netloc, timeout=TIMEOUT_S)  # type: ignore[assignment]
    else:
        raise Failed("a custodian is asked over https", "invalid_value")
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
        connection.request("POST", f"{address.path.rstrip('/')}/v1/answers", sealed, headers)
        answer = connection.getresponse()
        octets = answer.read(LONGEST)
    except (OSError, http.client.HTTPException):
        raise Failed("the custodian did not answer", "custodian_unreachable") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise Failed(f"the custodian answered {answer.status}", "custodian_refused")
    return octets

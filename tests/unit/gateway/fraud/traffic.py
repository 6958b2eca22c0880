"""Traffic that is drawn from a seed, numbers and all: thirty ordinary days of five customers, and attacks."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from gateway.accounts.customers import ApiKey, Customer
from gateway.accounts.settings import CustomerSettings
from gateway.model.fraud_controls import Control, FraudMode
from gateway.model.message import MessageClass
from gateway.model.submission import Submission
from redaction.personal import MessageText, Msisdn
from redaction.retention import RetentionTag

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
BEGIN_MS = 1_796_083_200_000 // DAY_MS * DAY_MS
BANK, SHOP, CLINIC, MINISTRY, SCHOOL = range(1, 6)

Sent = tuple[int, int, str, MessageClass, str]
"""When, by whom, to which digits, of which class and text."""


def a_key(customer: int, mode: FraudMode, countries: tuple[int, ...] = (966,), **modes: FraudMode) -> ApiKey:
    fraud: Mapping[str, FraudMode] = {
        each.value: mode for each in Control if each not in (Control.SAME_TEXT, Control.NEW_TRAFFIC)
    } | modes
    settings = CustomerSettings(senders={"SHOP": ()}, fraud=fraud, countries=countries)
    fields: dict[str, Any] = {
        "prefix": "00000001",
        "scopes": frozenset({"send"}),
        "classes": frozenset(),
        "networks": (),
        "throughput_per_s": None,
        "burst": 1,
        "daily_quota": None,
        "expires_ms": None,
    }
    owner = Customer(id=customer, public_id=f"cus_{customer}", settings=settings, disabled=False)
    return ApiKey(id=customer, customer=owner, **fields)


def a_submission(digits: str, message_class: MessageClass = MessageClass.OTP, text: str = "code") -> Submission:
    country = next((code for code in (966, 44, 7) if digits.startswith(str(code))), 0)
    return Submission(
        to=Msisdn(digits, country),
        source="SHOP",
        text=MessageText(text),
        message_class=message_class,
        tag=RetentionTag(message_class.value),
        segments=1,
        encoding="gsm7",
        validity_s=300,
    )


def somebody(draw: random.Random) -> str:
    return f"9665{draw.choice('0345689')}{draw.randrange(10**7):07d}"


def ordinary(codes: int, seed: int = 1, days: int = 30) -> Iterator[Sent]:
    """About so many codes over the days, with campaigns, a school's calls at 07:00 and a day on which many come."""
    draw = random.Random(seed)
    regulars = {each: [somebody(draw) for _ in range(2_000)] for each in (BANK, SHOP, CLINIC, MINISTRY, SCHOOL)}
    viral = days // 2
    people = codes * 11 // 20 // days  # who ask, some more than once
    for day in range(days):
        sent: list[Sent] = []
        begin_ms = BEGIN_MS + day * DAY_MS
        for customer in (BANK, SHOP, CLINIC, MINISTRY):
            own = regulars[customer]
            for digits in draw.sample(own, min(len(own), people // 5)):
                sent += _asked(draw, begin_ms, customer, digits)
            for _ in range(people // 20):
                sent += _asked(draw, begin_ms, customer, somebody(draw))
        if day == viral:
            for _ in range(codes // 6):
                at_ms = begin_ms + 10 * HOUR_MS + int(draw.random() * 6 * HOUR_MS)
                sent.append((at_ms, MINISTRY, somebody(draw), MessageClass.OTP, f"code {draw.randrange(10**6):06d}"))
        for parent in regulars[SCHOOL][: 400 if day % 7 < 5 else 0]:
            at_ms = begin_ms + 4 * HOUR_MS + draw.randrange(600_000)
            sent.append((at_ms, SCHOOL, parent, MessageClass.TRANSACTIONAL, f"absent on day {day}"))
        if day % 10 == 3:
            for buyer in regulars[SHOP]:
                at_ms = begin_ms + 13 * HOUR_MS + draw.randrange(HOUR_MS)
                sent.append((at_ms, SHOP, buyer, MessageClass.PROMOTIONAL, f"offer of day {day}"))
        yield from sorted(sent)


def _asked(draw: random.Random, begin_ms: int, customer: int, digits: str) -> list[Sent]:
    """One person asks for a code, and for up to three more, as the first does not come."""
    at_ms = begin_ms + int(draw.triangular(5, 23, 17) * HOUR_MS)
    times = draw.choices((1, 2, 3, 4), weights=(60, 25, 10, 5))[0]
    return [
        (at_ms + again * draw.randrange(20_000, 90_000), customer, digits, MessageClass.OTP, f"code {again}{at_ms}")
        for again in range(times)
    ]


def counting_up(begin_ms: int) -> Iterator[Sent]:
    """2,000 numbers that follow one another, in ten minutes."""
    for at in range(2_000):
        yield begin_ms + at * 300, SHOP, f"96655123{1_000 + at:04d}", MessageClass.OTP, f"code {at}"


def random_in_a_range(begin_ms: int) -> Iterator[Sent]:
    draw = random.Random(7)
    for at, last in enumerate(draw.sample(range(10_000), 2_000)):
        yield begin_ms + at * 300, SHOP, f"96655987{last:04d}", MessageClass.OTP, f"code {at}"


def slow(begin_ms: int) -> Iterator[Sent]:
    """Forty an hour in one range, for two days."""
    draw = random.Random(8)
    for at, last in enumerate(draw.sample(range(10_000), 1_920)):
        yield begin_ms + at * 90_000, SHOP, f"96655555{last:04d}", MessageClass.OTP, f"code {at}"


def many_ranges(begin_ms: int) -> Iterator[Sent]:
    """Of another country, each range once."""
    for at in range(500):
        yield begin_ms + at * 1_000, SHOP, f"4477009{at:05d}", MessageClass.OTP, f"code {at}"


def one_number(begin_ms: int) -> Iterator[Sent]:
    for at in range(500):
        yield begin_ms + at * 1_200, SHOP, "966551239087", MessageClass.OTP, f"code {at}"


def leaked_key(begin_ms: int) -> Iterator[Sent]:
    """Somebody else's texts to another country."""
    for at in range(500):
        yield begin_ms + at * 200, SHOP, f"7912{at:07d}", MessageClass.TRANSACTIONAL, "you have won"

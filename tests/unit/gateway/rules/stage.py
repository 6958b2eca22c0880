"""Rules with customers and senders of a test's own, and the packs of the program."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

import msgspec

from config.rules import RulePack, packs
from gateway.accounts.customers import ApiKey, Customer
from gateway.accounts.settings import CustomerSettings
from gateway.ledger.roles import Acts
from gateway.model.message import MessageClass
from gateway.model.submission import Submission
from gateway.model.verdict import Verdict
from gateway.rules.choice import Packs
from gateway.rules.engine import Rules
from gateway.rules.plans import Terms
from gateway.rules.register import Register
from gateway.rules.sender_entry import SenderEntry, Standing
from gateway.rules.transfers import Recipient
from redaction.personal import MessageText, Msisdn
from redaction.retention import RetentionTag
from tests.unit.gateway.road import an_api_key

PACK = packs()[0]
MIDDAY = "2026-11-30T12:00:00+03:00"
ACTIVE = Standing(state="active", since=date(2026, 1, 1))
OUR_ENTRY = SenderEntry(operators={"stc": ACTIVE}, hosts=("example.sa",))
WAY_OUT = "Sale! STOP to 902"
ENFORCED = {"all": "enforce"}


def at(written: str) -> int:
    """Epoch milliseconds of an RFC 3339 time."""
    return round(datetime.fromisoformat(written).astimezone(UTC).timestamp() * 1000)


class Stage:
    """One customer, number 1, `cus_1`; and what stands in the register of it, by the sender's name."""

    def __init__(
        self,
        entries: Mapping[str, SenderEntry] = {},
        *,
        known: Sequence[RulePack] = (PACK,),
        terms: Terms | None = None,
        recipients: Mapping[str, Recipient] = {},
        **settings: Any,
    ) -> None:
        settings = {"kind": "private", "rules": ENFORCED} | settings
        register = Register(cast(Acts, None))  # which is read when a node opens, and not here
        register.entries = {f"cus_1/{name}": entry for name, entry in entries.items()}
        self.it = Customer(id=1, public_id="cus_1", settings=CustomerSettings(**settings), disabled=False)
        self.key: ApiKey = msgspec.structs.replace(an_api_key(), customer=self.it)
        self.rules = Rules(Packs(known), self, register, recipients, terms or Terms())
        self.counts = self.rules.counts

    def customer(self, _customer_id: int) -> Customer | None:
        return self.it

    def judge(
        self,
        message_class: str = "transactional",
        *,
        sender: str = "INTERKEY",
        text: str = "hello",
        now: str = MIDDAY,
        schedule: str | None = None,
    ) -> list[Verdict]:
        """What is said at the door."""
        asked = submission(message_class, sender, text, None if schedule is None else at(schedule))
        return list(self.rules.at_door(self.key, asked, at(now)))

    def codes(self, message_class: str = "transactional", **asked: Any) -> list[str]:
        return [each.code for each in self.judge(message_class, **asked)]


def submission(message_class: str, sender: str, text: str, schedule_at_ms: int | None = None) -> Submission:
    return Submission(
        to=Msisdn("966500000078", 966),
        source=sender,
        text=MessageText(text),
        message_class=MessageClass(message_class),
        tag=RetentionTag("transactional"),
        segments=1,
        encoding="gsm7",
        validity_s=3_600,
        schedule_at_ms=schedule_at_ms,
    )

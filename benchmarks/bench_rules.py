"""What messaging rules cost a message, at the door and before it is submitted: with everything on, and with nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.bench_door import KEY
from config.rules import packs
from gateway.accounts.customers import Customer, CustomerSettings
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.model.content import Content
from gateway.model.message import Message, MessageClass, unreadable
from gateway.model.submission import Submission
from gateway.process.clock import SystemClock
from gateway.rules.choice import Packs
from gateway.rules.engine import Rules
from gateway.rules.plans import Terms
from gateway.rules.register import Register
from gateway.rules.sender_entry import SenderEntry, Standing
from redaction.personal import MessageText, Msisdn
from redaction.retention import RetentionTag

TO: Final = Msisdn("966500000078", 966)
MIDDAY_MS: Final = 1_796_032_800_000
ENTRY: Final = SenderEntry(operators={"loop": Standing(state="active")}, hosts=("example.sa",))
CUSTOMERS: Final = {
    "off": CustomerSettings(rules={"all": "off"}),
    "watched": CustomerSettings(),
    "enforced": CustomerSettings(kind="private", rules={"all": "enforce"}),
}
TEXTS: Final = {
    "code": ("otp", "SHOP", "Your code to log in is 471108. Do not share it."),
    "notice": ("transactional", "SHOP", "Your order 4711 was shipped and arrives on Monday between 9 and 12."),
    "notice with a link": ("transactional", "SHOP", "Your order 4711 was shipped: https://track.example.sa/o/4711"),
    "advert": ("promotional", "SHOP-AD", "Sale until Thursday: 30% off at https://example.sa/sale. STOP to 902"),
    "Arabic advert": ("promotional", "SHOP-AD", "تخفيضات حتى الخميس ٣٠٪ في كل الفروع. للإلغاء أرسل إيقاف إلى 902"),
}


class One:
    """One customer, whose both senders are in the register."""

    def __init__(self, settings: CustomerSettings) -> None:
        self.it: Final = msgspec.structs.replace(KEY.customer, settings=settings)
        self.key: Final = msgspec.structs.replace(KEY, customer=self.it)
        register = Register(SqliteLedger(Path("unused.db"), SystemClock()).acts)  # which is never opened
        entries: Mapping[str, SenderEntry] = {f"{self.it.public_id}/{name}": ENTRY for name in ("SHOP", "SHOP-AD")}
        register.entries = entries
        self.rules: Final = Rules(Packs(packs()), self, register, {}, Terms())

    def customer(self, _customer_id: int) -> Customer | None:
        return self.it


def submission(message_class: str, sender: str, text: str) -> Submission:
    return Submission(
        to=TO,
        source=sender,
        text=MessageText(text),
        message_class=MessageClass(message_class),
        tag=RetentionTag("transactional"),
        segments=1,
        encoding="gsm7",
        validity_s=3_600,
    )


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("mode", CUSTOMERS)
def bench_rules_at_the_door(benchmark: BenchmarkFixture, mode: str, text: str) -> None:
    one, asked = One(CUSTOMERS[mode]), submission(*TEXTS[text])
    benchmark(one.rules.at_door, one.key, asked, MIDDAY_MS)


@pytest.mark.parametrize("text", ["notice", "advert"])
@pytest.mark.parametrize("mode", CUSTOMERS)
def bench_rules_before_it_is_submitted(benchmark: BenchmarkFixture, mode: str, text: str) -> None:
    message_class, sender, body = TEXTS[text]
    message: Message = unreadable(bytes(16))
    message.message_class = MessageClass(message_class)
    content = Content(to=TO, source=sender, text=MessageText(body), flash=False, receipt=True)
    benchmark(One(CUSTOMERS[mode]).rules.at_dispatch, message, content, "loop", MIDDAY_MS)

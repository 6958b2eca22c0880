"""Kannel's delivery reports and get-urls, from a whole node to a server beside it."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from config.settings import WebhookSettings
from gateway.accounts.customers import KeySettings, NumberSettings
from gateway.webhooks.endpoint import EndpointSettings, SetAnew
from operators.simulator import Faults
from operators.smpp import pdu as p
from operators.smpp import status as st
from redaction.personal import Purpose, Secret
from tests.integration.facade_stage import FacadeStage, facade_stage

REFUSED = Faults(error_rate=1.0, error_status=st.RINVDSTADR)
FAILED = Faults(receipt_state_failed_rate=1.0)
CANARY = "canary 445566"
MASKS = (1, 2, 4, 8, 16, 31, 0)


async def send(stage: FacadeStage, mask: int, template: str, **more: str) -> str:
    """The message's id."""
    said = {
        "username": stage.user,
        "password": stage.password,
        "to": "+966512345678",
        "from": "INTERKEY",
        "text": CANARY,
        "dlr-mask": str(mask),
        "dlr-url": stage.hook + template,
    }
    answer = await stage.ask(f"GET /cgi-bin/sendsms?{urlencode(said | more)}")
    assert answer.status == 202, answer.body
    return answer.headers["x-message-ids"]


def queries(stage: FacadeStage) -> list[dict[str, str]]:
    """What the calls that came say."""
    found = [urlsplit(each.line.split()[1]).query for each in stage.receiver.requests]
    return [{name: values[0] for name, values in parse_qs(each, keep_blank_values=True).items()} for each in found]


@pytest.mark.parametrize(
    ("faults", "bits"), [(None, [8, 1]), (FAILED, [8, 2]), (REFUSED, [16])], ids=["delivered", "undelivered", "refused"]
)
async def test_the_mask_says_which_reports_come(tmp_path: Path, faults: Faults | None, bits: list[int]) -> None:
    async with facade_stage(tmp_path, faults) as stage:
        for mask in MASKS:
            await send(stage, mask, f"?mask={mask}&d=%d&a=%A&b=%b")
        wanted = sum(bool(bit & mask) for mask in MASKS for bit in bits)
        await stage.receiver.arrived(wanted)
        await stage.settled()
        told = queries(stage)
        for mask in MASKS:
            assert [int(each["d"]) for each in told if int(each["mask"]) == mask] == [b for b in bits if b & mask]
        assert {each.line.partition(" ")[0] for each in stage.receiver.requests} == {"GET"}
        assert "canary" not in str(stage.receiver.requests)
        answers = {each["d"]: each["a"] for each in told}
        assert answers.get("8", "ACK/") == "ACK/"
        assert answers.get("16", "NACK/").startswith("NACK/")
        assert all(" text:" in answers[each] for each in ("1", "2") if each in answers)


async def test_a_report_says_what_the_template_asks_for(tmp_path: Path) -> None:
    async with facade_stage(tmp_path) as stage:
        template = "/%d?p=%p&P=%P&t=%t&T=%T&F=%F&I=%I&i=%i&n=%n&o=%o&z=%z&q=100%%&x=a%20b&D=%#smpp#dlr_err#"
        identifier = await send(stage, 1, template)
        await stage.receiver.arrived(1)
        (told,) = queries(stage)
        assert "webhook-id" in stage.receiver.requests[0].headers
        target = stage.receiver.requests[0].line.split()[1]
        assert target.startswith("/hook/1?p=INTERKEY&")
        assert re.search(r"&t=\d{4}-\d\d-\d\d\+\d\d:\d\d:\d\d&", target)
        assert target.endswith("&o=&z=%z&q=100%&x=a%20b&D=")
        assert told["P"] == "+966•••••••78"
        assert (told["F"], told["I"].replace("-", "")) == (identifier, identifier)
        assert (told["i"], told["n"]) == ("north", stage.user)


@pytest.mark.parametrize(
    "url",
    ["ftp://shop.example.sa/", "http://shop.example.sa/?d=%d", "https://user@shop.example.sa/", "https://%d/", "x"],
)
async def test_what_may_not_be_called_is_refused(tmp_path: Path, url: str) -> None:
    async with facade_stage(tmp_path) as stage:
        said = {"username": stage.user, "password": stage.password, "to": "+966512345678", "from": "INTERKEY"}
        more = {"text": "x", "dlr-mask": "31", "dlr-url": url}
        answer = await stage.ask(f"GET /cgi-bin/sendsms?{urlencode(said | more)}")
        assert (answer.status, answer.body) == (400, b"DLR-URL field misformed, rejected")


async def test_a_message_from_a_person_comes_as_a_get_url(tmp_path: Path) -> None:
    async with facade_stage(tmp_path) as stage:
        stores, clock = stage.gateway.node.stores, stage.gateway.node.clock
        template = stage.hook + "?from=%p&to=%P&text=%a&raw=%b&key=%k&rest=%r&c=%c&C=%C&id=%I"
        anew = SetAnew(
            stores.sealer,
            clock.random,
            stage.gateway.customer,
            Secret(template),
            lambda _: EndpointSettings(dialect="kannel"),
            new_secret=False,
            now_ms=clock.now_ms(),
        )
        await stage.gateway.accounts.set_endpoint(stage.gateway.customer, anew)
        await stage.gateway.accounts.add_number(stage.gateway.customer, "700123", NumberSettings())
        await stores.directory.refresh()
        await send(stage, 0, "")
        await stage.gateway.writes(
            p.DeliverSm(
                source_addr_ton=1,
                source_addr="966512345678",
                destination_addr="700123",
                short_message=b"STOCK 5 & more",
            )
        )
        await stage.receiver.arrived(1)
        await stage.settled()
        (told,) = queries(stage)
        assert (told["from"], told["to"]) == ("+966512345678", "700123")
        assert told["text"] == told["raw"] == "STOCK 5 & more"
        assert (told["key"], told["rest"], told["c"], told["C"]) == ("STOCK", "5 & more", "0", "UTF-8")


async def test_reports_go_in_clear_to_the_hosts_that_the_settings_name_and_nothing_else_does(tmp_path: Path) -> None:
    webhooks = WebhookSettings(plain_hosts=("reports.example.com",))
    async with facade_stage(tmp_path, webhooks=webhooks) as stage:
        _, secret = await stage.gateway.accounts.add_key(
            stage.gateway.customer, scopes=("send", "webhooks"), settings=KeySettings()
        )
        await stage.gateway.node.stores.directory.refresh()
        own = f"Authorization: Bearer {secret.reveal(Purpose.CREDENTIAL)}"
        for host, status in (("reports.example.com", 202), ("other.example.com", 400), ("127.0.0.1", 400)):
            who = {"username": stage.user, "password": stage.password}
            said = {"to": "+966500000078", "from": "INTERKEY", "text": "hello", "dlr-mask": "1"}
            query = urlencode({**who, **said, "dlr-url": f"http://{host}/dlr"})
            assert (await stage.ask(f"GET /cgi-bin/sendsms?{query}")).status == status, host
        url = "http://reports.example.com/all"
        message = {"to": "+966500000078", "from": "INTERKEY", "text": "hello", "callback_url": url}
        for path, body in (("/v1/messages", message), ("/v1/webhooks", {"url": url})):
            answer = await stage.ask(f"POST {path}", json.dumps(body).encode(), own, "Content-Type: application/json")
            assert (answer.status, answer.code) == (400, "invalid_url")

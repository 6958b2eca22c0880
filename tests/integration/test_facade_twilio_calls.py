"""Twilio's callbacks from a whole node: the validator of its programs takes each, and none with an octet changed."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from gateway.accounts.customers import KeySettings, NumberSettings
from gateway.http_api.facades.twilio.sids import account_sid, key_sid, message_of
from gateway.tools.leakscan import scan
from gateway.webhooks.endpoint import EndpointSettings, SetAnew
from operators.simulator import Faults
from operators.smpp import pdu as p
from operators.smpp import status as st
from redaction.personal import Purpose, Secret
from tests.integration.facade_stage import FacadeStage, facade_stage
from tests.unit.gateway.webhooks.receiver import BUSY, Say

REFUSED = Faults(error_rate=1.0, error_status=st.RINVDSTADR)
FAILED = Faults(receipt_state_failed_rate=1.0)
CANARY = "canary 445566"


async def send(stage: FacadeStage, **more: Any) -> str:
    """The message's sid."""
    customer = stage.gateway.node.stores.directory.public_id(stage.gateway.customer)
    client = Client(account_sid(customer), stage.token)
    client.api.base_url = f"http://127.0.0.1:{stage.gateway.node.fronts.http.listener.port}"
    usual = {
        "to": "+966512345678",
        "from_": "INTERKEY",
        "body": CANARY,
        "status_callback": stage.hook + "?order=7&x=%20",
    }
    sent = await asyncio.to_thread(lambda: client.messages.create(**(usual | more)))
    return str(sent.sid)


def forms(stage: FacadeStage) -> list[dict[str, str]]:
    return [dict(parse_qsl(each.body.decode(), keep_blank_values=True)) for each in stage.receiver.requests]


def _checked(stage: FacadeStage, token: str) -> None:
    """Each call is signed for what it says, and for nothing else."""
    validator = RequestValidator(token)
    for call, form in zip(stage.receiver.requests, forms(stage), strict=True):
        url = f"http://127.0.0.1:{stage.receiver.port}{call.line.split()[1]}"
        signed = call.headers["x-twilio-signature"]
        assert call.line.startswith("POST ")
        assert call.headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
        assert validator.validate(url, form, signed)
        assert not validator.validate(url[:-1] + "_", form, signed)
        assert not RequestValidator(token[:-1] + "_").validate(url, form, signed)
        for name, value in form.items():
            for at in range(len(value)):
                other = value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
                assert not validator.validate(url, form | {name: other}, signed)


@pytest.mark.parametrize(
    ("faults", "ends"),
    [
        (None, [("sent", None), ("delivered", None)]),
        (FAILED, [("sent", None), ("undelivered", "30005")]),
        (REFUSED, [("undelivered", "30008")]),
    ],
    ids=["delivered", "undelivered", "refused"],
)
async def test_what_becomes_of_a_message_is_called_out_signed(
    tmp_path: Path, faults: Faults | None, ends: list[tuple[str, str | None]]
) -> None:
    async with facade_stage(tmp_path, faults) as stage:
        sid = await send(stage)
        await stage.receiver.arrived(len(ends))
        await stage.settled()
        told = forms(stage)
        assert [(each["MessageStatus"], each.get("ErrorCode")) for each in told] == ends
        for each in told:
            assert (each["MessageSid"], each["SmsSid"], each["SmsStatus"]) == (sid, sid, each["MessageStatus"])
            assert (each["To"], each["From"], each["ApiVersion"]) == ("+966•••••••78", "INTERKEY", "2010-04-01")
            assert message_of(each["MessageSid"]) is not None
        _checked(stage, stage.token)
        assert "canary" not in str(told)
        assert scan([tmp_path], ["canary", "966512345678", stage.token, stage.hook]).clean


async def test_a_call_that_was_not_taken_comes_again_with_the_same_id(tmp_path: Path) -> None:
    async with facade_stage(tmp_path) as stage:
        answers = iter([Say(BUSY)])
        stage.receiver.answer = lambda _: next(answers, Say())
        await send(stage)
        await stage.receiver.arrived(3)
        await stage.settled()
        _checked(stage, stage.token)
        told = forms(stage)
        assert [each["MessageStatus"] for each in told] == ["sent", "sent", "delivered"]
        assert len({each.headers["webhook-id"] for each in stage.receiver.requests}) == 2


async def test_each_of_two_keys_signs_what_came_with_it_and_the_other_for_one_that_is_revoked(tmp_path: Path) -> None:
    async with facade_stage(tmp_path) as stage:
        _, second = await stage.gateway.accounts.add_key(
            stage.gateway.customer, scopes=("send", "status"), settings=KeySettings(), facades=("twilio",)
        )
        await stage.gateway.node.stores.directory.refresh()
        await send(stage)
        await stage.receiver.arrived(2)
        _checked(stage, stage.token)
        await stage.gateway.accounts.revoke_key(stage.user)
        await stage.gateway.node.stores.directory.refresh()
        first = stage.token
        stage.token = second.reveal(Purpose.CREDENTIAL)
        stage.receiver.requests.clear()
        await send(stage)
        await stage.receiver.arrived(2)
        _checked(stage, stage.token)
        assert first != stage.token
        assert key_sid(stage.user) != key_sid(stage.token[:8])


async def test_what_a_person_writes_comes_as_twilio_posts_it(tmp_path: Path) -> None:
    async with facade_stage(tmp_path) as stage:
        stores, clock = stage.gateway.node.stores, stage.gateway.node.clock
        anew = SetAnew(
            stores.sealer,
            clock.random,
            stage.gateway.customer,
            Secret(stage.hook + "?in=1"),
            lambda _: EndpointSettings(dialect="twilio"),
            new_secret=False,
            now_ms=clock.now_ms(),
        )
        await stage.gateway.accounts.set_endpoint(stage.gateway.customer, anew)
        await stage.gateway.accounts.add_number(stage.gateway.customer, "700123", NumberSettings())
        await stores.directory.refresh()
        stage.receiver.answer = lambda _: Say(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 45\r\n\r\n"
            b"<Response><Message>Hi</Message></Response>   "
        )
        await send(stage, status_callback=None)
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
        (told,) = forms(stage)
        assert (told["From"], told["To"], told["Body"]) == ("+966512345678", "700123", "STOCK 5 & more")
        assert (told["NumMedia"], told["NumSegments"], told["SmsStatus"]) == ("0", "1", "received")
        assert told["MessageSid"] == told["SmsSid"] == told["SmsMessageSid"]
        _checked(stage, stage.token)

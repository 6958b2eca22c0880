"""What is wrong with a request is told to programs as the error that they catch, by its number and without a value."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from twilio.base.exceptions import TwilioRestException

from gateway.http_api.facades.twilio.sids import account_sid
from gateway.tools.leakscan import scan
from tests.integration.twilio_stage import OTHER_TOKEN, SID, Programs, basic, post, programs
from tests.unit.gateway.stage import FACADE_TOKEN

TO = "+966500000078"
CANARY = "+966512345678"
USUAL: dict[str, Any] = {"to": TO, "from_": "INTERKEY", "body": "Hello"}
BAD_CREATIONS: list[tuple[dict[str, Any], int, int]] = [
    ({"to": ""}, 400, 21604),
    ({"to": "canary"}, 400, 21211),
    ({"to": CANARY + "9" * 12}, 400, 21211),
    ({"from_": None}, 400, 21603),
    ({"from_": ""}, 400, 21603),
    ({"from_": "canary"}, 400, 21606),
    ({"from_": "canary sender of many letters"}, 400, 21212),
    ({"from_": None, "messaging_service_sid": "MG" + "0" * 32}, 400, 21701),
    ({"body": None}, 400, 21602),
    ({"body": ""}, 400, 21602),
    ({"body": " "}, 400, 21602),
    ({"body": "canary" * 300}, 400, 21617),
    ({"body": "مرحبا canary" * 100}, 400, 21617),
    ({"body": "canary\x00"}, 400, 20001),
    ({"media_url": ["https://canary.example/a.png"]}, 400, 21621),
    ({"send_as_mms": True}, 400, 21621),
    ({"content_sid": "HX" + "0" * 32}, 400, 21655),
    ({"shorten_urls": True}, 400, 20001),
    ({"validity_period": 0}, 400, 21624),
    ({"validity_period": 36_001}, 400, 21624),
    ({"validity_period": "canary"}, 400, 21624),
    ({"schedule_type": "fixed"}, 400, 35111),
    ({"schedule_type": "canary", "send_at": datetime(2027, 1, 16, tzinfo=UTC)}, 400, 20001),
    ({"schedule_type": "fixed", "send_at": "canary"}, 400, 35114),
    ({"schedule_type": "fixed", "send_at": datetime(2027, 1, 15, 8, 1, tzinfo=UTC)}, 400, 35114),
    ({"schedule_type": "fixed", "send_at": datetime(2027, 3, 15, tzinfo=UTC)}, 400, 35114),
    ({"status_callback": "canary"}, 400, 21609),
    ({"status_callback": "http://canary.example/"}, 400, 21609),
    ({"to": CANARY, "from_": "canary"}, 400, 21606),
]
BAD_CALLS: list[tuple[Callable[[Programs], object], int, int]] = [
    (lambda at: at.by_client(token="canary" * 5).messages.create(**USUAL), 401, 20003),
    (lambda at: at.by_client(token=OTHER_TOKEN).messages.create(**USUAL), 401, 20003),
    (lambda at: at.by_client(user="AC" + "0" * 32).messages.create(**USUAL), 401, 20003),
    (lambda at: at.by_client(account=account_sid("cus_2")).messages.create(**USUAL), 401, 20003),
    (lambda at: at.by_client(account="canary").messages.create(**USUAL), 404, 20404),
    (lambda at: at.by_base().messages("SM" + "0" * 32).fetch(), 404, 20404),
    (lambda at: at.by_base().messages("canary").fetch(), 404, 20404),
    (lambda at: at.by_base().messages("SM" + "0" * 32).update(status="canceled"), 404, 20404),
    (lambda at: at.by_base().messages("SM" + "0" * 32).delete(), 404, 20404),
    (lambda at: at.by_base().balance.fetch(), 404, 20404),
    (lambda at: at.by_base().calls("CA" + "0" * 32).fetch(), 404, 20404),
]


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Programs]:
    async with programs(tmp_path) as at:
        yield at


def _raised(call: Callable[[], object]) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as raised:
        call()
    assert type(raised.value) is TwilioRestException
    return raised.value


async def test_forty_bad_requests_raise_what_programs_catch_and_repeat_nothing(at: Programs, tmp_path: Path) -> None:
    client, texts = at.by_base(), []

    def ask() -> None:
        for changes, status, code in BAD_CREATIONS:
            error = _raised(lambda changes=changes: client.messages.create(**(USUAL | changes)))  # type: ignore[misc]
            assert (error.status, error.code, type(error.code)) == (status, code, int), changes
            texts.append(error.msg)
        for call, status, code in BAD_CALLS:
            error = _raised(lambda call=call: call(at))  # type: ignore[misc]
            assert (error.status, error.code, type(error.code)) == (status, code, int)
            texts.append(error.msg)

    with capture_logs() as lines:
        await at.run(ask)
    assert len(texts) >= 30
    said = "".join(texts) + str(lines) + str(at.stage.api.traffic.counts)
    assert not any(canary in said for canary in ("canary", CANARY[4:], FACADE_TOKEN, OTHER_TOKEN))
    assert scan([tmp_path], ["canary", CANARY[4:]]).clean
    page = await at.road.ledger.messages.list_messages(1, status=None, since_ms=None, cursor=None, limit=1)
    assert page.messages == ()


async def test_unknown_erased_and_somebody_elses_are_the_same_octets(tmp_path: Path) -> None:
    async with programs(tmp_path, down=["loop"]) as waiting:
        kept, erased = (await waiting.sent()).sid, (await waiting.sent()).sid
        await waiting.ended(erased)
        client = waiting.by_base()
        await waiting.run(lambda: client.messages(erased).delete())
        theirs, ours = account_sid("cus_2"), SID
        asked = [
            (theirs, OTHER_TOKEN, kept),
            (theirs, OTHER_TOKEN, "SM" + "0" * 32),
            (ours, FACADE_TOKEN, erased),
            (ours, FACADE_TOKEN, "SMx"),
        ]
        for method, body in (("GET", ""), ("POST", "Body="), ("POST", "Status=canceled"), ("DELETE", "")):
            answers = {
                (answer.status, answer.body)
                for account, token, sid in asked
                for answer in [
                    await waiting.stage.ask(
                        method,
                        f"/2010-04-01/Accounts/{account}/Messages/{sid}.json",
                        token=None,
                        headers=[*basic(account, token), ("Content-Type", "application/x-www-form-urlencoded")],
                    )
                    if not body
                    else await post(
                        waiting, f"/2010-04-01/Accounts/{account}/Messages/{sid}", body, basic(account, token)
                    )
                ]
            }
            assert len(answers) == 1
            assert next(iter(answers))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", f"/2010-04-01/Accounts/{SID}/Messages.json", 405, 20004),
        ("HEAD", f"/2010-04-01/Accounts/{SID}/Messages.json", 405, None),
        ("GET", f"/2010-04-01/Accounts/{SID}/Messages.csv", 404, 20404),
        ("GET", f"/2010-04-01/Accounts/{SID}/Nothing", 404, 20404),
        ("GET", "/2010-04-01/Accounts.json", 404, 20404),
        ("GET", f"/2010-04-01/Accounts/{SID}/Messages.json?PageSize=1001", 400, 20007),
    ],
)
async def test_what_there_is_not_is_said_in_twilios_words(
    at: Programs, method: str, path: str, status: int, code: int | None
) -> None:
    answer = await at.stage.ask(method, path, token=None, headers=basic())
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert code is None or answer.json()["code"] == code


async def test_a_key_of_our_own_api_opens_nothing_here(at: Programs) -> None:
    answer = await at.stage.get(f"/2010-04-01/Accounts/{SID}/Messages.json")
    assert (answer.status, answer.json()["code"]) == (401, 20003)
    assert answer.headers["www-authenticate"].startswith("Basic")

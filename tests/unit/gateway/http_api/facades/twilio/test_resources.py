"""What clients read: shapes that the unmodified SDK takes, and nothing of a person that is not masked."""

import json
from urllib.parse import parse_qsl, urlsplit

import msgspec
from twilio.base.version import Version
from twilio.rest.api.v2010.account.message import MessageInstance

from gateway.http_api.facades.twilio.form import Service, sent
from gateway.http_api.facades.twilio.resources import Account, PageAsked, account_object, created, page, stored
from gateway.http_api.facades.twilio.sids import account_sid, cursor_of, message_sid, service_sid
from gateway.model.message import Status
from tests.unit.gateway.stage import a_message

ACCOUNT = Account("cus_1", account_sid("cus_1"))
SERVICE = Service(sid=service_sid("cus_1"), senders=("INTERKEY",))
FORM = {"To": "+966500000078", "From": "INTERKEY", "Body": "Hello"}
MASK = "+966•••••••78"
PATH = f"{ACCOUNT.uri}/Messages.json"


def _read(shown: object) -> MessageInstance:
    version: Version = None
    return MessageInstance(version, msgspec.to_builtins(shown), account_sid=ACCOUNT.sid)


def test_the_answer_to_a_creation_repeats_what_was_sent() -> None:
    read = _read(created(a_message(), sent(FORM, SERVICE, 0), ACCOUNT))
    assert (read.to, read.from_, read.body, read.status) == ("+966500000078", "INTERKEY", "Hello", "queued")
    assert (read.num_segments, read.num_media, read.direction) == ("1", "0", "outbound-api")
    assert read.date_created is not None
    assert read.error_code is None
    assert read.price is None


def test_a_service_hides_what_it_has_not_chosen_yet() -> None:
    form = {"To": "+966500000078", "MessagingServiceSid": SERVICE.sid, "Body": "Hello"}
    read = _read(created(a_message(), sent(form, SERVICE, 0), ACCOUNT))
    assert (read.from_, read.num_segments, read.status) == (None, "0", "accepted")
    assert read.messaging_service_sid == SERVICE.sid


def test_a_record_has_no_text_and_a_masked_number() -> None:
    failed = a_message(
        status=Status.UNDELIVERED, error="001", submitted_ms=1_800_000_001_000, final_ms=1_800_000_002_000
    )
    read = _read(stored(failed, MASK, ACCOUNT))
    assert (read.to, read.from_, read.body) == (MASK, None, "")
    assert (read.error_code, read.error_message) == (30005, "Unknown destination handset")
    assert read.date_sent is not None
    assert read.date_updated > read.date_sent


def test_a_message_from_a_person_is_inbound() -> None:
    read = _read(stored(a_message(status=Status.RECEIVED), MASK, ACCOUNT))
    assert (read.direction, read.from_, read.to) == ("inbound", MASK, None)


def test_a_page_has_its_list_and_the_keys_that_clients_know() -> None:
    asked = PageAsked(path=PATH, filters={"DateSent>": "2026-01-01"}, size=2, number=1, token="PA" + "0" * 32)
    shown = json.loads(page("messages", [stored(a_message(), MASK, ACCOUNT)] * 2, asked, bytes(range(16))))
    known = {"end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri", "start", "uri"}
    assert set(shown) - known == {"messages"}
    assert (shown["page"], shown["start"], shown["end"]) == (1, 2, 3)
    following = urlsplit(shown["next_page_uri"])
    query = dict(parse_qsl(following.query))
    assert following.path == PATH
    assert (query["Page"], query["PageSize"], query["DateSent>"]) == ("2", "2", "2026-01-01")
    assert cursor_of(query["PageToken"]) == bytes(range(16))


def test_the_last_page_leads_nowhere() -> None:
    shown = json.loads(page("messages", [], PageAsked(path=PATH, filters={}, size=50), None))
    assert shown["next_page_uri"] is None
    assert shown["first_page_uri"] == f"{PATH}?PageSize=50&Page=0"


def test_an_account_is_active() -> None:
    shown = json.loads(account_object(ACCOUNT))
    assert (shown["sid"], shown["status"], shown["friendly_name"]) == (ACCOUNT.sid, "active", "cus_1")
    assert message_sid(bytes(16)) not in shown.values()

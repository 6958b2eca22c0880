"""A form of Twilio's clients becomes a request of ours, or is refused by name."""

import pytest
from msgspec import UNSET

from gateway.http_api.facades.twilio.form import Service, sent
from gateway.http_api.facades.twilio.sids import service_sid
from gateway.http_api.facades.twilio.words import WORDS
from gateway.model.refusals import Refusal

NOW = 1_800_000_000_000
SERVICE = Service(sid=service_sid("cus_1"), senders=("INTERKEY",))
FORM = {"To": "+966500000078", "From": "SHOP", "Body": "Hello"}


def test_a_plain_form_asks_for_a_message() -> None:
    found = sent(FORM, SERVICE, NOW)
    assert (found.request.to, found.request.source, found.request.text) == ("+966500000078", "SHOP", "Hello")
    assert found.request.message_class is UNSET
    assert not found.is_by_service
    assert "966" not in repr(found)


def test_fields_have_what_they_mean_here() -> None:
    more = {
        "StatusCallback": "https://shop.example/sms?id=7",
        "ValidityPeriod": "36000",
        "ScheduleType": "fixed",
        "SendAt": "2027-01-15T09:00:00Z",
        "ContentRetention": "discard",
        "SmartEncoded": "true",
        "MessageIntent": "otp",
    }
    request = sent({**FORM, **more, "Body": "“Hello”"}, SERVICE, NOW).request
    assert request.callback_url == "https://shop.example/sms?id=7"
    assert request.validity == 36_000
    assert request.schedule_at is not None
    assert request.schedule_at.startswith("2027-01-15T09:00:00")
    assert request.retention == "discard"
    assert request.text == '"Hello"'
    assert request.message_class == "otp"


@pytest.mark.parametrize(
    ("intent", "expected"), [("marketing", "promotional"), ("otp", "otp"), ("delivery", "transactional")]
)
def test_an_intent_is_a_class(intent: str, expected: str) -> None:
    assert sent({**FORM, "MessageIntent": intent}, SERVICE, NOW).request.message_class == expected


def test_a_service_has_the_customers_first_sender() -> None:
    form = {"To": "+966500000078", "MessagingServiceSid": SERVICE.sid, "Body": "Hello"}
    found = sent(form, SERVICE, NOW)
    assert found.is_by_service
    assert found.request.source == "INTERKEY"


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1_601}, 21617),
        ({"MediaUrl": "https://shop.example/a.png"}, 21621),
        ({"SendAsMms": "true"}, 21621),
        ({"ContentSid": "HX" + "0" * 32}, 21655),
        ({"ShortenUrls": "true"}, 20001),
        ({"FallbackFrom": "SHOP"}, 20001),
        ({"MessagingServiceSid": "MG" + "0" * 32}, 21701),
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
        ({"ValidityPeriod": "٣٦"}, 21624),
        ({"ValidityPeriod": "9" * 5_000}, 21624),
        ({"ScheduleType": "fixed"}, 35111),
        ({"ScheduleType": "fixed", "SendAt": "tomorrow"}, 35114),
        ({"ScheduleType": "fixed", "SendAt": "2027-01-15T08:01:00Z"}, 35114),
        ({"ScheduleType": "fixed", "SendAt": "2027-03-15T08:01:00Z"}, 35114),
        ({"ScheduleType": "optimal"}, 20001),
    ],
)
def test_what_is_wrong_has_twilios_number(changes: dict[str, str], number: int) -> None:
    with pytest.raises(Refusal) as refused:
        sent({**FORM, **changes}, SERVICE, NOW)
    assert WORDS.of(refused.value).code == number


def test_a_service_without_a_sender_sends_nothing() -> None:
    with pytest.raises(Refusal) as refused:
        sent({"To": "+1", "MessagingServiceSid": "MG1", "Body": "x"}, Service(sid="MG1", senders=()), NOW)
    assert WORDS.of(refused.value).code == 21703


def test_fields_that_are_not_known_and_those_without_effect_are_passed_over() -> None:
    form = {**FORM, "MaxPrice": "1", "Novelty": "x", "Other": ""}
    assert sent(form, SERVICE, NOW).request == sent(FORM, SERVICE, NOW).request

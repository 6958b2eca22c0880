"""Signatures are those that Twilio's own validators compute."""

import pytest
from twilio.request_validator import RequestValidator

from gateway.http_api.facades.twilio.signing import signature
from redaction.personal import Secret

TOKEN = "0123456789abcdef0123456789abcdef"
FORM = {"MessageSid": "SM1", "To": "+966•••••••78", "SmsStatus": "sent", "Body": "", "From": "INTERKEY & co"}


@pytest.mark.parametrize(
    "url",
    ["https://a.example/in", "https://a.example:8443/in?x=1&y=%20", "https://a.example:443/", "http://127.0.0.1:80/"],
)
def test_the_validator_takes_the_signature_and_none_of_a_changed_form(url: str) -> None:
    validator, signed = RequestValidator(TOKEN), signature(Secret(TOKEN), url, FORM).decode()
    assert validator.validate(url, FORM, signed)
    assert not validator.validate(url + "x", FORM, signed)
    assert not RequestValidator(TOKEN[:-1] + "0").validate(url, FORM, signed)
    for name in FORM:
        assert not validator.validate(url, {**FORM, name: FORM[name] + "x"}, signed)

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from gateway.process.clock import ManualClock
from gateway.webhooks.signing import BadSecret, Signer, new_secret
from redaction.personal import Purpose, Secret


def headers_of(signer: Signer, body: bytes, timestamp_s: int) -> dict[str, str]:
    lines = signer.headers(b"msg_1", timestamp_s, body).decode().splitlines()
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}


def now_s() -> int:
    return int(datetime.now(UTC).timestamp())


@given(key=st.binary(min_size=24, max_size=64), text=st.text())
def test_the_reference_library_verifies_what_is_signed(key: bytes, text: str) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    body = json.dumps({"text": text}).encode()
    headers = headers_of(Signer([Secret(secret)]), body, now_s())
    assert Webhook(secret).verify(body, headers) == {"text": text}


def test_either_secret_verifies_while_they_are_rotated() -> None:
    old, new = new_secret(ManualClock().random), Secret("whsec_" + base64.b64encode(b"n" * 32).decode())
    body = b'{"type":"message.delivered"}'
    headers = headers_of(Signer([new, old]), body, now_s())
    for secret in (old, new):
        assert Webhook(secret.reveal(Purpose.CREDENTIAL)).verify(body, headers) == {"type": "message.delivered"}


def test_a_changed_body_does_not_verify() -> None:
    secret = new_secret(ManualClock().random)
    headers = headers_of(Signer([secret]), b"{}", now_s())
    with pytest.raises(WebhookVerificationError):
        Webhook(secret.reveal(Purpose.CREDENTIAL)).verify(b'{"x":1}', headers)


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_???", "c" * 44, "whsec_" + "A" * 96])
def test_a_malformed_secret_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(BadSecret) as refused:
        Signer([Secret(text)])
    assert not text[6:] or text[6:] not in str(refused.value)


def test_there_is_no_signing_without_a_secret() -> None:
    with pytest.raises(BadSecret):
        Signer([])


@pytest.mark.policy("P-03")
def test_a_signer_prints_without_its_keys() -> None:
    secret = new_secret(ManualClock().random)
    assert secret.reveal(Purpose.CREDENTIAL)[6:] not in repr(Signer([secret]))

import base64
import os

import pyotp
import pytest

from gateway.people.one_time import (
    DRIFT,
    RECOVERY_CODES,
    STEP_MS,
    new_recovery_codes,
    new_secret,
    recovery_key,
    setup_uri,
    step_of,
)
from redaction.personal import Purpose, Secret

NOW_MS = 1_800_000_015_000
SECRET = Secret(base64.b32encode(b"12345678901234567890").decode())
"""Of RFC 6238, appendix B."""


def code_at(now_ms: int, secret: Secret = SECRET) -> str:
    return pyotp.TOTP(secret.reveal(Purpose.CREDENTIAL)).at(now_ms // 1000)


@pytest.mark.parametrize(
    ("at_s", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(at_s: int, code: str) -> None:
    assert step_of(SECRET, code, at_s * 1000, -1) == at_s // 30


def test_a_code_is_taken_one_step_early_and_one_late() -> None:
    for drift in range(-4, 5):
        step = step_of(SECRET, code_at(NOW_MS + drift * STEP_MS), NOW_MS, 0)
        assert (step is not None) == (abs(drift) <= DRIFT)


def test_a_code_serves_once() -> None:
    step = step_of(SECRET, code_at(NOW_MS), NOW_MS, 0)
    assert step is not None
    assert step_of(SECRET, code_at(NOW_MS), NOW_MS, step) is None
    assert step_of(SECRET, code_at(NOW_MS - STEP_MS), NOW_MS, step) is None
    assert step_of(SECRET, code_at(NOW_MS + STEP_MS), NOW_MS, step) == step + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "0" * 6000])
def test_what_is_no_code_fits_no_step(code: str) -> None:
    assert step_of(SECRET, code, NOW_MS, 0) is None


def test_an_authenticator_reads_the_uri_and_gives_the_same_codes() -> None:
    secret = new_secret(os.urandom)
    uri = setup_uri(secret, Secret("nora@example.sa")).reveal(Purpose.CREDENTIAL)
    other = pyotp.parse_uri(uri)
    assert isinstance(other, pyotp.TOTP)
    assert step_of(secret, other.at(NOW_MS // 1000), NOW_MS, 0) == NOW_MS // STEP_MS


def test_recovery_codes_are_many_different_and_typed_as_one_likes() -> None:
    codes = [each.reveal(Purpose.CREDENTIAL) for each in new_recovery_codes(os.urandom)]
    assert len(set(codes)) == RECOVERY_CODES
    for code in codes:
        assert recovery_key(f" {code.lower()} ") == recovery_key(code.replace("-", ""))

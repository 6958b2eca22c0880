"""One-time passwords of an authenticator (RFC 6238, SHA-1, six digits, 30 s), and codes to recover with."""

import base64
import hmac
import re
from collections.abc import Callable
from typing import Final

import pyotp

from redaction.personal import Purpose, Secret

STEP_MS: Final = 30_000
DRIFT: Final = 1
"""Steps that the clock of a telephone may be ahead or behind."""
SECRET_OCTETS: Final = 20
RECOVERY_CODES: Final = 10
_RECOVERY_OCTETS: Final = 10
_CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)
ISSUER: Final = "Connect Gateway"


def new_secret(random: Callable[[int], bytes]) -> Secret:
    """In Base32, as authenticators take it."""
    return Secret(base64.b32encode(random(SECRET_OCTETS)).decode())


def setup_uri(secret: Secret, name: Secret) -> Secret:
    """What an authenticator reads as a QR code. name: what the account is called in its list."""
    totp = pyotp.TOTP(secret.reveal(Purpose.CREDENTIAL), issuer=ISSUER)
    return Secret(totp.provisioning_uri(name=name.reveal(Purpose.CREDENTIAL)))


def step_of(secret: Secret, code: str, now_ms: int, used_step: int) -> int | None:
    """Which step this code is of, within the drift and behind `used_step`; None for none of them.

    A code serves once: whoever takes it notes the step. All steps are compared, whichever fits.
    """
    totp = pyotp.TOTP(secret.reveal(Purpose.CREDENTIAL))
    typed = code if _CODE.fullmatch(code) else ""
    present = now_ms // STEP_MS
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step), typed) and step > used_step:
            found = step
    return found


def new_recovery_codes(random: Callable[[int], bytes]) -> list[Secret]:
    """Each of 80 bits, and for use once."""
    return [_spelled(base64.b32encode(random(_RECOVERY_OCTETS)).decode()) for _ in range(RECOVERY_CODES)]


def _spelled(letters: str) -> Secret:
    return Secret("-".join(letters[at : at + 4] for at in range(0, len(letters), 4)))


def recovery_key(code: str) -> Secret:
    """The one spelling of a code, however it was typed."""
    return Secret("".join(code.split()).replace("-", "").upper())

"""How Twilio signs a form that it posts: HMAC-SHA-1 over the URL as it was called, and the form's fields.

    url, and for each field name in order, for each of its values in order: name, value      → base64

SHA-1 is what receivers check; as a MAC it is sound (RFC 6194 §3.3). The key is the customer's own token.
"""

import binascii
import hmac
from collections.abc import Mapping
from typing import Final

from redaction.personal import Purpose, Secret

HEADER: Final = b"X-Twilio-Signature"


def signature(token: Secret, url: str, fields: Mapping[str, str]) -> bytes:
    """The header's value. url: with its query. fields: of the form, each given once."""
    signed = url + "".join(name + value for name, value in sorted(fields.items()))
    key = token.reveal(Purpose.CREDENTIAL).encode()
    return binascii.b2a_base64(hmac.digest(key, signed.encode(), "sha1"), newline=False)

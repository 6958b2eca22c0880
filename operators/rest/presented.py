"""Whether a request of an operator presents the secret, as its settings name it; compared in constant time."""

import base64
import binascii
import hashlib
import hmac
from urllib.parse import unquote

from aiohttp import web

from config.operators import RestCallback
from redaction.personal import Purpose, Secret


class Presented:
    """secret: never empty."""

    def __init__(self, settings: RestCallback, secret: Secret) -> None:
        self._auth = settings.auth
        self._name = settings.auth_name
        self._secret = secret.reveal(Purpose.CREDENTIAL).encode()

    def before_body(self, request: web.BaseRequest) -> bool:
        """By the head alone; a signature only has to be there."""
        match self._auth:
            case "bearer":
                return self._is(_credentials(request, "bearer"))
            case "basic":
                return hmac.compare_digest(_decoded(_credentials(request, "basic")), self._pair())
            case "header":
                return self._is(_octets(request.headers.get(self._name, "")))
            case "url":
                last = unquote(request.rel_url.raw_path.rpartition("/")[2])
                return self._is(_octets(request.query.get(self._name, "") if self._name else last))
            case "hmac":
                return self._name in request.headers

    def with_body(self, request: web.BaseRequest, body: bytes) -> bool:
        """By the signature of the body; of a GET, that of its query as it was written."""
        if self._auth != "hmac":
            return True
        signed = body if request.method == "POST" else _octets(request.raw_path.partition("?")[2])
        digest = hmac.new(self._secret, signed, hashlib.sha256).digest()
        shown = request.headers[self._name].strip().removeprefix("sha256=")
        hexadecimal, coded = digest.hex().encode(), base64.b64encode(digest)
        given = _octets(shown)
        return hmac.compare_digest(given.lower(), hexadecimal) or hmac.compare_digest(given, coded)

    def _is(self, given: bytes) -> bool:
        return hmac.compare_digest(given, self._secret)

    def _pair(self) -> bytes:
        return self._name.encode() + b":" + self._secret


def _credentials(request: web.BaseRequest, scheme: str) -> bytes:
    """Behind the scheme, which is of any case (RFC 9110 §11.1); empty for another one."""
    said, _, given = request.headers.get("Authorization", "").strip().partition(" ")
    return _octets(given.strip()) if said.lower() == scheme else b""


def _decoded(given: bytes) -> bytes:
    try:
        return base64.b64decode(given, validate=True)
    except binascii.Error:
        return b""


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

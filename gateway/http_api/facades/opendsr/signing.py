"""What a façade's answers are signed with: a certificate of the gateway's domain and its key, read at the start."""

from pathlib import Path
from typing import Final

from config.settings import HttpSettings
from redaction.body_signatures import BodySigner


class Signing:
    """domain: that answers name. certificate: PEM, for whoever checks them. Raises OSError and BadSigningKey."""

    def __init__(self, domain: str, certificate: bytes, key: bytes) -> None:
        self.domain: Final = domain
        self.certificate: Final = certificate
        self._signer = BodySigner(certificate, key)

    def headers(self, body: bytes) -> bytes:
        """Header lines, each with its line end."""
        signature = self._signer.sign(body)
        return f"X-OpenDSR-Processor-Domain: {self.domain}\r\nX-OpenDSR-Signature: {signature}\r\n".encode()


def signing_of(settings: HttpSettings) -> Signing | None:
    """None where the façade is off, or the settings name none. Raises as `Signing`."""
    own = settings.opendsr
    domain, certificate, key = own.domain, own.certificate, own.key
    if not settings.facades.opendsr or domain is None or certificate is None or key is None:
        return None
    return Signing(domain, Path(certificate).read_bytes(), Path(key).read_bytes())

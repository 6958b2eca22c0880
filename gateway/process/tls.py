"""TLS of the listeners: 1.2 or later (PRIVACY.md P-24), by certificates that may be renewed at any time."""

import ssl
from functools import partial

from operators.renewal import served


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Raises OSError and ssl.SSLError for files that are not usable."""
    return served(partial(_context, certificate, key), (certificate, key))


def _context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context

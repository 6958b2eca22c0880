"""TLS of the listeners: 1.2 or later (PRIVACY.md P-24), by certificates that may be renewed at any time."""

import ssl
from functools import partial

from operators.renewal import Renewal, serving


class Identity:
    """Who a listener says it is. context: of its connections, each of which is shown what the files hold then.

    Raises OSError and ssl.SSLError for files that are not usable.
    """

    def __init__(self, certificate: str, key: str) -> None:
        self._renewal = Renewal(partial(_context, certificate, key), (certificate, key))
        self.context = serving(self._renewal)

    def adopt(self, other: "Identity") -> None:
        """Be as `other`, which was made just now, for connections from now on."""
        self._renewal.follow(other._renewal)


def identity(certificate: str | None, key: str | None) -> Identity | None:
    """None where the listener speaks no TLS. Raises as `Identity`."""
    return None if certificate is None or key is None else Identity(certificate, key)


def _context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # a signature each time, over a connection that has its seat
    context.load_cert_chain(certificate, key)
    return context

"""TLS of the listeners: 1.2 or later (PRIVACY.md P-24), by certificates that may be renewed at any time."""

import ssl
from functools import partial
from typing import Final
from weakref import WeakKeyDictionary

from operators.renewal import served

_LIVE: Final[WeakKeyDictionary[ssl.SSLContext, tuple[str, str]]] = WeakKeyDictionary()
"""Contexts in use, and the files of each."""


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Raises OSError and ssl.SSLError for files that are not usable."""
    context = served(partial(_context, certificate, key), (certificate, key))
    _LIVE[context] = (certificate, key)
    return context


def _context(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def reload_certificates() -> int:
    """Connections from now on are shown what the files hold now; how many listeners that are.

    Raises as `tls_context`; then each goes on with what it has.
    """
    live = list(_LIVE.items())
    for _, files in live:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*files)
    for context, files in live:
        context.load_cert_chain(*files)
    return len(live)

"""What may be set of the listener that customers bind to."""

from typing import Annotated

import msgspec
from msgspec import Meta

from config.reload import REPLACED, RESTART

_Path = Annotated[str, Meta(min_length=1)]
_Seconds = Annotated[float, Meta(gt=0)]


class SmppServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The listener that customers bind to over SMPP; off unless it has a port."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.", extra=RESTART)] = "127.0.0.1"
    port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None,
        Meta(
            description="TCP port, by custom 2775; 0 lets the system choose, absent switches the listener off.",
            extra=RESTART,
        ),
    ] = None
    shared_port: Annotated[
        bool,
        Meta(description="Other processes of this user listen there too; `serve --workers` sets it.", extra=RESTART),
    ] = False
    tls_certificate: Annotated[
        _Path | None, Meta(description="PEM file of the certificate and its chain.", extra=REPLACED)
    ] = None
    tls_key: Annotated[_Path | None, Meta(description="PEM file of the certificate's private key.", extra=REPLACED)] = (
        None
    )
    tunnel: Annotated[
        bool,
        Meta(
            description="Binds come through a VPN or another tunnel; allows plain SMPP on a public address (P-24).",
            extra=RESTART,
        ),
    ] = False
    system_id: Annotated[
        str, Meta(min_length=1, max_length=15, description="Name that this side gives itself in bind responses.")
    ] = "connect-gateway"
    max_connections: Annotated[int, Meta(ge=1, description="Open connections; more are closed at once.")] = 1000
    max_connections_per_address: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Open connections of one address, or of one IPv6 /64; absent half of `max_connections`."),
    ] = None
    max_unbound: Annotated[
        int, Meta(ge=1, description="Connections that are not bound yet; the silent among them end for newcomers.")
    ] = 100
    max_unbound_per_address: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Of them, those of one address, or of one IPv6 /64; absent half of `max_unbound`."),
    ] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses or networks of TCP proxies, whose connections must begin with a PROXY protocol v2"
            " header; limits, lock-out and allowed networks go by the address that it tells.",
            extra=RESTART,
        ),
    ] = ()
    max_binds: Annotated[int, Meta(ge=1, description="Binds of one account at once, unless it has its own number.")] = 8
    window: Annotated[int, Meta(ge=1, le=10_000, description="Unanswered requests of one bind, in each direction.")] = (
        500
    )
    session_init_s: Annotated[_Seconds, Meta(description="Time in which a connection must be bound.")] = 10.0
    enquire_link_s: Annotated[
        _Seconds, Meta(description="Silence after which the peer is asked for a sign of life.")
    ] = 30.0
    inactivity_s: Annotated[
        _Seconds | None, Meta(description="Time without a request after which a bind is ended; absent never.")
    ] = None
    response_timeout_s: Annotated[_Seconds, Meta(description="Time in which the peer must answer a request.")] = 10.0
    refused_bind_pause_s: Annotated[
        float, Meta(ge=0, description="Pause before the connection of a refused bind is closed.")
    ] = 1.0
    lockout_failures: Annotated[
        int, Meta(ge=1, description="Wrong passwords for one account from one address before it is locked out.")
    ] = 5
    lockout_s: Annotated[
        _Seconds,
        Meta(description="How long it is locked out at the most: 5 s at first, doubled with each further wrong one."),
    ] = 300.0
    conceal_bind_faults: Annotated[
        bool, Meta(description="Answer ESME_RBINDFAIL instead of saying which of name and password was wrong.")
    ] = True
    long_passwords: Annotated[
        bool, Meta(description="Allow passwords of up to 64 characters, which SMPP 3.4 does not.")
    ] = False

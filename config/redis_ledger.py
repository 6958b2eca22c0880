"""What may be set of the ledger that many nodes share."""

from typing import Annotated

import msgspec
from msgspec import Meta

from config.secret import SecretRef


class RedisSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Redis or Valkey of engine `redis`, and how nodes share it."""

    url: Annotated[
        str,
        Meta(
            description="`redis://host:6379/0`, `redis+sentinel://host1,host2/service` or "
            "`redis+cluster://host1,host2`; `rediss` for TLS, which any other machine needs."
        ),
    ] = ""
    user: Annotated[str, Meta(description="ACL user; empty for the default user.")] = ""
    password: Annotated[SecretRef, Meta(description="Its password.")] = SecretRef()
    sentinel_password: Annotated[
        SecretRef, Meta(description="Password of the sentinels; with `rediss` it goes over TLS.")
    ] = SecretRef()
    tls_ca: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="PEM file of the authority that signed the server's certificate."),
    ] = None
    tunnel: Annotated[bool, Meta(description="The way to the server is protected otherwise; allows plain.")] = False
    prefix: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,32}$", description="First part of every key, one per installation.")
    ] = "cg"
    partitions: Annotated[
        int, Meta(ge=1, le=256, description="Parts that nodes share; never changed once messages are stored.")
    ] = 64
    lease_s: Annotated[
        float, Meta(ge=1, le=60, description="Silence after which a node's partitions are another's.")
    ] = 6
    patience_s: Annotated[float, Meta(gt=0, description="How long a write is repeated before it is refused.")] = 5
    timeout_s: Annotated[float, Meta(gt=0, description="Time for one answer.")] = 5
    replicas: Annotated[
        int, Meta(ge=0, le=8, description="Replicas that must have a write before it counts as durable.")
    ] = 0
    max_clock_skew_s: Annotated[float, Meta(gt=0, description="Largest difference from the server's clock.")] = 1

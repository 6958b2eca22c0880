"""Traces of messages for OpenTelemetry."""

from typing import Annotated

import msgspec
from msgspec import Meta


class TracingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Traces over OTLP/HTTP, of ids, operators and times alone; needs the extra `tracing`. No endpoint: none."""

    endpoint: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^\s@]+$", max_length=2048)] | None,
        Meta(description="URL of the collector with its path; `http` to this machine only, or `tunnel`."),
    ] = None
    ratio: Annotated[float, Meta(ge=0, le=1, description="Part of the messages that is traced, by their ids.")] = 0.01
    ca_file: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="Private CA of the collector; unset trusts those of the system."),
    ] = None
    tunnel: Annotated[bool, Meta(description="The way there is private; allows `http` to another machine.")] = False
    timeout_s: Annotated[float, Meta(gt=0, le=60, description="Time for one request; what fails is dropped.")] = 10.0

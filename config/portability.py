"""Which network a number is at now, as a service says that is asked over HTTP."""

from typing import Annotated

import msgspec
from msgspec import Meta

from config.secret import SecretRef


class PortabilitySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Numbers that took their subscriber to another network, for routes that name `networks`. No url: nobody is asked,
    and routes go by prefix. The service is given the number and nothing else.
    """

    url: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^\s@]+$", max_length=2048)] | None,
        Meta(description='Asked by `POST` with `{"number": "+966…"}`; `http` to this machine only, or `tunnel`.'),
    ] = None
    token: Annotated[SecretRef, Meta(description="Bearer token for the service.")] = SecretRef()
    prefixes: Annotated[
        tuple[Annotated[str, Meta(pattern="^[0-9]{1,15}$")], ...],
        Meta(description="Leading digits of the numbers that are asked about, no plus sign."),
    ] = ("9665",)
    timeout_s: Annotated[
        float, Meta(gt=0, le=5, description="How long a message waits for the answer; then it goes by prefix.")
    ] = 0.5
    connections: Annotated[int, Meta(ge=1, le=64, description="Questions under way at a time, by each process.")] = 8
    waiting: Annotated[
        int, Meta(ge=1, le=100_000, description="Questions that wait beyond those; what is more goes by prefix.")
    ] = 1000
    cache_s: Annotated[
        float, Meta(ge=0, le=86_400, description="How long an answer is known, by the number's pseudonym, in memory.")
    ] = 21_600.0
    cache_entries: Annotated[int, Meta(ge=1, le=10_000_000, description="Answers that are known, at most.")] = 100_000
    ca_file: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="Private CA of the service; unset trusts those of the system."),
    ] = None
    tunnel: Annotated[bool, Meta(description="The way there is private; allows `http` to another machine.")] = False

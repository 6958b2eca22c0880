"""An operator in memory, for trials."""

from typing import Annotated

from msgspec import Meta

from config.operators.link import LinkSettings


class LoopbackOperatorSettings(LinkSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="loopback"):
    """An operator in memory, for trials: it takes every message and sends a receipt for it."""

    window: Annotated[int, Meta(ge=1, le=10_000, description="Messages unanswered at once.")] = 256

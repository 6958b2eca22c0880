"""What may be set about webhooks. Units end the names; every number bounds something."""

from dataclasses import dataclass

from config.settings import WebhookSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """timeout_s: from connecting to the end of the answer. max_connections: open at once, to all endpoints.

    connections_per_endpoint: open at once to one host, and requests at once for one customer. retry_schedule_s: pauses
    after the first, second… failure; the last one repeats. disable_after_s: how long an endpoint fails without a single
    success before it is disabled. allow_loopback: loopback addresses, and plain http to them, for development.
    plain_hosts: names to which plain http may go.
    max_inflight: events in memory at once; the rest waits in the ledger. poll_s: how often the ledger is asked for
    events that fall due. ca_file: authorities beside those of the system.
    """

    timeout_s: float = 10.0
    max_connections: int = 400
    connections_per_endpoint: int = 32
    retry_schedule_s: tuple[float, ...] = (5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200)
    disable_after_s: float = 259_200.0
    allow_loopback: bool = False
    plain_hosts: frozenset[str] = frozenset()
    max_inflight: int = 2000
    poll_s: float = 1.0
    ca_file: str | None = None


def delivery_settings(settings: WebhookSettings) -> DeliverySettings:
    return DeliverySettings(
        timeout_s=settings.timeout_s,
        max_connections=settings.max_connections,
        connections_per_endpoint=settings.connections_per_endpoint,
        retry_schedule_s=tuple(settings.retry_schedule_s),
        disable_after_s=settings.disable_after_s,
        allow_loopback=settings.allow_loopback,
        plain_hosts=frozenset(settings.plain_hosts),
        max_inflight=settings.max_inflight,
        ca_file=settings.ca_file,
    )

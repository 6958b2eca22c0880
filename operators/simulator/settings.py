"""How a simulated SMSC is set up."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from operators.smpp.session import SessionSettings

_SESSION: Final = SessionSettings(window=1000, inbound=100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """seed: of what is drawn. clock: seconds of wall time, for the dates in receipts.

    receipt_tries: how often a receipt is sent until it is acknowledged, `receipt_retry_s` apart.

    receipts_waiting: receipts kept while no bind can take them; beyond it the oldest go.
    """

    host: str = "127.0.0.1"
    seed: int = 0
    clock: Callable[[], float] = time.time
    session: SessionSettings = _SESSION
    receipt_tries: int = 5
    receipt_retry_s: float = 1.0
    receipts_waiting: int = 1_000_000
    refused_bind_pause_s: float = 0.2

"""The customer's side over SMPP: how a bench makes a generator of binds, and what its binds were told."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.child import Child
from benchmarks.requests import Lot
from benchmarks.targets import GatewayTarget

SETTINGS = "[smpp_server]\nport = 0\n"


class Binds(msgspec.Struct, frozen=True, kw_only=True):
    """count: binds. window: unanswered submit_sm of each. receipts: ask for them."""

    count: int = 4
    window: int = 100
    receipts: bool = True

    def generator(self, target: GatewayTarget, account: Any, lot: Lot, rate_per_s: float, path: Path) -> Child:
        """A generator whose binds stand and whose messages are prepared."""
        there = msgspec.structs.replace(lot, port=target.stage.smpp_port, secret=account["password"])
        job = {
            "lot": msgspec.to_builtins(there),
            "system_id": account["system_id"],
            "binds": self.count,
            "window": self.window,
            "receipts": self.receipts,
            "rate_per_s": rate_per_s,
            "path": str(path),
        }
        return Child("benchmarks.smpp_load", job)


class News:
    """What binds were told so far: the first moment and the number of times, by id."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.times: Counter[str] = Counter()

    def read(self, path: Path) -> None:
        for line in path.read_text(encoding="ascii").splitlines():
            name, moment = line.split()
            self.first.setdefault(name, float(moment))
            self.times[name] += 1

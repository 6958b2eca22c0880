"""An operator in memory, and the template for the next kind: settings in `config.operators`, a package like this."""

from operators.loopback.client import LoopbackOperator, deliver_all, take_all

__all__ = ["LoopbackOperator", "deliver_all", "take_all"]

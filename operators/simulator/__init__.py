"""An SMSC for tests, benchmarks and demonstrations: it takes messages, sends receipts, and misbehaves to order.

It speaks through the same session as the gateway, so tests of conformance need another peer as well. One heap and one
timer carry every delay. What happens to each message is drawn from a seeded generator.
"""

from operators.simulator.faults import Faults, IdForm, ReceiptForm
from operators.simulator.onlooker import Onlooker
from operators.simulator.running import run
from operators.simulator.settings import SimulatorSettings
from operators.simulator.simulator import Simulator
from operators.simulator.tally import Tally
from operators.simulator.wording import Receipt, write_id

__all__ = [
    "Faults",
    "IdForm",
    "Onlooker",
    "Receipt",
    "ReceiptForm",
    "Simulator",
    "SimulatorSettings",
    "Tally",
    "run",
    "write_id",
]

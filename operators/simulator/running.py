"""A simulated SMSC as a program of its own."""

import asyncio
from collections.abc import Callable

from operators.simulator.faults import Faults
from operators.simulator.settings import SimulatorSettings
from operators.simulator.simulator import Simulator


async def run(
    port: int,
    faults: Faults | None = None,
    *,
    system_id: str = "gateway",
    password: str = "secret",  # noqa: S107  the peer is a toy
    settings: SimulatorSettings | None = None,
    started: Callable[[Simulator], None] | None = None,
) -> None:
    """Simulate until cancelled. started: called once it listens. Raises OSError when the port is taken."""
    simulator = Simulator(port, system_id=system_id, password=password, faults=faults, settings=settings)
    await simulator.start()
    try:
        if started is not None:
            started(simulator)
        await asyncio.get_running_loop().create_future()
    finally:
        await simulator.stop()

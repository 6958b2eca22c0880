"""The platform's own key: what is sealed about no customer and no person, such as why somebody paused an operator."""

from gateway.keystore.store import Keystore
from gateway.process.clock import Clock
from redaction.keys import PLATFORM, KeyState


async def ensure_platform(store: Keystore, clock: Clock) -> None:
    """Make it durable, unless it is there, while the loop goes on. Raises LedgerUnavailable."""

    def make(state: KeyState) -> None:
        state.ensure_customer(PLATFORM, clock.random, now_ms=clock.now_ms())

    if PLATFORM not in store.state.customers():
        await store.update_apart(make, destroys=False)

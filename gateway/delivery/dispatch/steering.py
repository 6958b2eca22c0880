"""Carries out what is wanted of the operators: on their lanes, on their links, and on all sending.

A lane is paused by what stands in front of its link, and sending as a whole by a word that is asked when a lane is
moved; so neither costs a message anything.
"""

from typing import Final

from gateway.control.follower import Desired
from gateway.control.wanted import AS_USUAL, OperatorWanted
from gateway.delivery.dispatch.lanes import Lane, Lanes
from gateway.delivery.dispatch.send import Sender
from gateway.process.logs import logger
from operators.base import Operator

log = logger("gateway.delivery")


class Steering:
    """Of this process's lanes."""

    def __init__(self, lanes: Lanes, sender: Sender) -> None:
        self._lanes: Final = lanes
        self._sender = sender
        self._desired = Desired()
        self._applied: dict[str, tuple[Operator, OperatorWanted]] = {}

    def again(self) -> None:
        """There is another lane, or another link in one: what holds already holds for it, too."""
        self.apply(self._desired)

    def apply(self, desired: Desired) -> None:
        """To be called with what holds, whenever it changed."""
        self._desired = desired
        if self._sender.is_held == desired.dispatching:
            self._sender.hold(held=not desired.dispatching)
            log.info("dispatch_on" if desired.dispatching else "dispatch_off")
        for name, lane in self._lanes.by_name.items():
            wanted = desired.operators.get(name, AS_USUAL)
            link, before = self._applied.get(name, (None, AS_USUAL))
            if link is not lane.link:
                before = OperatorWanted(rebinds=wanted.rebinds)  # it is new, and so are its binds
            if link is None or wanted != before:
                self._steer(lane, before, wanted)
            self._applied[name] = lane.link, wanted

    def _steer(self, lane: Lane, before: OperatorWanted, wanted: OperatorWanted) -> None:
        name, paused = lane.link.name, wanted.state == "paused"
        lane.is_draining = wanted.state == "draining"
        lane.reroute_to = wanted.reroute_to if paused else ""
        if paused and not lane.is_paused:
            self._sender.pause(lane)
            log.info("operator_paused", operator=name)
        elif lane.is_paused and not paused:
            self._sender.resume(lane)
            log.info("operator_resumed", operator=name)
        anew = wanted.rebinds != before.rebinds
        if anew or wanted.throughput_per_s != before.throughput_per_s:
            lane.link.steer(per_s=wanted.throughput_per_s, anew=anew)
            log.info("operator_steered", operator=name)
        self._lanes.wake.set()

"""Those who see messages arrive: the SMSC, and the endpoint where there is one. They say when they have all."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.child import Child, Line, Silence

QUIET_S: Final = 30.0
"""Once all is answered, what was not followed to its end when nothing came for so long is lost."""

Watch = Callable[[str, int, int, int], None]
"""Called a few times a second: what is under way, messages of it, submitted so far, recorded so far."""
Progress = Callable[[Sequence[int]], None]
"""Called a few times a second with what the SMSC has counted: submitted, recorded."""


def progress(watch: Watch, name: str, messages: int, before: int) -> Progress:
    """For somebody who watches a window. before: submit_sm of earlier ones."""

    def tell(counted: Sequence[int]) -> None:
        submitted, recorded = counted
        watch(name, messages, max(0, submitted - before), max(0, recorded - before))

    return tell


class Followers:
    """Of one window. hooks: the endpoint, where there is one."""

    def __init__(self, smsc: Child, hooks: Child | None, tell: Progress) -> None:
        self._smsc = smsc
        self._hooks = hooks
        self._tell = tell
        self._seen: object = None
        self._since = 0.0

    def begin(self, submits: int, messages: int) -> None:
        """What they are to wait for, since the run began."""
        self._smsc.say({"until": submits})
        if self._hooks is not None:
            self._hooks.say({"until": messages})

    def hear(self, child: Child, limit_s: float) -> Line:
        """What somebody says next, while who watches is told."""
        return child.hear(self._look, limit_s)

    def ends(self, limit_s: float) -> list[float]:
        """When each had all. Raises Silence when nothing comes any more."""
        self._since = time.monotonic()
        return [float(each.hear(self._look_for_more, limit_s)["reached"]) for each in self._children()]

    def _children(self) -> list[Child]:
        return [self._smsc] if self._hooks is None else [self._smsc, self._hooks]

    def _look(self) -> None:
        if self._smsc.samples:
            self._tell(self._smsc.samples[-1][1:3])

    def _look_for_more(self) -> None:
        self._look()
        seen = [each.samples[-1][1:3] for each in self._children() if each.samples]
        if seen != self._seen:
            self._seen, self._since = seen, time.monotonic()
        elif time.monotonic() - self._since > QUIET_S:
            raise Silence(f"nothing more came for {QUIET_S:.0f} s")

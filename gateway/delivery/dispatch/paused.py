"""An operator that is paused, as its lane sees it: down, without room. The link stands, and what it brings is taken.

A lane has this in the place of its link, so that a message costs the same whether operators can be paused or not.
"""

from collections.abc import Callable, Sequence

from operators.base import EventSink, MtMessage, Operator, OperatorHealth, Query


class Paused:
    """link: the one that is paused."""

    def __init__(self, link: Operator) -> None:
        self._link = link

    @property
    def name(self) -> str:
        return self._link.name

    async def start(self, sink: EventSink) -> None:
        await self._link.start(sink)

    async def stop(self, deadline_s: float) -> None:
        await self._link.stop(deadline_s)

    def is_up(self) -> bool:
        return False

    def room(self) -> int:
        return 0

    def submit(self, message: MtMessage) -> int:
        """Nobody asks without room."""
        return self._link.submit(message)

    def doubt(self, is_meant: Callable[[object], bool], waited_s: float) -> int:
        return self._link.doubt(is_meant, waited_s)

    def acknowledge(self, handles: Sequence[object], taken: bool) -> None:
        self._link.acknowledge(handles, taken)

    def reject(self, handles: Sequence[object]) -> None:
        self._link.reject(handles)

    def query(self, asked: Query) -> bool:
        return self._link.query(asked)

    def steer(self, *, per_s: float | None, anew: bool) -> None:
        self._link.steer(per_s=per_s, anew=anew)

    def health(self) -> OperatorHealth:
        return self._link.health()

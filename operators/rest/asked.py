"""What an operator was asked over HTTP and has not answered: by request, and by the reference that a receipt names."""

from collections.abc import Callable

from operators.base import MtMessage


class Asked:
    """Times in seconds from any origin. known_as: a message's reference, '' for none."""

    def __init__(self) -> None:
        self._since: dict[int, tuple[MtMessage, str, float]] = {}
        self._named: dict[str, MtMessage] = {}
        self._doubted: set[int] = set()

    def begin(self, message: MtMessage, known_as: str, now: float) -> None:
        """Its request leaves. One of the same reference that is in doubt is not found by it any more."""
        self._since[id(message)] = message, known_as, now
        if known_as:
            self._named[known_as] = message

    def end(self, message: MtMessage) -> bool:
        """Its request is over; False when a receipt has settled it before."""
        _, known_as, _ = self._since.pop(id(message))
        is_named = self._is_named(message, known_as)
        if is_named and known_as:
            del self._named[known_as]
        return is_named or id(message) in self._doubted

    def reported(self, named: str) -> MtMessage | None:
        """A receipt names a message that is asked for: whoever reports of it has taken it."""
        return self._named.pop(named, None)

    def doubt(self, is_meant: Callable[[object], bool], before: float) -> list[tuple[MtMessage, str]]:
        """Messages that are meant, asked for by then, and in doubt from here on; with their references."""
        doubted: list[tuple[MtMessage, str]] = []
        for message, known_as, since in self._since.values():
            is_open = self._is_named(message, known_as) and id(message) not in self._doubted
            if since <= before and is_open and is_meant(message.token):
                self._doubted.add(id(message))
                doubted.append((message, known_as))
        return doubted

    def settle(self, message: MtMessage) -> bool:
        """Its fate is known now; whether it was in doubt before."""
        late = id(message) in self._doubted
        self._doubted.discard(id(message))
        return late

    def _is_named(self, message: MtMessage, known_as: str) -> bool:
        return not known_as or self._named.get(known_as) is message

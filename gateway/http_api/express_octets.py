"""What a connection of the express lane has brought and no request has taken. Pure: octets in, requests out.

Requests are found by their offset. Octets are copied once when a request takes its body, and once more when a request
lies across two reads; how many requests wait behind it changes nothing.
"""

from gateway.http_api.express_head import Odd, Partial, Usual, UsualReader


class Octets:
    """waiting: octets that no request has taken. needed: of them, without which the first request is not complete."""

    __slots__ = ("_at", "_front", "_more", "needed", "waiting")

    def __init__(self) -> None:
        self._front = b""
        self._at = 0
        self._more: list[bytes] = []
        self.waiting = 0
        self.needed = 0

    def put(self, data: bytes) -> None:
        """What one read brought."""
        if self.waiting:
            self._more.append(data)
        else:
            self._front, self._at = data, 0
        self.waiting += len(data)

    def first(self, reader: UsualReader) -> Usual | Odd | Partial:
        """What stands at the front."""
        found = reader.read(self._front, self._at)
        if isinstance(found, Partial):
            if self._more and self.waiting >= found.needed:
                self._join()
                found = reader.read(self._front)
            if isinstance(found, Partial):
                self.needed = found.needed
        return found

    def take(self, usual: Usual) -> bytes:
        """The body of the request at the front, which is taken with it."""
        body = self._front[usual.start : usual.end]
        self.waiting -= usual.end - self._at
        self.needed = 0
        self._at = usual.end
        if not self.waiting:
            self._front = b""
        return body

    def rest(self) -> bytes:
        """All that is not taken."""
        self._join()
        return self._front

    def _join(self) -> None:
        self._front = b"".join((self._front[self._at :], *self._more))
        self._at = 0
        self._more.clear()

"""How a request of ours looks beside its address, its headers and its body."""

from typing import Final

_LINES: Final = b"User-Agent: Connect-Gateway\r\nAccept: */*\r\n"


class Shape:
    """media: of the body; b"" for a request that has none. lines: header lines that all such requests have."""

    __slots__ = ("has_body", "lines", "method")

    def __init__(self, method: bytes, media: bytes = b"") -> None:
        self.method: Final = method
        self.has_body: Final = bool(media)
        self.lines: Final = _LINES + (b"Content-Type: %b\r\n" % media if media else b"")


JSON_POST: Final = Shape(b"POST", b"application/json")
FORM_POST: Final = Shape(b"POST", b"application/x-www-form-urlencoded; charset=utf-8")
GET: Final = Shape(b"GET")

"""The custodian's listener: one path, a token, TLS; few callers at a time, and nothing else."""

import hmac
import socket
import ssl
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from threading import BoundedSemaphore
from typing import Any, Final

import msgspec

from gateway.custodian.answering import LARGEST, answer
from gateway.custodian.folder import CustodianFailed, CustodianKeyUnknown, Folder, QuestionUnreadable, TooManyNumbers
from gateway.process.clock import Clock

PATH: Final = "/v1/answers"
TIMEOUT_S: Final = 10
CALLERS: Final = 4
"""At one time; who comes beyond that is closed at once."""
_REFUSALS: Final[dict[type[CustodianFailed], tuple[int, str]]] = {
    TooManyNumbers: (429, "too_many_numbers"),
    QuestionUnreadable: (400, "question_unreadable"),
    CustodianKeyUnknown: (409, "custodian_key_unknown"),
}
_DIGITS: Final = 10


class _Listener(ThreadingHTTPServer):
    """handshakes: whether connections speak TLS, which each does in its own thread."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None):
        super().__init__(address, handler)
        self._context = context
        self._room = BoundedSemaphore(CALLERS)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Raises OSError where there is no room: then the connection is closed."""
        connection, address = super().get_request()
        if not self._room.acquire(blocking=False):
            connection.close()
            raise OSError("too many callers")
        connection.settimeout(TIMEOUT_S)
        if self._context is None:
            return connection, address
        try:
            return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address
        except OSError:
            self._room.release()
            raise

    def shutdown_request(self, request: Any) -> None:
        try:
            super().shutdown_request(request)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a caller that breaks off is its own affair, and what it sent stands nowhere."""


def custodian_server(
    folder: Folder, clock: Clock, address: tuple[str, int], context: ssl.SSLContext | None
) -> ThreadingHTTPServer:
    """Bound; `serve_forever` serves. context: of TLS. Raises OSError."""

    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT_S
        protocol_version = "HTTP/1.1"

        def __init__(self, request: Any, client_address: Any, server: BaseServer) -> None:
            super().__init__(request, client_address, server)

        def do_POST(self) -> None:
            self.close_connection = True
            if self.path != PATH:
                self._say(404, _problem("not_found"))
            elif not _is_allowed(folder, self.headers.get("Authorization", "")):
                self._say(401, _problem("unauthorized"))
            else:
                self._answer(self.headers.get("Content-Length", ""))

        def _answer(self, length: str) -> None:
            if not length.isascii() or not length.isdigit() or len(length) > _DIGITS or int(length) > LARGEST:
                self._say(413, _problem("too_large"))
                return
            try:
                self._say(200, answer(folder, self.rfile.read(int(length)), clock.now_ms()))
            except CustodianFailed as failed:
                status, code = _REFUSALS.get(type(failed), (500, "custodian_unreadable"))
                self._say(status, _problem(code))

        def _say(self, status: int, octets: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, format: str, *values: object) -> None:
            """Nothing: the book says what was asked."""

    return _Listener(address, Handler, context)


def _is_allowed(folder: Folder, header: str) -> bool:
    token = folder.read().token
    shown = sha256(header.removeprefix("Bearer ").encode("utf-8", "surrogateescape")).hexdigest()
    return bool(token) and header.startswith("Bearer ") and hmac.compare_digest(token, shown)


def _problem(code: str) -> bytes:
    return msgspec.json.encode({"code": code})

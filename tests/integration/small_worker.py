"""A worker for the supervisor's tests: `python -m tests.integration.small_worker NUMBER DESCRIPTOR FOLDER`.

It listens on the socket that it is given, says what FOLDER/metrics holds, and ends at SIGTERM with the code in
FOLDER/code-NUMBER; `deaf` ends at SIGKILL only. FOLDER/unready-NUMBER: it is not ready. FOLDER/broken: it does not
start. Its process id is in FOLDER/pid-NUMBER once it listens.
"""

import os
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    folder: Path
    number: str

    def do_GET(self) -> None:
        ready = not (self.folder / f"unready-{self.number}").exists()
        body = (self.folder / "metrics").read_bytes() if self.path == "/metrics" else b"{}"
        self.send_response(503 if self.path == "/readyz" and not ready else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main(number: str, descriptor: int, folder: Path) -> None:
    if (folder / "broken").exists():
        raise SystemExit(3)
    code_file = folder / f"code-{number}"
    wanted = code_file.read_text() if code_file.exists() else "0"
    handler = signal.SIG_IGN if wanted == "deaf" else lambda *_: os._exit(int(wanted))
    signal.signal(signal.SIGTERM, handler)
    Handler.folder, Handler.number = folder, number
    server = HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket = socket.socket(fileno=descriptor)
    (folder / f"pid-{number}.new").write_text(str(os.getpid()))
    (folder / f"pid-{number}.new").rename(folder / f"pid-{number}")
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))

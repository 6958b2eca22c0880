"""The listener of a witness: one path, small requests, nothing else."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from gateway.audit.checkpoint import NUMBER
from gateway.audit.witness import LONGEST, Answer, Witness
from redaction.notes import read_verifier_key

PATH: Final = "/add-checkpoint"
TIMEOUT_S: Final = 10


def witness_server(
    folder: Path, name: str, logs: list[str], host: str, port: int, *, ml_dsa: bool = False
) -> tuple[Witness, ThreadingHTTPServer]:
    """Bound; `serve_forever` serves. Raises BadNote, OSError."""
    witness = Witness(folder, name, [read_verifier_key(each) for each in logs], lambda: int(time.time()), ml_dsa=ml_dsa)

    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT_S
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != PATH or not NUMBER.fullmatch(length) or int(length) > LONGEST:
                self.close_connection = True
                self._say(Answer(404 if self.path != PATH else 413))
                return
            self._say(witness.add_checkpoint(self.rfile.read(int(length))))

        def _say(self, answer: Answer) -> None:
            octets = answer.text.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, format: str, *values: object) -> None:
            """Nothing: addresses of who asks are nobody's business."""

    return witness, ThreadingHTTPServer((host, port), Handler)

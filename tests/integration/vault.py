"""A stand-in that speaks the transit API of Vault and OpenBao as far as a root slot uses it, with keys of its own.

Written from their public API pages: create, read, rotate, configure and trim a key; encrypt and decrypt under versions.
`requests` counts calls. At call number `cut_at` the connection is cut, before or after the call had its effect.
"""

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "stand-in-token-canary"


class Key:
    """Versions of one transit key; version 1 is there from the start."""

    def __init__(self) -> None:
        self.versions = {1: os.urandom(32)}
        self.min_decryption_version = 1
        self.min_encryption_version = 0
        self.min_available_version = 0

    @property
    def latest(self) -> int:
        return max(self.versions)


class Vault:
    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.requests = 0
        self.cut_at = 0
        self.cut_after = False
        self.status = 200
        self.url = ""

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What the API says; its effect has happened when this returns."""
        if self.status != 200:
            return self.status, {"errors": ["as told"]}
        verb, _, rest = path.removeprefix("/v1/transit/").partition("/")
        name, _, action = rest.partition("/")
        if verb == "keys":
            return self._keys(method, name, action, body)
        key = self.keys.get(name)
        if key is None:
            return 400, {"errors": ["encryption key not found"]}
        return self._encrypt(key, body) if verb == "encrypt" else self._decrypt(key, body)

    def _keys(self, method: str, name: str, action: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if not action and method == "POST":
            self.keys.setdefault(name, Key())
        key = self.keys[name]
        if action == "rotate":
            key.versions[key.latest + 1] = os.urandom(32)
        elif action == "config":
            if max(body.values()) > key.latest:
                return 400, {"errors": ["cannot set a minimum above the latest version"]}
            key.min_decryption_version = body["min_decryption_version"]
            key.min_encryption_version = body["min_encryption_version"]
        elif action == "trim":
            return self._trim(key, body["min_available_version"])
        return 200, {"data": self._shown(key)}

    @staticmethod
    def _trim(key: Key, version: int) -> tuple[int, dict[str, Any]]:
        if not key.min_encryption_version or version > min(key.min_decryption_version, key.min_encryption_version):
            return 400, {"errors": ["min_available_version is above a minimum, or a minimum is not set"]}
        key.min_available_version = version
        key.versions = {each: value for each, value in key.versions.items() if each >= version}
        return 204, {}

    @staticmethod
    def _shown(key: Key) -> dict[str, Any]:
        return {
            "latest_version": key.latest,
            "min_decryption_version": key.min_decryption_version,
            "min_encryption_version": key.min_encryption_version,
            "min_available_version": key.min_available_version,
            "supports_encryption": True,
        }

    @staticmethod
    def _encrypt(key: Key, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        version = body.get("key_version") or key.latest
        if version not in key.versions or version < key.min_encryption_version:
            return 400, {"errors": ["requested version for encryption is not allowed"]}
        nonce = os.urandom(12)
        sealed = AESGCM(key.versions[version]).encrypt(nonce, base64.b64decode(body["plaintext"]), None)
        return 200, {"data": {"ciphertext": f"vault:v{version}:{base64.b64encode(nonce + sealed).decode()}"}}

    @staticmethod
    def _decrypt(key: Key, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        _, version_text, text = body["ciphertext"].split(":")
        version = int(version_text[1:])
        if version < key.min_decryption_version or version not in key.versions:
            return 400, {"errors": ["ciphertext or signature version is disallowed by policy (too old)"]}
        raw = base64.b64decode(text)
        try:
            plaintext = AESGCM(key.versions[version]).decrypt(raw[:12], raw[12:], None)
        except Exception:
            return 400, {"errors": ["invalid ciphertext: unable to decrypt"]}
        return 200, {"data": {"plaintext": base64.b64encode(plaintext).decode()}}


@contextmanager
def running_vault() -> Iterator[Vault]:
    """Listening on this machine until the end."""
    vault = Vault()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            vault.requests += 1
            cut = vault.requests == vault.cut_at
            if cut and not vault.cut_after:
                self.close_connection = True
                return
            if self.headers.get("X-Vault-Token") != TOKEN:
                status, answer = 403, {"errors": ["permission denied"]}
            else:
                status, answer = vault.answer(self.command, self.path, json.loads(body or b"{}"))
            if cut:
                self.close_connection = True
                return
            content = b"" if status == 204 else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _handle  # noqa: N815  names that the base class looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    vault.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield vault
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""Mistakes that everybody makes once: one clear line with a code, exit code 1, and no traceback."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.integration.file_places import FILES
from tests.integration.key_places import PERSISTENT
from tests.integration.valkey_server import Valkey, free_port, running
from tests.verbs import run_verb

ADD: Final = ("customer", "add", "--name", "Example", "--sender", "EXAMPLE")
"""Begins an installation."""
PLACES: Final = FILES + "http.port = 0\nmetrics.enabled = false\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with running(tmp_path_factory.mktemp("valkey"), *PERSISTENT) as server:
        yield server


class Mistaken:
    """Settings in a folder, and what a verb says with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "gateway.toml"
        self.environ: dict[str, str] = {}
        self.settings.write_text(PLACES.format(folder), encoding="utf-8")

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        environ, words = {**os.environ, **self.environ}, (*words, "--config", str(self.settings))
        return run_verb(words, environ)

    def says(self, *words: str) -> str:
        """The one line."""
        done = self.run(*words)
        assert done.returncode == 1, done.stderr
        (line,) = done.stderr.splitlines()
        return line.removeprefix("connect-gateway: ").replace(str(self.folder), "…")

    def on_redis(self, url: str, **more: str) -> None:
        words = {"ENGINE": "redis", "REDIS__URL": url, **more}
        self.environ |= {f"CONNECT_GATEWAY__LEDGER__{name}": value for name, value in words.items()}


@pytest.fixture
def mistaken(tmp_path: Path) -> Mistaken:
    return Mistaken(tmp_path)


def test_settings_that_are_not_there(mistaken: Mistaken) -> None:
    mistaken.settings.unlink()
    assert mistaken.says("serve") == "…/gateway.toml: No such file or directory [unreadable]"


def test_a_key_that_does_not_exist(mistaken: Mistaken) -> None:
    mistaken.settings.write_text("[http]\nprot = 1\n", encoding="utf-8")
    said = mistaken.says("serve")
    assert re.fullmatch(r'.*gateway.toml:2: http.prot: unknown key, did you mean "port"\? \[unknown_key\]', said)


def test_a_port_that_is_taken(mistaken: Mistaken) -> None:
    assert mistaken.run(*ADD).returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        mistaken.environ["CONNECT_GATEWAY__HTTP__PORT"] = str(port)
        said = mistaken.says("serve")
    assert str(port) in said
    assert said.endswith("address already in use [address_in_use]")


@pytest.mark.parametrize("verb", [("serve",), ("customer", "list")])
def test_a_ledger_that_is_none(mistaken: Mistaken, verb: tuple[str, ...]) -> None:
    (mistaken.folder / "data").mkdir()
    (mistaken.folder / "data" / "ledger.db").write_text("no database " * 100, encoding="utf-8")
    assert mistaken.says(*verb) == "…/data/ledger.db: not a ledger, or damaged: SQLITE_NOTADB [ledger_corrupt]"


@pytest.mark.parametrize("writer", ["loop", "process"])
def test_a_folder_that_is_a_file(mistaken: Mistaken, writer: str) -> None:
    (mistaken.folder / "data").touch()
    mistaken.environ["CONNECT_GATEWAY__LEDGER__WRITER"] = writer
    assert mistaken.says("serve") == "…/data/ledger.db: File exists [store_unavailable]"


def test_a_root_of_another_store(mistaken: Mistaken) -> None:
    assert mistaken.run(*ADD).returncode == 0
    root = mistaken.folder / "apart" / "root.key"
    root.write_text("ab" * 32 + "\n", encoding="ascii")
    assert mistaken.says("serve") == (
        "the key store does not open with the root in its slot; they do not belong together [keystore_lost]"
    )
    root.write_bytes(b"\xff\x00")
    assert mistaken.says("serve") == "the root slot does not hold a root key in hex [keystore_lost]"


def test_a_server_that_is_not_there(mistaken: Mistaken) -> None:
    mistaken.on_redis(f"redis://127.0.0.1:{free_port()}")
    for verb in (("serve",), ("customer", "list")):
        said = mistaken.says(*verb)
        assert said == "the ledger's server cannot be reached (ConnectionError) [store_unavailable]"


def test_a_server_that_does_not_allow_what_is_needed(mistaken: Mistaken, server: Valkey) -> None:
    server.ask("ACL", "SETUSER", "weak", "on", ">secret", "~*", "+@read", "+ping")
    mistaken.environ["LEDGER_PASSWORD"] = "secret"
    mistaken.settings.write_text(
        PLACES.format(mistaken.folder)
        + f'[ledger.redis]\nurl = "{server.url}"\nuser = "weak"\npassword = {{ env = "LEDGER_PASSWORD" }}\n',
        encoding="utf-8",
    )
    mistaken.environ["CONNECT_GATEWAY__LEDGER__ENGINE"] = "redis"
    said = mistaken.says("serve")
    assert said == "the ledger's server does not allow this user what a ledger needs [store_unavailable]"
    mistaken.environ["LEDGER_PASSWORD"] = "wrong"
    assert mistaken.says("serve") == "the ledger's server refuses this user or password [store_unavailable]"
    del mistaken.environ["LEDGER_PASSWORD"]
    said = mistaken.says("serve")
    assert said == "environment variable LEDGER_PASSWORD is not set or empty [secret_missing]"


def test_a_customer_that_is_not_there(mistaken: Mistaken) -> None:
    assert mistaken.run(*ADD).returncode == 0
    assert mistaken.says("key", "add", "7") == "no customer has the id 7 [unknown_customer]"


@pytest.mark.case("faults-10")
def test_too_few_open_files_are_one_line_and_no_start(tmp_path: Path) -> None:
    mistaken = Mistaken(tmp_path)
    words = f"ulimit -n 24; exec {sys.executable} -m gateway serve --config {mistaken.settings}"
    done = subprocess.run(["/bin/sh", "-c", words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("[descriptors_too_few]")
    assert len(done.stderr.strip().splitlines()) == 1

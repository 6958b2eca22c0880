"""The search in a server's keys, in a process's memory and through the command line, each against the real thing."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from gateway.tools.leakscan import Files, ScanImpossible, scan_sources
from gateway.tools.leakscan_memory import Memory
from gateway.tools.leakscan_redis import RedisKeys
from tests.integration.valkey_server import valkey

CANARY = "canary of a message 4711"
NUMBER = "+966537319440"

Plant = Callable[[Any], object]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def client(server: str) -> Iterator[Any]:
    with redis.Redis.from_url(server) as client:
        client.flushall()
        client.slowlog_reset()
        yield client


def test_an_empty_server_is_clean_and_keeps_nothing_of_the_control(server: str, client: Any) -> None:
    report = scan_sources([RedisKeys(server)], [CANARY])
    assert report.clean
    assert client.dbsize() == 0


@pytest.mark.policy("P-05")
@pytest.mark.parametrize(
    ("plant", "place"),
    [
        (lambda it: it.set("k", b"x" * 100 + CANARY.encode("utf-16-le")), "db0 k"),
        (lambda it: it.set(f"to:{CANARY}", 1), "(name)"),
        (lambda it: it.hset("h", "field", f"..{CANARY}"), "hash"),
        (lambda it: it.hset("h", f"..{CANARY}", 1), "hash"),
        (lambda it: it.rpush("l", *[b"x"] * 2_500, CANARY), "list, item 2500"),
        (lambda it: it.sadd("s", CANARY), "set"),
        (lambda it: it.zadd("z", {CANARY: 1}), "zset"),
        (lambda it: [it.xadd("x", {"f": "v"}) for _ in range(1_100)] and it.xadd("x", {"f": CANARY}), "stream"),
    ],
    ids=["string", "name", "hash value", "hash field", "list", "set", "sorted set", "stream"],
)
def test_a_value_is_found_in_every_type_of_key(server: str, client: Any, plant: Plant, place: str) -> None:
    plant(client)
    report = scan_sources([RedisKeys(server)], [NUMBER, CANARY])
    assert report.control_found
    assert {leak.canary for leak in report.leaks} == {1}
    assert any(place in leak.path for leak in report.leaks)
    assert CANARY not in repr(report) or place == "(name)"


def test_other_databases_are_searched_too(server: str, client: Any) -> None:
    with redis.Redis.from_url(server, db=5) as other:
        other.set("k", CANARY)
    assert scan_sources([RedisKeys(server)], [CANARY]).leaks[0].path.startswith("db5 ")


def test_a_long_string_is_read_in_windows_and_its_offset_is_right(server: str, client: Any) -> None:
    client.set("k", bytes((8 << 20) - 5) + CANARY.encode() + bytes(100))
    found = {(leak.form, leak.offset) for leak in scan_sources([RedisKeys(server)], [CANARY]).leaks}
    assert ("utf-8", (8 << 20) - 5) in found


def test_the_slow_log_is_searched(server: str, client: Any) -> None:
    client.config_set("slowlog-log-slower-than", 0)
    client.get(CANARY)
    client.config_set("slowlog-log-slower-than", 10_000)
    assert any("slow log" in leak.path for leak in scan_sources([RedisKeys(server)], [CANARY]).leaks)


def test_a_password_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with valkey(tmp_path, password="s3cret-of-the-server") as url:
        with pytest.raises(ScanImpossible, match="AuthenticationError"):
            scan_sources([RedisKeys(url)], [CANARY])
        monkeypatch.setenv("REDISCLI_AUTH", "s3cret-of-the-server")
        assert scan_sources([RedisKeys(url)], [CANARY]).clean


def test_no_server_is_one_clear_line() -> None:
    with pytest.raises(ScanImpossible, match="ConnectionError"):
        scan_sources([RedisKeys("redis://127.0.0.1:1")], [CANARY])


@contextlib.contextmanager
def holder(value: bytes) -> Iterator[int]:
    """A process that has `value` in memory and nowhere else."""
    program = "import sys; held = sys.stdin.buffer.read(); print(flush=True); __import__('signal').pause()"
    words = [sys.executable, "-I", "-c", program]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(value)
        process.stdin.close()
        process.stdout.readline()
        yield process.pid
        process.kill()


linux = pytest.mark.skipif(sys.platform != "linux", reason="memory of other processes is read from /proc")


@linux
@pytest.mark.policy("P-05")
def test_what_a_process_holds_is_found_in_its_memory() -> None:
    with holder(b"\0noise " + CANARY.encode("utf-16-be") + b" noise") as pid:
        report = scan_sources([Memory(pid)], [NUMBER, CANARY])
    assert report.control_found
    assert {(leak.canary, leak.form) for leak in report.leaks} == {(1, "utf-16be")}


@linux
def test_the_memory_of_a_process_that_never_saw_it_is_clean() -> None:
    with holder(b"nothing") as pid:
        assert scan_sources([Memory(pid)], [CANARY]).clean


@linux
def test_no_process_is_one_clear_line() -> None:
    with pytest.raises(ScanImpossible, match="cannot be read"):
        scan_sources([Memory(2**22 + 1)], [CANARY])


def command(*words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "gateway", "leakscan", *map(str, words)]
    return subprocess.run(arguments, input=stdin, capture_output=True, text=True, check=False)


def test_the_command_finds_what_lies_in_a_file_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "some.log").write_bytes(b"-" * 50 + CANARY.encode().hex().encode())
    done = command(tmp_path, "--json", stdin=f"{NUMBER}\n{CANARY}\n")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert (report["clean"], report["control_found"]) == (False, True)
    found = {"place": str(tmp_path / "some.log"), "offset": 50, "line": 2, "form": "utf-8 hex"}
    assert found in report["leaks"]
    assert CANARY not in done.stdout + done.stderr


def test_the_command_is_content_with_a_clean_place(tmp_path: Path, server: str, client: Any) -> None:
    values = tmp_path / "values"
    values.write_text(CANARY, encoding="utf-8")
    (tmp_path / "data").mkdir()
    with holder(b"nothing") as pid:
        done = command(tmp_path / "data", "--redis", server, "--pid", pid, "--canaries", values)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "clean" in done.stdout


@pytest.mark.parametrize(("words", "stdin"), [((), CANARY), (("/tmp",), "\n \n")])
def test_the_command_refuses_a_search_for_nothing_or_nowhere(words: tuple[str, ...], stdin: str) -> None:
    done = command(*words, stdin=stdin)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_what_cannot_be_read_is_said_and_is_not_clean(tmp_path: Path) -> None:
    report = scan_sources([Files([tmp_path / "missing"])], [CANARY])
    assert (report.control_found, report.unread, report.clean) == (True, 1, False)

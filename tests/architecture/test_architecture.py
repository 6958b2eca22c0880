"""The house keeps its shape: import rules, names, sizes of functions, and what the repository may not say."""

import ast
import importlib
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "redaction", "operators", "gateway", "benchmarks")
P90_LIMIT = 25
LONGEST_LIMIT = 60


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]


def functions() -> Iterator[tuple[str, int]]:
    """Every function with its lines of code: no docstring, blank lines or comments."""
    for path in sources():
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                first = body[0].lineno if body else node.lineno
                last = node.end_lineno or node.lineno
                code = [line for line in lines[first - 1 : last] if line.strip() and not line.strip().startswith("#")]
                yield f"{path.relative_to(ROOT)}:{node.name}", len(code)


def test_the_import_rules_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_functions_are_small() -> None:
    sizes = sorted(functions(), key=lambda each: each[1])
    p90 = sizes[len(sizes) * 9 // 10][1]
    too_long = [each for each in sizes if each[1] > LONGEST_LIMIT]
    assert p90 <= P90_LIMIT, f"p90 is {p90} lines"
    assert not too_long


@pytest.mark.parametrize("name", PACKAGES[:4])
def test_no_other_distribution_owns_our_names(name: str) -> None:
    owners = {owner.lower() for owner in importlib.metadata.packages_distributions().get(name, ["connect-gateway"])}
    assert owners == {"connect-gateway"}


def test_our_packages_load_from_one_root() -> None:
    roots = {Path(str(importlib.import_module(name).__file__)).resolve().parents[1] for name in PACKAGES[:4]}
    assert len(roots) == 1


@pytest.mark.parametrize(
    ("module", "homes"),
    [
        ("cryptography", {"redaction/seal.py", "redaction/keys.py", "redaction/primitives/pure.py"}),
        # leakscan searches any server for leaks; the load tests ask a server what it holds
        (
            "redis",
            {
                "benchmarks/shared.py",
                "gateway/ledger/redis/",
                "gateway/keystore/redis.py",
                "gateway/tools/leakscan_redis.py",
            },
        ),
        ("hiredis", {"gateway/ledger/redis/connections.py"}),
    ],
)
def test_a_library_is_imported_in_its_own_place_only(module: str, homes: set[str]) -> None:
    pattern = re.compile(rf"^\s*(import|from) {module}\b", re.MULTILINE)
    users = {str(path.relative_to(ROOT)) for path in sources() if pattern.search(path.read_text(encoding="utf-8"))}
    assert {each for each in users if not each.startswith(tuple(home for home in homes if home.endswith("/")))} <= homes


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.stat().st_size and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None
    ]
    assert not silent


TASKS = {
    "gateway/process/tasks.py": "the owner of all others says for each what its death means",
    "gateway/node/node.py": "waits for the word to stop",
    "operators/smpp/links.py": "contained: a link that ends, of whatever, is made again",
    "operators/rest/client.py": "contained: an error is the one message's, and its worker goes on",
    "gateway/http_api/express_send.py": "contained: answered as any request that fails",
    "gateway/ledger/sqlite/file.py": "contained: a log that was not copied now is copied later",
    "gateway/ledger/sqlite/writer_process.py": "contained: each call is answered with its error",
    "gateway/workers/__main__.py": "contained: whoever asks workers takes no answer for an answer",
    "gateway/workers/supervisor.py": "contained: a worker that cannot be started is started later",
    "gateway/workers/worker.py": "waits for one worker, and ends with it",
    "benchmarks/smsc.py": "of a load test",
}
"""Where tasks are started, and what it means that one dies."""
FATAL = {
    "gateway/node/node.py",
    "gateway/ledger/redis/leases.py",
    "gateway/ledger/sqlite/writer_moving.py",
}
"""Where tasks are started whose death ends the node, or whoever watches them; see `gateway.process.tasks`."""


def users_of(pattern: str) -> set[str]:
    found = re.compile(pattern)
    return {str(path.relative_to(ROOT)) for path in sources() if found.search(path.read_text(encoding="utf-8"))}


def test_tasks_are_started_in_known_places_only() -> None:
    """Every task is owned: `create_task` stands where somebody keeps and stops what it starts."""
    assert users_of(r"\b(create_task|ensure_future)\(") == set(TASKS)


def test_tasks_whose_death_is_fatal_are_started_in_known_places_only() -> None:
    assert users_of(r"\b_?tasks\.start\b") == FATAL

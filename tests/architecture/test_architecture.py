"""The house keeps its shape: import rules, names, sizes of functions, and what the repository may not say."""

import ast
import importlib
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Container, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.bounds import LIMIT_S

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "redaction", "operators", "gateway", "benchmarks")
P90_LIMIT = 20
LONGEST_LIMIT = 60
# Of a class: its lines of code and its methods. Of a constructor: its parameters. Of a module: those of ours it needs.
LIMITS = {"lines": 250, "methods": 25, "parameters": 8, "imports": 30}

TOO_LARGE_TODAY: set[str] = set()

CYCLES_TODAY: set[frozenset[str]] = set()

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def sources() -> dict[Path, ast.Module]:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def code_of(path: Path) -> list[bool]:
    """For each line, whether it is code: neither blank nor a comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [bool(line.strip()) and not line.strip().startswith("#") for line in lines]


def lines_of_code(path: Path, node: ast.stmt, first: int) -> int:
    """From a line to the end of what the node is."""
    return sum(code_of(path)[first - 1 : node.end_lineno])


def functions() -> Iterator[tuple[str, int]]:
    """Every function with its lines of code: no docstring, blank lines or comments."""
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, Function):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                first = body[0].lineno if body else node.lineno
                yield f"{path.relative_to(ROOT)}:{node.name}", lines_of_code(path, node, first)


def class_lines(path: Path, node: ast.ClassDef) -> int:
    """Lines of code, without the docstrings in it."""
    documented = (each for each in ast.walk(node) if isinstance(each, Function | ast.ClassDef))
    docstrings = (each.body[0] for each in documented if ast.get_docstring(each) is not None)
    return lines_of_code(path, node, node.lineno) - sum(lines_of_code(path, each, each.lineno) for each in docstrings)


def class_sizes() -> Iterator[tuple[str, int]]:
    for path, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                name = f"{path.relative_to(ROOT)}:{node.name}"
                methods = [each for each in node.body if isinstance(each, Function)]
                yield f"{name} lines", class_lines(path, node)
                yield f"{name} methods", len(methods)
                for made in (each.args for each in methods if each.name == "__init__"):
                    yield f"{name} parameters", len([*made.posonlyargs, *made.args, *made.kwonlyargs]) - 1


@cache
def module_imports() -> dict[str, set[str]]:
    """Which modules of ours each of them imports: at its top, for types only, or inside a function."""
    names = {module_name(path): tree for path, tree in sources().items()}
    return {name: set(imported(tree, names.keys())) - {name} for name, tree in names.items()}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(tree: ast.Module, ours: Container[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in ours)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for each in node.names:
                inner = f"{node.module}.{each.name}"
                if inner in ours:
                    yield inner
                elif node.module in ours:
                    yield node.module


def cycles(graph: dict[str, set[str]]) -> set[frozenset[str]]:
    """Groups of modules, each of which is reached from each other one of its group."""
    reached = {name: reachable(graph, name) for name in graph}
    groups = {name: frozenset(each for each in reached[name] if name in reached[each]) for name in graph}
    return {group for group in groups.values() if group}


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """What is imported from here, by whatever way; the start itself only if a way leads back."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found


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


def test_classes_constructors_and_imports_are_small() -> None:
    sizes = dict(class_sizes())
    sizes |= {f"{name} imports": len(each) for name, each in module_imports().items()}
    too_large = {name: size for name, size in sizes.items() if size > LIMITS[name.rsplit(" ", 1)[1]]}
    assert {name: too_large[name] for name in too_large.keys() - TOO_LARGE_TODAY} == {}
    assert TOO_LARGE_TODAY - too_large.keys() == set(), "small enough by now: take these off the list"


def test_no_modules_import_each_other() -> None:
    found = cycles(module_imports())
    assert found - CYCLES_TODAY == set()
    assert CYCLES_TODAY - found == set(), "gone by now: take these off the list"


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
        (
            "cryptography",
            {
                "redaction/body_signatures.py",
                "redaction/custodian.py",
                "redaction/keys_at_rest.py",
                "redaction/notes.py",
                "redaction/primitives/pure.py",
                "redaction/seal.py",
                "redaction/segments.py",
                "redaction/stop_links.py",
            },
        ),
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


def test_accounts_are_written_in_one_place_only() -> None:
    """Read, change and write again, over what was read: whoever writes by himself undoes what others did meanwhile."""
    writes = re.compile(r"\.(save_customer|save_key|save_esme|save_endpoint|delete_endpoint)\(")
    users = {str(path.relative_to(ROOT)) for path in sources() if writes.search(path.read_text(encoding="utf-8"))}
    homes = {"gateway/accounts/administration.py", "gateway/tools/ledger_copy.py"}
    assert {each for each in users if not each.startswith("gateway/ledger/")} == homes


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path, tree in sources().items()
        if path.stat().st_size and ast.get_docstring(tree) is None
    ]
    assert not silent


TASKS = {
    "gateway/process/tasks.py": "the owner of all others says for each what its death means",
    "gateway/node/node.py": "waits for the word to stop",
    "operators/smpp/links.py": "contained: a link that ends, of whatever, is made again",
    "operators/entrance.py": "contained: of one connection on its way in, which ends with it",
    "operators/rest/client.py": "contained: an error is the one message's, and its worker goes on",
    "gateway/ledger/redis/cluster_lines.py": "waits for where the slots are; whoever asks gets the error",
    "gateway/ledger/sqlite/log_copies.py": "contained: a log that was not copied now is copied later",
    "gateway/ledger/sqlite/writer_process.py": "contained: each call is answered with its error",
    "gateway/workers/__main__.py": "contained: whoever asks workers takes no answer for an answer",
    "gateway/workers/supervisor.py": "contained: a worker that cannot be started is started later",
    "gateway/workers/worker.py": "waits for one worker, and ends with it",
    "operators/simulator/scripted.py": "contained: one connection of a peer to try things with, which `stop` awaits",
    "gateway/http_api/facades/taking.py": "waits for one message of many, and is awaited with the others",
    "benchmarks/smsc.py": "of a load test",
    "benchmarks/sick.py": "of a load test, which ends with them",
    "benchmarks/fairness.py": "of a load test, which ends with them",
    "benchmarks/reloading.py": "of a load test, which ends with them",
    "benchmarks/floods.py": "of a load test, whose process ends with them",
}
"""Where tasks are started, and what it means that one dies."""
FATAL = {
    "gateway/node/fronts.py",
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


def test_tests_wait_long_enough_for_a_busy_machine() -> None:
    """What must happen is waited for with `tests.bounds.LIMIT_S`; a few seconds pass without it when others work."""
    hasty = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in (ROOT / "tests").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in ("asyncio.timeout", "asyncio.wait_for")
        and isinstance(limit := call.args[-1], ast.Constant)
        and isinstance(limit.value, int | float)
        and 1 <= limit.value < LIMIT_S  # below a second somebody looks whether nothing comes
    ]
    assert not hasty

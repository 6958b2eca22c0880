"""Which sources are measured, on which machine, and by how many runs at once."""

import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks import checkout
from benchmarks.checkout import HERE, alone, demand_same, differing
from benchmarks.compare import compare, left_out
from benchmarks.machine import describe, differences, is_steady, now
from benchmarks.truth import Wrong
from tests.unit.benchmarks.windows import MACHINE, report, result


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another checkout: the same sources, but for what a test changes."""
    for package in checkout.PACKAGES:
        for path in (HERE / package).rglob("*.py"):
            there = tmp_path / path.relative_to(HERE)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())
    return tmp_path


@pytest.mark.case("loadtest-3")
def test_a_build_of_other_sources_is_refused_by_name(other: Path) -> None:
    python = Path(sys.executable)
    assert differing(python, other) == []
    (other / "gateway" / "model" / "message.py").write_text("changed = True\n", encoding="utf-8")
    (other / "operators" / "more.py").write_text("", encoding="utf-8")
    assert differing(python, other) == ["gateway/model/message.py", "operators/more.py"]
    with pytest.raises(Wrong, match=r"other sources \(gateway/model/message\.py, operators/more\.py\)"):
        demand_same(python, other)


@pytest.mark.case("loadtest-7")
def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    with alone(tmp_path / "data"), pytest.raises(Wrong, match="another load test"), alone(tmp_path / "data"):
        pytest.fail("both run")
    with alone(tmp_path / "data"):
        pass
    with pytest.raises(Wrong, match="cannot be written: No such file"), alone(tmp_path / "nowhere" / "data"):
        pytest.fail("there is no such folder")


def test_a_build_that_does_not_load_is_told_of(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    python.chmod(0o700)
    with pytest.raises(Wrong, match="does not load"):
        differing(python, HERE)


@pytest.mark.case("loadtest-5")
@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"cpu": "another"}, "processor"),
        ({"cores": 4}, "cores"),
        ({"python": "3.14.0"}, "Python"),
        ({"system": "Linux 7"}, "system"),
        ({"file_system": "tmpfs"}, "file system"),
        ({"settings": {"CONNECT_GATEWAY__LOG__LEVEL": "debug"}}, "settings"),
    ],
)
def test_what_two_machines_differ_in_is_named(changes: dict[str, object], what: str) -> None:
    (found,) = differences(MACHINE, msgspec.structs.replace(MACHINE, **changes))
    assert found.startswith(f"{what} ")
    assert differences(MACHINE, MACHINE) == []


def test_a_machine_that_took_longer_for_the_same_loop_is_not_steady() -> None:
    assert is_steady(MACHINE, msgspec.structs.replace(MACHINE, reference_us=(2.4, 9.0)))
    assert not is_steady(MACHINE, msgspec.structs.replace(MACHINE, reference_us=(2.6, 9.0)))


@pytest.mark.case("loadtest-5")
def test_builds_are_compared_only_when_that_is_asked_for() -> None:
    before, after = report(result(build="interpreted")), report(result(build="compiled"))
    assert compare(before, after) == []
    assert left_out(before, after) == ["http, gateway on sqlite: interpreted then, compiled now"]
    assert compare(before, after, anyway=True)


@pytest.mark.case("loadtest-5")
def test_a_report_says_where_and_how_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECT_GATEWAY__LOG__LEVEL", "debug")
    for name in ("LEDGER__REDIS__PASSWORD", "OPERATORS__NORTH__HEADERS", "KEYSTORE__ROOT__PASSPHRASE", "SENDERS__KEY"):
        monkeypatch.setenv(f"CONNECT_GATEWAY__{name}", "Bearer hidden" if name.endswith("HEADERS") else "hidden")
    monkeypatch.setattr(sys, "argv", ["benchmarks", "throughput"])
    machine = describe(now(), 2.0, tmp_path)
    assert machine.arguments == ["throughput"]
    assert machine.settings["CONNECT_GATEWAY__LOG__LEVEL"] == "debug"
    assert "hidden" not in repr(machine.settings)
    assert machine.settings["CONNECT_GATEWAY__LEDGER__REDIS__PASSWORD"] == "set"
    assert machine.cores
    assert machine.memory_gb
    assert machine.file_system
    assert machine.sync_ms

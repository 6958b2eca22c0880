"""Whatever Python installs the pins finds a pin for each package that it asks for, since pip refuses the rest."""

import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
LANGUAGE = "Programming Language :: Python :: "
PYTHONS = [each.removeprefix(LANGUAGE) for each in PROJECT["classifiers"] if each.startswith(LANGUAGE)]
PINS = {
    "constraints.txt": PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"],
    "constraints-runtime.txt": PROJECT["dependencies"],
}


def applies(requirement: Requirement, python: str, extra: str = "") -> bool:
    """Whether the first release of this Python (3.12: 3.12.0) has to follow the requirement."""
    asked = {"python_version": python, "python_full_version": f"{python}.0", "extra": extra}
    return requirement.marker is None or requirement.marker.evaluate(asked)


def pinned(name: str, python: str) -> dict[str, Version]:
    """The versions that this Python takes from a file of pins, by package."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = [Requirement(line.rstrip("\\ ")) for line in lines if line[:1].isalnum()]
    return {
        canonicalize_name(each.name): Version(next(iter(each.specifier)).version)
        for each in found
        if applies(each, python)
    }


def asked_by(package: Requirement, python: str) -> Iterator[Requirement]:
    """What a package asks for on this Python; of one that is not installed here, nothing is known."""
    try:
        lines = requires(package.name) or []
    except PackageNotFoundError:
        return
    for each in map(Requirement, lines):
        if any(applies(each, python, extra) for extra in ("", *package.extras)):
            yield each


def all_asked(first: list[str], python: str) -> Iterator[Requirement]:
    """These requirements and those of what they name, and so on."""
    seen = set()
    waiting = [each for each in map(Requirement, first) if applies(each, python)]
    while waiting:
        each = waiting.pop()
        if str(each) not in seen:
            seen.add(str(each))
            waiting += asked_by(each, python)
            yield each


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", PINS)
def test_every_python_finds_a_pin_for_what_it_is_asked_for(name: str, python: str) -> None:
    pins = pinned(name, python)
    asked = list(all_asked(PYPROJECT["build-system"]["requires"] + PINS[name], python))
    assert len(asked) > len(PINS[name])
    missing = [
        f"{each} ({version})"
        for each in asked
        if (version := pins.get(canonicalize_name(each.name))) is None or version not in each.specifier
    ]
    assert missing == []


def test_the_oldest_python_that_is_named_is_the_oldest_that_may_install() -> None:
    allowed = SpecifierSet(PROJECT["requires-python"])
    oldest = min(PYTHONS, key=Version)
    assert f"{oldest}.0" in allowed
    assert f"3.{Version(oldest).minor - 1}.99" not in allowed


@pytest.mark.parametrize("name", ["README.md", "Makefile"])
def test_the_oldest_python_is_told_to_who_installs(name: str) -> None:
    assert f"Python {min(PYTHONS, key=Version)} or newer" in (ROOT / name).read_text(encoding="utf-8")

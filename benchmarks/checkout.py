"""Which sources a run measures, and that no other run in the same checkout destroys what it needs."""

import fcntl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.truth import Wrong

PACKAGES: Final = ("config", "redaction", "operators", "gateway")
HERE: Final = Path(__file__).resolve().parents[1]
SHOWN: Final = 3
_WHERE: Final = "import gateway, pathlib; print(pathlib.Path(gateway.__file__).parents[1])"


def version_of(sources: Path) -> str:
    """As git tells; '' where there is no git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(sources), "describe", "--always", "--dirty"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def differing(python: Path, sources: Path) -> list[str]:
    """Modules that the environment of this interpreter has otherwise than the checkout `sources`, or only one has.

    Raises Wrong where it has none that load.
    """
    done = subprocess.run([str(python), "-P", "-c", _WHERE], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Wrong("the compiled build does not load; `make compiled` makes it anew")
    built = Path(done.stdout.strip())
    if built == sources.resolve():
        return []
    ours, theirs = _modules(sources), _modules(built)
    return [name for name in sorted(ours | theirs) if name not in ours & theirs or _differs(sources, built, name)]


def demand_same(python: Path, sources: Path) -> None:
    """Raises Wrong where a build was made of other sources than those that its results would name."""
    names = differing(python, sources)
    if names:
        some = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        raise Wrong(f"the compiled build was made of other sources ({some}); `make compiled` makes it anew")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While this lasts no other run uses the folder. Raises Wrong at once where one does."""
    path = folder.with_name(folder.name + ".lock")
    try:
        file = path.open("a")
    except OSError as error:
        raise Wrong(f"{path} cannot be written: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Wrong(f"another load test runs in this folder ({folder} is its own); wait for it") from None
        yield


def _modules(root: Path) -> set[str]:
    return {
        str(path.relative_to(root))
        for package in PACKAGES
        for path in (root / package).rglob("*.py")
        if "__pycache__" not in path.parts
    }


def _differs(one: Path, other: Path, name: str) -> bool:
    return (one / name).read_bytes() != (other / name).read_bytes()

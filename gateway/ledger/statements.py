"""Named SQL statements in files of their own: `-- name: x` begins a statement, the next name ends it."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType

_MARK = "-- name: "


def named_statements(package: str, file: str) -> Mapping[str, str]:
    """Every statement of a file by its name, without comments. Raises ValueError for a name given twice."""
    statements: dict[str, str] = {}
    for name, sql in _sections(files(package).joinpath(file).read_text("utf-8")):
        if name in statements:
            raise ValueError(f"two statements are named {name}")
        statements[name] = sql
    return MappingProxyType(statements)


def script(package: str, file: str) -> tuple[str, ...]:
    """The statements of a schema file in order; each ends a line with its semicolon."""
    text = _uncommented(files(package).joinpath(file).read_text("utf-8"))
    return tuple(part.strip() for part in text.split(";\n") if part.strip())


def _sections(text: str) -> Iterator[tuple[str, str]]:
    for section in ("\n" + text).split("\n" + _MARK)[1:]:
        name, _, body = section.partition("\n")
        yield name.strip(), _uncommented(body).strip()


def _uncommented(text: str) -> str:
    return "".join(line + "\n" for line in text.splitlines() if not line.startswith("--"))

"""Named SQL statements in files of their own: `-- name: x` begins a statement, the next name ends it."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import count
from string import Template
from types import MappingProxyType

_MARK = "-- name: "


def named_statements(package: str, file: str, parts: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Every statement of a file by its name, without comments. parts: what stands in a statement for `$name`.

    Raises ValueError for a name given twice, and KeyError for a part that is not given.
    """
    statements: dict[str, str] = {}
    for name, sql in _sections(files(package).joinpath(file).read_text("utf-8")):
        if name in statements:
            raise ValueError(f"two statements are named {name}")
        statements[name] = sql if parts is None else Template(sql).substitute(parts)
    return MappingProxyType(statements)


def script(package: str, file: str) -> tuple[str, ...]:
    """The statements of a schema file in order; each ends a line with its semicolon."""
    text = _uncommented(files(package).joinpath(file).read_text("utf-8"))
    return tuple(part.strip() for part in text.split(";\n") if part.strip())


def schema_steps(package: str, stem: str) -> Mapping[int, tuple[str, ...]]:
    """What makes version n of a schema out of version n - 1: `stem.sql` the first, `stem_2.sql` the next, and so on."""
    steps: dict[int, tuple[str, ...]] = {}
    for version in count(1):
        file = f"{stem}.sql" if version == 1 else f"{stem}_{version}.sql"
        if not files(package).joinpath(file).is_file():
            break
        steps[version] = script(package, file)
    return MappingProxyType(steps)


def _sections(text: str) -> Iterator[tuple[str, str]]:
    for section in ("\n" + text).split("\n" + _MARK)[1:]:
        name, _, body = section.partition("\n")
        yield name.strip(), _uncommented(body).strip()


def _uncommented(text: str) -> str:
    return "".join(line + "\n" for line in text.splitlines() if not line.startswith("--"))

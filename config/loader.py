"""Reads the settings: TOML files, then the environment over them, then the checks between them.

Either one file that may hold everything, or a directory with some of `gateway.toml`, `operators.toml` and
`retention.toml`. Without any file the defaults hold: the gateway listens on this machine only, has no operators, and
accepts and holds messages. All problems are gathered and reported together; none repeats a value.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from config.anchoring import anchored, left_behind, with_stores
from config.checks import check, check_dates
from config.environment import Overlay
from config.lines import key_lines
from config.missing_secrets import missing_secrets
from config.problems import ENVIRONMENT, ConfigError, Origin, Origins, Problem, Severity, suggestion
from config.problems import Path as KeyPath
from config.retention import DEFAULT_RETENTION, fill_rules, missing_keys
from config.settings import Settings
from config.shape import Shape

FILES: Final = ("gateway.toml", "operators.toml", "retention.toml")
_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_LEFT_BEHIND: Final = (
    "paths are relative to the settings file: there is nothing at this one, and something at the same path in the "
    "working directory; move it, or write the path out in full"
)
_HARMLESS: Final = re.compile(r"(?:[A-Za-z ,/-]|'[=\]]')+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found. `settings` is None when any problem is an error."""

    settings: Settings | None
    problems: tuple[Problem, ...]


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings from a file or a directory, or the defaults for None. Raises ConfigError with all problems."""
    examination = examine(path, environ)
    if examination.settings is None:
        raise ConfigError(examination.problems)
    return examination.settings


def examine(
    path: Path | None, environ: Mapping[str, str], *, secrets: bool = False, today: date | None = None
) -> Examination:
    """The settings with every problem, warnings too. Never raises for what the settings say.

    secrets: look whether those that are named are there. today: look what has ended by then.
    """
    document = _Document()
    for file in document.files(path):
        document.read(file)
    overlay = Overlay(Settings, document.keys, document.places)
    overlay.apply(environ)
    folder = _folder(path)
    settings, problems = _settle(document, overlay, folder)
    if not problems and folder != Path():
        for key in left_behind(settings, folder, document.places):
            problems.append(Origins(document.places).problem(key, "left_behind", _LEFT_BEHIND))
    if secrets:
        problems += missing_secrets(settings, Origins(document.places), environ)
    if today is not None:
        problems += check_dates(settings, today, Origins(document.places))
    problems = sorted(document.problems + overlay.problems + problems, key=_place)
    has_errors = any(problem.severity is Severity.ERROR for problem in problems)
    return Examination(settings=None if has_errors else settings, problems=tuple(problems))


def _place(problem: Problem) -> tuple[bool, bool, str, int]:
    """Files first, line by line; then the environment; then the defaults."""
    return not problem.file, problem.file == ENVIRONMENT, problem.file, problem.line


def _folder(path: Path | None) -> Path:
    """Where relative paths begin; the working directory is Path()."""
    if path is None:
        return Path()
    folder = path if path.is_dir() else path.parent
    return Path() if folder.resolve() == Path().resolve() else folder


def _settle(document: "_Document", overlay: Overlay, folder: Path) -> tuple[Settings, list[Problem]]:
    """The settings made from what fits, and the problems of shape and of the checks on sound sections."""
    origins = Origins(document.places)
    shape = Shape(origins)
    fitting = shape.fit(Settings, document.keys)
    _fill_retention(fitting, shape)
    settings = with_stores(msgspec.convert(fitting, Settings), folder, document.places)
    if document.problems:
        return settings, shape.problems
    return settings, shape.problems + check(settings, origins, skip=shape.faulty | overlay.faulty)


def _fill_retention(fitting: dict[str, object], shape: Shape) -> None:
    tables = fitting.get("retention")
    if not isinstance(tables, list):
        return
    for index, table in enumerate(tables if "retention" not in shape.faulty else ()):
        missing = missing_keys(table)
        if missing:
            near = suggestion(str(table.get("tag")), [rule.tag for rule in DEFAULT_RETENTION])
            shape.complain(("retention", index), "incomplete_rule", f"a new tag needs {', '.join(missing)} too{near}")
    fitting["retention"] = fill_rules(tables)


@dataclass(slots=True)
class _Document:
    """The keys of all files together, and where each was written."""

    keys: dict[str, object] = field(default_factory=dict)
    places: dict[KeyPath, Origin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def files(self, path: Path | None) -> list[Path]:
        """The files to read."""
        if path is None:
            return []
        if not path.is_dir():
            return [path]
        self._refuse_strangers(path)
        found = [path / name for name in FILES if (path / name).is_file()]
        if not found:
            self._complain(path, 0, "no_files", f"none of {', '.join(FILES)} is here")
        return found

    def read(self, file: Path) -> None:
        """Add a file's keys."""
        try:
            text = file.read_text("utf-8")
            keys = tomllib.loads(text)
            lines = key_lines(text.replace("\r\n", "\n"))
        except OSError as error:
            self._complain(file, 0, "unreadable", error.strerror or "cannot be read")
        except UnicodeDecodeError:
            self._complain(file, 0, "not_toml", "not UTF-8 text")
        except RecursionError:
            self._complain(file, 0, "not_toml", "nested too deeply")
        except ValueError as error:
            self._complain(file, *_syntax(str(error), last_line=text.count("\n") + 1))
        else:
            self._add(file, anchored(keys, _folder(file)), lines)

    def _add(self, file: Path, keys: Mapping[str, object], lines: Mapping[KeyPath, int]) -> None:
        for key in self.keys.keys() & keys.keys():
            earlier = Path(self.places[key,].file).name
            self._complain(file, lines[key,], "written_twice", f"already in {earlier}; a section has one file", key)
        self.keys = {**keys, **self.keys}
        for path, line in lines.items():
            self.places.setdefault(path, Origin(file=str(file), line=line))

    def _refuse_strangers(self, directory: Path) -> None:
        """A misspelt file name must not pass in silence."""
        for file in sorted(directory.glob("*.toml")):
            if file.name not in FILES:
                self._complain(file, 0, "unknown_file", "this file is not read" + suggestion(file.name, FILES))

    def _complain(self, file: Path, line: int, code: str, message: str, key: str = "") -> None:
        self.problems.append(Problem(file=str(file), line=line, key=key, message=message, code=code))


def _syntax(message: str, last_line: int) -> tuple[int, str, str]:
    """Line, code and text for a syntax error; what the parser quotes of the document is left out."""
    place = _PLACE.search(message)
    line = int(place[1]) if place and place[1] else last_line
    reason = message[: place.start()] if place else ""
    detail = f": {reason}" if _HARMLESS.fullmatch(reason) else ""
    column = f", column {place[2]}" if place and place[2] else ""
    return line, "not_toml", f"not valid TOML{column}{detail}"

"""Secrets that are not where the settings say: not now and here, that is, and so a warning."""

from collections.abc import Iterator, Mapping

import msgspec

from config.problems import Origins, Path, Problem, Severity
from config.secret import SecretMissing, SecretRef, is_padded
from config.settings import Settings

_PADDED = "the secret has blanks or line ends around it: line ends after it are dropped, blanks belong to it"


def missing_secrets(settings: Settings, origins: Origins, environ: Mapping[str, str]) -> list[Problem]:
    """Looks into files and environment, and keeps nothing of them."""
    problems = []
    for path, reference in references(settings):
        try:
            if is_padded(reference.resolve(environ)) or _ends_a_line(reference, environ):
                problems.append(origins.problem(path, "secret_padded", _PADDED, Severity.WARNING))
        except SecretMissing as error:
            problems.append(origins.problem(path, "secret_missing", str(error), Severity.WARNING))
    return problems


def _ends_a_line(reference: SecretRef, environ: Mapping[str, str]) -> bool:
    """Whether an environment variable ends with a line end, which is dropped; of files that is usual."""
    return reference.env is not None and environ.get(reference.env, "").endswith(("\n", "\r"))


def references(value: object, path: Path = ()) -> Iterator[tuple[Path, SecretRef]]:
    """Every place of a secret in these settings, and the way there."""
    if isinstance(value, SecretRef):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from references(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from references(each, (*path, index))
